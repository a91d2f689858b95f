/* sql/randpick--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION randpick" to load this file. \quit

-- The rule for arguments: a regclass where no row type is needed, NULL::table
-- where rows with columns come back.  Every function takes a filter, one
-- boolean expression over the table's columns, and values for its parameters
-- $1, $2, ...: as they are (VARIADIC "any"); but text and varchar, which is what
-- untyped values become (VARIADIC text[]), are read as the type that the filter's
-- context asks for.
--
-- All run with the caller's privileges and row security and see what the
-- calling statement sees: none of a table's rows, if the call had to wait for
-- a session that rewrote the table, which leaves older snapshots nothing.
-- They are volatile, as random() is, and parallel restricted, because
-- random()'s state is the session's.

-- The extension is trusted.  This script runs as a superuser then, but all it
-- does is create functions in the extension's own schema; it looks nothing up
-- by a name that somebody else could have taken.

-- One row as a composite value; NULL when there is none.

CREATE FUNCTION randpick(relation regclass)
RETURNS record
AS 'MODULE_PATHNAME', 'randpick_record'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

CREATE FUNCTION randpick(relation regclass, filter text)
RETURNS record
AS 'MODULE_PATHNAME', 'randpick_record'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

CREATE FUNCTION randpick(relation regclass, filter text, VARIADIC "values" "any")
RETURNS record
AS 'MODULE_PATHNAME', 'randpick_record'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

CREATE FUNCTION randpick(relation regclass, filter text, VARIADIC "values" text[])
RETURNS record
AS 'MODULE_PATHNAME', 'randpick_record'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

-- The handler of TABLESAMPLE, below, has to have the same name and one argument
-- too.  For randpick('name') the parser prefers text to either.

CREATE FUNCTION randpick(relation text)
RETURNS record
AS 'MODULE_PATHNAME', 'randpick_record_by_name'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

COMMENT ON FUNCTION randpick(text) IS
'a random row of a table, as one value';
COMMENT ON FUNCTION randpick(regclass) IS
'a random row of a table, as one value';
COMMENT ON FUNCTION randpick(regclass, text) IS
'a random row of those that pass the filter, as one value';
COMMENT ON FUNCTION randpick(regclass, text, "any") IS
'a random row of those that pass the filter with these values, as one value';
COMMENT ON FUNCTION randpick(regclass, text, text[]) IS
'a random row of those that pass the filter with these values, as one value';

-- Where one row stands, for WHERE ctid = (SELECT randpick_ctid(...)); NULL when
-- there is none.  In a sub-select, or it would be called for each row.

CREATE FUNCTION randpick_ctid(relation regclass)
RETURNS tid
AS 'MODULE_PATHNAME', 'randpick_ctid'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

CREATE FUNCTION randpick_ctid(relation regclass, filter text)
RETURNS tid
AS 'MODULE_PATHNAME', 'randpick_ctid'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

CREATE FUNCTION randpick_ctid(relation regclass, filter text, VARIADIC "values" "any")
RETURNS tid
AS 'MODULE_PATHNAME', 'randpick_ctid'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

CREATE FUNCTION randpick_ctid(relation regclass, filter text, VARIADIC "values" text[])
RETURNS tid
AS 'MODULE_PATHNAME', 'randpick_ctid'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;

COMMENT ON FUNCTION randpick_ctid(regclass) IS
'the ctid of a random row of a table';
COMMENT ON FUNCTION randpick_ctid(regclass, text) IS
'the ctid of a random row of those that pass the filter';
COMMENT ON FUNCTION randpick_ctid(regclass, text, "any") IS
'the ctid of a random row of those that pass the filter with these values';
COMMENT ON FUNCTION randpick_ctid(regclass, text, text[]) IS
'the ctid of a random row of those that pass the filter with these values';

-- One row with its columns; no row when there is none, so a set.

CREATE FUNCTION randpick_row(rowtype anyelement)
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'randpick_row'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 1;

CREATE FUNCTION randpick_row(rowtype anyelement, filter text)
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'randpick_row'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 1;

CREATE FUNCTION randpick_row(rowtype anyelement, filter text, VARIADIC "values" "any")
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'randpick_row'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 1;

CREATE FUNCTION randpick_row(rowtype anyelement, filter text, VARIADIC "values" text[])
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'randpick_row'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 1;

COMMENT ON FUNCTION randpick_row(anyelement) IS
'a random row of a table, with its columns';
COMMENT ON FUNCTION randpick_row(anyelement, text) IS
'a random row of those that pass the filter, with its columns';
COMMENT ON FUNCTION randpick_row(anyelement, text, "any") IS
'a random row of those that pass the filter with these values, with its columns';
COMMENT ON FUNCTION randpick_row(anyelement, text, text[]) IS
'a random row of those that pass the filter with these values, with its columns';

-- Several distinct rows in random order, with their columns; fewer when there
-- are not so many.

CREATE FUNCTION randpick_rows(rowtype anyelement, count bigint)
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'randpick_rows'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 10;

CREATE FUNCTION randpick_rows(rowtype anyelement, count bigint, filter text)
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'randpick_rows'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 10;

CREATE FUNCTION randpick_rows(rowtype anyelement, count bigint, filter text, VARIADIC "values" "any")
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'randpick_rows'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 10;

CREATE FUNCTION randpick_rows(rowtype anyelement, count bigint, filter text, VARIADIC "values" text[])
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'randpick_rows'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 10;

COMMENT ON FUNCTION randpick_rows(anyelement, bigint) IS
'distinct random rows of a table, in random order';
COMMENT ON FUNCTION randpick_rows(anyelement, bigint, text) IS
'distinct random rows of those that pass the filter, in random order';
COMMENT ON FUNCTION randpick_rows(anyelement, bigint, text, "any") IS
'distinct random rows of those that pass the filter with these values, in random order';
COMMENT ON FUNCTION randpick_rows(anyelement, bigint, text, text[]) IS
'distinct random rows of those that pass the filter with these values, in random order';

-- TABLESAMPLE randpick(n) [REPEATABLE (seed)]: exactly n rows, all if there are
-- fewer, every row equally likely.  Before the WHERE, and of each partition, as
-- SQL defines sampling.  Parallel restricted, as everything else here: a worker
-- would draw from a random() of its own.

CREATE FUNCTION randpick(internal)
RETURNS tsm_handler
AS 'MODULE_PATHNAME', 'randpick_tablesample'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION randpick(internal) IS
'TABLESAMPLE randpick(n): n random rows of a table';

-- What the races of this session did, by the source that EXPLAIN shows:
--   races   races started
--   picks   rows returned
--   looks   places looked into; picks - dealt of them gave a row
--   misses  the other looks
--   deals   races that were finished by dealing: all rows left were read
--   dealt   rows returned after that, which picks has, too
-- Of the source "deal" are races in which no place is looked into.

CREATE FUNCTION randpick_stats(OUT source text, OUT races bigint, OUT picks bigint,
    OUT looks bigint, OUT misses bigint, OUT deals bigint, OUT dealt bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'randpick_stats'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 4;

CREATE FUNCTION randpick_stats_reset()
RETURNS void
AS 'MODULE_PATHNAME', 'randpick_stats_reset'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION randpick_stats() IS
'what the races of this session did, by source';
COMMENT ON FUNCTION randpick_stats_reset() IS
'start counting for randpick_stats() anew, and forget which races did not pay';
