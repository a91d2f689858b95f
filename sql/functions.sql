--
-- The functions: what comes back, and how often, never which row.
--
CREATE EXTENSION randpick;

CREATE TABLE fruit (id int PRIMARY KEY, kind text, weight int);
INSERT INTO fruit
    SELECT i, CASE i % 3 WHEN 0 THEN 'apple' WHEN 1 THEN 'pear' END, i % 7
    FROM generate_series(1, 300) i;
ANALYZE fruit;

-- a first call loads the library and leaves other queries alone
\c -
SELECT count(randpick('fruit'));
SHOW randpick.order_by_random;
EXPLAIN (COSTS OFF) SELECT * FROM fruit ORDER BY random() LIMIT 1;

-- and so does a LOAD that is not a statement of its own
\c -
DO $$ BEGIN LOAD 'randpick'; END $$;
SHOW randpick.order_by_random;

-- the table by its name, as the type of names, as text or untyped, or by number
SELECT count(randpick('fruit'::regclass)), count(randpick('fruit'::text)), count(randpick('public.fruit')),
       count(randpick('fruit'::regclass::oid::text));
SELECT count(randpick('fruit')) FROM generate_series(1, 5);
PREPARE pick_by_name AS SELECT count(randpick($1));
EXECUTE pick_by_name('fruit');
DEALLOCATE pick_by_name;

-- one row, as a record and with its columns
SELECT pg_typeof(randpick('fruit'));
SELECT f.id BETWEEN 1 AND 300 AS id_ok, f.weight = f.id % 7 AS weight_ok
    FROM randpick_row(NULL::fruit) f;
SELECT to_jsonb(randpick('fruit', 'id = 7'));
SELECT * FROM randpick_row(NULL::fruit, 'id = 7');

-- where a row stands, to find or change it by
SELECT pg_typeof(randpick_ctid('fruit'));
SELECT * FROM fruit WHERE ctid = (SELECT randpick_ctid('fruit', 'id = 7'));
SELECT count(*) BETWEEN 1 AND 9 AS some, min(kind), max(kind) FROM fruit
    WHERE ctid = ANY (ARRAY(SELECT randpick_ctid('fruit', 'kind = $1 AND id <= $2', 'pear', 300) FROM generate_series(1, 9)));
BEGIN;
UPDATE fruit SET weight = 100 WHERE ctid = (SELECT randpick_ctid('fruit'));
SELECT count(*) FROM fruit WHERE weight = 100;
DELETE FROM fruit WHERE ctid = (SELECT randpick_ctid('fruit', 'weight = $1', 100)) RETURNING weight;
ROLLBACK;

-- no row to pick: NULL, and no row
SELECT randpick('fruit', 'id < 0') IS NULL AS none;
SELECT randpick_ctid('fruit', 'id < 0') IS NULL AS none;
SELECT * FROM randpick_row(NULL::fruit, 'id < 0');

-- several rows: distinct, as many as asked for, or all
SELECT count(*), count(DISTINCT id) FROM randpick_rows(NULL::fruit, 10);
SELECT count(*), count(DISTINCT id) FROM randpick_rows(NULL::fruit, 299);
SELECT count(*), count(DISTINCT id) FROM randpick_rows(NULL::fruit, 1000);
SELECT count(*), count(DISTINCT id), min(kind), max(kind)
    FROM randpick_rows(NULL::fruit, 1000, 'kind = ''pear''');
SELECT count(*) FROM randpick_rows(NULL::fruit, 0);
SELECT count(*) FROM randpick_rows(NULL::fruit, 9223372036854775807);
SELECT count(*) FROM (SELECT randpick_rows(NULL::fruit, 10)) s;

-- values for the filter, typed and not, as an array, and NULL
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'kind = $1', 'apple');
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'kind = $1 AND id <= $2', 'apple', 30);
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'kind = $1 AND id <= $2', 'apple', '30');
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'kind = $1 AND id <= $2 AND id > $3', 'apple'::varchar, '30'::varchar, 0);
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'id = ANY ($1)', ARRAY[1, 2, 3]);
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'id IN ($1, $2)', VARIADIC ARRAY[1, 2]);
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'id IN ($1, $2)', VARIADIC ARRAY['1', '2']);
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000,
    (SELECT 'id IN (' || string_agg('$' || i, ', ') || ')' FROM generate_series(1, 150) i), VARIADIC ARRAY(SELECT generate_series(1, 150)));
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'kind = $1', NULL);
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, '$1 = $1 AND id < $1', 5);
SELECT randpick('fruit', 'id = $1', 7), randpick('fruit', 'id = $1', 7.0), randpick('fruit', 'id = $1', '7');

