# Does every row come equally often when places are entries of a B-tree,
# whatever the index and its pages are like?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
my %leaf    = (cpu_tuple_cost => 1, 'randpick.method' => 'leaf');

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

done_testing;
