# The tests of the tests: the tail probabilities are right, PostgreSQL's own
# plans pass, and known ways to pick wrongly are caught.  Nothing here needs
# randpick; if a case of this file fails, no other file proves anything.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

# Exact values: chi-square by the finite sum for even degrees of freedom,
# Kolmogorov's by its series.
my @tails = (
	# distribution, arguments, p
	[ chi_square => [ 2,    8 ],    1.8316e-2 ],
	[ chi_square => [ 10,   39.1 ], 2.4385e-5 ],
	[ chi_square => [ 100,  160 ],  1.3078e-4 ],
	[ chi_square => [ 102,  165 ],  7.8920e-5 ],
	[ chi_square => [ 298,  389 ],  3.0104e-4 ],
	[ chi_square => [ 1014, 1190 ], 1.0074e-4 ],
	[ chi_square => [ 3042, 3042 ], 4.9659e-1 ],
	[ chi_square => [ 3042, 3340 ], 1.0326e-4 ],
	[ chi_square => [ 3042, 3440 ], 4.6936e-7 ],
	[ chi_square => [ 3042, 3670 ], 1.9531e-14 ],
	[ kolmogorov => [0.8276],       4.9996e-1 ],
	[ kolmogorov => [1.94947],      1.0000e-3 ],
	[ kolmogorov => [2.2253],       9.9957e-5 ],
	[ kolmogorov => [3],            3.0460e-8 ],
);
for (@tails)
{
	my ($name, $arguments, $exact) = @$_;
	no strict 'refs';
	my $p = &{"RandpickTest::Statistics::${name}_tail"}(@$arguments);
	ok(abs($p / $exact - 1) < 0.03, "tail of $name(@$arguments) is $exact");
}

# The table is built from a seed of its own, everything else from the run's.
my $builder = connect_to_server();
my @keep    = build_hostile_table($builder, \&connect_to_server, 'hostile', 115);
my $facts   = row_facts($builder, 'hostile');
my $dbh     = connect_to_server();
layout_ok($dbh, 'hostile');

# A sampler that picks a row with a probability in proportion to $weight, an
# expression over what is known of the row.
sub weighted_picks
{
	my ($weight, $picks_a_row) = @_;

	$dbh->do(<<"SQL");
DROP TABLE IF EXISTS pg_temp.picker;
CREATE TEMP TABLE picker (upto float8 PRIMARY KEY, id int);
INSERT INTO picker
SELECT sum(weight) OVER (ORDER BY id) / sum(weight) OVER (), id
FROM (SELECT id, ($weight)::float8 AS weight FROM known) s WHERE weight > 0;
UPDATE picker SET upto = 1 WHERE upto = (SELECT max(upto) FROM picker);
ANALYZE picker
SQL
	my $pick = 'SELECT id FROM picker WHERE upto > (SELECT random()) ORDER BY upto LIMIT 1';
	return rows_p(draw_ids($dbh, $pick, $picks_a_row * keys %$facts), 1, $facts);
}

$dbh->do(<<'SQL');
CREATE TABLE known AS
SELECT id, page, place, max(page) OVER () AS last_page, count(*) OVER same_page AS crowd,
       row_number() OVER (same_page ORDER BY place) AS rank,
       id - lag(id, 1, 0) OVER (ORDER BY id) AS gap,
       t_infomask2 & x'8000'::int <> 0 AS heap_only, t_xmax::text <> '0' AS has_xmax
FROM (SELECT id, (ctid::text::point)[0]::bigint AS page, (ctid::text::point)[1]::int AS place FROM hostile) live
     CROSS JOIN LATERAL heap_page_items(get_raw_page('hostile', page::int)) item
WHERE lp = place
WINDOW same_page AS (PARTITION BY page)
SQL

is_fair('equal weights', sub { weighted_picks('1', 100) });

my @biased = (
	# what goes wrong, the weight that this gives to a row, picks a row: the
	# coarse ones show with few
	[ 'a page is drawn, then a row of it',   '1.0 / crowd',                     10 ],
	[ 'the first row of a random page',      '(rank = 1)::int',                 10 ],
	[ 'the next id after a random number',   'gap',                             10 ],
	[ 'too small a bound on rows a page',    '(place <= 80)::int',              10 ],
	[ 'heap-only rows are not found',        '(NOT heap_only)::int',            10 ],
	[ 'the last page is forgotten',          '(page < last_page)::int',         100 ],
	[ 'heap-only rows come 5 % too seldom',  '1 - 0.05 * heap_only::int',       100 ],
	[ 'lonely rows come 20 % too often',     '1 + 0.2 * (crowd < 5)::int',      100 ],
	[ 'one row never comes',                 '(id <> (SELECT min(id) FROM known))::int', 100 ],
	[ 'one row comes three times as often',  '1 + 2 * (id = (SELECT min(id) FROM known))::int', 100 ],
);
for (@biased)
{
	my ($name, $weight, $picks_a_row) = @$_;
	is_caught($name, sub { weighted_picks($weight, $picks_a_row) });
}

