/*-------------------------------------------------------------------------
 *
 * target.c
 *	  the table that rows are picked from
 *
 * What is found out here must cost next to nothing on a table of any size.
 * So rows are counted only where that is a matter of moments; else they are
 * the planner's estimate, and the report says "about".
 *
 * The keys for the primary-key lookup are drawn beforehand, because a client
 * that guessed one would often guess one that does not exist, and looking
 * nothing up is faster than looking a row up.  They must lie all over the
 * table: a few pages' keys would be looked up in the processor's cache, and
 * the floor that all contenders are compared with would be too low.  So they
 * come from many pages (all, if the table is not larger than KEY_PAGES), a
 * few from each.
 *
 * Errors end the program: without the table there is nothing to measure.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "catalog/pg_class_d.h"
#include "common/logging.h"
#include "pqexpbuffer.h"

#include "target.h"

#define COUNT_PAGES		25000	/* count the rows of no more pages */
#define KEY_PAGES		20000	/* draw keys from about so many pages */
#define KEYS			100000	/* draw about so many keys */

/* Run a query that has to work.  Whatever it says, it says to the user. */
static PGresult *
query_or_exit(Session *session, const char *sql, const char *param,
			  const char *doing)
{
	char	   *error;
	PGresult   *res = session_query(session, sql, param, &error);

	session_exit_if_interrupted();
	if (res == NULL)
		pg_fatal("could not %s: %s", doing, error);
	return res;
}

/* The one number that a query returns. */
static double
query_number(Session *session, const char *sql, const char *param,
			 const char *doing)
{
	PGresult   *res = query_or_exit(session, sql, param, doing);
	double		number = strtod(PQgetvalue(res, 0, 0), NULL);

	PQclear(res);
	return number;
}

static void
find_table(Target *target, Session *session, const char *name)
{
	char	   *doing = psprintf("look up table \"%s\"", name);
	PGresult   *res;

	res = query_or_exit(session,
						"SELECT c.oid::pg_catalog.regclass, "
						"pg_catalog.quote_ident(c.relname), c.relkind, "
						"pg_catalog.format('%I.%I', n.nspname, c.relname) "
						"FROM pg_catalog.pg_class c "
						"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
						"WHERE c.oid = pg_catalog.to_regclass($1)",
						name, doing);
	pg_free(doing);
	if (PQntuples(res) == 0)
	{
		pg_log_error("table \"%s\" does not exist in database \"%s\"", name,
					 PQdb(session->conn));
		pg_log_error_hint("Name an existing table with --table, as in SQL.");
		exit(EXIT_USAGE);
	}
	target->name = pg_strdup(PQgetvalue(res, 0, 0));
	target->relname = pg_strdup(PQgetvalue(res, 0, 1));
	target->kind = PQgetvalue(res, 0, 2)[0];
	target->qualified = pg_strdup(PQgetvalue(res, 0, 3));
	if (strchr("rpmvf", target->kind) == NULL)
		pg_fatal("\"%s\" is not a table or view", name);
	PQclear(res);
}

/*
 * Have the server parse the filter by itself, so that a mistake in it is told
 * once, as such, and not by each contender.
 */
static void
check_filter(const Target *target, Session *session)
{
	PQExpBufferData sql;
	PGresult   *res;

	initPQExpBuffer(&sql);
	appendPQExpBuffer(&sql, "SELECT 1 FROM %s WHERE (%s\n)",
					  target->name, target->filter);
	res = PQprepare(session->conn, "", sql.data, 0, NULL);
	if (PQresultStatus(res) == PGRES_COMMAND_OK)
	{
		PQclear(res);
		res = PQdescribePrepared(session->conn, "");
		if (PQnparams(res) > 0)
			pg_fatal("the filter must not have parameters");
	}
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
	{
		const char *hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);

		session_exit_if_interrupted();
		pg_log_error("could not use the filter (%s): %s", target->filter,
					 session_error(session, res));
		if (hint != NULL)
			pg_log_error_hint("%s", hint);
		exit(EXIT_USAGE);
	}
	PQclear(res);
	termPQExpBuffer(&sql);
}

/* How many rows, perhaps only those that meet the filter, there are. */
static double
count_rows(const Target *target, Session *session, const char *filter)
{
	PQExpBufferData sql;
	double		rows;

	initPQExpBuffer(&sql);
	appendPQExpBuffer(&sql, "%s FROM %s",
					  target->counted ? "SELECT pg_catalog.count(*)"
					  : "EXPLAIN (FORMAT JSON) SELECT 1",
					  target->name);
	if (filter != NULL)
		appendPQExpBuffer(&sql, " WHERE (%s\n)", filter);

	if (target->counted)
		rows = query_number(session, sql.data, NULL, "count the rows");
	else
	{
		static const char label[] = "\"Plan Rows\": ";
		PGresult   *res = query_or_exit(session, sql.data, NULL,
										"estimate the number of rows");
		const char *found = strstr(PQgetvalue(res, 0, 0), label);

		/* the first one is the topmost node's */
		rows = found ? strtod(found + strlen(label), NULL) : 0;
		PQclear(res);
	}
	termPQExpBuffer(&sql);
	return rows;
}

