# What applications send: the SQL of object-relational mappers and query
# builders as they write it, and every other way to ask for rows in random
# order.  Each form with what becomes of it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Forms;
use Test::More;

# a race pays on tables as small as these where a page read in order is dear
my %settings = (cpu_tuple_cost => 1000);

my $builder = connect_to_server();
$builder->do(<<'SQL');
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE book (id int PRIMARY KEY, title text, author_id int REFERENCES author, kind int NOT NULL, pad text);
CREATE TABLE book_tags (id int PRIMARY KEY, book_id int REFERENCES book, label text);
INSERT INTO author SELECT i, 'author ' || i FROM generate_series(1, 12) i;
-- rows on several pages, between rows that are gone, some without a title
INSERT INTO book SELECT i, CASE WHEN i % 5 > 0 THEN 'title ' || i END, abs(i) % 12 + 1, abs(i) % 3, repeat('x', abs(i) % 7 * 150)
FROM generate_series(-20, 40) i;
DELETE FROM book WHERE id <= 0;
UPDATE book SET title = title || ' again' WHERE id % 4 = 0;
INSERT INTO book_tags SELECT i, i % 40 + 1, 'tag ' || i % 4 FROM generate_series(1, 60) i;
CREATE TABLE picked (n serial, id int);
CREATE VIEW shuffled AS SELECT random() AS r, id, title FROM book ORDER BY r;
CREATE VIEW titled AS SELECT id, title FROM book WHERE title IS NOT NULL;
CREATE FUNCTION pick_one(wanted int) RETURNS SETOF book LANGUAGE sql VOLATILE
	AS 'SELECT * FROM book WHERE kind = wanted ORDER BY random() LIMIT 1';