-- a filter is an expression, whatever it is made of
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'fruit.id > 10 -- not many');
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'EXISTS (SELECT FROM fruit f WHERE f.id = fruit.id + 290)');
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'true OR 1 = 1');
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'NULL');

-- names that want quoting, and a column named like its table
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."select" ("select" int, "a b" text);
INSERT INTO "My Schema"."select" VALUES (1, 'x');
SELECT * FROM randpick_row(NULL::"My Schema"."select", '"select" = 1 AND "a b" = ''x''');
SELECT randpick('"My Schema"."select"', '"select"."a b" = $1', 'x');

-- a table changes under a plan that is kept
SELECT randpick('fruit', 'id = 7');
ALTER TABLE fruit ADD COLUMN colour text DEFAULT 'green';
SELECT randpick('fruit', 'id = 7');
ALTER TABLE fruit DROP COLUMN weight;
SELECT * FROM randpick_row(NULL::fruit, 'id = 7');
ALTER TABLE fruit RENAME TO obst;
SELECT randpick('obst', 'id = 7'), f.* FROM randpick_row(NULL::obst, 'id = 7') f;
ALTER TABLE obst SET SCHEMA "My Schema";
SELECT * FROM randpick_row(NULL::"My Schema".obst, 'id = 7');
ALTER TABLE "My Schema".obst SET SCHEMA public;
ALTER TABLE obst RENAME TO fruit;

-- in plpgsql, past the sixth call where a plan may become generic
CREATE FUNCTION pick_often(wanted text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    good bigint := 0;
    f fruit;
BEGIN
    FOR i IN 1..20 LOOP
        SELECT * INTO f FROM randpick_row(NULL::fruit, 'kind = $1', wanted);
        good := good + (f.kind = wanted)::int;
    END LOOP;
    RETURN good;
END $$;
SELECT pick_often('apple'), pick_often('pear');

-- more plans than a session keeps
SELECT count(randpick('fruit', 'id = ' || i)) FROM generate_series(1, 100) i;
SELECT count(randpick('fruit', 'id = ' || i)) FROM generate_series(1, 100) i;

-- a filter may pick in its turn
CREATE FUNCTION is_picked(n int) RETURNS boolean STABLE LANGUAGE sql
    AS $$ SELECT randpick('fruit', 'id = $1', n) IS DISTINCT FROM NULL $$;
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'is_picked(id)');

-- so may a value while it is read, or a function while the planner folds it,
-- and more often than plans are kept
CREATE FUNCTION picks_often(n int) RETURNS int IMMUTABLE LANGUAGE sql
    AS $$ SELECT count(randpick('fruit', 'id = ' || i))::int FROM generate_series(1, 100) i $$;
CREATE DOMAIN odd AS int CHECK (VALUE = 1 OR picks_often(VALUE) = 100);
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'id <= picks_often(7)');
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, 'id = $1::odd', '7');

-- a name in the filter is the caller's, by the search path of each call
CREATE SCHEMA north;
CREATE SCHEMA south;
CREATE TYPE north.grade AS ENUM ('low', 'high');
CREATE TYPE south.grade AS ENUM ('cold', 'hot');
SET search_path = public, north;
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, '$1::grade IS NOT NULL', 'low');
SET search_path = public, south;
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, '$1::grade IS NOT NULL', 'hot');
SELECT count(*) FROM randpick_rows(NULL::fruit, 1000, '$1::grade IS NOT NULL', 'low');
RESET search_path;
DROP TYPE north.grade, south.grade;
DROP SCHEMA north, south;

-- a plan that is kept follows the settings
CREATE FUNCTION picks_from_seed() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(0.5), randpick('fruit');
    RETURN (SELECT string_agg(f::text, ' ') FROM randpick_rows(NULL::fruit, 5) f);
