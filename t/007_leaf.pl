# Does every row come equally often when places are entries of a B-tree,
# whatever the index and its pages are like, and while another session splits
# them?

use strict;
use warnings;

use DBD::Pg ':async';
use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
my %leaf    = (seq_page_cost => 1000, 'randpick.method' => 'leaf');

my @tables = (
	# what it is like, filter, SQL that makes T
	[ 'bigint key', 'true',
		'CREATE TABLE T (id int, key bigint PRIMARY KEY)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 3000) i' ],
	[ 'wide rows', 'true',
		'CREATE TABLE T (id int, key bigint PRIMARY KEY, pad text)',
		'ALTER TABLE T ALTER pad SET STORAGE plain',
		q{INSERT INTO T SELECT i, i, repeat('x', 5000) FROM generate_series(1, 500) i} ],
	[ 'uuid key, random', 'true',
		'CREATE TABLE T (id int, key uuid PRIMARY KEY)',
		'INSERT INTO T SELECT i, gen_random_uuid() FROM generate_series(1, 3000) i' ],
	[ 'text key', 'true',
		'CREATE TABLE T (id int, key text PRIMARY KEY)',
		q{INSERT INTO T SELECT i, repeat('k', i % 50) || i FROM generate_series(1, 3000) i} ],
	[ 'posting lists', 'true',
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i * i % 19 FROM generate_series(1, 3000) i',
		'CREATE INDEX ON T (key)' ],
	[ 'posting lists grown row by row', 'true',
		'CREATE TABLE T (id int, key int)',
		'CREATE INDEX ON T (key)',
		'INSERT INTO T SELECT i, i * i % 19 FROM generate_series(1, 3000) i' ],
	[ 'equal keys that cannot be deduplicated', 'true',
		'CREATE TABLE T (id int, key numeric)',
		'INSERT INTO T SELECT i, i % 19 FROM generate_series(1, 3000) i',
		'CREATE INDEX ON T (key)' ],
	[ 'unique key with NULLs', 'true',
		'CREATE TABLE T (id int, key int UNIQUE)',
		'INSERT INTO T SELECT i, nullif(i % 10, 0) * 0 + i FROM generate_series(1, 2000) i' ],
	[ 'descending, two columns, NULLS LAST', 'true',
		'CREATE TABLE T (id int, key int, b int)',
		'INSERT INTO T SELECT i, nullif(i % 40, 0), i % 7 FROM generate_series(1, 2000) i',
		'CREATE INDEX ON T (key DESC NULLS LAST, b)' ],
	[ 'included column with NULLs', 'true',
		'CREATE TABLE T (id int, key int NOT NULL, b int)',
		'INSERT INTO T SELECT i, i, nullif(i % 2, 0) FROM generate_series(1, 2000) i',
		'CREATE UNIQUE INDEX ON T (key) INCLUDE (b)' ],
	[ 'expression', 'true',
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 2000) i',
		'CREATE INDEX ON T (abs(key) desc)' ],
	[ 'partial index that the filter implies', 'key = 3',
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i % 10 FROM generate_series(1, 20000) i',
		'CREATE INDEX ON T (id) WHERE key = 3' ],
	[ 'filter that the index knows nothing of', 'b = 1',
		'CREATE TABLE T (id int, key int PRIMARY KEY, b int)',
		'INSERT INTO T SELECT i, i, i % 3 FROM generate_series(1, 6000) i' ],
	[ 'SET NOT NULL over NULLs that were', 'true',
		'CREATE TABLE T (id int, key uuid)',
		'CREATE UNIQUE INDEX ON T (key NULLS FIRST) WITH (deduplicate_items = off)',
		# one page with more entries than it could have of uuids alone
		'INSERT INTO T SELECT i, CASE WHEN i > 250 THEN gen_random_uuid() END FROM generate_series(1, 310) i',
		'DELETE FROM T WHERE key IS NULL',
		'ALTER TABLE T ALTER key SET NOT NULL' ],
	[ 'versions of unique keys', 'true',
		'CREATE TABLE T (id int, key int PRIMARY KEY, b int)',
		'INSERT INTO T SELECT i, i, 0 FROM generate_series(1, 1500) i',
		'CREATE INDEX T_b ON T (b) WHERE false',
		'CREATE INDEX other_T ON T (b)',
		(map { 'UPDATE T SET b = b + 1 WHERE random() < 0.7' } 1 .. 8),
		'DROP INDEX other_T' ],
	[ 'deleted pages', 'true',
		'CREATE TABLE T (id int, key bigint PRIMARY KEY)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 30000) i',
		'DELETE FROM T WHERE id % 9000 > 700',
		'VACUUM T' ],
	[ 'dead entries before VACUUM', 'true',
		'CREATE TABLE T (id int, key bigint PRIMARY KEY)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 20000) i',
		'DELETE FROM T WHERE id % 10 > 0' ],
);
my $number = 0;
my $dbh    = start_session(%leaf);
for (@tables)
{
	my ($name, $filter, @sql) = @$_;
	my $table = 'leaf_' . ++$number;

	build_table($builder, $table, @sql);
	is_source_fair('leaf', $name, $dbh, $table, $filter);
}

