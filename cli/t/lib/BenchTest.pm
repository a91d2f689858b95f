# BenchTest
#	  What the tests of randpick-bench need: to run it, to disturb it, to read
#	  what it prints, and a database of their own.
#
# The server is the one that PGHOST and its kin name; without PGHOST there is
# none, and a file that cannot do without ends with needs_server.

package BenchTest;

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();
use FindBin;
use IPC::Run ();
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

our @EXPORT = qw(
  $scratch $database
  run run_json disturb disturb_at refuses row_of slurp
  needs_server psql create_database
);

our $scratch = File::Temp->newdir;
our ($database) = 'randpick_bench_' . ($FindBin::Script =~ /(\d+)/)[0];

my $program        = "$FindBin::Bin/../randpick-bench";
my $admin_database = $ENV{PGDATABASE} // 'postgres';
my $created;

sub slurp
{
	my ($path) = @_;
	open(my $file, '<', $path) or die "$path: $!";
	local $/;
	return <$file> // '';
}

# Start the program; what it prints goes into files.
sub start
{
	my @arguments = @_;

	# whoever waits for a message must not see that of an earlier run
	unlink("$scratch/stdout", "$scratch/stderr");

	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open(STDIN,  '<', '/dev/null')      or POSIX::_exit(255);
		open(STDOUT, '>', "$scratch/stdout") or POSIX::_exit(255);
		open(STDERR, '>', "$scratch/stderr") or POSIX::_exit(255);
		exec($program, @arguments) or POSIX::_exit(255);
	}
	return $pid;
}

# Its exit status, and what it printed.
sub finish
{
	my ($pid) = @_;

	waitpid($pid, 0);
	my $status = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
	return ($status, slurp("$scratch/stdout"), slurp("$scratch/stderr"));
}

sub run { return finish(start(@_)) }

# Run it with --format json.  Gives the first run, and its contenders by name.
sub run_json
{
	my ($status, $stdout, $stderr) = run('--format=json', @_);
	my $json = eval { JSON::PP::decode_json($stdout) } or diag($@, $stdout, $stderr);
	my $run        = $json->{runs}[0];
	my %contenders = map { $_->{name} => $_ } @{ $run->{contenders} };
	return ($status, $run, \%contenders, $stderr, $json);
}

# Start it and do something as soon as it says that it measures, ...
sub disturb { return disturb_at(qr/measuring/, @_) }

# ... or something else.
sub disturb_at
{
	my ($what, $disturbance, @arguments) = @_;

	my $pid = start(@arguments);
	for (1 .. 200)
	{
		last if -e "$scratch/stderr" && slurp("$scratch/stderr") =~ $what;
		sleep 0.1;
	}
	sleep 0.3;
	$disturbance->($pid);
	return finish($pid);
}

# It refuses, saying so on the standard error alone.
sub refuses
{
	my ($name, $message, @arguments) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my ($status, $stdout, $stderr) = run(@arguments);
	is($status, 1, "$name: exit status");
	is($stdout, '', "$name: nothing on stdout");
	like($stderr, $message, "$name: says why");
	is(() = $stderr =~ /error:/g, 1, "$name: says it once") or diag($stderr);
	return;
}

# The cells of a contender's rows in the tables, by column.
sub row_of
{
	my ($output, $contender) = @_;
	my %row;

	while ($output =~ /^( *contender +\|.*)\n-.*\n((?: .*\n)*)/mg)
	{
		my ($head, $rows) = ($1, $2);
		my ($line) = $rows =~ /^( \Q$contender\E +\|.*)$/m or next;
		my ($names, $cells) = map { [ map { s/^\s+|\s+$//gr } split(/\|/) ] } $head, $line;
		@row{@$names} = @$cells;
	}
	return \%row;
}

sub needs_server
{
	return if defined $ENV{PGHOST};
	note('no PGHOST, so no tests with a server');
	done_testing();
	exit;
}

# Run SQL in a database, as psql does.
sub psql
{
	my ($db, $sql) = @_;
	my ($out, $err);

	local $ENV{PGOPTIONS} = '-c client_min_messages=warning';
	IPC::Run::run([ 'psql', '-XqAtb', '-v', 'ON_ERROR_STOP=1', '-d', $db ], \$sql, \$out, \$err)
	  or die "psql failed: $err";
	chomp $out;
	return $out;
}

sub drop_database
{
	local $?;
	psql($admin_database, "DROP DATABASE IF EXISTS $database WITH (FORCE)");
	return;
}

# Make the file's database, which goes when the file ends, and run SQL in it.
# The program then connects to it by itself.
sub create_database
{
	my ($sql) = @_;

	drop_database();
	psql($admin_database, "CREATE DATABASE $database");
	$created = 1;
	psql($database, $sql);
	@ENV{qw(PGDATABASE PGCONNECT_TIMEOUT)} = ($database, 10);
	return;
}

END { drop_database() if $created }

1;
