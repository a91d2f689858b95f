# Does every row come equally often when places are those of heap pages, also
# where rows cannot be arbitrarily small, so that a page has fewer places than
# it could have line pointers?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
my $dbh     = start_session(cpu_tuple_cost => 1, 'randpick.method' => 'heap');

# How many places has a page of a table, for this session?
sub places_a_page
{
	my ($session, $table) = @_;
	my $plan = join "\n", @{ $session->selectcol_arrayref(
			"EXPLAIN (ANALYZE, COSTS off, TIMING off) SELECT id FROM $table ORDER BY random() LIMIT 1") };
	my ($pages) = $session->selectrow_array("SELECT pg_relation_size('$table') / 8192");
	my ($places) = $plan =~ /Places: (\d+)/;
	return $places / $pages;
}

my $four = 'id int NOT NULL, key bigint NOT NULL, b bigint NOT NULL, c bigint NOT NULL';
my @tables = (
	# what it is like, places a page, SQL that makes T
	[ 'columns that may be NULL', 291,
		'CREATE TABLE T (id int, key bigint, b text)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 2000) i' ],
	[ 'no columns but NULLs', 291,
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 2000) i',
		'INSERT INTO T SELECT FROM generate_series(1, 2000) i',
		'DELETE FROM T WHERE id IS NULL' ],
	[ 'one column NOT NULL', 226,
		'CREATE TABLE T (id int NOT NULL, key bigint)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 2000) i' ],
	[ 'variable length', 185,
		'CREATE TABLE T (id int NOT NULL, key text NOT NULL, b text NOT NULL, c numeric NOT NULL, d bit(3) NOT NULL, e text NOT NULL)',
		q{INSERT INTO T SELECT i, '', '', 0, '101', '' FROM generate_series(1, 2000) i} ],
	[ 'as full as it can be', 136,
		"CREATE TABLE T ($four)",
		'INSERT INTO T SELECT i, i, i, i FROM generate_series(1, 2000) i' ],
	[ 'more line pointers than places', 136,
		"CREATE TABLE T ($four)",
		'CREATE INDEX other_T ON T (key)',
		'INSERT INTO T SELECT i, i, i, i FROM generate_series(1, 2000) i',
		'DELETE FROM T WHERE id % 2 = 0',
		(map { "UPDATE T SET key = key + 1 WHERE id % 9 = $_" } (1, 3, 4, 6, 7) x 6) ],
	[ 'a default that old rows do not store', 226,
		'CREATE TABLE T (id int NOT NULL, key int)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 2000) i',
		(map { "ALTER TABLE T ADD COLUMN $_ bigint NOT NULL DEFAULT 7" } 'c' .. 'f') ],
	[ 'a default that was written', 120,
		'CREATE TABLE T (id int NOT NULL, key int)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 2000) i',
		(map { "ALTER TABLE T ADD COLUMN $_ float8 NOT NULL DEFAULT random()" } 'c' .. 'f') ],
	[ 'dropped columns', 226,
		"CREATE TABLE T ($four)",
		'INSERT INTO T SELECT i, i, i, i FROM generate_series(1, 1000) i',
		(map { "ALTER TABLE T DROP COLUMN $_" } 'b', 'c'),
		'ALTER TABLE T ALTER key DROP NOT NULL',
		'INSERT INTO T SELECT i, NULL FROM generate_series(1001, 2000) i' ],
	[ 'generated column', 185,
		'CREATE TABLE T (id int NOT NULL, key int NOT NULL, b int NOT NULL GENERATED ALWAYS AS (key + 1) STORED)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 2000) i' ],
);
my $number = 0;
for (@tables)
{
	my ($name, $places, @sql) = @$_;
	my $table = 'heap_' . ++$number;

	build_table($builder, $table, @sql);
	is(places_a_page($dbh, $table), $places, "$name: $places places a page");
	is_source_fair('heap', $name, $dbh, $table, 'true');
}

# The tables were worth it.
my ($lps, $rows) = $builder->selectrow_array(<<'SQL');
SELECT max(lower - 24) / 4, (SELECT count(*) FROM heap_6)
FROM generate_series(0, pg_relation_size('heap_6') / 8192 - 1) p, LATERAL page_header(get_raw_page('heap_6', p::int))
SQL
cmp_ok($lps, '>', 136, "$rows rows have pages with up to $lps line pointers");

# A snapshot that is older than the constraint sees smaller rows.
for my $close ('DELETE FROM T WHERE b IS NULL', 'UPDATE T SET b = 1, c = 1, d = 1, e = 1 WHERE b IS NULL')
{
	my $table = 'heap_' . ++$number;
	build_table($builder, $table,
		'CREATE TABLE T (id int NOT NULL, key int, b bigint, c bigint, d bigint, e bigint)',
		'INSERT INTO T SELECT i FROM generate_series(1, 1500) i');
	$dbh->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$dbh->selectall_arrayref('SELECT count(*) FROM pg_class');
	build_table($builder, $table, $close,
		map { "ALTER TABLE T ALTER $_ SET NOT NULL" } 'b' .. 'e');
	is(places_a_page($dbh, $table), 291, 'an old snapshot: 291 places a page');
	is_source_fair('heap', "rows older than NOT NULL ($close)", $dbh, $table, 'true');
	$dbh->do('ROLLBACK');
	is(places_a_page($dbh, $table), 120, 'a new snapshot: 120 places a page') if $close =~ /UPDATE/;
}

# A plan that is kept does not outlive what it was made from.
my $kept = 'heap_' . ++$number;
build_table($builder, $kept,
	"CREATE TABLE T ($four)",
	'INSERT INTO T SELECT i, i, i, i FROM generate_series(1, 100) i');
my $session = start_session(cpu_tuple_cost => 1, 'randpick.method' => 'heap', plan_cache_mode => 'force_generic_plan');
$session->do("PREPARE pick AS SELECT id FROM $kept ORDER BY random() LIMIT 1");
$session->selectall_arrayref('EXECUTE pick') for 1 .. 3;
$builder->do($_) for (
	(map { "ALTER TABLE $kept ALTER $_ DROP NOT NULL" } 'key', 'b', 'c'),
	"INSERT INTO $kept SELECT i FROM generate_series(101, 2000) i");
my $kept_facts = table_facts($builder, $kept, 'true');
my $counts = "DO \$\$ DECLARE d int; BEGIN CREATE TEMP TABLE drawn (id int);
	FOR i IN 1..200000 LOOP EXECUTE 'EXECUTE pick' INTO d; INSERT INTO drawn VALUES (d); END LOOP; END \$\$";
is_fair('a kept plan after DROP NOT NULL', sub {
	$session->do('DROP TABLE IF EXISTS drawn');
	$session->do($counts);
	return rows_p($session->selectcol_arrayref('SELECT id FROM drawn'), 1, $kept_facts);
});

done_testing;