my $row_count  = keys %$facts;
my $run_of_100 = 'SELECT id FROM hostile ORDER BY random() LIMIT 100';

is_fair('ORDER BY random() LIMIT 100',
	sub { rows_p(draw_ids($dbh, $run_of_100, $row_count, 100), 100, $facts) });

my ($max_id) = sort { $b <=> $a } keys %$facts;
my @wrong_queries = (
	# draws are few where they are slow: these are not fine differences
	[ 'TABLESAMPLE SYSTEM_ROWS', 3, 'SELECT id FROM hostile TABLESAMPLE system_rows(1)' ],
	[ 'TABLESAMPLE BERNOULLI', 3, 'SELECT id FROM hostile TABLESAMPLE bernoulli(1) LIMIT 1' ],
	[ 'WHERE id >= random number', 3, "SELECT id FROM hostile
		WHERE id >= (SELECT ceil($max_id * random())) ORDER BY id LIMIT 1" ],
);
for (@wrong_queries)
{
	my ($name, $picks_a_row, $query) = @$_;
	is_caught($name, sub { rows_p(draw_ids($dbh, $query, $picks_a_row * $row_count), 1, $facts) });
}

for ([ 'a row twice in a run', [ (sort keys %$facts)[ 0, 0 ] ] ], [ 'a row of nobody', [ 1, 0 ] ])
{
	my ($name, $ids) = @$_;
	ok(!eval { rows_p($ids, 2, $facts) }, "$name is caught");
}

# Orders of few rows.
$dbh->do('CREATE TABLE six AS SELECT generate_series(1, 6) AS id');

sub orders
{
	my ($query, $k) = @_;
	return sub { prefixes_p(draw_ids($dbh, $query, 30000, $k), $k, 6) };
}

is_fair('3 of 6 rows', orders('SELECT id FROM six ORDER BY random() LIMIT 3', 3));
is_fair('6 of 6 rows', orders('SELECT id FROM six ORDER BY random()', 6));

my @disordered = (
	[ 'rows in the order of the table',
		'SELECT id FROM (SELECT id FROM six ORDER BY random() LIMIT 3) s ORDER BY id' ],
	[ 'a random start, then in order',
		'SELECT id FROM six, (SELECT floor(6 * random())::int AS start) s
		 ORDER BY mod(id + start, 6) LIMIT 3' ],
	[ 'a first row with half a chance',
		'SELECT id FROM six ORDER BY random() ^ (1 + (id = 1)::int) LIMIT 3' ],
);
is_caught($_->[0], orders($_->[1], 3)) for @disordered;

# Keys.
$dbh->do('CREATE TABLE fifty AS SELECT generate_series(1, 50) AS id');
my %half_of = map { $_ => { page => $_ > 25 } } 1 .. 50;

sub keys_of
{
	my ($query, $k, $descending) = @_;
	my $runs = 200000 / $k;
	return sub { keys_p(draw_keyed($dbh, $query, $runs, $k), $k, 50, $descending, \%half_of) };
}

my $ten = 'SELECT random() AS key, id FROM fifty ORDER BY key LIMIT 10';
is_fair('keys in ascending order', keys_of($ten, 10));
is_fair('keys in descending order', keys_of($ten =~ s/key LIMIT/key DESC LIMIT/r, 10, 'descending'));
is_fair('all keys', keys_of($ten =~ s/LIMIT 10//r, 50));

my @wrong_keys = (
	[ 'the square of the key',       "SELECT key * key, id FROM ($ten) s", 10 ],
	[ 'keys of another random()',    'SELECT (SELECT random()), id FROM fifty ORDER BY random() LIMIT 1', 1 ],
	[ 'keys of a table of 52 rows',  "SELECT 1 - (1 - key) ^ (50.0 / 52), id FROM ($ten) s", 10 ],
	[ 'the first key of each run only', "SELECT min(key) OVER (), id FROM ($ten) s", 10 ],
	[ 'low keys for low ids',        "SELECT unnest(array_agg(key ORDER BY key)), unnest(array_agg(id ORDER BY id))
	                                  FROM ($ten) s", 10 ],
);
is_caught($_->[0], keys_of(@$_[ 1, 2 ])) for @wrong_keys;

for ([ 'no key', undef ], [ 'key 1', 1 ], [ 'key below 0', -1e-9 ])
{
	my ($name, $key) = @$_;
	ok(!eval { keys_p([ [ $key, 1 ] ], 1, 50) }, "$name is caught");
}
ok(!eval { keys_p([ [ 0.5, 1 ], [ 0.4, 2 ] ], 2, 50) }, 'falling keys are caught');

done_testing;
