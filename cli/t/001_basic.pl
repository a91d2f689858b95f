# What randpick-bench prints, and how it ends.  Without PGHOST only what needs
# no server is tested.

use strict;
use warnings;

use File::Temp ();
use FindBin;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

my $program  = "$FindBin::Bin/../randpick-bench";
my $database = 'randpick_bench_001';
my $scratch  = File::Temp->newdir;

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

# Start it and do something as soon as it measures.
sub disturb
{
	my ($disturbance, @arguments) = @_;

	my $pid = start(@arguments);
	for (1 .. 200)
	{
		last if slurp("$scratch/stderr") =~ /measuring/;
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

	my ($status, $stdout, $stderr) = run(@arguments);
	is($status, 1, "$name: exit status");
	is($stdout, '', "$name: nothing on stdout");
	like($stderr, $message, "$name: says why");
	is(() = $stderr =~ /error:/g, 1, "$name: says it once") or diag($stderr);
}

# The cells of a contender's row in the table, by column.
sub row_of
{
	my ($output, $contender) = @_;

	my ($head) = $output =~ /^( +contender .*)$/m or return {};
	my ($row)  = $output =~ /^( \Q$contender\E +\|.*)$/m or return {};
	my ($names, $cells) = map { [ map { s/^\s+|\s+$//gr } split(/\|/) ] } $head, $row;
	my %row;
	@row{@$names} = @$cells;
	return \%row;
}

my ($status, $stdout, $stderr) = run('--help');
is($status, 0,  '--help: exit status');
is($stderr, '', '--help: nothing on stderr');
like($stdout, qr/^Usage:/m, '--help: usage');
ok(!(grep { length > 80 } split(/\n/, $stdout)), '--help: fits');

($status, $stdout, $stderr) = run('--version');
is($status, 0, '--version: exit status');
like($stdout, qr/^randpick-bench \(randpick\) \d+\.\d+\S*$/, '--version: version');

my @contenders = qw(
  select-1 primary-key order-by-random count-offset tablesample-system
  system-rows randpick randpick-record order-by-random+randpick
);
($status, $stdout, $stderr) = run('--list');
is($status, 0, '--list: exit status');
is_deeply([ $stdout =~ /^(\S+) /mg ], \@contenders, '--list: all of them');

{
	local @ENV{qw(PGHOST PGPORT)} = ("$scratch", 1);
	refuses('no server', qr/connection to server .* failed/);
}
refuses('unknown contender', qr/"nonesuch".*\n.*hint:.*select-1, primary-key/, '--contenders=select-1,nonesuch');
refuses('no contender',      qr/names no contender/,      '--contenders=,');
refuses('no number',         qr/invalid value "x"/,       '--time=x');
refuses('no time',           qr/must be more than 0/,     '-T', 0);
refuses('no client',         qr/must be in range/,        '-c', 0);
refuses('negative seed',     qr/invalid value "-1"/,      '--seed=-1');
refuses('two databases',     qr/too many .* "two"/,       'one', 'two');
($status, $stdout, $stderr) = run('--nonesuch');
is($status, 1, 'unknown option: exit status');
like($stderr, qr/nonesuch.*\n.*--help/, 'unknown option: says so');

if (!defined $ENV{PGHOST})
{
	note('no PGHOST, so no tests with a server');
	done_testing;
	exit;
}

sub psql
{
	my ($db, $sql) = @_;

	local $ENV{PGOPTIONS} = '-c client_min_messages=warning';
	open(my $psql, '|-', 'psql', '-Xqb', '-v', 'ON_ERROR_STOP=1', '-d', $db) or die "psql: $!";
	print $psql $sql;
	close($psql) or die 'psql failed';
}

my $admin_database = $ENV{PGDATABASE} // 'postgres';

sub drop_database
{
	local $?;
	psql($admin_database, "DROP DATABASE IF EXISTS $database WITH (FORCE)");
}
drop_database();
psql($admin_database, "CREATE DATABASE $database");
END { drop_database() if defined $admin_database }

psql($database, <<'SQL');
CREATE TABLE mymodel (id int PRIMARY KEY, f int, name text);
INSERT INTO mymodel SELECT g, g % 10, 'name ' || g FROM generate_series(1, 5000) g;
CREATE TABLE doomed AS TABLE mymodel;
CREATE TABLE nobody (id uuid PRIMARY KEY);
CREATE SCHEMA "Odd";
CREATE TABLE "Odd"."Na""me" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), f int);
INSERT INTO "Odd"."Na""me" (f) SELECT generate_series(1, 300);
CREATE VIEW seen AS SELECT * FROM mymodel WHERE f = 1;
CREATE SEQUENCE numbers;
VACUUM ANALYZE
SQL
@ENV{qw(PGDATABASE PGCONNECT_TIMEOUT)} = ($database, 10);
my @known = '--contenders=select-1,primary-key,order-by-random,count-offset,tablesample-system';

refuses('no such table',    qr/table "nonesuch" does not exist.*\n.*hint:/, '--table=nonesuch');
refuses('no table name',    qr/could not look up table "a b"/,   '--table=a b');
refuses('a sequence',       qr/"numbers" is not a table/,        '--table=numbers');
refuses('filter: column',   qr/filter.*"nonesuch" does not exist/, '--filter=nonesuch IS NULL');
refuses('filter: type',     qr/filter.*must be type boolean/,    '--filter=id');
refuses('filter: syntax',   qr/filter.*syntax error/,            '--filter=id >');
refuses('filter: parameter', qr/must not have parameters/,       '--filter=id > $1');
refuses('no such database', qr/"nonesuch" does not exist/,       'nonesuch');
refuses('all skipped',      qr/none of the contenders.*\n.*primary-key: there is no primary key/,
	'--table=seen', '--contenders=primary-key');

($status, $stdout, $stderr) = run('-T', 0.5, '--seed=42', @known);
is($status, 0, 'run: exit status');
like($stdout, qr/^server: +PostgreSQL \d/m, 'run: server');
like($stdout, qr/^table: +mymodel, 5,000 rows on \d+ pages$/m, 'run: table');
like($stdout, qr/^run: +1 client, 0\.5 s,.* seed 42$/m, 'run: load');
like($stderr, qr/\Achecking.*\nmeasuring.*\n\z/, 'run: stderr');
for (qw(select-1 primary-key order-by-random count-offset))
{
	my $row = row_of($stdout, $_);
	like($row->{'p50 ms'}, qr/^\d+\.\d{3}$/, "$_: p50");
	like($row->{'picks/s'}, qr/^[1-9][\d,]*$/, "$_: picks");
	is($row->{'no row'}, '0 %', "$_: each call gives a row");
}
is(row_of($stdout, 'primary-key')->{'x key'}, '1.00', 'primary-key: ratio');
is(row_of($stdout, 'primary-key')->{reachable}, '-', 'primary-key: does not pick');
is(row_of($stdout, $_)->{reachable}, '100 %', "$_: all rows are reachable")
  for qw(order-by-random count-offset);
like(row_of($stdout, 'tablesample-system')->{reachable}, qr/^[0-4]\.\d %$/,
	'tablesample-system: few rows are reachable');

($status, $stdout) = run("dbname=$database", '-T', 0.2, '-c', 2, '--filter=mymodel.f = 3 -- three', @known);
is($status, 0, 'filter: exit status');
like($stdout, qr/^filter: +mymodel\.f = 3 -- three \(500 rows\)$/m, 'filter: shown');
like($stdout, qr/^run: +2 clients,/m, 'filter: two clients');
is(row_of($stdout, 'order-by-random')->{reachable}, '100 %', 'filter: matching rows are reachable');

($status, $stdout) = run('-T', 0.2, '--filter=f IS NULL', @known);
is($status, 0, 'no match: exit status');
is(row_of($stdout, 'order-by-random')->{'no row'}, '100 %', 'no match: no row');
is(row_of($stdout, 'order-by-random')->{reachable}, '?', 'no match: reachable is unknown');
like($stdout, qr/order-by-random, .*: none of the rows tried meets the filter$/m, 'no match: says why');

($status, $stdout) = run('-T', 0.2, '--table=nobody', @known);
is($status, 0, 'empty table: exit status');
like($stdout, qr/^  primary-key: there are no rows$/m, 'empty table: no key');

($status, $stdout) = run('-T', 0.2, '--table="Odd"."Na""me"', @known);
is($status, 0, 'odd name: exit status');
like($stdout, qr/^table: +"Odd"\."Na""me", 300 rows/m, 'odd name: shown');
is(row_of($stdout, 'primary-key')->{'no row'}, '0 %', 'odd name: key of another type');

($status, $stdout) = run('-T', 0.2, '--table=seen', '--no-reach', @known);
is($status, 0, 'view: exit status');
like($stdout, qr/^  tablesample-system: TABLESAMPLE clause can only/m, 'view: what cannot be');
is(row_of($stdout, 'order-by-random')->{reachable}, '-', 'view: --no-reach');

($status, $stdout, $stderr) = disturb(sub { kill('INT', $_[0]) }, '-T', 60, '--no-reach', @known);
is($status, 130, 'interrupted: exit status');
like(row_of($stdout, 'select-1')->{calls}, qr/^[1-9]/, 'interrupted: results up to then');
unlike($stderr, qr/error/, 'interrupted: no error');

($status, $stdout, $stderr) =
  disturb(sub { psql($database, 'DROP TABLE doomed') }, '-T', 60, '--no-reach', '--table=doomed', @known);
is($status, 2, 'table dropped: exit status');
like(row_of($stdout, 'order-by-random')->{calls}, qr/^[1-9]/, 'table dropped: results up to then');
like($stdout, qr/^  order-by-random, .*: relation "doomed" does not exist$/m, 'table dropped: says so');
is(() = $stderr =~ /error:/g, 1, 'table dropped: says it once');

done_testing;
