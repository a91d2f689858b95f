/*-------------------------------------------------------------------------
 *
 * picker.c
 *	  one contender, ready to pick rows in one session
 *
 * One pick is what an application does to get its rows.  For count-offset that
 * is two round trips to the server, and both are part of its time.
 *
 * How the statements get to the server is for the user to choose, with the
 * words of pgbench: as one string, parsed and planned each time (simple); with
 * their parameters apart (extended); or prepared once and then executed, the
 * way that drivers do it for statements they see again (prepared).  A pick has
 * one parameter at most.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "fe_utils/string_utils.h"

#include "picker.h"

#define COUNT_STATEMENT "count"
#define PICK_STATEMENT	"pick"

#define EXPLAIN "EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, FORMAT JSON) "

/*
 * Find the schema that the contender's extension is in.  Returns false, with
 * the reason in the picker's error, if it is not installed.
 */
static bool
find_extension(Picker *picker, char **schema)
{
	const char *extension = picker->contender->extension;
	PGresult   *res;

	if (extension == NULL)
		return true;

	res = session_query(picker->session,
						"SELECT pg_catalog.quote_ident(n.nspname) "
						"FROM pg_catalog.pg_extension e "
						"JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace "
						"WHERE e.extname = $1",
						extension, &picker->error);
	if (res == NULL)
		return false;

	if (PQntuples(res) > 0)
		*schema = pg_strdup(PQgetvalue(res, 0, 0));
	else
		picker->error = psprintf("extension \"%s\" is not installed in this database",
								 extension);
	PQclear(res);
	return *schema != NULL;
}

/* Run a command given by its template. */
static bool
run_command(Picker *picker, const char *template)
{
	char	   *sql = expand_sql(template, &picker->names);
	bool		ok = session_command(picker->session, sql, &picker->error);

	pg_free(sql);
	return ok;
}

/*
 * Open the contender's session and run its setup.  Returns false, with the
 * reason in the picker's error, if it does not apply.  The stream tells apart
 * the pickers that get their random numbers from the same seed.
 */
bool
picker_open(Picker *picker, const Contender *contender, const Target *target,
			const Options *options, uint64 stream)
{
	memset(picker, 0, sizeof(Picker));
	picker->contender = contender;
	picker->keys = target->keys;
	picker->rows = options->rows;
	picker->protocol = options->protocol;
	pg_prng_seed(&picker->prng, options->seed + stream);
	initPQExpBuffer(&picker->param);

	if (contender->param == PARAM_KEY && target->key == NULL)
		picker->error = pg_strdup(target->no_key);
	else if (contender->param == PARAM_KEY && PQntuples(target->keys) < options->rows)
		picker->error = pg_strdup("there are fewer rows than asked for");
	else if (contender->one_row && options->rows > 1)
		picker->error = pg_strdup("it gives one row a call");
	if (picker->error != NULL)
		return false;

	picker->session = session_open(options);
	if (!find_extension(picker, &picker->names.schema))
		return false;
	for (int i = 0; i < MAX_SETUP && contender->setup[i] != NULL; i++)
	{
		if (!run_command(picker, contender->setup[i]))
			return false;
	}
	return true;
}

/* The pick with its parameter, if it has one, written out. */
static char *
insert_param(const Picker *picker, const char *param)
{
	bool		is_array = picker->contender->param == PARAM_KEY && picker->rows > 1;
	char	   *value = psprintf(is_array ? "ANY (%s)" : "%s", param);
	SqlNames	names = {.param = value};
	char	   *sql = expand_sql(picker->pick, &names);

	pg_free(value);
	return sql;
}

/*
 * Make the contender's statements ready for the table that the names tell of,
 * which the picker takes over.  Returns false, with the reason in the picker's
 * error, if it does not apply to this table.
 */