CREATE FUNCTION pick_some(count int) RETURNS TABLE (id int, title text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT b.id, b.title FROM book b ORDER BY random() LIMIT count;
END $$;
CREATE FUNCTION pick_dynamically(count int) RETURNS TABLE (id int, title text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'SELECT id, title FROM book ORDER BY random() LIMIT $1' USING count;
END $$;
CREATE FUNCTION pick_in_loop(count int) RETURNS TABLE (id int, title text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	FOR id, title IN SELECT id, title FROM book ORDER BY random() LIMIT 9 LOOP
		EXIT WHEN count = 0;
		count := count - 1;
		RETURN NEXT;
	END LOOP;
END $$;
ANALYZE
SQL

my $book   = '"book"."id", "book"."title", "book"."author_id"';
my $joined = 'FROM "book" LEFT OUTER JOIN "author" ON ("book"."author_id" = "author"."id")';

# whose it is, of which rows it picks, how many, id, options, query, values
my @taken = (
	# Django.  Its LIMIT is never a parameter; order_by('?').first() keeps the order
	[ 'Django: [:5]', 'book', 5, 'id', {},
		qq{SELECT $book FROM "book" ORDER BY RANDOM() ASC LIMIT 5} ],
	[ 'Django: first()', 'book', 1, 'id', {},
		qq{SELECT $book FROM "book" ORDER BY RANDOM() ASC LIMIT 1} ],
	[ 'Django: [10:15]', 'book', 5, 'id', {},
		qq{SELECT $book FROM "book" ORDER BY RANDOM() ASC LIMIT 5 OFFSET 10} ],
	[ 'Django: [10:]', 'book', 30, 'id', {},
		qq{SELECT $book FROM "book" ORDER BY RANDOM() ASC OFFSET 10} ],
	[ 'Django: filter()', 'book WHERE title IS NOT NULL', 1, 'id', {},
		qq{SELECT $book FROM "book" WHERE "book"."title" IS NOT NULL ORDER BY RANDOM() ASC LIMIT 1} ],
	[ 'Django: filter(), server-side binding', 'book WHERE kind = 1', 2, 'id', {},
		qq{SELECT $book FROM "book" WHERE "book"."kind" = \$1 ORDER BY RANDOM() ASC LIMIT 2}, 1 ],
	[ 'Django: exclude()', 'book WHERE kind <> 1', 2, 'id', {},
		qq{SELECT $book FROM "book" WHERE NOT ("book"."kind" = 1 AND "book"."kind" IS NOT NULL) ORDER BY RANDOM() ASC LIMIT 2} ],
	[ 'Django: pk__in', 'book', 5, 'id', { unordered => 1 },
		qq{SELECT $book FROM "book" WHERE "book"."id" IN (SELECT U0."id" FROM "book" U0 ORDER BY RANDOM() ASC LIMIT 5)} ],
	[ 'Django 5: annotate(r=Random())', 'book', 5, 'id', { key => 'r' },
		qq{SELECT $book, RANDOM() AS "r" FROM "book" ORDER BY 4 ASC LIMIT 5} ],
	[ 'Django 3: annotate(r=Random())', 'book', 5, 'id', { key => 'r' },
		qq{SELECT $book, RANDOM() AS "r" FROM "book" ORDER BY "r" ASC LIMIT 5} ],
	[ 'Django: annotate(r=Random()).order_by("-r")', 'book', 5, 'id', { key => 'r', descending => 1 },
		qq{SELECT $book, RANDOM() AS "r" FROM "book" ORDER BY "r" DESC LIMIT 5} ],
	[ 'Django: iterator()', 'book', 40, 'id', {},
		[ qq{DECLARE "_django_curs_1" NO SCROLL CURSOR WITH HOLD FOR SELECT $book FROM "book" ORDER BY RANDOM() ASC},
			'FETCH FORWARD 2000 FROM "_django_curs_1"', 'CLOSE "_django_curs_1"' ] ],
	[ 'Django: [:5].iterator()', 'book', 5, 'id', {},
		[ qq{DECLARE "_django_curs_1" NO SCROLL CURSOR WITH HOLD FOR SELECT $book FROM "book" ORDER BY RANDOM() ASC LIMIT 5},
			'FETCH FORWARD 2000 FROM "_django_curs_1"', 'CLOSE "_django_curs_1"' ] ],
	[ 'Django: [:5].iterator() in atomic()', 'book', 5, 'id', {},
		[ 'BEGIN',
			qq{DECLARE "_django_curs_1" NO SCROLL CURSOR WITHOUT HOLD FOR SELECT $book FROM "book" ORDER BY RANDOM() ASC LIMIT 5},
			'FETCH FORWARD 2 FROM "_django_curs_1"', 'FETCH FORWARD 2000 FROM "_django_curs_1"', 'CLOSE "_django_curs_1"', 'COMMIT' ] ],
	[ 'Django: select_for_update(skip_locked=True)', 'book', 1, 'id', {},
		qq{SELECT $book FROM "book" ORDER BY RANDOM() ASC LIMIT 1 FOR UPDATE SKIP LOCKED} ],
	[ 'Django: select_for_update(of=..., nowait=True)', 'book', 1, 'id', {},
		qq{SELECT $book FROM "book" ORDER BY RANDOM() ASC LIMIT 1 FOR UPDATE OF "book" NOWAIT} ],
	[ 'Django: values_list("pk")', 'book', 5, 'pk', {},
		q{SELECT "book"."id" AS "pk" FROM "book" ORDER BY RANDOM() ASC LIMIT 5} ],
	[ 'Django: Subquery()', 'book', 1, 'b', { repeated => 1 },
		q{SELECT "author"."id", (SELECT U0."id" FROM "book" U0 ORDER BY RANDOM() ASC LIMIT 1) AS "b" FROM "author"} ],
	[ 'Django: update() of pk__in', 'book', 5, 'id', { unordered => 1 },
		q{UPDATE "book" SET "kind" = "book"."kind" WHERE "book"."id" IN
		  (SELECT U0."id" FROM "book" U0 ORDER BY RANDOM() ASC LIMIT 5) RETURNING id} ],

	# Their LIMIT is a parameter, of a prepared statement
	[ 'Rails: limit(5)', 'book', 5, 'id', {},
		'SELECT "book".* FROM "book" ORDER BY RANDOM() LIMIT $1', 5 ],
	[ 'Rails: where().take', 'book WHERE kind = 2', 1, 'id', {},
		'SELECT "book".* FROM "book" WHERE "book"."kind" = $1 ORDER BY RANDOM() LIMIT $2', 2, 1 ],
	[ 'Rails: limit(5).offset(3)', 'book', 5, 'id', {},
		'SELECT "book".* FROM "book" ORDER BY RANDOM() LIMIT $1 OFFSET $2', 5, 3 ],
	[ 'Rails: pick(:id)', 'book', 1, 'id', {},
		'SELECT "book"."id" FROM "book" ORDER BY RANDOM() LIMIT $1', 1 ],
	[ 'GORM: Take()', 'book', 1, 'id', {},
		'SELECT * FROM "book" WHERE kind = $1 OR kind <> $1 ORDER BY RANDOM() LIMIT $2', 1, 1 ],
	[ 'Ecto: limit: ^n', 'book', 4, 'id', {},
		'SELECT b0."id", b0."title" FROM "book" AS b0 ORDER BY RANDOM() LIMIT $1', 4 ],
	[ 'Ecto: limit: 1', 'book', 1, 'id', {},
		'SELECT b0."id", b0."title" FROM "book" AS b0 ORDER BY RANDOM() LIMIT 1' ],
	[ 'knex, kysely, drizzle', 'book', 5, 'id', {},
		'select * from "book" order by RANDOM() limit $1', 5 ],
	[ 'SQLAlchemy: limit(5)', 'book', 5, 'id', {},
		'SELECT book.id, book.title FROM book ORDER BY random() LIMIT $1::INTEGER', 5 ],
	[ 'SQLAlchemy: add_columns(func.random())', 'book', 5, 'id', { key => 'random_1' },
		'SELECT book.id, random() AS random_1 FROM book ORDER BY random() LIMIT $1::INTEGER', 5 ],
	[ 'SQLAlchemy: joinedload()', 'author', 5, 'author_id', { unordered => 1, repeated => 1, varies => 1 },
		'SELECT anon_1.author_id, anon_1.author_name, book_1.id, anon_1.random_1 FROM (SELECT author.id AS author_id,
		 author.name AS author_name, random() AS random_1 FROM author ORDER BY random() LIMIT $1::INTEGER) AS anon_1
		 LEFT OUTER JOIN book AS book_1 ON anon_1.author_id = book_1.author_id ORDER BY anon_1.random_1', 5 ],
	[ 'Hibernate: setMaxResults()', 'book', 5, 'id', {},
		'select b1_0.id,b1_0.title from book b1_0 order by random() fetch first $1 rows only', 5 ],
	[ 'Hibernate: setFirstResult()', 'book', 5, 'id', {},
		'select b1_0.id,b1_0.title from book b1_0 order by random() offset $1 rows fetch first $2 rows only', 2, 5 ],
	[ 'jOOQ', 'book', 5, 'id', {},
		'select "public"."book"."id" from "public"."book" order by random() offset $1 rows fetch next $2 rows only', 0, 5 ],

	# Their LIMIT is text
	[ 'Laravel: inRandomOrder()->first()', 'book', 1, 'id', {},
		'select * from "book" order by RANDOM() limit 1' ],
	[ 'Laravel: where()->inRandomOrder()', 'book WHERE kind = 0', 5, 'id', {},
		'select * from "book" where "kind" = $1 order by RANDOM() limit 5', 0 ],
	[ 'Sequelize: findAll()', 'book', 5, 'id', {},
		'SELECT "id", "title", "author_id" AS "authorId" FROM "book" AS "book" ORDER BY RANDOM() LIMIT 5;' ],
	[ 'Sequelize: include, hasMany', 'author', 5, 'id', { unordered => 1, repeated => 1, varies => 1 },
		'SELECT "author".*, "books"."id" AS "books.id" FROM (SELECT "author"."id", "author"."name" FROM "author" AS "author"
		 ORDER BY RANDOM() LIMIT 5) AS "author" LEFT OUTER JOIN "book" AS "books" ON "author"."id" = "books"."author_id"
		 ORDER BY RANDOM();' ],
	[ 'TypeORM: take()', 'book', 5, 'b_id', {},
		'SELECT "b"."id" AS "b_id", "b"."title" AS "b_title" FROM "book" "b" ORDER BY RANDOM() ASC LIMIT 5' ],
	[ 'TypeORM: getOne(), which has no LIMIT', 'book', 40, 'b_id', {},
		'SELECT "b"."id" AS "b_id", "b"."title" AS "b_title" FROM "book" "b" ORDER BY RANDOM() ASC' ],
	[ 'Drupal: orderRandom()', 'book', 5, 'id', { key => 'random_field' },
		'SELECT b.id AS id, RANDOM() AS random_field FROM book b ORDER BY random_field ASC NULLS FIRST LIMIT 5 OFFSET 0' ],

	# written by people
	[ 'NULLS FIRST', 'book', 5, 'id', {}, 'SELECT id FROM book ORDER BY random() NULLS FIRST LIMIT 5' ],
	[ 'DESC NULLS LAST', 'book', 5, 'id', { key => 'r', descending => 1 },
		'SELECT random() AS r, id FROM book ORDER BY r DESC NULLS LAST LIMIT 5' ],
	[ 'USING >', 'book', 5, 'id', { key => 'r', descending => 1 },
		'SELECT random() AS r, id FROM book ORDER BY r USING > LIMIT 5' ],
	[ 'by ordinal', 'book', 5, 'id', { key => 'random' }, 'SELECT id, random() FROM book ORDER BY 2 FETCH FIRST 5 ROWS ONLY' ],
	[ 'pg_catalog.random()', 'book', 5, 'id', {}, 'SELECT id FROM book ORDER BY pg_catalog.random() LIMIT 5' ],
	[ 'further sort columns', 'book', 5, 'id', { key => 'r' }, 'SELECT random() AS r, id FROM book ORDER BY r, title, id DESC LIMIT 5' ],
	[ 'constant sort columns before it', 'book WHERE kind = 1', 5, 'id', { key => 'r' },
		'SELECT random() AS r, id FROM book WHERE kind = 1 ORDER BY kind, NULL::text, r LIMIT 5' ],
	[ 'whole rows', 'book', 5, 'id', { key => 'r' }, 'SELECT random() AS r, b.id, b FROM book b ORDER BY r LIMIT 5' ],
	[ 'system columns', 'book', 5, 'id', {}, 'SELECT ctid, tableoid, id FROM book ORDER BY random() LIMIT 5' ],
	[ 'LIMIT ALL', 'book', 40, 'id', { key => 'r' }, 'SELECT random() AS r, id FROM book ORDER BY r LIMIT ALL' ],
	[ 'LIMIT NULL', 'book', 40, 'id', {}, 'SELECT id FROM book ORDER BY random() LIMIT $1::bigint', undef ],
	[ 'LIMIT beyond the end', 'book', 40, 'id', {}, 'SELECT id FROM book ORDER BY random() LIMIT 1000' ],
	[ 'LIMIT by an expression', 'book', 5, 'id', {}, 'SELECT id FROM book ORDER BY random() LIMIT (SELECT count(*) - 35 FROM book)' ],
	[ 'OFFSET alone', 'book', 3, 'id', { key => 'r', varies => 1 },
		'SELECT r, id FROM (SELECT random() AS r, id FROM book ORDER BY r OFFSET 0) s LIMIT 3' ],
	[ 'view that sorts', 'book', 5, 'id', { key => 'r' }, 'SELECT * FROM shuffled LIMIT 5' ],
	[ 'view that selects', 'book WHERE title IS NOT NULL', 5, 'id', { key => 'r' },
		'SELECT random() AS r, * FROM titled ORDER BY r LIMIT 5' ],
	[ 'CTE', 'book', 5, 'id', { key => 'r' },
		'WITH picked AS (SELECT random() AS r, id, title FROM book ORDER BY r LIMIT 5) SELECT * FROM picked' ],
	[ 'CTE, materialized', 'book', 5, 'id', { key => 'r' },
		'WITH picked AS MATERIALIZED (SELECT random() AS r, id FROM book ORDER BY r LIMIT 5) SELECT * FROM picked' ],
	[ 'LATERAL', 'book WHERE kind = 1', 2, 'id', { key => 'r' },
		'SELECT s.* FROM (VALUES (1)) v (wanted), LATERAL (SELECT random() AS r, id FROM book WHERE kind = wanted ORDER BY r LIMIT 2) s' ],
	[ 'correlated sub-select', 'book WHERE kind = 2', 1, 'id', {},
		'SELECT (SELECT id FROM book WHERE kind = wanted ORDER BY random() LIMIT 1) AS id FROM (VALUES (2)) v (wanted)' ],
	[ 'ARRAY(...)', 'book', 5, 'id', {}, 'SELECT unnest(ARRAY(SELECT id FROM book ORDER BY random() LIMIT 5)) AS id' ],
	[ 'branch of UNION ALL', 'book', 5, 'id', { key => 'r' },
		'(SELECT random() AS r, id FROM book ORDER BY r LIMIT 5) UNION ALL SELECT 2, -1 WHERE false' ],
	[ 'two branches of UNION ALL', 'book', 40, 'id', { unordered => 1 },
		'(SELECT id FROM book WHERE id <= 20 ORDER BY random() LIMIT 20) UNION ALL (SELECT id FROM book WHERE id > 20 ORDER BY random() LIMIT 20)' ],
	[ 'filter by a sub-select', 'book WHERE author_id = 3', 1, 'id', {},
		q{SELECT id FROM book WHERE author_id = (SELECT id FROM author WHERE name = 'author 3') ORDER BY random() LIMIT 1} ],
	[ 'filter by a hashed sub-select', 'book WHERE author_id < 5', 2, 'id', { key => 'r' },
		'SELECT random() AS r, id FROM book WHERE author_id NOT IN (SELECT id FROM author WHERE id >= 5) ORDER BY r LIMIT 2' ],
	[ 'outer join that the planner removes', 'book', 5, 'id', { key => 'r' },
		'SELECT random() AS r, book.id FROM book LEFT JOIN author ON author.id = book.author_id ORDER BY r LIMIT 5' ],
	[ 'one-row sub-select beside it', 'book', 5, 'id', { key => 'r' },
		'SELECT random() AS r, id, one FROM book, (SELECT 1 AS one) s ORDER BY r LIMIT 5' ],
	[ 'INSERT', 'book', 5, 'id', { },
		[ 'BEGIN', 'INSERT INTO picked (id) SELECT id FROM book ORDER BY random() LIMIT 5', 'SELECT id FROM picked ORDER BY n', 'ROLLBACK' ] ],
	[ 'CREATE TABLE AS', 'book', 5, 'id', { key => 'r' },
		[ 'BEGIN', 'CREATE TEMP TABLE copied AS SELECT random() AS r, id FROM book ORDER BY r LIMIT 5', 'TABLE copied', 'ROLLBACK' ] ],
	[ 'function in SQL', 'book WHERE kind = 1', 1, 'id', { is_hidden => 1 }, 'SELECT id, title FROM pick_one(1)' ],
	[ 'function in PL/pgSQL', 'book', 5, 'id', { is_hidden => 1 }, 'SELECT * FROM pick_some(5)' ],
	[ 'function in PL/pgSQL, EXECUTE', 'book', 5, 'id', { is_hidden => 1 }, 'SELECT * FROM pick_dynamically(5)' ],
	[ 'function in PL/pgSQL, loop that it leaves', 'book', 5, 'id', { is_hidden => 1 }, 'SELECT * FROM pick_in_loop(5)' ],
);
for (@taken)
{
	my ($name, $rows, $k, $id, $options, $query, @values) = @$_;
	is_taken(\%settings, name => $name, rows => $rows, k => $k, id => $id, query => $query, values => \@values, %$options);
}

for my $limit ('LIMIT 0', 'LIMIT 1 OFFSET 40', 'FETCH FIRST 0 ROWS ONLY')
{
	is_taken_empty(\%settings, $limit, "SELECT random() AS r, id FROM book ORDER BY r $limit");
}
is_taken_empty(\%settings, 'LIMIT $1, zero', 'SELECT id FROM book ORDER BY random() LIMIT $1', 0);

done_testing;
