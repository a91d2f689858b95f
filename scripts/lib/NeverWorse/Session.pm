# NeverWorse::Session
#	  A session of the server, and the CPU time that commands take in it.
#
# Commands run in a loop inside the server, so that the client's messages are
# not counted: a turn of the loop adds 1 to 2 us.  Linux brings a process's CPU
# time up to date when it rests, hence the pause before the clock is read.
#
# The CPU time of parallel workers is not the session's.  A session that has
# some is to be timed by the wall clock instead (by_wall_clock); what else the
# machine does then counts.

package NeverWorse::Session;

use strict;
use warnings;

use DBD::Pg ':async';
use DBI;
use Time::HiRes qw(time usleep);

use constant {
	REST_US   => 100,		# for a process to come to rest
	TIMEOUT_S => 10,		# for whatever is run
};

# Install what sessions need in the database.
sub install
{
	my ($dbh) = @_;
	$dbh->do('SET client_min_messages = error');
	$dbh->do('CREATE EXTENSION IF NOT EXISTS randpick');
	$dbh->do(<<'END');
CREATE OR REPLACE FUNCTION run_commands(commands text[], n int, forget boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	command text;
BEGIN
	FOR i IN 1..n LOOP
		IF forget AND randpick_stats_reset() IS NULL THEN
			RETURN;		-- never: it is not null
		END IF;
		FOREACH command IN ARRAY commands LOOP
			EXECUTE command;
		END LOOP;
	END LOOP;
END $$
END
}

# A superuser's connection to the server that PGHOST and its kin name.
sub connect_to_server
{
	return DBI->connect('dbi:Pg:', undef, undef,
		{ RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1 });
}

# mode is "off" (PostgreSQL's own plans), "steady" (randpick, as the session goes on) or "first" (randpick, and before
# each execution the session forgets how earlier races went).
sub new
{
	my ($class, $mode) = @_;
	my $dbh = connect_to_server();
	$dbh->do('SET client_min_messages = error');
	my ($pid) = $dbh->selectrow_array('SELECT pg_backend_pid()');
	return bless { dbh => $dbh, pid => $pid, mode => $mode, by_wall_clock => 0 }, $class;
}

sub DESTROY
{
	my ($self) = @_;
	$self->{dbh}->disconnect if $self->{dbh};
}

# Begin a case anew: settings (name => value), then commands to run once, outside of the loop.
sub prepare
{
	my ($self, $settings, @commands) = @_;
	my $dbh = $self->{dbh};
	$dbh->do($_) for 'RESET ALL', 'SET client_min_messages = error', 'SET jit = off', 'DEALLOCATE ALL';
	$dbh->do('SET max_parallel_workers_per_gather = 0');
	$dbh->do("SET statement_timeout = '" . TIMEOUT_S . "s'");
	$self->forget;
	$dbh->do("SET $_ = " . $dbh->quote($settings->{$_})) for sort keys %$settings;
	$dbh->do('SET randpick.order_by_random = off') if $self->{mode} eq 'off';
	$self->{by_wall_clock} = 0;
	$dbh->do($_) for @commands;
}

# Forget how earlier races went.
sub forget
{
	my ($self) = @_;
	$self->{dbh}->do('SELECT randpick_stats_reset()');
}

# Run commands n times in the server; returns the milliseconds that one time took.
sub run_ms
{
	my ($self, $commands, $n) = @_;
	my $array = 'ARRAY[' . join(', ', map { $self->{dbh}->quote($_) } @$commands) . ']';
	my $forget = $self->{mode} eq 'first' ? 'true' : 'false';

	my $start = $self->clock_ms;
	$self->{dbh}->do("SELECT run_commands($array, $n, $forget)");
	return ($self->clock_ms - $start) / $n;
}

# Is this the error message of what took longer than the timeout?
sub is_timeout
{
	my ($message) = @_;
	return $message =~ /statement timeout/;
}

sub clock_ms
{
	my ($self) = @_;
	return time * 1000 if $self->{by_wall_clock};

	usleep(REST_US);
	open my $file, '<', "/proc/$self->{pid}/schedstat" or die "the server must run on this machine, under Linux\n";
	my ($ns) = split ' ', <$file>;
	return $ns / 1e6;
}

# The most private memory, in MB, that the session held while it ran a command.  It is looked at every millisecond.
sub peak_memory_mb
{
	my ($self, $command) = @_;
	my $dbh = $self->{dbh};
	my $peak = 0;

	$dbh->do($command, { pg_async => PG_ASYNC });
	until ($dbh->pg_ready)
	{
		my $mb = $self->memory_mb;
		$peak = $mb if $mb > $peak;
		usleep(1000);
	}
	$dbh->pg_result;
	return $peak;
}

sub memory_mb
{
	my ($self) = @_;
	open my $file, '<', "/proc/$self->{pid}/status" or die "the server must run on this machine, under Linux\n";
	my ($kb) = map { /^RssAnon:\s+(\d+) kB/ ? $1 : () } <$file>;
	return $kb / 1024;
}

# The plan of a command, as text.
sub plan
{
	my ($self, $command, $options) = @_;
	return join "\n", @{ $self->{dbh}->selectcol_arrayref("EXPLAIN ($options) $command") };
}

1;