bool
picker_prepare(Picker *picker, const SqlNames *names, bool for_reach)
{
	const Contender *contender = picker->contender;
	const char *pick = contender->pick;
	char	   *schema = picker->names.schema;

	picker->names = *names;
	picker->names.schema = schema;

	if (picker->rows > 1 && contender->pick_rows != NULL)
		pick = contender->pick_rows;
	if (for_reach && contender->reach_pick != NULL)
		pick = contender->reach_pick;
	if (for_reach && contender->reach_setup != NULL &&
		!run_command(picker, contender->reach_setup))
		return false;

	picker->pick = expand_sql(pick, &picker->names);
	picker->statement = insert_param(picker, "$1");
	if (contender->count != NULL)
		picker->count = expand_sql(contender->count, &picker->names);

	if (picker->protocol != PROTOCOL_PREPARED)
		return true;
	if (picker->count != NULL &&
		!session_prepare(picker->session, COUNT_STATEMENT, picker->count,
						 &picker->error))
		return false;
	return session_prepare(picker->session, PICK_STATEMENT, picker->statement,
						   &picker->error);
}

/*
 * Draw the keys to look up: one, or an array of distinct ones, each from a
 * part of the keys of its own.
 */
static void
draw_keys(Picker *picker)
{
	int64		nkeys = PQntuples(picker->keys);

	if (picker->rows > 1)
		appendPQExpBufferChar(&picker->param, '{');
	for (int i = 0; i < picker->rows; i++)
	{
		int64		first = nkeys * i / picker->rows;
		int64		end = nkeys * (i + 1) / picker->rows;
		uint64		row = pg_prng_uint64_range(&picker->prng, first, end - 1);
		const char *key = PQgetvalue(picker->keys, (int) row, 0);

		if (picker->rows == 1)
		{
			appendPQExpBufferStr(&picker->param, key);
			return;
		}
		appendPQExpBufferStr(&picker->param, i > 0 ? ",\"" : "\"");
		for (; *key != '\0'; key++)
		{
			if (*key == '"' || *key == '\\')
				appendPQExpBufferChar(&picker->param, '\\');
			appendPQExpBufferChar(&picker->param, *key);
		}
		appendPQExpBufferChar(&picker->param, '"');
	}
	appendPQExpBufferChar(&picker->param, '}');
}

/* The drawn parameter as a literal, as a new string. */
static char *
quote_param(const Picker *picker)
{
	PQExpBufferData literal;

	initPQExpBuffer(&literal);
	if (picker->param.len > 0)
		appendStringLiteralConn(&literal, picker->param.data, picker->session->conn);
	return literal.data;
}

/* The result if it has rows.  Else NULL, with the reason in the picker's error. */
static PGresult *
check_result(Picker *picker, PGresult *res)
{
	/* one's own query may well return nothing: no row, then */
	if (PQresultStatus(res) == PGRES_TUPLES_OK ||
		PQresultStatus(res) == PGRES_COMMAND_OK)
		return res;
	pg_free(picker->error);
	picker->error = session_error(picker->session, res);
	PQclear(res);
	return NULL;
}

/* Execute one statement, or its prepared form, in the chosen protocol. */
static PGresult *
execute(Picker *picker, const char *name, const char *sql)
{
	PGconn	   *conn = picker->session->conn;
	const char *param = picker->param.data;
	int			nparams = picker->param.len > 0 ? 1 : 0;

	switch (picker->protocol)
	{
		case PROTOCOL_SIMPLE:
			return check_result(picker, PQexec(conn, sql));
		case PROTOCOL_EXTENDED:
			return check_result(picker, PQexecParams(conn, sql, nparams, NULL, &param,
													 NULL, NULL, 0));
		case PROTOCOL_PREPARED:
			break;
	}
	return check_result(picker, PQexecPrepared(conn, name, nparams, &param,
											   NULL, NULL, 0));
}

static PGresult *
execute_pick(Picker *picker)
{
	char	   *literal;
	char	   *sql;
	PGresult   *res;

	if (picker->protocol != PROTOCOL_SIMPLE)
		return execute(picker, PICK_STATEMENT, picker->statement);

	literal = quote_param(picker);
	sql = insert_param(picker, literal);
	res = execute(picker, PICK_STATEMENT, sql);
	pg_free(sql);
	pg_free(literal);
	return res;
}

