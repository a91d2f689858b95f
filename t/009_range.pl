# Does every row of a range of a B-tree come equally often, whatever makes the
# range, whatever its index and its pages are like?  And no row from outside?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
my $dbh     = start_session(cpu_tuple_cost => 1, 'randpick.method' => 'range');

# keys of which a page holds about seven, so that few rows make a deep tree
my $wide = q{lpad(to_char(i, 'FM0000'), 1000, 'k')};

my @tables = (
	# what it is like, filters, SQL that makes T
	[ 'posting lists', [ 'key = 4', 'key > 15', 'key < 2', 'key BETWEEN 3 AND 5', 'key > 3 AND key >= 16 AND key < 100' ],
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i * i % 19 FROM generate_series(1, 20000) i',
		'CREATE INDEX ON T (key)' ],
	[ 'posting lists grown row by row', [ 'key = 4' ],
		'CREATE TABLE T (id int, key int)',
		'CREATE INDEX ON T (key)',
		'INSERT INTO T SELECT i, i * i % 19 FROM generate_series(1, 20000) i' ],
	[ 'no deduplication', [ 'key = 4', 'key > 16' ],
		'CREATE TABLE T (id int, key int)',
		'CREATE INDEX ON T (key) WITH (deduplicate_items = off)',
		'INSERT INTO T SELECT i, i * i % 19 FROM generate_series(1, 20000) i' ],
	[ 'unique key', [ 'key BETWEEN 1000 AND 1500', 'key <= 30', 'key > 19000', 'key >= 100 AND key < 4200', 'key = 77' ],
		'CREATE TABLE T (id int, key bigint PRIMARY KEY)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 20000) i' ],
	[ 'NULLs last', [ 'key IS NULL', 'key IS NOT NULL', 'key >= 35', 'key < 4' ],
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, nullif(i % 40, 0) FROM generate_series(1, 20000) i WHERE i % 40 = 0 OR i < 1500',
		'CREATE INDEX ON T (key)' ],
	[ 'NULLs first', [ 'key IS NULL', 'key IS NOT NULL', 'key >= 35', 'key < 4' ],
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, nullif(i % 40, 0) FROM generate_series(1, 20000) i WHERE i % 40 = 0 OR i < 1500',
		'CREATE INDEX ON T (key NULLS FIRST)' ],
	[ 'descending', [ 'key IS NULL', 'key IS NOT NULL', 'key >= 35', 'key < 4', 'key BETWEEN 3 AND 5', 'key = 5' ],
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, nullif(i % 40, 0) FROM generate_series(1, 20000) i WHERE i % 40 = 0 OR i < 3000',
		'CREATE INDEX ON T (key DESC)' ],
	[ 'descending, NULLs last', [ 'key IS NULL', 'key IS NOT NULL', 'key > 35', 'key <= 4' ],
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, nullif(i % 40, 0) FROM generate_series(1, 20000) i WHERE i % 40 = 0 OR i < 1500',
		'CREATE INDEX ON T (key DESC NULLS LAST)' ],
	[ 'three columns', [ 'key = 7', 'key = 7 AND b = 3', 'key = 7 AND b > 3', 'key = 7 AND b <= 3', 'key IS NULL AND b = 2',
			'key = 7 AND b IS NULL', 'key = 7 AND b IS NOT NULL', 'key = 7 AND c = 5', 'key < 3 AND b = 4', 'key = 7 AND b = 3 AND c > 4' ],
		'CREATE TABLE T (id int, key int, b int, c int)',
		'INSERT INTO T SELECT i, nullif(i % 20, 0), nullif(i / 20 % 7, 0), i / 140 % 10 FROM generate_series(1, 28000) i',
		'CREATE INDEX ON T (key, b DESC, c)' ],
	[ 'arrays', [ 'key IN (3, 5, 17)', 'key = ANY (ARRAY[5, 3, 5, NULL, 99, 3])', q{key = ANY ('{7}')}, 'key IN (3, 5) AND b > 3',
			'key = 7 AND b IN (1, 5)', 'key IN (3, 5) AND b IN (1, 5)', 'key IN (3, 5) AND b = 2 AND c > 4', 'key IN (3, 5, 17) AND key > 3',
			'key = 7 AND b > 1 AND c IN (2, 3, 4)', 'key = ANY (ARRAY[3, 5]::bigint[])' ],
		'CREATE TABLE T (id int, key int, b int, c int)',
		'INSERT INTO T SELECT i, nullif(i % 20, 0), nullif(i / 20 % 7, 0), i / 140 % 10 FROM generate_series(1, 28000) i',
		'CREATE INDEX ON T (key, b DESC, c)' ],
	[ 'deep, straddling pages of all levels', [ q{key > lpad('0500', 1000, 'k')}, q{key BETWEEN lpad('0010', 1000, 'k') AND lpad('0600', 1000, 'k')}, q{key <= lpad('0033', 1000, 'k')} ],
		'CREATE TABLE T (id int, key text)',
		'ALTER TABLE T ALTER key SET STORAGE plain',
		"INSERT INTO T SELECT i, $wide FROM generate_series(1, 900) i",
		'CREATE INDEX ON T (key)' ],
	[ 'deep, grown at random', [ q{key > lpad('0500', 1000, 'k')}, q{key < lpad('0300', 1000, 'k')} ],
		'CREATE TABLE T (id int, key text)',
		'ALTER TABLE T ALTER key SET STORAGE plain',
		'CREATE INDEX ON T (key)',
		"INSERT INTO T SELECT i, $wide FROM generate_series(1, 700) i ORDER BY hashint4(i)" ],
	[ 'straddling, pages far from full of entries', [ q{key > lpad('0030', 150, 'k')} ],
		'CREATE TABLE T (id int, key text)',
		q{INSERT INTO T SELECT i, lpad(to_char(i, 'FM0000'), 150, 'k') FROM generate_series(1, 2500) i},
		'CREATE INDEX ON T (key)' ],
	[ 'two levels below the frontier', [ 'key > 100' ],
		'CREATE TABLE T (id int, key bigint NOT NULL)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 45000) i',
		'CREATE UNIQUE INDEX ON T (key) WITH (fillfactor = 10)' ],
	[ 'other types', [ 'key = 5::bigint', 'key > 15::bigint', 'key = 4::smallint', 'key BETWEEN 3::bigint AND 5::smallint', 'key > 3::bigint AND key > 16' ],
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i * i % 19 FROM generate_series(1, 10000) i',
		'CREATE INDEX ON T (key)' ],
	[ 'text that begins so', [ q{key LIKE 'ab%'}, q{key ~ '^ac'}, q{key = 'ad7'} ],
		'CREATE TABLE T (id int, key text)',
		q{INSERT INTO T SELECT i, 'a' || chr(97 + i % 9) || i % 50 FROM generate_series(1, 10000) i},
		'CREATE INDEX ON T (key)' ],
	[ 'boolean', [ 'key', 'NOT key', 'key IS NULL', 'key IS TRUE' ],
		'CREATE TABLE T (id int, key bool)',
		'INSERT INTO T SELECT i, CASE i % 5 WHEN 0 THEN true WHEN 1 THEN false END FROM generate_series(1, 3000) i',
		'CREATE INDEX ON T (key)' ],
	[ 'numeric, with equal values of other images', [ 'key = 4', 'key = 4.0', 'key > 15.5' ],
		'CREATE TABLE T (id int, key numeric)',
		'INSERT INTO T SELECT i, round(i * i % 19, i % 4) FROM generate_series(1, 10000) i',
		'CREATE INDEX ON T (key)' ],
	[ 'expression', [ 'abs(key) = 3', 'abs(key) < 3' ],
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i % 19 - 9 FROM generate_series(1, 5000) i',
		'CREATE INDEX ON T (abs(key))' ],
	[ 'partial index, range of it', [ 'b = 1 AND key > 15', 'b = 1' ],
		'CREATE TABLE T (id int, key int, b int)',
		'INSERT INTO T SELECT i, i * i % 19, i % 3 FROM generate_series(1, 9000) i',
		'CREATE INDEX ON T (key) WHERE b = 1' ],
	[ 'partial index on the columns of the primary key', [ 'b = 1' ],
		'CREATE TABLE T (id int, key int PRIMARY KEY, b int)',
		'INSERT INTO T SELECT i, i, i % 30 FROM generate_series(1, 20000) i',
		'CREATE INDEX T_b ON T (key, id) WHERE b = 1',
		'DELETE FROM T WHERE id % 60 < 20' ],
	[ 'included column', [ 'key BETWEEN 100 AND 700' ],
		'CREATE TABLE T (id int, key int NOT NULL, b int)',
		'INSERT INTO T SELECT i, i, nullif(i % 2, 0) FROM generate_series(1, 2000) i',
		'CREATE UNIQUE INDEX ON T (key) INCLUDE (b)' ],
	[ 'filter beyond the index', [ 'key = 4 AND b = 1', 'key = 4 AND b * id % 5 = 1' ],
		'CREATE TABLE T (id int, key int, b int)',
		'INSERT INTO T SELECT i, i * i % 19, i % 3 FROM generate_series(1, 20000) i',
		'CREATE INDEX ON T (key)' ],
	[ 'versions of rows', [ 'key = 1', 'key > 1' ],
		'CREATE TABLE T (id int, key int, b int)',
		'INSERT INTO T SELECT i, i % 4, 0 FROM generate_series(1, 1500) i',
		'CREATE INDEX ON T (key)',
		'CREATE INDEX other_T ON T (b)',
		(map { 'UPDATE T SET b = b + 1 WHERE random() < 0.7' } 1 .. 8),
		'DROP INDEX other_T' ],
	[ 'deleted pages', [ 'key < 9500', 'key > 8000 AND key < 28000' ],
		'CREATE TABLE T (id int, key bigint PRIMARY KEY)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 30000) i',
		'DELETE FROM T WHERE id % 9000 > 700',
		'VACUUM T' ],
	[ 'dead entries before VACUUM', [ 'key < 9500' ],
		'CREATE TABLE T (id int, key bigint PRIMARY KEY)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 20000) i',
		'DELETE FROM T WHERE id % 10 > 0',
		'SET enable_seqscan = off',
		'SET enable_bitmapscan = off',
		'SELECT count(b) FROM (SELECT ctid AS b FROM T WHERE key > 0) x',
		'RESET enable_seqscan',
		'RESET enable_bitmapscan' ],
	[ 'SET NOT NULL over NULLs that were', [ 'key IS NOT NULL', 'true' ],
		'CREATE TABLE T (id int, key uuid)',
		'CREATE UNIQUE INDEX ON T (key NULLS FIRST) WITH (deduplicate_items = off)',
		# one page with more entries than it could have of uuids alone
		'INSERT INTO T SELECT i, CASE WHEN i > 250 THEN gen_random_uuid() END FROM generate_series(1, 310) i',
		'DELETE FROM T WHERE key IS NULL',
		'ALTER TABLE T ALTER key SET NOT NULL' ],
	[ 'one page', [ 'true', 'key > 40' ],
		'CREATE TABLE T (id int, key int PRIMARY KEY)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 100) i' ],
);
my $number = 0;
for (@tables)
{
	my ($name, $filters, @sql) = @$_;
	my $table = 'range_' . ++$number;

	build_table($builder, $table, @sql);
	is_source_fair('range', "$name: $_", $dbh, $table, $_) for @$filters;
}

# Ranges that are empty, by their conditions or for want of rows.
$builder->do($_) for (
	'CREATE TABLE nothing (id int, key int, b int)',
	'INSERT INTO nothing SELECT i, i % 10, i % 10 FROM generate_series(1, 5000) i',
	'CREATE INDEX ON nothing (key, b)',
	'CREATE TABLE no_rows (id int, key int PRIMARY KEY)',
	'ANALYZE nothing');
for ('key = 1 AND key = 2', 'key < 5 AND key > 7', 'key IS NULL', 'key = 1 AND b = 2', 'key = 100', 'key > 3 AND key IS NULL',
	'key = ANY (NULL::int[])', q{key = ANY ('{}')}, 'key IN (100, 200)', 'key IN (1, 2) AND key = 3', 'key = (SELECT NULL::int)', 'key = (SELECT 100)', 'key > 9', 'key < 0')
{
	my $rows = $dbh->selectcol_arrayref("SELECT id FROM nothing WHERE $_ ORDER BY random() LIMIT 3");
	is_deeply($rows, [], "no row where $_");
}
is_deeply($dbh->selectcol_arrayref('SELECT id FROM no_rows WHERE key > 3 ORDER BY random() LIMIT 3'), [], 'no row in an empty index');

done_testing;
