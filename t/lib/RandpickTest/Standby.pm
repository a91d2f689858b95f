# RandpickTest::Standby
#	  A hot standby of the server that the tests run against.
#
# It is made by pg_basebackup into TMPDIR, has its socket beside the server's,
# replays what the server does, and ends with the object.  PostgreSQL does not
# run as root, so root starts it as the account that owns the server's socket.

package RandpickTest::Standby;

use strict;
use warnings;

use DBI;
use File::Temp 'tempdir';
use POSIX ();

# Run a program of PostgreSQL's as the server's account, its output to $log.
sub run_as_server
{
	my ($self, @command) = @_;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0)
	{
		if ($> == 0)
		{
			POSIX::setgid($self->{gid});
			POSIX::setuid($self->{uid});
		}
		chdir '/';
		open STDOUT, '>>', $self->{log} and open STDERR, '>&', \*STDOUT or POSIX::_exit(127);
		{ no warnings 'exec'; exec @command }
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return $? == 0;
}

# Start one that listens at $port.  Dies, with what is in its log, if it cannot.
sub start
{
	my ($class, $port) = @_;
	my (undef, undef, undef, undef, $uid, $gid) = stat "$ENV{PGHOST}/.s.PGSQL.$ENV{PGPORT}"
	  or die "there is no socket in $ENV{PGHOST}\n";
	my $folder = tempdir('standby.XXXXXX', TMPDIR => 1, CLEANUP => 1);
	chown $uid, $gid, $folder;
	my $self = bless { uid => $uid, gid => $gid, port => $port, data => "$folder/data", log => "$folder/log", pid => $$ }, $class;
	open my $log, '>', $self->{log} or die "$self->{log}: $!\n";
	chown $uid, $gid, $self->{log};

	local %ENV = %ENV;
	delete $ENV{PGOPTIONS};
	$self->run_as_server('pg_basebackup', '-D', $self->{data}, '-c', 'fast', '-R')
	  && $self->run_as_server('pg_ctl', '-D', $self->{data}, '-l', "$folder/server.log", '-w',
		'-o', "-p $port -c hot_standby_feedback=off -c max_standby_streaming_delay=-1", 'start')
	  or die "could not start a standby\n", map { -r $_ ? `cat $_` : () } $self->{log}, "$folder/server.log";
	return $self;
}

# A connection to a database of it.
sub connect
{
	my ($self, $database) = @_;
	return DBI->connect("dbi:Pg:dbname=$database;port=$self->{port}", undef, undef,
		{ RaiseError => 1, PrintError => 0, AutoCommit => 1 });
}

# Wait until it has replayed all that $primary has written.
sub catch_up
{
	my ($self, $primary) = @_;
	my $dbh = $self->connect('postgres');
	my ($lsn) = $primary->selectrow_array('SELECT pg_current_wal_flush_lsn()');
	for (1 .. 600)
	{
		return if $dbh->selectrow_array('SELECT pg_last_wal_replay_lsn() >= ?', undef, $lsn);
		select undef, undef, undef, 0.05;
	}
	die "the standby does not catch up\n";
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	$self->run_as_server('pg_ctl', '-D', $self->{data}, '-m', 'immediate', 'stop') if $$ == $self->{pid};
	return;
}

1;
