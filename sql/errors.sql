--
-- What can be wrong with a call: the message, its hint, its SQLSTATE.
--
CREATE EXTENSION randpick;
\set VERBOSITY default

CREATE TABLE pick_me (id int PRIMARY KEY, name text);
INSERT INTO pick_me SELECT i, 'name ' || i FROM generate_series(1, 10) i;
CREATE SEQUENCE not_a_table;
CREATE TYPE pair AS (a int, b int);

CREATE FUNCTION sqlstate_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;

-- the relation
SELECT randpick('no_such_table');
SELECT randpick('no_such_table'::regclass);
SELECT randpick('no such table');
SELECT randpick('');
SELECT randpick(NULL);
SELECT randpick(NULL::regclass);
SELECT randpick(4294967295::oid::regclass);
SELECT randpick('not_a_table');
SELECT randpick('pick_me_pkey');
SELECT randpick_ctid('no_such_table');
SELECT randpick_ctid(NULL);
SELECT randpick_ctid('not_a_table');
SELECT * FROM randpick_row(NULL::no_such_table);
SELECT * FROM randpick_row(1);
SELECT * FROM randpick_row(NULL);
SELECT * FROM randpick_row(NULL::pair);

-- what a ctid does not tell apart
CREATE TABLE parted (id int) PARTITION BY HASH (id);
CREATE VIEW looking AS SELECT * FROM pick_me;
CREATE TABLE parent (id int);
SELECT randpick_ctid('parent');
CREATE TABLE child () INHERITS (parent);
SELECT randpick_ctid('parted');
SELECT randpick_ctid('looking');
SELECT randpick_ctid('parent');
SELECT randpick_ctid('child');
DROP TABLE parted, parent CASCADE;
DROP VIEW looking;

-- the number of rows
SELECT * FROM randpick_rows(NULL::pick_me, -1);
SELECT * FROM randpick_rows(NULL::pick_me, NULL);

-- the filter
SELECT randpick('pick_me', NULL);
SELECT randpick('pick_me', '');
SELECT randpick('pick_me', 'id >');
SELECT randpick('pick_me', 'id');
SELECT randpick('pick_me', 'no_such_column = 1');
SELECT randpick('pick_me', 'id = ''one''');
SELECT randpick('pick_me', 'count(*) > 1');
SELECT randpick('pick_me', 'row_number() OVER () = 1');
SELECT randpick('pick_me', 'generate_series(1, 2) = 1');
SELECT randpick('pick_me', '1/(id - id) > 0');

-- one expression and nothing else
SELECT randpick('pick_me', 'true FROM pg_class');
SELECT randpick('pick_me', 'true LIMIT 1');
SELECT randpick('pick_me', 'true UNION SELECT false');
SELECT randpick('pick_me', 'DISTINCT true');
SELECT randpick('pick_me', 'true, true');
SELECT randpick('pick_me', 'true AS answer');
SELECT randpick('pick_me', '*');
SELECT randpick('pick_me', 'pick_me.*');
SELECT randpick('pick_me', 'true) OR (true');
SELECT randpick('pick_me', 'true; DROP TABLE pick_me');
SELECT randpick('pick_me', 'true /* and');

-- the values
SELECT randpick('pick_me', 'id = $1');
SELECT randpick('pick_me', 'id = $2', 1);
SELECT randpick('pick_me', 'id = $1', 1, 2);
SELECT randpick('pick_me', 'id = $0', 1);
SELECT randpick('pick_me', 'id = $2000000000', 1);
SELECT randpick('pick_me', 'id = $1', 'one');
SELECT randpick('pick_me', 'coalesce(id, $1) = 1', now());
SELECT randpick('pick_me', '$1 IS NULL', 'one');
SELECT randpick('pick_me', 'id = $1 AND $2 IS NULL', 1, 'one'::varchar);
SELECT randpick('pick_me', 'id = $1', VARIADIC NULL::int[]);

-- errors leave nothing behind that would harm the next call
SELECT count(*) FROM randpick_rows(NULL::pick_me, 100, 'id = $1 OR true', 1);

-- privileges: on the table, on its columns, through a view
CREATE ROLE randpick_reader;
CREATE VIEW readable AS SELECT * FROM pick_me;
GRANT SELECT ON readable TO randpick_reader;
SET ROLE randpick_reader;
SELECT randpick('pick_me');
SELECT randpick_ctid('pick_me');
SELECT * FROM randpick_row(NULL::pick_me);
SELECT * FROM randpick_rows(NULL::pick_me, 0);
SELECT count(*) FROM randpick_rows(NULL::readable, 100);
RESET ROLE;
GRANT SELECT (id) ON pick_me TO randpick_reader;
SET ROLE randpick_reader;
SELECT randpick('pick_me');
RESET ROLE;
GRANT SELECT ON pick_me TO randpick_reader;
SET ROLE randpick_reader;
SELECT count(*) FROM randpick_rows(NULL::pick_me, 100);
RESET ROLE;

-- row security: a plan kept for one role does not serve another
ALTER TABLE pick_me ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON pick_me TO randpick_reader USING (id <= 3);
SELECT count(*) FROM randpick_rows(NULL::pick_me, 100);
SET ROLE randpick_reader;
SELECT count(*) FROM randpick_rows(NULL::pick_me, 100);
SELECT count(*) FROM randpick_rows(NULL::pick_me, 100, 'id > $1', 2);
RESET ROLE;
SELECT count(*) FROM randpick_rows(NULL::pick_me, 100);
SELECT count(*) FROM randpick_rows(NULL::pick_me, 100, 'id > $1', 2);

-- settings
SET randpick.order_by_random = sometimes;
SET randpick.no_such_setting = 1;

-- the SQLSTATEs
SELECT q AS query, sqlstate_of(q) FROM (VALUES
    ($$SELECT randpick('no_such_table')$$),
    ($$SELECT randpick(NULL)$$),
    ($$SELECT randpick(4294967295::oid::regclass)$$),
    ($$SELECT randpick('not_a_table')$$),
    ($$SELECT randpick_ctid('pg_tables')$$),
    ($$SELECT randpick_row(1)$$),
    ($$SELECT randpick_rows(NULL::pick_me, -1)$$),
    ($$SELECT randpick_rows(NULL::pick_me, NULL)$$),
    ($$SELECT randpick('pick_me', NULL)$$),
    ($$SELECT randpick('pick_me', '')$$),
    ($$SELECT randpick('pick_me', 'id >')$$),
    ($$SELECT randpick('pick_me', 'id')$$),
    ($$SELECT randpick('pick_me', 'id = $1')$$),
    ($$SELECT randpick('pick_me', 'id = $1', 1, 2)$$),
    ($$SELECT randpick('pick_me', 'id = $1', 'one')$$)) v(q);

DROP VIEW readable;
DROP TABLE pick_me;
DROP ROLE randpick_reader;
DROP SEQUENCE not_a_table;
DROP TYPE pair;
DROP FUNCTION sqlstate_of;
DROP EXTENSION randpick;
