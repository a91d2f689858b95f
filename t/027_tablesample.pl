# TABLESAMPLE randpick(n): does every row come equally often, whatever its page,
# its place there and its kind, does every pair of rows, whether raced or dealt,
# with seeds of PostgreSQL's or REPEATABLE ones?  Exactly n rows, none twice; and
# the WHERE comes after the sample.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan(skip_all => 'randpick is left out') if PLAIN;

my $builder = connect_to_server();
my @keep    = map { build_hostile_table($builder, \&connect_to_server, @$_) }
  ([ hostile => 115 ], [ few => 5 ]);
layout_ok($builder, 'hostile');

# As in 001_distribution.pl, the price of a row says how far a race goes; a
# repeatable sample has a budget of its own.  No setting of ORDER BY random()
# matters, but that with "force" a race is begun although it will not do.
my %off   = ('randpick.order_by_random' => 'off');
my %heap  = (%off, cpu_tuple_cost => 1000, 'randpick.method' => 'heap');
my %leaf  = (%off, cpu_tuple_cost => 1, 'randpick.method' => 'leaf');
my %mixed = (cpu_tuple_cost => 0.0225, 'randpick.method' => 'heap');
my %deal  = (%off, 'randpick.method' => 'deal');

sub test_rows
{
	my ($how, $name, $settings, $rows, $k, $clause) = @_;
	my ($table) = $rows =~ /^(\w+)/;
	my $query = "SELECT id FROM $rows TABLESAMPLE randpick($clause";

	is_found_how($how, $settings, $query, $name);
	my $facts = row_facts($builder, $table);
	my $dbh   = start_session(%$settings);
	my $runs  = int(100 * keys(%$facts) / $k);
	is_fair($name, sub { rows_p(draw_ids($dbh, $query, $runs, $k), $k, $facts) });
}

my @seeds = ([ '', '' ], [ ' repeatable', ' REPEATABLE (random())' ]);
for (@seeds)
{
	my ($kind, $repeatable) = @$_;
	test_rows('raced', "one row$kind, heap",   \%heap, 'hostile', 1,  "1)$repeatable");
	test_rows('raced', "ten rows$kind, heap",  \%heap, 'hostile', 10, "10)$repeatable");
	test_rows('dealt', "ten rows$kind, dealt", \%deal, 'few',     10, "10)$repeatable");
}
test_rows('raced', 'one row, leaf',         \%leaf,  'hostile', 1,    '1)');
test_rows('raced', 'ten rows, leaf',        \%leaf,  'hostile', 10,   '10)');
test_rows('mixed', 'ten rows, mixed',       \%mixed, 'few',     10,   '10)');
test_rows('mixed', 'many rows repeatable, mixed', \%heap, 'hostile', 200, '200) REPEATABLE (random())');

# Pairs of six rows, in both orders: all 30 are equally likely.
$builder->do($_) for (
	'CREATE TABLE six AS SELECT i AS id FROM generate_series(1, 6) i',
	'CREATE TABLE pair (a int, b int) PARTITION BY LIST (a)',
	'CREATE TABLE pair_1 PARTITION OF pair FOR VALUES IN (1)',
	'CREATE TABLE pair_2 PARTITION OF pair FOR VALUES IN (2)',
	'INSERT INTO pair SELECT a, b FROM generate_series(1, 2) a, generate_series(1, 6) b',
	'CREATE TABLE chosen AS SELECT i AS id, i % 3 = 0 AS fits FROM generate_series(1, 24) i',
	'ANALYZE');
# In so small a table a race has no chance, but is begun with "force".
my %course = (raced => { cpu_tuple_cost => 1000, 'randpick.method' => 'heap' }, mixed => { %mixed, cpu_tuple_cost => 0.009 }, dealt => \%deal);
for my $how (sort keys %course)
{
	for (@seeds)
	{
		my ($kind, $repeatable) = @$_;
		next if $kind && $how eq 'mixed';
		my $query = "SELECT id FROM six TABLESAMPLE randpick(2)$repeatable";
		is_found_how($how, $course{$how}, $query, "pairs$kind");
		my $dbh = start_session(%{ $course{$how} });
		is_fair("pairs$kind, $how", sub { prefixes_p(draw_ids($dbh, $query, 15000, 2), 2, 6) });

		# of two partitions with equal pages, also by one seed: all 36 pairs
		$repeatable =~ s/random\(\)/(SELECT random())/;
		$query = "SELECT min(b) FILTER (WHERE a = 1) * 10 + min(b) FILTER (WHERE a = 2) FROM pair TABLESAMPLE randpick(1)$repeatable";
		is_fair("pairs over partitions$kind, $how", sub {
			my %weight = map { my $b = $_; map { ("$b$_" => 1) } 1 .. 6 } 1 .. 6;
			my %count;
			$count{$_}++ for @{ draw_ids($dbh, $query, 15000) };
			return ('36 pairs' => chi_square_p(\%count, \%weight));
		});
	}
}

# Exactly so many rows, each once, up to all there are.
my $rows = keys %{ row_facts($builder, 'few') };
for my $how (sort keys %course)
{
	my $dbh = start_session(%{ $course{$how} });
	for my $n (0, 1, 2, $rows - 1, $rows, $rows + 1, 2**31, '9223372036854775807')
	{
		my $expected = $n < $rows ? $n : $rows;
		for (@seeds)
		{
			my ($kind, $repeatable) = @$_;
			for my $size ($n, "(SELECT $n)")
			{
				my @found = $dbh->selectrow_array(
					"SELECT count(*), count(DISTINCT id) FROM few TABLESAMPLE randpick($size)$repeatable");
				is("@found", "$expected $expected", "randpick($size) of $rows rows$kind, $how");
			}
		}
	}
}

