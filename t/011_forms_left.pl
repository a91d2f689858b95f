# Queries in random order that randpick leaves to PostgreSQL, and statements that
# are wrong: the same plan, the same rows from the same seed, the same errors.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Forms;
use Test::More;

plan(skip_all => 'there is nothing to compare') if PLAIN;

my %settings = (cpu_tuple_cost => 1, 'randpick.log_declined' => 'on');

my $builder = connect_to_server();
$builder->do(<<'SQL');
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE book (id int PRIMARY KEY, title text, author_id int REFERENCES author, kind int NOT NULL);
CREATE TABLE book_tags (id int PRIMARY KEY, book_id int REFERENCES book, label text);
INSERT INTO author SELECT i, 'author ' || i FROM generate_series(1, 12) i;
INSERT INTO book SELECT i, CASE WHEN i % 5 > 0 THEN 'title ' || i END, i % 12 + 1, i % 3 FROM generate_series(1, 40) i;
INSERT INTO book_tags SELECT i, i % 40 + 1, 'tag ' || i % 4 FROM generate_series(1, 60) i;
CREATE TABLE parent (id int);
CREATE TABLE child (note text) INHERITS (parent);
INSERT INTO parent SELECT generate_series(1, 10);
INSERT INTO child SELECT generate_series(11, 30);
CREATE VIEW guarded WITH (security_barrier) AS SELECT * FROM book WHERE kind = 1;
CREATE FUNCTION flip(int) RETURNS boolean LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN random() * 3 < $1; END';
CREATE FUNCTION random(int) RETURNS float8 LANGUAGE sql VOLATILE AS 'SELECT random() * $1';
CREATE TABLE checked (id int CHECK (id > 0));
INSERT INTO checked SELECT generate_series(1, 40);
CREATE TABLE halved (id int) PARTITION BY HASH (id);
CREATE TABLE halved_0 PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE halved_1 PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO halved SELECT generate_series(1, 40);
CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE elsewhere USING another_heap AS SELECT i AS id FROM generate_series(1, 40) i;
CREATE TABLE varied (id int);
CREATE TABLE varied_child () INHERITS (varied) USING another_heap;
INSERT INTO varied SELECT generate_series(1, 10);
INSERT INTO varied_child SELECT generate_series(11, 30);
ANALYZE
SQL

