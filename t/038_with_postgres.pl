# Is the server of scripts/with-postgres the one that its command talks to, wherever
# the caller's own environment points?

use strict;
use warnings;

use FindBin;
use Test::More;

# What users of another server have set.  Each of these stops a server from coming
# up, or a client from reaching it.
my %elsewhere = (
	PGPORT => 6001, PGHOST => '/nonexistent', PGHOSTADDR => '192.0.2.1', PGUSER => 'nonesuch', PGDATABASE => 'nonesuch',
	PGDATA => '/nonexistent', PGSERVICE => 'nonesuch', PGSERVICEFILE => '/nonexistent', PGOPTIONS => '-c nonesuch.nonesuch',
	PGSSLMODE => 'verify-full', PGREQUIREAUTH => 'scram-sha-256', PGTARGETSESSIONATTRS => 'standby', PGCHANNELBINDING => 'require',
	PGCLIENTENCODING => 'nonesuch', PGTZ => 'nonesuch', PGDATESTYLE => 'nonesuch', PGGEQO => 'nonesuch',
	PGSYSCONFDIR => '/nonexistent', PGCONNECT_TIMEOUT => 1, PGAPPNAME => 'elsewhere');

sub run_beside_server
{
	my ($command) = @_;
	my $output = qx($FindBin::Bin/../scripts/with-postgres $command 2>&1);
	return ($?, $output);
}

my $show = q{psql -XAtc "SELECT current_user, current_database(), current_setting('application_name')"};
{
	local @ENV{ keys %elsewhere } = values %elsewhere;
	my ($status, $output) = run_beside_server($show);
	is($output, "postgres|postgres|psql\n", 'the command reaches the server');
	is($status, 0, 'and succeeds');

	($status, $output) = run_beside_server('env');
	my %variables = map { /^(PG[A-Z]\w*)=(.*)/ ? ($1, $2) : () } split /\n/, $output;
	is(join(' ', sort keys %variables), 'PGDATABASE PGHOST PGPORT PGUSER', 'it has no other variables');
	isnt($variables{PGHOST}, $elsewhere{PGHOST}, 'and those are its own');
}

# one by one, those that have to do with how the server starts
for my $name (qw(PGPORT PGDATA))
{
	local $ENV{$name} = $elsewhere{$name};
	my ($status, $output) = run_beside_server($show);
	is($output, "postgres|postgres|psql\n", "$name does no harm");
}

# what is for the server or the build is handed on
{
	local $ENV{RANDPICK_TEST_SOMETHING} = 'mine';
	my ($status, $output) = run_beside_server(q{-c 'work_mem = 77MB' sh -c 'psql -XAtc "SHOW work_mem"; echo $RANDPICK_TEST_SOMETHING; exit 7'});
	like($output, qr/^77MB\nmine\n/, 'settings and other variables arrive');
	is($status >> 8, 7, 'and so does the exit status');
}

done_testing;
