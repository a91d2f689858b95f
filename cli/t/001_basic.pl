# What randpick-bench prints, and how it ends.  Without PGHOST only what needs
# no server is tested.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use BenchTest;
use Test::More;

my ($status, $stdout, $stderr) = run('--help');
is($status, 0,  '--help: exit status');
is($stderr, '', '--help: nothing on stderr');
like($stdout, qr/^Usage:/m, '--help: usage');
ok(!(grep { length > 80 } split(/\n/, $stdout)), '--help: fits');

($status, $stdout, $stderr) = run('--version');
is($status, 0, '--version: exit status');
like($stdout, qr/^randpick-bench \(randpick\) \d+\.\d+\S*$/, '--version: version');

my @contenders = qw(
  select-1 primary-key order-by-random order-by-random+randpick count-offset
  tablesample-system tablesample-bernoulli system-rows system-time id-probe
  uuid-probe recursive-id randpick randpick-heap randpick-leaf randpick-range
  randpick-deal randpick-rows randpick-record tablesample-randpick django
  django+randpick rails rails+randpick laravel laravel+randpick sqlalchemy
  sqlalchemy+randpick hibernate hibernate+randpick
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
refuses('no client',         qr/must be in range 1\.\.1000/, '-c', 0);
refuses('negative seed',     qr/invalid value "-1"/,      '--seed=-1');
refuses('own query: no SQL',   qr/hint: .*NAME=SQL/,        '--query=mine');
refuses('own query: twice',    qr/two contenders "a"/,      '--query=a=SELECT 1', '--query=a=SELECT 2');
refuses('own query: a known name', qr/two contenders "randpick"/, '--query=randpick=SELECT 1');
refuses('unknown format',      qr/invalid value "xml"/,     '--format=xml');
refuses('unknown protocol',    qr/invalid value "x"/,       '-M', 'x');
refuses('half a row',          qr/invalid value "0\.5"/,   '-k', 0.5);
refuses('two databases',     qr/too many .* "two"/,       'one', 'two');
($status, $stdout, $stderr) = run('--nonesuch');
is($status, 1, 'unknown option: exit status');
like($stderr, qr/nonesuch.*\n.*--help/, 'unknown option: says so');

needs_server;

create_database(<<'SQL');
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
my @known = ('--buffers=20', '--contenders=select-1,primary-key,order-by-random,count-offset,tablesample-system');

refuses('no such table',    qr/table "nonesuch" does not exist.*\n.*hint:/, '--table=nonesuch');
# to_regclass fails only up to PostgreSQL 15
refuses('no table name',    qr/could not look up table "a b"|table "a b" does not exist/, '--table=a b');
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
like($stdout, qr/^run: +1 row a pick, 1 client, 0\.5 s,.* seed 42$/m, 'run: load');
like($stderr, qr/\Achecking.*\ncounting.*\nmeasuring.*\n\z/, 'run: stderr');
for (qw(select-1 primary-key order-by-random count-offset))
{
	my $row = row_of($stdout, $_);
	like($row->{'p50 ms'}, qr/^\d+\.\d{4}$/, "$_: p50");
	like($row->{'picks/s'}, qr/^[1-9][\d,]*$/, "$_: picks");
	is($row->{short}, '0 %', "$_: each call gives a row");
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
like($stdout, qr/^run: .* 2 clients,/m, 'filter: two clients');
is(row_of($stdout, 'order-by-random')->{reachable}, '100 %', 'filter: matching rows are reachable');

($status, $stdout) = run('-T', 0.2, '--filter=f IS NULL', @known);
is($status, 0, 'no match: exit status');
is(row_of($stdout, 'order-by-random')->{short}, '100 %', 'no match: no row');
is(row_of($stdout, 'order-by-random')->{reachable}, '-', 'no match: reachable is unknown');
like($stdout, qr/order-by-random, .*: none of the rows tried meets the filter$/m, 'no match: says why');

($status, $stdout) = run('-T', 0.2, '--table=nobody', @known);
is($status, 0, 'empty table: exit status');
like($stdout, qr/^  primary-key: there are no rows$/m, 'empty table: no key');

($status, $stdout) = run('-T', 0.2, '--table="Odd"."Na""me"', @known);
is($status, 0, 'odd name: exit status');
like($stdout, qr/^table: +"Odd"\."Na""me", 300 rows/m, 'odd name: shown');
is(row_of($stdout, 'primary-key')->{short}, '0 %', 'odd name: key of another type');

($status, $stdout) = run('-T', 0.2, '--table=seen', '--no-reach', @known);
is($status, 0, 'view: exit status');
like($stdout, qr/^  tablesample-system: TABLESAMPLE clause can only/m, 'view: what cannot be');
is(row_of($stdout, 'order-by-random')->{reachable}, '-', 'view: --no-reach');

# Limits that are set for what is to be measured are not for what comes before.
{
	local $ENV{PGOPTIONS} = '-c statement_timeout=1s -c default_transaction_read_only=on';
	my $slow = 'pg_sleep(CASE WHEN id = 1 THEN 1.2 ELSE 0 END) IS NOT NULL';
	($status, undef, $stderr) = run('-t', 1, '--no-reach', "--filter=$slow", '--contenders=primary-key');
	is($status, 0, 'statement timeout: counting rows may take longer') or diag($stderr);
	($status, undef, $stderr) = run('-t', 1, '--check', '--contenders=order-by-random');
	is($status, 0, 'read-only: a temporary copy can be made') or diag($stderr);
	refuses('read-only: no table of its own', qr/could not make the table: .* read-only/, '--init=dense', '--table=t');
}

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