my $book = '"book"."id", "book"."title", "book"."author_id"';
my @left = (
	# what it is, query, values
	[ 'Django: select_related()',
		qq{SELECT $book, "author"."id", "author"."name" FROM "book" LEFT OUTER JOIN "author"
		 ON ("book"."author_id" = "author"."id") ORDER BY RANDOM() ASC LIMIT 5} ],
	[ 'Django: filter(author__name=...)',
		qq{SELECT $book FROM "book" INNER JOIN "author" ON ("book"."author_id" = "author"."id")
		 WHERE "author"."name" = 'author 3' ORDER BY RANDOM() ASC LIMIT 5} ],
	[ 'Django: distinct()',
		q{SELECT DISTINCT "book"."id", RANDOM() FROM "book" INNER JOIN "book_tags" ON ("book"."id" = "book_tags"."book_id")
		 ORDER BY RANDOM() ASC LIMIT 5} ],
	[ 'Django: annotate(n=Count())',
		q{SELECT "book"."id", COUNT("book_tags"."id") AS "n" FROM "book" LEFT OUTER JOIN "book_tags"
		 ON ("book"."id" = "book_tags"."book_id") GROUP BY "book"."id" ORDER BY RANDOM() ASC LIMIT 5} ],
	[ 'Rails: eager_load(), the ids',
		'SELECT DISTINCT RANDOM() AS alias_0, "author"."id" FROM "author" LEFT OUTER JOIN "book" ON "book"."author_id" = "author"."id"
		 ORDER BY RANDOM() LIMIT $1', 5 ],
	[ 'Rails: eager_load(), the rows',
		'SELECT "author"."id" AS t0_r0, "book"."id" AS t1_r0 FROM "author" LEFT OUTER JOIN "book" ON "book"."author_id" = "author"."id"
		 WHERE "author"."id" IN ($1, $2) ORDER BY RANDOM()', 1, 5 ],
	[ 'SQLAlchemy: distinct()', 'SELECT DISTINCT book.id FROM book ORDER BY random() LIMIT $1::INTEGER', 5 ],
	[ 'SQLAlchemy: tablesample()',
		'SELECT b.id FROM book AS b TABLESAMPLE bernoulli($1::INTEGER) REPEATABLE (random()) ORDER BY random()', 50 ],
	[ 'TypeORM: leftJoinAndSelect().take()',
		'SELECT DISTINCT "distinctAlias"."a_id" AS "ids_a_id" FROM (SELECT "a"."id" AS "a_id" FROM "author" "a"
		 LEFT JOIN "book" "b" ON "b"."author_id" = "a"."id") "distinctAlias" ORDER BY RANDOM() ASC, "a_id" ASC LIMIT 5' ],
	[ 'TypeORM: addSelect("RANDOM()", "r")',
		'SELECT DISTINCT "distinctAlias"."a_id" AS "ids_a_id", "distinctAlias"."r" FROM (SELECT "a"."id" AS "a_id", RANDOM() AS "r"
		 FROM "author" "a" LEFT JOIN "book" "b" ON "b"."author_id" = "a"."id") "distinctAlias" ORDER BY "distinctAlias"."r" ASC LIMIT 5' ],
	[ 'Laravel: union()',
		'(select id from "book") union (select id from "author") order by 1 limit 5' ],

	# what is sorted by is another expression, or not sorted by first
	[ 'random() * 2',        'SELECT id FROM book ORDER BY random() * 2 LIMIT 5' ],
	[ '-random()',           'SELECT id FROM book ORDER BY -random() LIMIT 5' ],
	[ 'random()::numeric',   'SELECT id FROM book ORDER BY random()::numeric LIMIT 5' ],
	[ 'another random',      'SELECT id FROM book ORDER BY public.random(3) LIMIT 5' ],
	[ 'random()::text',      'SELECT id FROM book ORDER BY md5(id::text || random()::text) LIMIT 5' ],
	[ 'a column before it',  'SELECT id FROM book ORDER BY kind, random() LIMIT 5' ],
	[ 'two values',          'SELECT random() AS a, random() AS b, id FROM book ORDER BY a, b LIMIT 5' ],
	[ 'two values, and one that is not sorted by', 'SELECT random() AS a, random() AS b, random() AS c FROM book ORDER BY a, c LIMIT 5' ],
	[ 'a value and an expression of another', 'SELECT random() AS a, random() + 1 AS b FROM book ORDER BY a, kind, b DESC LIMIT 5' ],
	[ 'the same without LIMIT', 'SELECT random() AS a, random() AS b FROM book ORDER BY a, b' ],
	[ 'a constant string',   q{SELECT id FROM book ORDER BY 'random()'::text, id LIMIT 5} ],
	[ 'values made before they are sorted', 'SELECT * FROM (SELECT random() AS r, id FROM book OFFSET 0) s ORDER BY r LIMIT 5' ],
	[ 'EXISTS, which drops the order', 'SELECT id FROM author WHERE EXISTS (SELECT FROM book WHERE author_id = author.id ORDER BY random())' ],

	# something between the table and the sort
	[ 'DISTINCT ON',         'SELECT DISTINCT ON (random()) id FROM book ORDER BY random() LIMIT 5' ],
	[ 'GROUP BY',            'SELECT kind, count(*) FROM book GROUP BY kind ORDER BY random() LIMIT 2' ],
	[ 'GROUP BY random()',   'SELECT random(), count(*) FROM book GROUP BY random() ORDER BY random() LIMIT 2' ],
	[ 'grouping sets',       'SELECT kind, count(*) FROM book GROUP BY ROLLUP (kind) ORDER BY random() LIMIT 2' ],
	[ 'aggregate',           'SELECT count(*) FROM book ORDER BY random() LIMIT 1' ],
	[ 'HAVING',              'SELECT 1 FROM book HAVING count(*) > 0 ORDER BY random() LIMIT 1' ],
	[ 'aggregate with ORDER BY', 'SELECT array_agg(id ORDER BY random()) FROM book' ],
	[ 'window over random order', 'SELECT id, row_number() OVER (ORDER BY random()) FROM book ORDER BY 2 LIMIT 5' ],
	[ 'window',              'SELECT id, count(*) OVER () FROM book ORDER BY random() LIMIT 5' ],
	[ 'WITH TIES',           'SELECT id FROM book ORDER BY random() FETCH FIRST 5 ROWS WITH TIES' ],
	[ 'set-returning function', 'SELECT id, generate_series(1, 2) FROM book ORDER BY random() LIMIT 5' ],
	[ 'UNION',               'SELECT id, random() AS r FROM book UNION SELECT id, 1 FROM author ORDER BY r LIMIT 5' ],
	[ 'INTERSECT',           'SELECT * FROM (SELECT id FROM book INTERSECT SELECT id FROM author) s ORDER BY random() LIMIT 5' ],
	[ 'UNION ALL of a part of a table',
		'SELECT * FROM (SELECT id FROM book WHERE kind = 1 UNION ALL SELECT id FROM author) s ORDER BY random() LIMIT 5' ],
	[ 'UNION ALL of a function',
		'SELECT * FROM (SELECT id FROM book UNION ALL SELECT i FROM generate_series(1, 3) i) s ORDER BY random() LIMIT 5' ],
	[ 'UNION ALL of a sample',
		'SELECT * FROM (SELECT id FROM book UNION ALL SELECT id FROM author TABLESAMPLE system (100)) s ORDER BY random() LIMIT 5' ],
	[ 'UNION ALL with a filter that is the same for all rows of a table',
		'SELECT * FROM (SELECT id FROM book UNION ALL SELECT 7 FROM author) s WHERE id = (SELECT 7) ORDER BY random() LIMIT 5' ],
	[ 'UNION ALL, joined',
		'SELECT s.id FROM (SELECT id FROM book UNION ALL SELECT id FROM author) s JOIN book_tags USING (id) ORDER BY random() LIMIT 5' ],

	# more than one source of rows
	[ '1:N join',            'SELECT book.id, book_tags.id FROM book JOIN book_tags ON book_id = book.id ORDER BY random() LIMIT 5' ],
	[ 'cross join',          'SELECT book.id, author.id FROM book, author ORDER BY random() LIMIT 5' ],
	[ 'semijoin',            'SELECT id FROM book WHERE EXISTS (SELECT FROM book_tags WHERE book_id = book.id) ORDER BY random() LIMIT 5' ],
	[ 'antijoin',            'SELECT id FROM book WHERE NOT EXISTS (SELECT FROM book_tags WHERE book_id = book.id AND id > 30) ORDER BY random() LIMIT 5' ],
	[ 'full join',           'SELECT author.id, book.id FROM author FULL JOIN book ON author.id = book.id ORDER BY random() LIMIT 5' ],
	[ 'lateral in the same FROM', 'SELECT author.id, b.id FROM author, LATERAL (SELECT id FROM book WHERE author_id = author.id) b ORDER BY random() LIMIT 5' ],

	# rows of another kind of relation
	[ 'function',            'SELECT * FROM generate_series(1, 40) id ORDER BY random() LIMIT 5' ],
	[ 'VALUES',              'SELECT * FROM (VALUES (1), (2), (3)) v (id) ORDER BY random() LIMIT 2' ],
	[ 'VALUES itself',       'VALUES (1), (2), (3) ORDER BY random() LIMIT 2' ],
	[ 'no FROM',             'SELECT 1 ORDER BY random() LIMIT 1' ],
	[ 'CTE that is scanned', 'WITH s AS MATERIALIZED (SELECT id FROM book) SELECT * FROM s ORDER BY random() LIMIT 5' ],
	[ 'changes that are scanned',
		'WITH s AS (UPDATE book SET kind = kind RETURNING id) SELECT * FROM s ORDER BY random() LIMIT 5' ],
	[ 'children, joined',    'SELECT parent.id FROM parent JOIN author USING (id) ORDER BY random() LIMIT 5' ],
	[ 'children, one of another access method', 'SELECT id, tableoid::regclass FROM varied ORDER BY random() LIMIT 5' ],
	[ 'TABLESAMPLE',         'SELECT id FROM book TABLESAMPLE system (100) REPEATABLE (1) ORDER BY random() LIMIT 5' ],
	[ 'security barrier',    'SELECT id FROM guarded ORDER BY random() LIMIT 5' ],
	[ 'another access method', 'SELECT id FROM elsewhere ORDER BY random() LIMIT 5' ],

	# volatile filters
	[ 'WHERE random()',      'SELECT id FROM book WHERE random() < 0.5 ORDER BY random() LIMIT 5' ],
	[ 'WHERE volatile',      'SELECT id FROM book WHERE flip(kind + 1) ORDER BY random() LIMIT 5' ],
	[ 'WHERE IN (LIMIT)',    'SELECT id FROM book WHERE kind > 3 OR id IN (SELECT id FROM book LIMIT 5) ORDER BY random() LIMIT 5' ],
	[ 'WHERE (SELECT volatile)', 'SELECT id FROM book WHERE (SELECT flip(kind + 1)) ORDER BY random() LIMIT 5' ],
	[ 'WHERE (SELECT random())', 'SELECT id FROM book WHERE (SELECT random() + id) > 0 ORDER BY random() LIMIT 5' ],

	# what cannot be
	[ 'negative LIMIT',      'SELECT id FROM author, book_tags ORDER BY random() LIMIT -1' ],
	[ 'no such column',      'SELECT nothing FROM book ORDER BY random() LIMIT 1' ],
	[ 'no such ordinal',     'SELECT id FROM book ORDER BY random(), 4 LIMIT 1' ],
	[ 'FOR UPDATE with GROUP BY', 'SELECT kind FROM book GROUP BY kind ORDER BY random() LIMIT 1 FOR UPDATE' ],
	[ 'FOR UPDATE with DISTINCT', 'SELECT DISTINCT random() FROM book ORDER BY random() LIMIT 1 FOR UPDATE' ],
	[ 'WITH TIES without ORDER BY', 'SELECT id FROM book FETCH FIRST 1 ROW WITH TIES' ],
	[ 'UNION ordered by an expression', 'SELECT id FROM book UNION SELECT id FROM author ORDER BY random() LIMIT 1' ],
	[ 'random() of the wrong type', 'SELECT id FROM book WHERE title = random() ORDER BY random() LIMIT 1' ],
	[ 'division by zero',    'SELECT id FROM book, author WHERE 1 / (book.id - book.id) > 0 ORDER BY random() LIMIT 1' ],
	[ 'two rows of a scalar sub-select', 'SELECT (SELECT id FROM book, author ORDER BY random() LIMIT 2)' ],
);
is_left(\%settings, @$_) for @left;

# no rows, which the planner knows
is_left({ %settings, constraint_exclusion => 'on' }, 'excluded by a constraint', 'SELECT id FROM checked WHERE id < 0 ORDER BY random() LIMIT 5');

# costs that cannot be compared
for my $table ('book', 'halved')
{
	is_left({ 'randpick.order_by_random' => 'auto', cpu_tuple_cost => '1e308' }, "infinite costs, $_", $_) for
	  "SELECT id FROM $table ORDER BY random() LIMIT 5",
	  "SELECT id, (SELECT max(name) FROM author WHERE author.id = $table.id) FROM $table ORDER BY random() LIMIT 5";
}

# Of forms that are taken, those errors that do not depend on the rows read.
my @wrong = (
	# query, values
	[ 'SELECT id FROM book ORDER BY random() LIMIT -1' ],
	[ 'SELECT id FROM book ORDER BY random() OFFSET -1' ],
	[ 'SELECT id FROM book ORDER BY random() LIMIT $1', -1 ],
	[ 'SELECT id FROM book ORDER BY random() LIMIT $1', 'many' ],
	[ 'SELECT id FROM book ORDER BY random() LIMIT id' ],
	[ 'SELECT id FROM book ORDER BY random() LIMIT (SELECT 1 / (count(*) - 40) FROM book)' ],
	[ 'SELECT 1 / (id - id) FROM book ORDER BY random() LIMIT 1' ],
	[ 'SELECT id FROM book WHERE 1 / (id - id) > 0 ORDER BY random() LIMIT 1' ],
	[ 'SELECT id FROM book WHERE id = (SELECT id FROM author) ORDER BY random() LIMIT 1' ],
	[ 'SELECT (SELECT id FROM book ORDER BY random() LIMIT 2)' ],
	[ 'SELECT id FROM book WHERE repeat(title, 0)::int = id ORDER BY random() LIMIT 40' ],
	[ [ 'BEGIN READ ONLY', 'SELECT id FROM book ORDER BY random() LIMIT 1 FOR UPDATE' ] ],
	[ [ 'BEGIN', 'DECLARE c NO SCROLL CURSOR FOR SELECT id FROM book ORDER BY random()', 'FETCH 3 FROM c', 'FETCH BACKWARD 1 FROM c' ] ],
);
for (@wrong)
{
	my ($query, @values) = @$_;
	my @answers = map { my $dbh = $_; [ map { form_answer($dbh, $query, @values)->[1] } 1 .. 8 ] }
	  start_session(%settings), connect_to_server();
	my $name = ref $query ? join '; ', @$query : $query;
	is_deeply(@answers, "$name: the same error");
	unlike(ref $answers[1][0], qr/ARRAY/, "$name: an error");
}

done_testing;
