# Layouts
#	  Tables of all kinds for check-corrupt.
#
# Each has SQL that makes T, and filters, in which ? is any number below 100.

package Layouts;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = ('@layouts');

our @layouts = (
	{
		name => 'integers',
		make => [
			'CREATE TABLE T (id int PRIMARY KEY, k int NOT NULL, v text)',
			'INSERT INTO T SELECT i, i * 7919 % 100, md5(i::text) FROM generate_series(1, 5000) i',
			'CREATE INDEX ON T (k)' ],
		filters => [
			'true', 'k = ?', 'k > ?', 'id BETWEEN 20 * ? AND 20 * ? + 300', 'id = 50 * ?', 'k IN (?, ?, ?)',
			'k < ? AND id > 40 * ?' ],
	},
	{
		name => 'wide rows',
		make => [
			'CREATE TABLE T (id bigint PRIMARY KEY, k int NOT NULL, v text)',
			q{INSERT INTO T SELECT i, i % 100, repeat(md5(i::text), 40) FROM generate_series(1, 1000) i},
			'ALTER TABLE T ALTER v SET STORAGE plain', 'CREATE INDEX ON T (k)' ],
		filters => [ 'true', 'true', 'k = ?', 'id > 10 * ?' ],
	},
	{
		name => 'text keys',
		make => [
			'CREATE TABLE T (id int, k text COLLATE "C" NOT NULL)',
			"INSERT INTO T SELECT i, md5(i::text) FROM generate_series(1, 4000) i",
			'CREATE UNIQUE INDEX ON T (k)' ],
		filters => [ 'true', 'k > md5(?::text)', 'k = md5(?::text)', 'k < md5(?::text) AND k > md5(?::text)' ],
	},
	{
		name => 'text posting lists',
		make => [
			'CREATE TABLE T (id int, k text)',
			"INSERT INTO T SELECT i, 'category ' || i % 20 FROM generate_series(1, 6000) i",
			'CREATE INDEX ON T (k)' ],
		filters => [
			'true', q{k = 'category ' || ? % 20}, q{k > 'category ' || ? % 20},
			q{k IN ('category ' || ? % 20, 'category 3')} ],
	},
	{
		name => 'integer posting lists',
		make => [
			'CREATE TABLE T (id int, k int)',
			'INSERT INTO T SELECT i, i % 5 FROM generate_series(1, 12000) i',
			'CREATE INDEX ON T (k)' ],
		filters => [ 'true', 'k = ? % 5', 'k >= ? % 5' ],
	},
	{
		name => 'uuids',
		make => [
			'CREATE TABLE T (id int, k uuid PRIMARY KEY)',
			'INSERT INTO T SELECT i, md5(i::text)::uuid FROM generate_series(1, 4000) i' ],
		filters => [ 'true', 'k > md5(?::text)::uuid', 'k = md5(?::text)::uuid' ],
	},
	{
		name => 'many levels of wide keys',
		make => [
			'CREATE TABLE T (id int, k text COLLATE "C")',
			'ALTER TABLE T ALTER k SET STORAGE plain',
			q{INSERT INTO T SELECT i, rpad(md5(i::text), 800, 'k') FROM generate_series(1, 600) i},
			'CREATE INDEX ON T (k)' ],
		filters => [ 'true', 'k > md5(?::text)', 'k BETWEEN md5(?::text) AND md5(?::text)' ],
	},
	{
		name => 'many thin leaves',
		make => [
			'CREATE TABLE T (id int NOT NULL, k int NOT NULL)',
			'INSERT INTO T SELECT i, i % 100 FROM generate_series(1, 20000) i',
			'CREATE UNIQUE INDEX ON T (id) WITH (fillfactor = 10)' ],
		filters => [ 'true', 'id > 200 * ?', 'id BETWEEN 200 * ? AND 200 * ? + 5000' ],
	},
	{
		name => 'several columns',
		make => [
			'CREATE TABLE T (id int, a smallint, b text, c date, d bool)',
			q{INSERT INTO T SELECT i, i % 10, 'b' || i % 7, '2020-01-01'::date + i % 365, i % 2 = 0 FROM generate_series(1, 5000) i},
			'CREATE INDEX ON T (a, b, c DESC, d)' ],
		filters => [
			'true', q{a = ? % 10 AND b = 'b3'}, q{a = ? % 10 AND b > 'b2' AND c > '2020-05-05'},
			q{a = 3 AND b = 'b4' AND c < '2020-09-09' AND d}, 'a IN (1, ? % 10)' ],
	},
	{
		name => 'nulls',
		make => [
			'CREATE TABLE T (id int, k int, l text)',
			q{INSERT INTO T SELECT i, nullif(i % 7, 3), CASE WHEN i % 3 = 0 THEN md5((i % 300)::text) END FROM generate_series(1, 5000) i},
			'CREATE INDEX ON T (k DESC NULLS LAST, l NULLS FIRST)', 'CREATE INDEX ON T (l)' ],
		filters => [
			'k IS NULL', 'k IS NULL AND l IS NULL', 'k = ? % 7 AND l IS NOT NULL', 'l IS NULL',
			'l > md5(?::text)' ],
	},
	{
		name => 'a partial index',
		make => [
			'CREATE TABLE T (id int, k int, is_done bool NOT NULL)',
			'INSERT INTO T SELECT i, i % 100, i % 10 > 0 FROM generate_series(1, 8000) i',
			'CREATE INDEX ON T (k) WHERE NOT is_done' ],
		filters => [ 'NOT is_done', 'NOT is_done AND k > ?', 'k = 10 * (? % 10) AND NOT is_done' ],
	},
	{
		name => 'numerics and names',
		make => [
			'CREATE TABLE T (id int, k numeric, n name NOT NULL)',
			q{INSERT INTO T SELECT i, i * 1.37 % 100, 'name ' || i % 500 FROM generate_series(1, 4000) i},
			'CREATE INDEX ON T (k)', 'CREATE INDEX ON T (n, id)' ],
		filters => [ 'k > ?', 'k BETWEEN ? AND ? + 2.5', q{n = 'name ' || ?}, q{n > 'name ' || ?} ],
	},
	{
		name => 'times, and an included column',
		make => [
			'CREATE TABLE T (id int, at timestamptz NOT NULL, v text)',
			q{INSERT INTO T SELECT i, '2020-01-01'::timestamptz + i * interval '1 hour', 'v' || i FROM generate_series(1, 4000) i},
			'CREATE UNIQUE INDEX ON T (at) INCLUDE (v)' ],
		filters => [ 'true', q{at > '2020-01-01'::timestamptz + ? * interval '1 day'} ],
	},
	{
		name => 'compressed keys',
		make => [
			'CREATE TABLE T (id int, k text COLLATE "C")',
			q{INSERT INTO T SELECT i, md5(i::text) || repeat('k', 9000) FROM generate_series(1, 600) i},
			'CREATE INDEX ON T (k)' ],
		filters => [ 'true', 'k > md5(?::text)', 'k BETWEEN md5(?::text) AND md5(?::text)' ],
	},
	{
		name => 'updated and deleted rows',
		make => [
			'CREATE TABLE T (id int PRIMARY KEY, k int, v text) WITH (fillfactor = 70)',
			q{INSERT INTO T SELECT i, i % 100, repeat('v', i % 300) FROM generate_series(1, 3000) i},
			'CREATE INDEX ON T (k)',
			q{UPDATE T SET v = v || 'w' WHERE id % 3 = 0}, 'UPDATE T SET k = k + 1 WHERE id % 10 = 1', 'DELETE FROM T WHERE id % 5 = 2',
			q{UPDATE T SET v = v || 'w' WHERE id % 4 = 0} ],
		filters => [ 'true', 'k = ?', 'id > 30 * ?' ],
	},
	{
		name => 'partitions',
		make => [
			'CREATE TABLE T (id int PRIMARY KEY, k int NOT NULL, v text) PARTITION BY RANGE (id)',
			map({ "CREATE TABLE T_$_ PARTITION OF T FOR VALUES FROM (" . 1000 * $_ . ') TO (' . 1000 * ($_ + 1) . ')' } 0 .. 3),
			q{INSERT INTO T SELECT i, i % 100, repeat(md5(i::text), 5) FROM generate_series(1, 3999) i},
			'CREATE INDEX ON T (k)' ],
		filters => [ 'true', 'k = ?', 'id > 30 * ?' ],
	});

1;
