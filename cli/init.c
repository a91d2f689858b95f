/*-------------------------------------------------------------------------
 *
 * init.c
 *	  making a table to pick from
 *
 * The table must not cost anybody data.  What is made here bears a comment that
 * says so, and only a table that bears it is ever replaced or dropped.  All is
 * done in one transaction up to the VACUUM, so that nothing half-made stays
 * when it is interrupted, and an old table goes only when the new one is there.
 *
 * Rows come by COPY, frozen where the server allows it, and the indexes are
 * built over them.  The key is an exception where its values are random: its
 * index is filled row by row, because that is what makes it what it is in life,
 * with pages a third empty and in no order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"
#include "fe_utils/cancel.h"
#include "fe_utils/string_utils.h"

#include "columns.h"
#include "init.h"
#include "progress.h"

#define MARK		"made by randpick-bench"
#define CHUNK_SIZE	65536

/* The table under way. */
typedef struct Init
{
	Session    *session;
	const Shape *shape;
	char	   *name;			/* as SQL: quoted and qualified as need be */
	PGresult   *parts;			/* of the name: the schema or NULL, the table */
	int64		nrows;			/* to put in */
} Init;

/* Run a command that must work.  After an interrupt nothing is run any more. */
static void pg_attribute_printf(2, 3)
run(Session *session, const char *fmt,...)
{
	char	   *sql;
	va_list		args;
	char	   *error;

	if (CancelRequested)
		return;
	va_start(args, fmt);
	if (vasprintf(&sql, fmt, args) < 0)
		pg_fatal("out of memory");
	va_end(args);

	if (!session_command(session, sql, &error) && !CancelRequested)
	{
		progress_end();
		pg_fatal("could not make the table: %s", error);
	}
	free(sql);
}

/*
 * Is there a table of that name that is ours?  Exits if there is one that is
 * somebody else's.
 */
static bool
is_ours(Session *session, const char *table)
{
	char	   *error;
	PGresult   *res = session_query(session,
									"SELECT c.relkind, pg_catalog.obj_description(c.oid, 'pg_class') "
									"FROM pg_catalog.pg_class c "
									"WHERE c.oid = pg_catalog.to_regclass($1)",
									table, &error);
	bool		exists;

	if (res == NULL)
		pg_fatal("could not look up table \"%s\": %s", table, error);
	exists = PQntuples(res) > 0;
	if (exists && strncmp(PQgetvalue(res, 0, 1), MARK, strlen(MARK)) != 0)
	{
		pg_log_error("table \"%s\" was not made by %s, which will not replace it",
					 table, progname);
		pg_log_error_hint("Choose another name with --table.");
		exit(EXIT_USAGE);
	}
	PQclear(res);
	return exists;
}

/* Take the name apart, because partitions need names like it. */
static void
parse_name(Init *init, const char *table)
{
	char	   *error;

	init->parts = session_query(init->session,
								"SELECT name[pg_catalog.cardinality(name) - 1], "
								"name[pg_catalog.cardinality(name)] "
								"FROM pg_catalog.parse_ident($1) name",
								table, &error);
	if (init->parts == NULL)
		pg_fatal("could not look up table \"%s\": %s", table, error);
	init->name = pg_strdup(fmtQualifiedId(PQgetvalue(init->parts, 0, 0),
										  PQgetvalue(init->parts, 0, 1)));
}

/*
 * Make the partitions: the first has half of the keys, the next one half of
 * the others, and the last one all that is left.  When none are left, the others
 * are empty, but still have bounds that a key could be in.
 */
static void
create_partitions(const Init *init)
{
	int64		from = 1;
	int64		left = init->nrows;

	for (int i = 1; i <= init->shape->partitions; i++)
	{
		bool		last = (i == init->shape->partitions);
		int64		size = last ? left : Max((left + 1) / 2, 1);
		char	   *name = psprintf("%s_%d", PQgetvalue(init->parts, 0, 1), i);
		char	   *end = last ? pg_strdup("MAXVALUE") : psprintf(INT64_FORMAT, from + size);

		run(init->session,
			"CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (" INT64_FORMAT ") TO (%s)",
			fmtQualifiedId(PQgetvalue(init->parts, 0, 0), name), init->name, from, end);
		from += size;
		left = Max(left - size, 0);
		pg_free(name);
		pg_free(end);
	}
}

