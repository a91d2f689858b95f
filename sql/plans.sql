--
-- Which queries the scan node takes, and what their plans look like.  A query
-- that it does not take keeps PostgreSQL's own plan, and says why if asked to.
--
LOAD 'randpick';
SHOW randpick.order_by_random;

-- one source for all shapes; which is cheapest is another question
SET randpick.method = heap;

CREATE TABLE big (id int PRIMARY KEY, kind int, name text);
INSERT INTO big SELECT i, i % 10, 'name ' || i FROM generate_series(1, 20000) i;
CREATE TABLE other (id int PRIMARY KEY, kind int);
INSERT INTO other SELECT i, i % 10 FROM generate_series(1, 100) i;
VACUUM ANALYZE big, other;

\i t/lib/plan_of.sql

-- by cost: taken for few rows, not for all, nor where an index finds it all
EXPLAIN (COSTS OFF) SELECT * FROM big ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE kind = 3 ORDER BY random() LIMIT 10;
EXPLAIN (COSTS OFF) SELECT * FROM big ORDER BY random();
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE id = 5 ORDER BY random() LIMIT 1;

-- a setting turns it off, another one on whatever it costs
SET randpick.order_by_random = off;
EXPLAIN (COSTS OFF) SELECT * FROM big ORDER BY random() LIMIT 1;
SET randpick.order_by_random = force;
EXPLAIN (COSTS OFF) SELECT * FROM big ORDER BY random();
SET randpick.method = deal;
EXPLAIN (COSTS OFF) SELECT * FROM big ORDER BY random();
SET randpick.method = heap;

-- over an index: any that leads to every row, or to every one that matches
SET randpick.method = leaf;
EXPLAIN (COSTS OFF) SELECT * FROM big ORDER BY random() LIMIT 1;
CREATE INDEX big_partial ON big (name) WHERE kind = 7;
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE kind = 7 AND name > 'n' ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE kind = 8 ORDER BY random() LIMIT 1;
DROP INDEX big_partial;
CREATE TABLE unindexed (id int);
CREATE INDEX ON unindexed USING hash (id);
EXPLAIN (COSTS OFF) SELECT * FROM unindexed ORDER BY random() LIMIT 1;
DROP TABLE unindexed;

-- without being told, where the rows are wide
RESET randpick.method;
SET randpick.order_by_random = auto;
CREATE TABLE wide (id int PRIMARY KEY, pad text);
ALTER TABLE wide ALTER pad SET STORAGE plain;
INSERT INTO wide SELECT i, repeat('x', 5000) FROM generate_series(1, 1000) i;
VACUUM ANALYZE wide;
EXPLAIN (COSTS OFF) SELECT * FROM wide ORDER BY random() LIMIT 1;
DROP TABLE wide;
SET randpick.order_by_random = force;
SET randpick.method = heap;

-- the rows that the race leaves are dealt by the cheapest ordinary plan
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE id < 5 ORDER BY random() LIMIT 1;
SET enable_seqscan = off;
SELECT plan_of('SELECT * FROM big WHERE kind = 3 ORDER BY random() LIMIT 1');
RESET enable_seqscan;
SET enable_indexscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE id < 5 ORDER BY random() LIMIT 1;
RESET enable_indexscan;
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE kind = 3 ORDER BY random() LIMIT 1;
-- not by workers that read what is disabled
CREATE INDEX ON big USING hash (kind);
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE kind = 3 ORDER BY random() LIMIT 1;
ROLLBACK;

-- what a run tells (only that it tells)
CREATE FUNCTION properties_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    node json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
    node := plan->0->'Plan'->'Plans'->0;
    RETURN NEXT format('%s, source %s, places %s, deals %s', node->>'Custom Plan Provider',
                       node->>'Source',
                       least((node->>'Places')::bigint % 226, (node->>'Places')::bigint % 291), node->>'Deals');
    RETURN NEXT format('looks - misses - rows = %s', (node->>'Looks')::bigint -
                       (node->>'Misses')::bigint - (node->>'Actual Rows')::numeric::bigint);
END $$;
SELECT properties_of('SELECT * FROM big ORDER BY random() LIMIT 10');
SELECT properties_of('SELECT * FROM big WHERE kind < 0 ORDER BY random() LIMIT 10');

-- every way to say it
CREATE FUNCTION node_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    nodes text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line ~ '^ *(-> *)?[A-Z][A-Za-z ]*(\([A-Za-z]+\) on |$)' AND line !~ 'Seq Scan|Index Scan' THEN
            nodes := nodes || trim(regexp_replace(line, '-> | on .*', '', 'g')) || ' > ';
        ELSIF line ~ 'Sort  *(\(|$)' THEN
            nodes := nodes || 'Sort > ';
        END IF;
    END LOOP;
    RETURN regexp_replace(regexp_replace(nodes, ' > $', ''), ' +', ' ', 'g');
END $$;
CREATE VIEW randomly AS SELECT random() AS r, id FROM big ORDER BY r;
CREATE TABLE parted (id int, kind int) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
CREATE MATERIALIZED VIEW mat AS SELECT * FROM big;

