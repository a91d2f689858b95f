# How randpick-bench connects, and the load it makes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use BenchTest;
use IPC::Run ();
use Test::More;

refuses('both limits',   qr/-t\/--transactions and -T\/--time cannot/, '-t', 5, '-T', 5);
refuses('no calls',      qr/-t\/--transactions must be in range/, '-t', 0);
refuses('no rate',       qr/-R\/--rate must be more than 0/,       '-R', 0);
refuses('absurd rate',   qr/-R\/--rate must be .* at most/,        '-R', '1e300');
refuses('no such unit',  qr/invalid value "5d" for option -T/,     '-T', '5d');
refuses('not a number',  qr/invalid value "nan" for option -T/,    '-T', 'nan');
refuses('infinite',      qr/invalid value "inf" for option -R/,    '-R', 'inf');
refuses('absurd limit',  qr/-L\/--latency-limit must be more/,     '-L', '-1');
refuses('no thread',     qr/-j\/--jobs must be in range/,          '-j', 0);
refuses('no interval',   qr/-P\/--progress must be more than 0/,   '-P', 0);
refuses('no warm-up',    qr/--warmup must be more than 0/,         '--warmup=0');
refuses('absurd clients', qr/-c\/--client must be in range 1\.\.1000/, '-c', '1e30');

needs_server;
create_database(<<'SQL');
CREATE TABLE mymodel (id int PRIMARY KEY, f int);
INSERT INTO mymodel SELECT g, g % 10 FROM generate_series(1, 5000) g;
VACUUM ANALYZE;
SQL
my @known = ('--no-reach', '--buffers=0', '--contenders=select-1,primary-key,order-by-random,count-offset');
my ($status, $run, $found, $stderr, $stdout);

# Ways to name the database.
my ($host, $port) = @ENV{qw(PGHOST PGPORT)};
my $uri_host = $host =~ s{/}{%2F}gr;
{
	open(my $file, '>', "$scratch/services") or die $!;
	print $file "[bench]\nhost=$host\nport=$port\ndbname=$database\n";
	close $file;
	my $user = $ENV{PGUSER} // getpwuid($>);
	local @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGSERVICEFILE)} = ('/nonexistent', 1, 'nonesuch', 'nobody', "$scratch/services");
	for (
		[ 'options', '-h', $host, '-p', $port, '-U', $user, '-d', $database ],
		[ 'long options', "--host=$host", "--port=$port", "--username=$user", "--dbname=$database" ],
		[ 'URI', "postgresql://$user\@$uri_host:$port/$database" ],
		[ 'conninfo', "host=$host port=$port user=$user dbname=$database" ],
		[ 'service', "service=bench user=$user" ])
	{
		my ($name, @arguments) = @$_;
		($status, undef, $stderr) = run('-t', 1, @known, @arguments);
		is($status, 0, "$name: connects") or diag($stderr);
	}
	refuses('bad URI', qr/error: .*invalid.*port/i, @known, 'postgresql://localhost:x/');
	refuses('bad service', qr/definition of service "nonesuch" not found/, @known, 'service=nonesuch');
}
is(psql($database, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'randpick-bench'}), 0,
	'no session is left behind');

# Passwords: asked for only when there is need, and never with -w.
($status) = run('-t', 1, '-w', @known);
is($status, 0, '-w: connects without a password');
SKIP:
{
	my $program = "$FindBin::Bin/../randpick-bench";
	my $out;

	# without a terminal of its own the prompt reads standard input
	skip('no setsid', 1) unless grep { -x "$_/setsid" } split /:/, $ENV{PATH};
	IPC::Run::run([ 'setsid', '-w', $program, '-q', '-t', 1, '-W', @known ], '<', \"secret\n", '>', '/dev/null', '2>', \$out);
	is($?, 0, '-W: connects with a password that nobody needs');
}

# So many calls, no more and no less, however the clients share threads.
for (1 .. 3)
{
	(undef, $run, $found) = run_json('-t', 30, '-c', 3, '-j', $_, '-M', 'simple', @known);
	is($run->{load}{threads}, $_, "-j $_: threads");
	is($found->{$_}{calls}, 90, "calls of $_") for 'primary-key', 'order-by-random', 'count-offset';
	is($found->{$_}{short_share}, 0, "$_ gives rows") for 'primary-key', 'count-offset';
}
(undef, undef, $found) = run_json('-t', '1k', '--contenders=select-1');
is($found->{'select-1'}{calls}, 1000, 'a count with a suffix');
(undef, $run) = run_json('-T', '300ms', '--warmup', '0.2s', @known);
is($run->{load}{seconds}, 0.3, 'a time with a suffix');
is($run->{load}{warmup_seconds}, 0.2, 'a warm-up');

# On a schedule.  A contender that takes 20 ms a call is offered 100 a second by
# each of two clients: it cannot keep up, and must not hide it.
my @slow = ('--query', 'slow=SELECT pg_sleep(0.02)');
(undef, $run, $found) = run_json('-R', 200, '-c', 2, '-T', 4, @known, @slow);
is($run->{load}{rate}, 200, 'schedule: rate');
my $fast = $found->{'primary-key'};
cmp_ok($fast->{calls}, '>', 40, 'schedule: calls come');
cmp_ok($fast->{calls}, '<', 400, 'schedule: but not more than are due');
cmp_ok($fast->{p50_ms}, '>=', $fast->{service_p50_ms}, 'schedule: response time is service time and lag');
my $slow = $found->{slow};
cmp_ok($slow->{service_p50_ms}, '>=', 20, 'overload: service time is the query\'s');
cmp_ok($slow->{service_p50_ms}, '<', 60, 'overload: and no more');
cmp_ok($slow->{p50_ms}, '>', 2 * $slow->{service_p50_ms}, 'overload: response time tells of the queue');
cmp_ok($slow->{lag_p50_ms}, '>', $slow->{service_p50_ms}, 'overload: so does the lag');

