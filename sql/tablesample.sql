--
-- TABLESAMPLE randpick(n): the plans, the numbers of rows, the errors.
--
CREATE EXTENSION randpick;

CREATE TABLE big (id int PRIMARY KEY, kind int, name text);
INSERT INTO big SELECT i, i % 10, 'name ' || i FROM generate_series(1, 20000) i;
CREATE TABLE wide (id int PRIMARY KEY, pad text);
ALTER TABLE wide ALTER pad SET STORAGE plain;
INSERT INTO wide SELECT i, repeat('x', 5000) FROM generate_series(1, 1000) i;
CREATE TABLE numbers AS SELECT i AS n FROM generate_series(1, 3) i;
VACUUM ANALYZE big, wide, numbers;

\i t/lib/plan_of.sql

-- the race takes the place of the sample scan; the WHERE comes after it
EXPLAIN (COSTS OFF) SELECT * FROM big TABLESAMPLE randpick(10);
EXPLAIN (COSTS OFF) SELECT * FROM big TABLESAMPLE randpick(10) WHERE kind = 3;
EXPLAIN (COSTS OFF) SELECT * FROM big b TABLESAMPLE randpick(10) REPEATABLE (1);
EXPLAIN (COSTS OFF) SELECT * FROM wide TABLESAMPLE randpick(10);
EXPLAIN (COSTS OFF) SELECT * FROM wide TABLESAMPLE randpick(10) REPEATABLE (1);
EXPLAIN (COSTS OFF) SELECT * FROM big TABLESAMPLE randpick(19000);
SELECT plan_of('SELECT * FROM big TABLESAMPLE randpick(1 + 1) REPEATABLE (0.5)', 'COSTS OFF, FORMAT yaml');
EXPLAIN (COSTS OFF, VERBOSE) SELECT id, random() FROM big TABLESAMPLE randpick(10);
EXPLAIN (COSTS OFF) SELECT * FROM numbers, LATERAL (SELECT * FROM big TABLESAMPLE randpick(n) REPEATABLE (n)) s;
EXPLAIN (COSTS OFF) SELECT * FROM big TABLESAMPLE randpick(10) ORDER BY random() LIMIT 3;

-- where there cannot be a row, nothing is sampled
SELECT plan_of('SELECT * FROM big TABLESAMPLE randpick(10) WHERE false');

-- an index that does not lead to every row is of no use, though the WHERE implies it
CREATE TABLE half (id int);
CREATE INDEX half_partial ON half (id) WHERE id < 10;
SET randpick.method = leaf;
EXPLAIN (COSTS OFF) SELECT * FROM half WHERE id < 10 ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM half TABLESAMPLE randpick(1) WHERE id < 10;
RESET randpick.method;
DROP TABLE half;