# A deferrable constraint shows its own transaction several rows with one key.
$builder->do($_) for (
	'CREATE TABLE deferred (id int, key int NOT NULL, CONSTRAINT deferred_key UNIQUE (key) DEFERRABLE INITIALLY DEFERRED)',
	'INSERT INTO deferred SELECT i, i FROM generate_series(1, 1500) i',
	'ANALYZE deferred');
$dbh->do($_) for ('BEGIN', 'UPDATE deferred SET key = key % 10');
is_source_fair('leaf', 'duplicates under a deferred constraint', $dbh, 'deferred', 'true');
$dbh->do('ROLLBACK');

# An index newer than the snapshot, which says more of its keys than was true.
$builder->do($_) for (
	'CREATE TABLE newer (id int, key int NOT NULL)',
	'INSERT INTO newer SELECT i, i % 500 FROM generate_series(1, 1500) i',
	'ANALYZE newer');
$dbh->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
$dbh->selectall_arrayref('SELECT count(*) FROM newer');
$builder->do($_) for (
	'DELETE FROM newer WHERE id > 500',
	'CREATE UNIQUE INDEX newer_key ON newer (key)',
	'ANALYZE newer');
is_source_fair('leaf', 'rows older than their index', $dbh, 'newer', 'true');
$dbh->do('ROLLBACK');

# Another session splits the pages while the race runs.  The rows that the
# snapshot sees move about, and none may gain or lose by it.
for my $key ('gen_random_uuid()::text', q{lpad((random() * 50)::int::text, 3, '0')})
{
	my $query  = 'SELECT id FROM split ORDER BY random() LIMIT 1';
	my $writer = connect_to_server();
	my $voids  = 0;

	$builder->do($_) for (
		'DROP TABLE IF EXISTS split',
		'CREATE TABLE split (id int, key text)',
		'ALTER TABLE split SET (autovacuum_enabled = off)',
		"INSERT INTO split SELECT i, $key FROM generate_series(1, 2000) i",
		'CREATE INDEX split_key ON split (key)',
		'ANALYZE split');
	$dbh->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	my $facts = table_facts($dbh, 'split', 'true');
	my ($blocks) = $builder->selectrow_array(q{SELECT pg_relation_size('split_key') / 8192});
	$writer->do(<<"SQL", { pg_async => PG_ASYNC });
DO \$\$ BEGIN
	FOR i IN 1..1000 LOOP
		INSERT INTO split SELECT 1000000 + j, $key FROM generate_series(1, 100) j;
		PERFORM pg_sleep(0.005);
	END LOOP;
END \$\$
SQL
	is_fair("pages split meanwhile, $key", sub { rows_p(draw_ids($dbh, $query, 150000), 1, $facts) });
	$writer->pg_cancel if !$writer->pg_ready;
	my ($more) = $builder->selectrow_array(q{SELECT pg_relation_size('split_key') / 8192});
	ok($more > 3 * $blocks, "the index grew meanwhile from $blocks to $more blocks");
	$dbh->do('ROLLBACK');
}

# The file grows in the middle of one race.  Entries that went to new blocks
# must be found at once, as often as those that stayed.
sub draw_across_splits
{
	$builder->do($_) for (
		'DROP TABLE IF EXISTS moved',
		'CREATE TABLE moved (id int, key bigint PRIMARY KEY)',
		'ALTER TABLE moved SET (autovacuum_enabled = off)',
		'INSERT INTO moved SELECT i, 3 * i FROM generate_series(1, 20000) i',
		'ANALYZE moved');
	my ($blocks) = $builder->selectrow_array(q{SELECT pg_relation_size('moved_pkey') / 8192});

	$dbh->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$dbh->do('DECLARE picked CURSOR FOR SELECT id FROM moved ORDER BY random()');
	$dbh->selectcol_arrayref('FETCH 1 FROM picked');
	$builder->do('INSERT INTO moved SELECT 0, 3 * i + j FROM generate_series(1, 20000) i, generate_series(1, 2) j');
	my $picked = $dbh->selectcol_arrayref('FETCH 300 FROM picked');
	$dbh->do('ROLLBACK');

	my $is_moved = $builder->selectall_hashref(<<"SQL", 'id');
SELECT id, (b >= $blocks)::int AS moved
FROM generate_series(1, pg_relation_size('moved_pkey') / 8192 - 1) b,
     LATERAL (SELECT * FROM bt_page_items('moved_pkey', b) WHERE type_is_leaf(b)) item
     JOIN moved ON moved.ctid = item.htid
WHERE id > 0
SQL
	my (%count, %weight);
	$count{ $is_moved->{$_}{moved} }++ for @$picked;
	$weight{ $_->{moved} }++ for values %$is_moved;
	return ('stayed or moved' => chi_square_p(\%count, \%weight, 19999 / (19999 - 300)));
}
$builder->do(q{CREATE FUNCTION type_is_leaf(block bigint) RETURNS boolean LANGUAGE sql
	AS $$ SELECT type = 'l' FROM bt_page_stats('moved_pkey', block) $$});
is_fair('the file grows within a race', \&draw_across_splits);

done_testing;