SELECT q AS query, node_of(q) AS plan FROM (VALUES
    ('SELECT * FROM big ORDER BY random() LIMIT 1'),
    ('SELECT * FROM big ORDER BY RANDOM() ASC LIMIT 1'),
    ('SELECT * FROM big ORDER BY random() DESC LIMIT 1'),
    ('SELECT * FROM big ORDER BY random() NULLS FIRST LIMIT 1'),
    ('SELECT * FROM big ORDER BY random() USING > LIMIT 1'),
    ('SELECT * FROM big ORDER BY random() LIMIT 1 OFFSET 10'),
    ('SELECT * FROM big ORDER BY random() FETCH FIRST 3 ROWS ONLY'),
    ('SELECT * FROM big ORDER BY random() OFFSET 5 ROWS FETCH NEXT ROW ONLY'),
    ('SELECT * FROM big ORDER BY random() LIMIT NULL'),
    ('SELECT * FROM big ORDER BY random(), id LIMIT 1'),
    ('SELECT random() AS r, * FROM big ORDER BY r LIMIT 1'),
    ('SELECT id, random() FROM big ORDER BY 2 DESC LIMIT 1'),
    ('SELECT random() + 1 FROM big ORDER BY random() LIMIT 1'),
    ('SELECT * FROM big WHERE kind = 3 ORDER BY kind, random() LIMIT 1'),
    ('SELECT * FROM big ORDER BY NULL::int, random() LIMIT 1'),
    ('SELECT * FROM (SELECT random() r, id FROM big ORDER BY r) s LIMIT 3'),
    ('SELECT * FROM randomly LIMIT 3'),
    ('SELECT ctid, tableoid, xmin, big FROM big ORDER BY random() LIMIT 1'),
    ('SELECT * FROM big ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED'),
    ('SELECT * FROM big WHERE id IN (SELECT id FROM other WHERE kind = 1 OFFSET 0) ORDER BY random() LIMIT 1'),
    ('SELECT * FROM big b WHERE kind = (SELECT max(kind) FROM other) ORDER BY random() LIMIT 1'),
    ('SELECT * FROM big b WHERE NOT EXISTS (SELECT FROM other o WHERE o.id = b.id OFFSET 0) ORDER BY random() LIMIT 1'),
    ('SELECT o.id, x.id FROM other o, LATERAL (SELECT * FROM big b WHERE b.kind = o.kind ORDER BY random() LIMIT 1) x'),
    ('SELECT * FROM mat ORDER BY random() LIMIT 1'),
    ('SELECT * FROM parted ORDER BY random() LIMIT 1'),
    ('SELECT random() r, id FROM parted WHERE kind = 1 ORDER BY r LIMIT 1'),
    ('SELECT * FROM parted_1 ORDER BY random() LIMIT 1'),
    ('SELECT * FROM parent ORDER BY random() LIMIT 1'),
    ('SELECT * FROM ONLY parent ORDER BY random() LIMIT 1'),
    ('SELECT * FROM (SELECT id FROM big UNION ALL SELECT id FROM other) s ORDER BY random() LIMIT 1'),
    ('(SELECT id FROM big ORDER BY random() LIMIT 1) UNION ALL (SELECT id FROM other ORDER BY random() LIMIT 1)'),
    ('UPDATE big SET kind = 1 WHERE ctid = ANY (ARRAY(SELECT ctid FROM big ORDER BY random() LIMIT 1))'),
    ('DECLARE c CURSOR FOR SELECT * FROM big ORDER BY random() LIMIT 1')
    ) AS v(q);

-- and what is not ours
CREATE FUNCTION int_volatile(int) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN $1; END';
SELECT q AS query, node_of(q) AS plan FROM (VALUES
    ('SELECT * FROM big ORDER BY random() * 2 LIMIT 1'),
    ('SELECT * FROM big ORDER BY random()::numeric LIMIT 1'),
    ('SELECT * FROM big ORDER BY id, random() LIMIT 1'),
    ('SELECT * FROM big ORDER BY gen_random_uuid() LIMIT 1'),
    ('SELECT random()')
    ) AS v(q);
EXPLAIN (COSTS OFF) SELECT DISTINCT random(), id FROM big ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT kind, count(*) FROM big GROUP BY kind ORDER BY random() LIMIT 1;
SELECT plan_of('SELECT id, row_number() OVER () FROM big ORDER BY random() LIMIT 1');
EXPLAIN (COSTS OFF) SELECT id, generate_series(1, 2) FROM big ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM big ORDER BY random() FETCH FIRST 1 ROW WITH TIES;
EXPLAIN (COSTS OFF) SELECT random() FROM big UNION SELECT random() FROM other ORDER BY 1 LIMIT 1;
EXPLAIN (COSTS OFF) SELECT b.id FROM big b JOIN other o ON o.kind = b.kind ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM big TABLESAMPLE system (10) ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE random() < 0.5 ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE int_volatile(kind) = 3 ORDER BY random() LIMIT 1;
SELECT plan_of('SELECT * FROM big b WHERE (SELECT random() + b.id * 0) < 0.5 ORDER BY random() LIMIT 1');
EXPLAIN (COSTS OFF) SELECT x.id FROM other o, LATERAL (SELECT id FROM big WHERE o.kind > 3 ORDER BY random() LIMIT 1) x;
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT id FROM big WHERE kind = 1 UNION ALL SELECT id FROM other) s ORDER BY random() LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM generate_series(1, 10) ORDER BY random() LIMIT 1;

-- and all of those still run
SELECT count(*) FROM (SELECT * FROM parent ORDER BY random() LIMIT 1) s;
SELECT count(*) FROM (SELECT * FROM (SELECT id FROM big UNION ALL SELECT id FROM other) s ORDER BY random() LIMIT 5) t;
SELECT count(*) FROM (SELECT * FROM (SELECT id FROM parted UNION ALL SELECT id FROM parent) s ORDER BY random() LIMIT 5) t;

DROP TABLE big, other, parted, parent CASCADE;
DROP FUNCTION plan_of, properties_of, node_of, int_volatile;