static void
create_table(const Init *init, int64 rows)
{
	const Shape *shape = init->shape;

	run(init->session,
		"CREATE TABLE %s (id %s NOT NULL, category integer NOT NULL, myfield integer, "
		"featured boolean NOT NULL, name text NOT NULL, payload text NOT NULL)%s",
		init->name, shape_key_type(shape),
		shape->partitions > 0 ? " PARTITION BY RANGE (id)" : "");
	run(init->session, "ALTER TABLE %s ALTER COLUMN payload SET STORAGE PLAIN", init->name);
	run(init->session, "COMMENT ON TABLE %s IS '" MARK ": %s, " INT64_FORMAT " rows'",
		init->name, shape->name, rows);
	create_partitions(init);
}

/* Begin to copy, and end it; what goes wrong ends the program. */
static void
check_copy(const Init *init, PGresult *res, ExecStatusType wanted)
{
	if (PQresultStatus(res) != wanted && !CancelRequested)
	{
		progress_end();
		pg_fatal("could not fill the table: %s", session_error(init->session, res));
	}
	PQclear(res);
}

/* Send the rows. */
static void
copy_rows(const Init *init)
{
	PGconn	   *conn = init->session->conn;
	char	   *what = psprintf("filling table %s", init->name);
	char	   *sql = psprintf("COPY %s FROM STDIN%s", init->name,
							   init->shape->partitions > 0 ? "" : " (FREEZE)");
	PQExpBufferData buf;

	if (CancelRequested)
		return;
	check_copy(init, PQexec(conn, sql), PGRES_COPY_IN);
	initPQExpBuffer(&buf);
	for (int64 row = 1; row <= init->nrows && !CancelRequested; row++)
	{
		shape_row(init->shape, row, init->nrows, &buf);
		if (buf.len < CHUNK_SIZE && row < init->nrows)
			continue;
		if (PQputCopyData(conn, buf.data, (int) buf.len) != 1)
			break;
		resetPQExpBuffer(&buf);
		progress_bar(what, row, init->nrows);
	}
	PQputCopyEnd(conn, CancelRequested ? "interrupted" : NULL);
	check_copy(init, PQgetResult(conn), PGRES_COMMAND_OK);
	PQclear(PQgetResult(conn));
	termPQExpBuffer(&buf);
	pg_free(what);
	pg_free(sql);
}

/* Delete what has only been put in to leave a hole. */
static void
delete_rows(const Init *init)
{
	if (init->shape->filled > 1)
		run(init->session, "DELETE FROM %s WHERE id %% %d <> 0",
			init->name, init->shape->filled);
}

/*
 * Make a table of that shape with so many rows, in the place of one that was
 * made by this program.  Exits if it cannot be done.  If it is interrupted, it
 * leaves a transaction to be rolled back.
 */
void
init_table(Session *session, const char *table, const Shape *shape, int64 rows)
{
	Init		init = {.session = session, .shape = shape};
	bool		key_first = shape->key == KEY_UUID || shape->key == KEY_TEXT;
	char	   *size;

	init.nrows = rows * shape->filled;
	parse_name(&init, table);

	run(session, "SET statement_timeout = 0");
	run(session, "BEGIN");
	if (is_ours(session, table))
		run(session, "DROP TABLE %s", init.name);
	size = count_text(rows);
	progress_say("making table %s, %s, %s rows...", init.name, shape->name, size);
	pg_free(size);
	create_table(&init, rows);
	if (key_first)
		run(session, "ALTER TABLE %s ADD PRIMARY KEY (id)", init.name);
	copy_rows(&init);

	progress_say("making its indexes...");
	if (!key_first)
		run(session, "ALTER TABLE %s ADD PRIMARY KEY (id)", init.name);
	run(session, "CREATE INDEX ON %s (category)", init.name);
	run(session, "CREATE INDEX ON %s (myfield)", init.name);
	run(session, "CREATE INDEX ON %s (id) WHERE featured", init.name);
	delete_rows(&init);
	run(session, "COMMIT");
	run(session, "VACUUM (ANALYZE) %s", init.name);

	PQclear(init.parts);
	pg_free(init.name);
}

/* Drop a table that was made by this program, also after an interrupt. */
void
init_drop(Session *session, const char *table)
{
	Init		init = {.session = session};
	char	   *sql;
	char	   *error;

	if (!is_ours(session, table))
		return;
	parse_name(&init, table);
	sql = psprintf("DROP TABLE %s", init.name);
	if (!session_command(session, sql, &error))
		pg_log_warning("could not drop table %s: %s", init.name, error);
	pg_free(sql);
	PQclear(init.parts);
	pg_free(init.name);
}