static bool
is_row_of_nulls(const PGresult *res)
{
	for (int i = 0; i < PQnfields(res); i++)
	{
		if (!PQgetisnull(res, 0, i))
			return false;
	}
	return PQnfields(res) > 0;
}

/*
 * Draw an offset below the count.  Returns false if there is none, because the
 * count is 0.
 */
static bool
draw_offset(Picker *picker, const PGresult *counted)
{
	uint64		count = strtou64(PQgetvalue(counted, 0, 0), NULL, 10);

	if (count == 0)
		return false;
	appendPQExpBuffer(&picker->param, UINT64_FORMAT,
					  pg_prng_uint64_range(&picker->prng, 0, count - 1));
	return true;
}

/* Pick rows.  Leaves in *res what came back, or NULL; PQclear() it. */
PickOutcome
picker_pick(Picker *picker, PGresult **res)
{
	resetPQExpBuffer(&picker->param);
	if (picker->count != NULL)
	{
		bool		drawn;

		*res = execute(picker, COUNT_STATEMENT, picker->count);
		if (*res == NULL)
			return PICK_FAILED;
		drawn = draw_offset(picker, *res);
		PQclear(*res);
		*res = NULL;
		if (!drawn)
			return PICK_SHORT;
	}
	else if (picker->contender->param == PARAM_KEY)
		draw_keys(picker);

	*res = execute_pick(picker);
	if (*res == NULL)
		return PICK_FAILED;
	if (PQntuples(*res) < picker->rows ||
		(picker->contender->null_is_none && is_row_of_nulls(*res)))
		return PICK_SHORT;
	return PICK_ROWS;
}

/* EXPLAIN one statement, and hand the plan to the caller. */
static bool
explain(Picker *picker, const char *sql, void (*add) (void *arg, const char *plan),
		void *arg)
{
	char	   *explained = psprintf(EXPLAIN "%s", sql);
	PGresult   *res = check_result(picker, PQexec(picker->session->conn, explained));

	pg_free(explained);
	if (res == NULL)
		return false;
	if (PQntuples(res) > 0)
		add(arg, PQgetvalue(res, 0, 0));
	PQclear(res);
	return true;
}

/*
 * Pick rows, but have the plans of the statements explained instead of getting
 * the rows.  Returns false, with the reason in the picker's error, if that
 * fails.
 */
bool
picker_explain(Picker *picker, void (*add) (void *arg, const char *plan), void *arg)
{
	bool		prepared = picker->protocol == PROTOCOL_PREPARED;
	char	   *literal;
	char	   *sql;
	bool		ok;

	resetPQExpBuffer(&picker->param);
	if (picker->count != NULL)
	{
		PGresult   *res = execute(picker, COUNT_STATEMENT, picker->count);

		if (res == NULL)
			return false;
		ok = draw_offset(picker, res);
		PQclear(res);
		if (!ok)
			return true;
		if (!explain(picker, prepared ? "EXECUTE " COUNT_STATEMENT : picker->count,
					 add, arg))
			return false;
	}
	else if (picker->contender->param == PARAM_KEY)
		draw_keys(picker);

	literal = quote_param(picker);
	if (!prepared)
		sql = insert_param(picker, literal);
	else if (picker->param.len > 0)
		sql = psprintf("EXECUTE " PICK_STATEMENT " (%s)", literal);
	else
		sql = pg_strdup("EXECUTE " PICK_STATEMENT);
	ok = explain(picker, sql, add, arg);
	pg_free(sql);
	pg_free(literal);
	return ok;
}

void
picker_close(Picker *picker)
{
	if (picker->session != NULL)
		session_close(picker->session);
	sql_names_free(&picker->names);
	pg_free(picker->count);
	pg_free(picker->pick);
	pg_free(picker->statement);
	termPQExpBuffer(&picker->param);
	pg_free(picker->error);
	memset(picker, 0, sizeof(Picker));
}
