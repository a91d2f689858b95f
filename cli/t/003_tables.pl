# The tables that randpick-bench makes, and those that it must leave alone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use BenchTest;
use Test::More;

refuses('unknown shape', qr/no shape "round".*\n.*hint: .*dense, gaps/, '--init=round');
refuses('no rows',       qr/--size must be in range 1\.\.100000000/,   '--init=dense', '--size=0');
refuses('too many rows', qr/--size must be in range/,                   '--init=dense', '--size=1g');
refuses('no sweep',      qr/invalid value "1e3".*\n.*hint: .*LOW\.\.HIGH/, '--sweep=1e3');
refuses('half a sweep',  qr/invalid value "1e3\.\.".*\n.*hint: .*LOW\.\.HIGH/, '--sweep=1e3..');
refuses('a sweep downwards', qr/invalid value "1e3\.\.1e2".*\n.*hint: .*LOW\.\.HIGH/, '--sweep=1e3..1e2');
refuses('a size of nothing', qr/--size needs --init/,                   '--size=5');
refuses('two sizes',     qr/--size and --sweep cannot be used together/, '--sweep=1..10', '--size=5');

needs_server;
create_database(<<'SQL');
CREATE TABLE mymodel AS SELECT 1 AS precious;
CREATE TABLE lookalike (a int);
COMMENT ON TABLE lookalike IS 'not made by randpick-bench';
CREATE SCHEMA "Odd";
SQL

# What each shape is for: SQL that gives true if it is so.
my @shapes = (
	[ dense       => 'max(id) = 1000 AND min(id) = 1', 'keys without a gap' ],
	[ gaps        => 'max(id) > 1000000', 'keys with a gap' ],
	[ bloated     => "pg_relation_size('t') > 10 * 1000 * 90", 'pages that are nearly empty' ],
	[ wide        => 'count(DISTINCT (ctid::text::point)[0]) = 1000', 'one row a page' ],
	[ mixed       => 'count(*) FILTER (WHERE pg_column_size(payload) > 3000) = 10', 'a few wide rows' ],
	[ partitioned => 'count(DISTINCT tableoid) = 8', '8 partitions' ],
	[ skewed      => 'count(*) FILTER (WHERE category = 1) > 10 * count(*) FILTER (WHERE category = 50)', 'a category that is frequent' ],
	[ uuid        => "min(pg_typeof(id)::text) = 'uuid'", 'UUIDs' ],
	[ text        => 'min(length(id)) = 20', 'strings of 20 characters' ],
);
my ($status, $stdout, $stderr);
for (@shapes)
{
	my ($shape, $claim, $name) = @$_;

	($status, $stdout, $stderr) = run("--init=$shape", '--size=1k', '--table=t');
	is($status, 0, "$shape: exit status") or diag($stderr);
	is($stdout, '', "$shape: nothing on stdout");
	is(psql($database, "SELECT count(*) = 1000 AND count(DISTINCT id) = 1000, $claim FROM t"), 't|t',
		"$shape: 1000 rows, $name");
	is(psql($database, "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"), 4, "$shape: indexes");
}

# Tables of few rows, of each shape.
for my $shape (map { $_->[0] } @shapes)
{
	my @wrong;
	for my $size (1 .. 9, 60)
	{
		($status, $stdout, $stderr) = run('-q', "--init=$shape", "--size=$size", '--table=few');
		push @wrong, "$size rows: exit status $status, $stderr" if $status != 0;
		push @wrong, "$size rows: $_ of them" for grep { $_ ne "$size|$size" } psql($database, 'SELECT count(*), count(DISTINCT id) FROM few');
	}
	is_deeply(\@wrong, [], "$shape: few rows");
}
($status, $stdout, $stderr) = run('-q', '--init=partitioned', '--size=3', '--table=few');
is(psql($database, q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'few'::regclass}), 8, 'partitioned: 8 partitions, whatever the size');
is((run('--table=few', '-T', '0.2', '--contenders=order-by-random', '--check'))[0], 0, 'and picks from it are fair');

my $sum = 'SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM t';
my $first = psql($database, $sum);
run('-q', '--init=text', '--size=1000', '--table=t', '--seed=1');
is(psql($database, $sum), $first, 'the same table each time');

refuses('a table of somebody else', qr/"mymodel" was not made by .*\n.*hint: .*--table/, '--init=dense');
refuses('a table with a comment of its own', qr/not made by/, '--init=dense', '--table=lookalike');
refuses('a sweep over it', qr/not made by/, '--sweep=10..100', '--table=mymodel');
is(psql($database, 'SELECT precious FROM mymodel'), 1, 'it is still there');
refuses('no schema', qr/schema "nonesuch" does not exist/, '--init=dense', '--table=nonesuch.t');
refuses('no name', qr/not a valid identifier/, '--init=dense', '--table=a b');

($status, undef, $stderr) = run('-q', '--init=partitioned', '--size=100', '--table="Odd"."Na""me"');
is($status, 0, 'odd name: exit status');
is($stderr, '', '-q: nothing on stderr');
is(psql($database, q{SELECT count(*) FROM "Odd"."Na""me"}), 100, 'odd name: rows');
is(psql($database, q{SELECT count(*) FROM "Odd"."Na""me_1"}), 50, 'odd name: partitions');

# A failure leaves the old table.
psql($database, 'CREATE VIEW depends AS SELECT id FROM t');
refuses('a view depends on it', qr/cannot drop table t because/, '-q', '--init=dense', '--table=t');
is(psql($database, $sum), $first, 'it is still as it was');

my @known = ('--no-reach', '--contenders=primary-key,order-by-random');
($status, $stdout, $stderr) = run('--sweep=100..2k', '-T', 0.2, @known);
is($status, 0, 'sweep: exit status');
like($stdout, qr/^ +contender +\| +100 +\| +1,000 +\| +2,000 *$/m, 'sweep: its sizes');
my (undef, undef, undef, undef, $json) = run_json('--sweep=100..1000', '--init=wide', '-T', 0.2, @known);
is_deeply([ map { $_->{table}{rows} } @{ $json->{runs} } ], [ 100, 1000 ], 'sweep: its runs');
is_deeply([ map { $_->{contenders}[1]{buffers}{value} } @{ $json->{runs} } ], [ 100, 1000 ], 'sweep: their shape');
is(psql($database, q{SELECT to_regclass('randpick_bench_sweep') IS NULL}), 't', 'sweep: its table is gone');

done_testing;