(undef, $run, $found) = run_json('-R', 200, '-c', 2, '-L', 30, '-T', 2, @known, @slow);
cmp_ok($found->{slow}{skipped_calls}, '>', 5, 'limit: calls are skipped when they are late already');
cmp_ok($found->{slow}{lag_p50_ms}, '<=', 35, 'limit: so the others are not later than that');
(undef, undef, $found) = run_json('-L', 10, '-T', 0.5, @known, @slow);
is($found->{slow}{late_calls}, $found->{slow}{calls}, 'limit in a closed loop: late calls are counted');
is($found->{slow}{skipped_calls}, 0, 'limit in a closed loop: and made');
is($found->{slow}{lag_p50_ms}, undef, 'closed loop: no lag');

($status, $stdout, $stderr) = run('-R', 500, '-T', 0.5, @known);
like($stdout, qr/^ +contender .* service p50 ms .* lag p50 ms .* not sent *$/m, 'schedule: a table of its own');
($status, $stdout, $stderr) = run('-T', 1, '-P', 0.3, @known);
unlike($stdout, qr/lag/, 'closed loop: no such table');
like($stderr, qr/^progress: 0\.\d s, round \d+,.* order-by-random \d+\.\d{3} ms/m, 'progress');
unlike("$stdout$stderr", qr/\e\[/, 'no escape sequences where there is no terminal');

# On a terminal there is a bar, and it is gone in the end.
for ([ 'measuring', '-T', 1, @known ], [ 'filling table t', '--init=dense', '--size=200k', '--table=t' ])
{
	my ($what, @arguments) = @$_;
	my $screen = '';
	IPC::Run::run([ "$FindBin::Bin/../randpick-bench", @arguments ], '<', '/dev/null', '>', '/dev/null', '2>pty>', \$screen);
	like($screen, qr/\r\Q$what\E \[#* *\] +\d+ %/, "terminal: a bar for $what");
	like($screen, qr/\r\e\[K(?!.*\[#)/s, "terminal: which goes");
}

my ($seed) = (run('-T', 0.1, @known))[1] =~ /seed (\d+)$/m;
isnt($seed, undef, 'the seed is printed');

# An interrupt ends it at once, with what there is.
for (
	[ 'schedule', '-R', 1000 ],
	[ 'clients that share a thread', '-c', 3, '-j', 1 ],
	[ 'a long call', '--query', 'long=SELECT pg_sleep(least(0.01 * (SELECT count(*) FROM pg_stat_activity), 0.1))' ])
{
	my ($name, @arguments) = @$_;
	my $started = time;
	($status, $stdout, $stderr) = disturb(sub { kill('INT', $_[0]) }, '-T', 60, @known, @arguments);
	is($status, 130, "interrupted, $name: exit status");
	cmp_ok(time - $started, '<', 20, "interrupted, $name: soon");
	like(row_of($stdout, 'select-1')->{calls}, qr/^[1-9]/, "interrupted, $name: results up to then");
	unlike($stderr, qr/error/, "interrupted, $name: no error");
}

# Before anything is measured, too.
($status, $stdout, $stderr) = disturb_at(qr/checking/, sub { kill('INT', $_[0]) }, '-T', 60, '--check=1000',
	'--contenders=select-1,order-by-random');
is($status, 130, 'interrupted, check: exit status');
like($stdout, qr/^  order-by-random: interrupted$/m, 'interrupted, check: results up to then');
unlike($stderr, qr/error|measuring/, 'interrupted, check: no error, and no more');
($status, $stdout, $stderr) = disturb_at(qr/1,000,000 rows/, sub { kill('INT', $_[0]) }, '-t', 1, '--sweep=100k..1m', @known);
is($status, 130, 'interrupted, sweep: exit status');
like($stdout, qr/^ +contender +\| +100,000 *$/m, 'interrupted, sweep: results up to then');
is(psql($database, q{SELECT to_regclass('randpick_bench_sweep') IS NULL}), 't', 'interrupted, sweep: its table is gone');
($status, $stdout, $stderr) = disturb_at(qr/making/, sub { kill('INT', $_[0]) }, '--init=dense', '--size=10m', '--table=huge');
is($status, 130, 'interrupted, init: exit status');
is(psql($database, q{SELECT to_regclass('huge') IS NULL}), 't', 'interrupted, init: no table is left');
unlike($stderr, qr/error/, 'interrupted, init: no error');

# The server goes away in mid-run.
($status, $stdout, $stderr) = disturb(
	sub { psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$database'") },
	'-T', 60, '-c', 2, @known);
is($status, 2, 'connections lost: exit status');
like(row_of($stdout, 'select-1')->{calls}, qr/^[1-9]/, 'connections lost: results up to then');

# those that are not floors lose them for sure; not all are told why, but that is said once
like($stderr, qr/^randpick-bench: error: contender "[\w-]+" and [123] others? lost the connection: ./m, 'connections lost: says so');
is(() = $stderr =~ /error:/g, 1, 'connections lost: says it once') or diag($stderr);

done_testing;