static void
measure_table(Target *target, Session *session)
{
	target->pages = (int64)
		query_number(session,
					 "WITH RECURSIVE member(oid) AS ("
					 "SELECT $1::pg_catalog.regclass::pg_catalog.oid UNION "
					 "SELECT i.inhrelid FROM pg_catalog.pg_inherits i, member m "
					 "WHERE i.inhparent = m.oid) "
					 "SELECT pg_catalog.sum(pg_catalog.pg_relation_size(oid)) / "
					 "pg_catalog.current_setting('block_size')::pg_catalog.int4 "
					 "FROM member",
					 target->name, "find the size of the table");
	target->counted = target_has_pages(target) && target->pages <= COUNT_PAGES;
	target->rows = count_rows(target, session, NULL);
	target->matching = target->filter
		? count_rows(target, session, target->filter) : target->rows;
}

static void
find_key(Target *target, Session *session)
{
	PGresult   *res;

	res = query_or_exit(session,
						"SELECT pg_catalog.quote_ident(a.attname), i.indnkeyatts, a.atttypid "
						"FROM pg_catalog.pg_index i "
						"JOIN pg_catalog.pg_attribute a "
						"ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
						"WHERE i.indisprimary "
						"AND i.indrelid = $1::pg_catalog.regclass",
						target->name, "look up the primary key");
	if (PQntuples(res) == 0)
		target->no_key = "there is no primary key";
	else if (strcmp(PQgetvalue(res, 0, 1), "1") != 0)
		target->no_key = "the primary key has more than one column";
	else
	{
		target->key = pg_strdup(PQgetvalue(res, 0, 0));
		target->key_type = atooid(PQgetvalue(res, 0, 2));
	}
	PQclear(res);
}

static void
draw_keys(Target *target, Session *session, uint64 seed)
{
	double		page_share = Min(1, KEY_PAGES / Max(1.0, target->pages));
	double		row_share = Min(1, KEYS / Max(1, target->rows * page_share));
	PQExpBufferData sql;

	initPQExpBuffer(&sql);
	appendPQExpBuffer(&sql, "SELECT %s FROM %s", target->key, target->name);
	if (page_share < 1)
		appendPQExpBuffer(&sql, " TABLESAMPLE SYSTEM (%g) REPEATABLE (" UINT64_FORMAT ")",
						  100 * page_share, seed);
	if (row_share < 1)
		appendPQExpBuffer(&sql, " WHERE pg_catalog.random() < %g", row_share);

	target->keys = query_or_exit(session, sql.data, NULL, "draw keys");
	if (PQntuples(target->keys) == 0)
	{
		pg_free(target->key);
		target->key = NULL;
		target->no_key = "there are no rows";
	}
	termPQExpBuffer(&sql);
}

/*
 * Find out all about the table.  Exits if it cannot be used.  A limit on the time
 * of statements is one for what is to be measured, and not for this.
 */
void
target_inspect(Target *target, Session *session, const Options *options,
			   const char *table)
{
	char	   *error;

	memset(target, 0, sizeof(Target));
	if (!session_command(session, "SET statement_timeout = 0", &error))
		pg_fatal("could not lift the statement timeout: %s", error);
	target->server_version =
		pg_strdup(PQparameterStatus(session->conn, "server_version"));
	target->filter = options->filter;

	target->block_size = (int)
		query_number(session, "SELECT pg_catalog.current_setting('block_size')",
					 NULL, "find the block size");
	find_table(target, session, table);
	if (target->filter != NULL)
		check_filter(target, session);
	measure_table(target, session);
	find_key(target, session);
	if (target->key != NULL)
		draw_keys(target, session, options->seed);
}

void
target_free(Target *target)
{
	pg_free(target->server_version);
	pg_free(target->name);
	pg_free(target->qualified);
	pg_free(target->relname);
	pg_free(target->key);
	PQclear(target->keys);
}

/* Is it stored in pages, in a way that TABLESAMPLE works on? */
bool
target_has_pages(const Target *target)
{
	return target->kind == RELKIND_RELATION ||
		target->kind == RELKIND_PARTITIONED_TABLE ||
		target->kind == RELKIND_MATVIEW;
}
