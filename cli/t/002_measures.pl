# What randpick-bench measures, and in which forms it prints that.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use BenchTest;
use Test::More;

needs_server;

# 100 rows a page in heap and index, and 10 pages' worth of rows that match
create_database(<<'SQL');
CREATE TABLE mymodel (id int PRIMARY KEY, f int, name text);
INSERT INTO mymodel SELECT g, g % 10, 'name ' || g FROM generate_series(1, 20000) g;
CREATE TABLE words (word text PRIMARY KEY);
INSERT INTO words SELECT format('%s "quoted" \\ and, more', g) FROM generate_series(1, 1000) g;
VACUUM ANALYZE;
SQL
my $pages = psql($database, q{SELECT pg_relation_size('mymodel') / current_setting('block_size')::int});
my @known = '--contenders=select-1,primary-key,order-by-random,count-offset';

my ($status, $run, $found, $stderr, $json) =
  run_json('-T', 1, '--seed=18446744073709551615', '--filter=f = 3', @known, '--query', 'mine=SELECT pg_sleep(0.002)',
	'--query', 'chosen=SELECT {columns} FROM {table} WHERE f = 3 AND id % 20 = 3 LIMIT {rows}',
	'--query', 'broken=SELECT 1 / 0');
is($status, 0, 'JSON: exit status');
is($json->{schema_version}, 1, 'JSON: version of the schema');
is($run->{load}{seed}, '18446744073709551615', 'JSON: a seed that no double can hold');
is($run->{table}{matching_rows}, 2000, 'JSON: matching rows');
is($found->{broken}{skipped}, 'division by zero', 'own query: skipped with its error');
is($found->{broken}{calls}, 0, 'own query: a skipped one makes no calls');

for my $name (sort keys %$found)
{
	my $one = $found->{$name};
	next if defined $one->{skipped};

	my @latencies = grep { defined } @$one{qw(p50_ms p90_ms p99_ms p99_9_ms max_ms)};
	is_deeply(\@latencies, [ sort { $a <=> $b } @latencies ], "$name: percentiles rise");
	cmp_ok($one->{calls}, '>=', 5, "$name: calls");
	cmp_ok($one->{time_ratio}{low}, '<=', $one->{time_ratio}{value}, "$name: lower end of the ratio");
	cmp_ok($one->{time_ratio}{high}, '>=', $one->{time_ratio}{value}, "$name: upper end of the ratio");
	is($one->{short_share}, 0, "$name: each call gives a row");
}
is($found->{'primary-key'}{time_ratio}{value}, 1, 'primary-key: compared with itself');

# What a server says of itself must agree with what is known of the table.
is($found->{'select-1'}{buffers}{value}, 0, 'select-1: no buffers');
is($found->{'order-by-random'}{buffers}{value}, $pages, 'order-by-random: a buffer a page');
is($found->{'order-by-random'}{buffers_hit} + $found->{'order-by-random'}{buffers_read}, $pages,
	'order-by-random: hit and read');
cmp_ok($found->{'count-offset'}{buffers}{value}, '>', $pages, 'count-offset: both queries count');
cmp_ok($found->{'count-offset'}{buffers}{value}, '<=', 2 * $pages, 'count-offset: but no more');
cmp_ok($found->{'primary-key'}{buffers}{value}, '<=', 4, 'primary-key: few buffers');
cmp_ok($found->{chosen}{reachable_share}, '>', 0, 'own query: its rows are reachable');
cmp_ok($found->{chosen}{reachable_share}, '<', 0.05, 'own query: no other rows are');
is($found->{mine}{reachable_share}, undef, 'own query without {columns}: not known');

SKIP:
{
	skip('the CPU time is not known: ' . $run->{server}{cpu_unknown}, 4)
	  if defined $run->{server}{cpu_unknown};

	# who waits uses none; who computes uses what it takes, or less
	cmp_ok($found->{mine}{mean_ms}, '>', 2, 'sleeping takes time');
	cmp_ok($found->{mine}{cpu_us}, '<', 1000, 'but no CPU time');
	cmp_ok($found->{'order-by-random'}{cpu_us}, '>', 20 * $found->{'select-1'}{cpu_us}, 'sorting takes CPU time');
	cmp_ok($found->{'order-by-random'}{cpu_us}, '<', 1100 * $found->{'order-by-random'}{mean_ms},
		'but no more than time passes');
}