END $$;
SET randpick.order_by_random = force;
SET seq_page_cost = 1000;  -- so that a race pays on so small a table
SET randpick.method = heap;
CREATE TEMP TABLE by_heap AS SELECT picks_from_seed() AS rows;
SET randpick.method = deal;
SELECT picks_from_seed() <> rows AS are_other_rows FROM by_heap;
SET randpick.method = heap;
SELECT picks_from_seed() = rows AS are_the_same_rows FROM by_heap;
RESET randpick.method;
RESET seq_page_cost;
RESET randpick.order_by_random;
DROP FUNCTION picks_from_seed;

-- what the statement sees: not its own changes, but those before it
BEGIN;
INSERT INTO fruit VALUES (1000, 'plum');
SELECT * FROM randpick_row(NULL::fruit, 'kind = ''plum''');
WITH new AS (INSERT INTO fruit VALUES (1001, 'cherry') RETURNING id)
    SELECT new.id, randpick('fruit', 'kind = ''cherry''') FROM new;
ROLLBACK;

-- views, partitions, inheritance, foreign and empty tables
CREATE VIEW pears AS SELECT * FROM fruit WHERE kind = 'pear';
SELECT count(*), min(kind), max(kind) FROM randpick_rows(NULL::pears, 1000);
SELECT randpick('pears', 'id = 7');
CREATE VIEW kinds AS SELECT kind, count(*) AS n FROM fruit GROUP BY kind;
SELECT count(*) FROM randpick_rows(NULL::kinds, 1000);
CREATE MATERIALIZED VIEW apples AS SELECT * FROM fruit WHERE kind = 'apple';
SELECT count(*), min(kind), max(kind) FROM randpick_rows(NULL::apples, 1000);
CREATE TABLE parted (id int, part int) PARTITION BY LIST (part);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 (part int, id int);
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES IN (2);
INSERT INTO parted SELECT i, i % 2 + 1 FROM generate_series(1, 100) i;
SELECT count(*), count(DISTINCT id) FROM randpick_rows(NULL::parted, 1000);
SELECT randpick('parted', 'id = 7'), randpick('parted', 'id = 8');
SELECT * FROM parted_2 WHERE ctid = (SELECT randpick_ctid('parted_2', 'id = 7'));
CREATE TABLE animal (id int);
CREATE TABLE dog (name text) INHERITS (animal);
INSERT INTO animal VALUES (1);
INSERT INTO dog VALUES (2, 'rex');
SELECT count(*), count(DISTINCT id) FROM randpick_rows(NULL::animal, 1000);
SELECT randpick('animal', 'id = 2');
SELECT * FROM dog WHERE ctid = (SELECT randpick_ctid('dog'));
DROP TABLE dog;
SELECT * FROM animal WHERE ctid = (SELECT randpick_ctid('animal'));
CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE elsewhere USING another_heap AS SELECT i AS id FROM generate_series(1, 100) i;
SELECT count(*), count(DISTINCT id) FROM randpick_rows(NULL::elsewhere, 1000);
SELECT randpick('elsewhere', 'id = 7'), f.id FROM randpick_row(NULL::elsewhere, 'id = $1', 8) f;
SELECT * FROM elsewhere WHERE ctid = (SELECT randpick_ctid('elsewhere', 'id = 7'));
SELECT * FROM apples WHERE ctid = (SELECT randpick_ctid('apples', 'id = 9'));
CREATE TABLE nothing ();
SELECT count(*) FROM randpick_rows(NULL::nothing, 10);
INSERT INTO nothing DEFAULT VALUES;
SELECT count(*) FROM randpick_rows(NULL::nothing, 10);
CREATE TEMP TABLE temporary AS SELECT 1 AS a;
SELECT randpick('temporary'), t.* FROM randpick_row(NULL::temporary) t;
SELECT count(randpick('pg_class', 'relname = $1', 'pg_class'));

-- FROM is the form for columns: this one calls the function once a column
SELECT count(*) FROM (SELECT (randpick_row(NULL::fruit)).*) s;

DROP TABLE fruit, "My Schema"."select", parted, animal, nothing, elsewhere CASCADE;
DROP ACCESS METHOD another_heap;
DROP SCHEMA "My Schema" CASCADE;
DROP DOMAIN odd;
DROP FUNCTION pick_often, is_picked, picks_often;
DROP EXTENSION randpick;