-- the planner knows how many rows will come
CREATE FUNCTION rows_planned(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan->0->'Plan'->>'Plan Rows';
END $$;
SELECT q AS query, rows_planned(q) FROM (VALUES
    ('SELECT * FROM big TABLESAMPLE randpick(10)'),
    ('SELECT * FROM big TABLESAMPLE randpick(1000) WHERE kind = 3'),
    ('SELECT * FROM big TABLESAMPLE randpick(30000)'),
    ('SELECT * FROM big TABLESAMPLE randpick(9223372036854775807)'),
    ('SELECT * FROM big TABLESAMPLE randpick(0)'),
    ('SELECT * FROM big TABLESAMPLE randpick(-1)')) v(q);

-- no setting switches it off, and none that disables scans matters
SET randpick.order_by_random = off;
SET enable_seqscan = off;
SET enable_tidscan = off;
SELECT plan_of('SELECT * FROM big TABLESAMPLE randpick(10)');
SELECT plan_of('SELECT * FROM big TABLESAMPLE randpick(10) REPEATABLE (1)');
RESET enable_seqscan;
RESET enable_tidscan;
RESET randpick.order_by_random;

-- no workers, except to read what is dealt; 16 gave the setting that wants them a new name
SELECT name AS parallel_setting FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \gset
SET :parallel_setting = on;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT * FROM big TABLESAMPLE randpick(10);
EXPLAIN (COSTS OFF) SELECT * FROM big TABLESAMPLE randpick(19000) REPEATABLE (1);
SELECT count(*), count(DISTINCT id) FROM big TABLESAMPLE randpick(19000);
RESET :parallel_setting;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- the size: any expression, as it is when the query runs
SELECT count(*), count(DISTINCT id) FROM big TABLESAMPLE randpick(0);
SELECT count(*), count(DISTINCT id) FROM big TABLESAMPLE randpick(7);
SELECT count(*), count(DISTINCT id) FROM big TABLESAMPLE randpick(20000);
SELECT count(*), count(DISTINCT id) FROM big TABLESAMPLE randpick(9223372036854775807);
SELECT count(*), count(DISTINCT id) FROM big TABLESAMPLE randpick((SELECT max(n) FROM numbers));
SELECT n, count(*) FROM numbers, LATERAL (SELECT * FROM big TABLESAMPLE randpick(n * 2)) s GROUP BY n ORDER BY n;
PREPARE sample AS SELECT count(*) FROM big TABLESAMPLE randpick($1) REPEATABLE ($2);
SET plan_cache_mode = force_generic_plan;
EXECUTE sample(5, 1);
EXECUTE sample(20001, 1);
EXECUTE sample(0, -3.5);
RESET plan_cache_mode;

-- of each partition or child that many
CREATE TABLE parted (id int) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3);
INSERT INTO parted SELECT 1 FROM generate_series(1, 100);
INSERT INTO parted SELECT 2 FROM generate_series(1, 3);
SELECT id, count(*) FROM parted TABLESAMPLE randpick(5) GROUP BY id ORDER BY id;
SELECT id, count(*) FROM parted TABLESAMPLE randpick(5) WHERE id = 1 GROUP BY id;
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent SELECT 1 FROM generate_series(1, 100);
INSERT INTO child SELECT 2 FROM generate_series(1, 100);
SELECT id, count(*) FROM parent TABLESAMPLE randpick(5) GROUP BY id ORDER BY id;
SELECT id, count(*) FROM ONLY parent TABLESAMPLE randpick(5) GROUP BY id;

-- errors
SELECT * FROM big TABLESAMPLE randpick(NULL);
SELECT * FROM big TABLESAMPLE randpick(-1);
SELECT * FROM big TABLESAMPLE randpick(1) REPEATABLE (NULL);
\set VERBOSITY sqlstate
EXECUTE sample(NULL, 1);
EXECUTE sample(-1, 1);
EXECUTE sample(1, NULL);
SELECT * FROM numbers, big TABLESAMPLE randpick(n);
\set VERBOSITY default
SELECT * FROM big TABLESAMPLE randpick(1, 2);
SELECT * FROM big TABLESAMPLE randpick('many');
SELECT * FROM big TABLESAMPLE randpick(9223372036854775808);
CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE elsewhere (id int) USING another_heap;
SELECT * FROM elsewhere TABLESAMPLE randpick(1);

-- privileges and row security, which hides rows of the sample
CREATE ROLE randpick_sampler;
SET ROLE randpick_sampler;
SELECT * FROM big TABLESAMPLE randpick(1);
RESET ROLE;
GRANT SELECT (kind) ON big TO randpick_sampler;
ALTER TABLE big ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON big TO randpick_sampler USING (kind = 3);
SET ROLE randpick_sampler;
SELECT id FROM big TABLESAMPLE randpick(1);
SELECT kind, count(*) FROM big TABLESAMPLE randpick(20000) GROUP BY kind;
RESET ROLE;

-- a view keeps it as it was written, and depends on the extension
CREATE VIEW sampled AS SELECT id FROM big TABLESAMPLE randpick(3) REPEATABLE (7);
SELECT substring(pg_get_viewdef('sampled'::regclass), 'FROM .*');
SELECT count(*) FROM sampled;
DROP EXTENSION randpick;

DROP TABLE big, wide, numbers, parted, parent, child, elsewhere CASCADE;
DROP ROLE randpick_sampler;
DROP FUNCTION plan_of, rows_planned;
DROP ACCESS METHOD another_heap;
DROP EXTENSION randpick;