# A sort that does not fit into memory.
(undef, undef, $found) = run_json('-T', 0.1, '--no-reach', '--contenders=select-1', '--query',
	q{spill=SELECT set_config('work_mem', '64kB', false), * FROM mymodel ORDER BY md5(name)});
is($found->{'select-1'}{temp_bytes}, 0, 'temporary files: none');
cmp_ok($found->{spill}{temp_bytes}, '>', 500_000, 'temporary files: some');

# Several rows a call, and every protocol.
for my $protocol (qw(simple extended prepared))
{
	($status, $run, $found) = run_json('-T', 0.3, '--no-reach', '-k', 7, '-M', $protocol,
		'--table=words', @known, '--query', 'fewer=SELECT * FROM {table} LIMIT {rows} - 1');
	is($status, 0, "$protocol: exit status");
	is($run->{load}{protocol}, $protocol, "$protocol: said");
	is($found->{'primary-key'}{short_share}, 0, "$protocol: primary-key looks up as many rows, quotes and all");
	is($found->{'order-by-random'}{short_share}, 0, "$protocol: order-by-random gives as many rows");
	is($found->{fewer}{short_share}, 1, "$protocol: a query that gives fewer");
	is($found->{fewer}{picks_per_s}, 0, "$protocol: those are no picks");
	like($found->{'count-offset'}{skipped}, qr/one row/, "$protocol: count-offset gives one row");
	cmp_ok($found->{'primary-key'}{buffers}{value}, '>', 7, "$protocol: buffers of all lookups");
}
like((run_json('-T', 0.1, '-k', 2000, '--table=words', @known))[2]{'primary-key'}{skipped},
	qr/fewer rows/, 'more rows than there are');

# No number without calls to tell it from.
(undef, undef, $found) = run_json('-T', 0.1, '--no-reach', '--buffers=0', @known);
is($found->{'order-by-random'}{buffers}{value}, undef, '--buffers=0: not known');
is($found->{'order-by-random'}{p99_9_ms}, undef, 'few calls: no p99.9');

my ($stdout);
($status, $stdout) = run('-T', 0.2, '--no-reach', '--format=csv', @known, '--query', 'a "b", c=SELECT 1 / 0');
is($status, 0, 'CSV: exit status');
my @lines = split /\n/, $stdout;
like($lines[0], qr/^table_rows,contender,calls,.*,time_ratio,time_ratio_low,time_ratio_high,.*,skipped,error$/, 'CSV: head');
is(scalar(() = $lines[$_] =~ /,/g), scalar(() = $lines[0] =~ /,/g), "CSV: as many fields in line $_") for 1 .. 4;
like($lines[5], qr/^20000,"a ""b"", c",0,,.*,division by zero,$/, 'CSV: quoted, and empty where nothing is known');

($status, $stdout) = run('-T', 0.2, '--no-reach', '--format=markdown', '-o', "$scratch/out.md", @known);
is($status, 0, 'Markdown: exit status');
is($stdout, '', '-o: nothing on stdout');
my ($head, $rule, $row) = slurp("$scratch/out.md") =~ /^(\| contender .*)\n(\|---.*)\n(\| select-1 .*)$/m;
is(scalar(() = $_ =~ /\|/g), scalar(() = $head =~ /\|/g), 'Markdown: as many cells') for $rule, $row;

refuses('no such folder', qr/could not open file/, '-T', 0.1, '-o', "$scratch/none/x", @known);
($status, undef, $stderr) = run('-T', 0.1, '--no-reach', '-o', '/dev/full', @known);
is($status, 2, 'disk full: exit status');
like($stderr, qr{could not write file "/dev/full": No space}, 'disk full: says so');

done_testing;
