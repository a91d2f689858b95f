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

#include "param.h"

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

	picker->error = param_check_key(contender->key, target);
	if (picker->error != NULL)
		return false;
	if (contender->param == PARAM_KEY && PQntuples(target->keys) < options->rows)
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
	picker->statement = param_insert(picker, "$1");
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

/* Send one statement, or the execution of its prepared form. */
static bool
send_statement(Picker *picker, const char *name, const char *sql)
{
	PGconn	   *conn = picker->session->conn;
	const char *param = picker->param.data;
	int			nparams = picker->param.len > 0 ? 1 : 0;

	switch (picker->protocol)
	{
		case PROTOCOL_SIMPLE:
			return PQsendQuery(conn, sql) == 1;
		case PROTOCOL_EXTENDED:
			return PQsendQueryParams(conn, sql, nparams, NULL, &param, NULL, NULL, 0) == 1;
		case PROTOCOL_PREPARED:
			break;
	}
	return PQsendQueryPrepared(conn, name, nparams, &param, NULL, NULL, 0) == 1;
}

static bool
send_pick(Picker *picker)
{
	char	   *literal;
	char	   *sql;
	bool		ok;

	if (picker->protocol != PROTOCOL_SIMPLE)
		return send_statement(picker, PICK_STATEMENT, picker->statement);

	literal = param_quote(picker);
	sql = param_insert(picker, literal);
	ok = send_statement(picker, PICK_STATEMENT, sql);
	pg_free(sql);
	pg_free(literal);
	return ok;
}

/*
 * Remember what went wrong, as the result or the connection tells.  Who goes on
 * after a connection is lost is told that there is none, and not why.
 */
static void
set_error(Picker *picker, const PGresult *res)
{
	if (picker->lost)
		return;
	picker->lost = PQstatus(picker->session->conn) == CONNECTION_BAD;
	pg_free(picker->error);
	picker->error = session_error(picker->session, res);
	if (picker->error[0] == '\0')
	{
		pg_free(picker->error);
		picker->error = psprintf("the query gives no rows, but %s",
								 PQresStatus(PQresultStatus(res)));
	}
}

/* The result if it is one of a query or command.  Else NULL, and the reason. */
static PGresult *
check_result(Picker *picker, PGresult *res)
{
	if (PQresultStatus(res) == PGRES_TUPLES_OK ||
		PQresultStatus(res) == PGRES_COMMAND_OK)
		return res;
	set_error(picker, res);
	PQclear(res);
	return NULL;
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

/* Begin to pick rows: send the first statement.  picker_finish() must follow. */
void
picker_start(Picker *picker)
{
	param_draw(picker);
	picker->counting = (picker->count != NULL);
	if (picker->counting)
	{
		picker->sent = send_statement(picker, COUNT_STATEMENT, picker->count);
		return;
	}
	picker->sent = send_pick(picker);
}

/*
 * Receive a statement's last result, which says how it ended.  Returns false
 * if it is not there yet and we shall not wait.
 */
static bool
receive(Picker *picker, bool wait)
{
	PGconn	   *conn = picker->session->conn;
	PGresult   *res;

	for (;;)
	{
		/* if this fails, the result will tell why */
		if (!wait && PQconsumeInput(conn) == 1 && PQisBusy(conn))
			return false;
		res = PQgetResult(conn);
		if (res == NULL)
			return true;
		PQclear(picker->res);
		picker->res = res;

		/* these would come without end */
		if (PQresultStatus(res) == PGRES_COPY_IN ||
			PQresultStatus(res) == PGRES_COPY_OUT ||
			PQresultStatus(res) == PGRES_COPY_BOTH)
			return true;
	}
}

/* How the pick went, from the last result. */
static PickOutcome
judge(Picker *picker, const PGresult *res)
{
	if (res == NULL)
		return PICK_FAILED;
	if (PQntuples(res) < picker->rows ||
		(picker->contender->null_is_none && is_row_of_nulls(res)))
		return PICK_SHORT;
	return PICK_ROWS;
}

/*
 * Go on with the pick, and wait for the server if told so.  Returns true when it
 * has come to an end.  Leaves in *res then what came back, or NULL; PQclear() it.
 */
bool
picker_finish(Picker *picker, bool wait, PickOutcome *outcome, PGresult **res)
{
	*res = NULL;
	if (!picker->sent)
	{
		set_error(picker, NULL);
		*outcome = PICK_FAILED;
		return true;
	}
	if (!receive(picker, wait))
		return false;

	*res = check_result(picker, picker->res);
	picker->res = NULL;
	if (picker->counting && *res != NULL)
	{
		bool		drawn = param_draw_offset(picker, *res);

		PQclear(*res);
		*res = NULL;
		*outcome = PICK_SHORT;
		if (!drawn)
			return true;
		picker->counting = false;
		picker->sent = send_pick(picker);
		return picker_finish(picker, wait, outcome, res);
	}
	*outcome = judge(picker, *res);
	return true;
}

/* Pick rows, and wait for them. */
PickOutcome
picker_pick(Picker *picker, PGresult **res)
{
	PickOutcome outcome;

	picker_start(picker);
	(void) picker_finish(picker, true, &outcome, res);
	return outcome;
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

	param_draw(picker);
	if (picker->count != NULL)
	{
		PGresult   *res = check_result(picker, PQexec(picker->session->conn,
													  picker->count));

		if (res == NULL)
			return false;
		ok = param_draw_offset(picker, res);
		PQclear(res);
		if (!ok)
			return true;
		if (!explain(picker, prepared ? "EXECUTE " COUNT_STATEMENT : picker->count,
					 add, arg))
			return false;
	}

	literal = param_quote(picker);
	if (!prepared)
		sql = param_insert(picker, literal);
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
	PQclear(picker->res);
	pg_free(picker->error);
	memset(picker, 0, sizeof(Picker));
}