# The WHERE comes after the sample: of six rows out of 24, eight of which fit, a
# hypergeometric number fits; and the WHERE sees no other row.
sub choose
{
	my ($n, $k) = @_;
	my $result = 1;
	$result *= ($n - $_ + 1) / $_ for 1 .. $k;
	return $result;
}
my %fitting = map { $_ => choose(8, $_) * choose(16, 6 - $_) } 0 .. 6;
my %fits    = map { $_ => { row => $_ } } grep { $_ % 3 == 0 } 1 .. 24;
$builder->do('CREATE SEQUENCE calls');
for my $how (sort keys %course)
{
	my $dbh = start_session(%{ $course{$how} });
	my $sample = 'chosen TABLESAMPLE randpick(6)';
	is_fair("WHERE after the sample, $how", sub {
		my %count;
		$count{$_}++ for @{ draw_ids($dbh, "SELECT count(*) FROM $sample WHERE fits", 10000) };
		return ('how many fit' => chi_square_p(\%count, \%fitting));
	});
	is_fair("those that fit, $how", sub {
		rows_p([ map { @$_ } map { $dbh->selectcol_arrayref("SELECT id FROM $sample WHERE fits") } 1 .. 1000 ], 1, \%fits);
	});
	$dbh->do("SELECT setval('calls', 1)");
	my ($count) = $dbh->selectrow_array("SELECT count(*) FROM $sample WHERE nextval('calls') > 0");
	is($count, 6, "a volatile WHERE, $how");
	is($dbh->selectrow_array('SELECT last_value FROM calls'), 7, "sees the sample and no more, $how");
	is($dbh->selectrow_array("SELECT count(*) FROM $sample WHERE 1 / (id - id) > 0 AND false"), 0, "a constant WHERE, $how");
	my @rows = $dbh->selectrow_array("SELECT count(*), count(DISTINCT r) FROM (SELECT random() AS r, id FROM $sample) s");
	is("@rows", '6 6', "random() in the select list is random()'s, $how");
}

# Tables of other kinds: all of their rows, whole; or an error.
$builder->do($_) for (
	'CREATE EXTENSION file_fdw',
	'CREATE SERVER files FOREIGN DATA WRAPPER file_fdw',
	'CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler',
	'CREATE TABLE plain AS SELECT i AS id, i % 10 AS f FROM generate_series(1, 20000) i',
	'CREATE UNLOGGED TABLE unlogged AS TABLE plain',
	'CREATE MATERIALIZED VIEW materialized AS TABLE plain',
	'CREATE TEMP TABLE temporary AS TABLE plain',
	'CREATE TABLE varied (f int, gone text, id int, doc jsonb, twice int GENERATED ALWAYS AS (f * 2) STORED)',
	"INSERT INTO varied SELECT i % 5, repeat('x', 100), i, to_jsonb(i) FROM generate_series(1, 3000) i",
	"ALTER TABLE varied DROP gone, ADD late text DEFAULT 'late'",
	'CREATE TABLE empty AS SELECT * FROM plain WHERE false',
	'CREATE TABLE foreign_parted (id int, f int) PARTITION BY LIST (f)',
	"CREATE FOREIGN TABLE foreign_part PARTITION OF foreign_parted FOR VALUES IN (1) SERVER files OPTIONS (filename '/dev/null')",
	'CREATE TABLE other_parted (id int, f int) PARTITION BY LIST (f)',
	'CREATE TABLE other_part PARTITION OF other_parted FOR VALUES IN (1) USING another_heap');
for my $table (qw(unlogged materialized temporary varied empty pair pg_class))
{
	for my $repeatable ('', 'REPEATABLE (1)')
	{
		my $sample = "(SELECT x::text FROM $table x TABLESAMPLE randpick(1000000) $repeatable)";
		my $all    = "(SELECT x::text FROM $table x)";
		my ($missing, $more) = $builder->selectrow_array(
			"SELECT (SELECT count(*) FROM ($all EXCEPT ALL $sample) s), (SELECT count(*) FROM ($sample EXCEPT ALL $all) s)");
		is("$missing $more", '0 0', "all rows of $table $repeatable");
		my ($wrong) = $builder->selectrow_array(
			"SELECT count(*) FROM $table x TABLESAMPLE randpick(3) $repeatable WHERE tableoid IS NULL OR ctid IS NULL OR xmin IS NULL");
		is($wrong, 0, "system columns of $table $repeatable");
	}
}
for ([ 'foreign_parted', '"foreign_part"', 'foreign table' ], [ 'other_parted', '"other_part"', 'not heap' ])
{
	my ($table, @messages) = @$_;
	eval { $builder->do("SELECT * FROM $table TABLESAMPLE randpick(1)") };
	is($builder->state, '0A000', "$table cannot be sampled");
	like($builder->errstr, qr/$_/, "$table: $_") for @messages;
	is($builder->selectrow_array("SELECT count(*) FROM $table TABLESAMPLE randpick(1) WHERE f = 2"), 0, "$table, pruned, can");
}

# A schema that is not in the search path.
$builder->do($_) for 'CREATE SCHEMA far', 'ALTER EXTENSION randpick SET SCHEMA far';
eval { $builder->do('SELECT * FROM plain TABLESAMPLE randpick(1)') };
is($builder->state, '42704', 'a method that is not in the search path');
is($builder->selectrow_array('SELECT count(*) FROM plain TABLESAMPLE far.randpick(3)'), 3, 'a method with its schema');

done_testing;
