/*-------------------------------------------------------------------------
 *
 * picker.c
 *	  one contender, ready to pick rows in one session
 *
 * All statements are prepared once and executed in the extended protocol, the
 * way that drivers do it for statements they see again.
 *
 * One pick is what an application does to get one row.  For count-offset that
 * is two round trips to the server, and both are part of its time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "fe_utils/string_utils.h"

#include "picker.h"

#define COUNT_STATEMENT "count"
#define PICK_STATEMENT	"pick"

/*
 * The percentage for TABLESAMPLE SYSTEM, which takes whole pages.
 *
 * The usual advice is to choose one that gives some rows nearly always and
 * not too many.  This is one that can be expected to give 100 rows that meet
 * the filter, and 3 pages, which leaves one call in 20 without a page.  It is
 * better than users can do who do not know how many rows meet the filter.
 */
static double
choose_percent(double matching, double pages)
{
	double		share = Max(100 / Max(1, matching), 3 / Max(1, pages));

	return 100 * Min(1, share);
}

/*
 * What the placeholders mean for a table, or the copy of one, that has so many
 * matching rows on so many pages.  The key and the schema are left NULL.
 */
void
sql_names_init(SqlNames *names, Session *session, const char *table,
			   const char *filter, double matching, double pages)
{
	PQExpBufferData buf;

	initPQExpBuffer(&buf);
	memset(names, 0, sizeof(SqlNames));
	names->columns = pg_strdup("*");
	names->table = pg_strdup(table);

	appendStringLiteralConn(&buf, table, session->conn);
	names->name = pg_strdup(buf.data);

	/* the filter may end in a comment */
	resetPQExpBuffer(&buf);
	if (filter != NULL)
		appendPQExpBuffer(&buf, " WHERE (%s\n)", filter);
	names->where = pg_strdup(buf.data);

	resetPQExpBuffer(&buf);
	if (filter != NULL)
	{
		appendPQExpBufferStr(&buf, ", ");
		appendStringLiteralConn(&buf, filter, session->conn);
	}
	names->filter = pg_strdup(buf.data);

	names->percent = psprintf("%g", choose_percent(matching, pages));
	termPQExpBuffer(&buf);
}

void
sql_names_free(SqlNames *names)
{
	pg_free(names->columns);
	pg_free(names->table);
	pg_free(names->name);
	pg_free(names->where);
	pg_free(names->filter);
	pg_free(names->key);
	pg_free(names->percent);
	pg_free(names->schema);
}

/*
 * Find the schema that the contender's extension is in.  Returns false, with
 * the reason in the picker's error, if it is not installed.
 */
static bool
find_extension(Picker *picker, SqlNames *names)
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

	pg_free(names->schema);
	names->schema = NULL;
	if (PQntuples(res) > 0)
		names->schema = pg_strdup(PQgetvalue(res, 0, 0));
	else
		picker->error = psprintf("extension \"%s\" is not installed in this database",
								 extension);
	PQclear(res);
	return names->schema != NULL;
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
	pg_prng_seed(&picker->prng, options->seed + stream);

	if (contender->param == PARAM_KEY && target->key == NULL)
	{
		picker->error = pg_strdup(target->no_key);
		return false;
	}

	picker->session = session_open(options);
	for (int i = 0; i < MAX_SETUP && contender->setup[i] != NULL; i++)
	{
		if (!session_command(picker->session, contender->setup[i],
							 &picker->error))
			return false;
	}
	return true;
}

/* Prepare one statement from its template. */
static bool
prepare_template(Picker *picker, const char *statement, const char *template,
				 const SqlNames *names)
{
	char	   *sql = expand_sql(template, names);
	bool		ok = session_prepare(picker->session, statement, sql,
									 &picker->error);

	pg_free(sql);
	return ok;
}

/*
 * Prepare the contender's statements.  Returns false, with the reason in the
 * picker's error, if it does not apply to this table.
 */
bool
picker_prepare(Picker *picker, SqlNames *names, bool for_reach)
{
	const Contender *contender = picker->contender;
	const char *pick = contender->pick;

	if (!find_extension(picker, names))
		return false;

	if (for_reach && contender->reach_setup != NULL &&
		!session_command(picker->session, contender->reach_setup, &picker->error))
		return false;
	if (for_reach && contender->reach_pick != NULL)
		pick = contender->reach_pick;

	if (contender->count != NULL &&
		!prepare_template(picker, COUNT_STATEMENT, contender->count, names))
		return false;
	return prepare_template(picker, PICK_STATEMENT, pick, names);
}

/*
 * Execute one statement.  Returns NULL, with the reason in the picker's error,
 * if it fails.
 */
static PGresult *
execute(Picker *picker, const char *statement, const char *param)
{
	PGresult   *res = PQexecPrepared(picker->session->conn, statement,
									 param ? 1 : 0, &param, NULL, NULL, 0);

	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		return res;
	pg_free(picker->error);
	picker->error = session_error(picker->session, res);
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

/* Pick one row.  Leaves in *res what came back, or NULL; PQclear() it. */
PickOutcome
picker_pick(Picker *picker, PGresult **res)
{
	const Contender *contender = picker->contender;
	const char *param = NULL;
	char		offset[32];

	*res = NULL;
	if (contender->param == PARAM_KEY)
	{
		int			nkeys = PQntuples(picker->keys);

		param = PQgetvalue(picker->keys,
						   (int) pg_prng_uint64_range(&picker->prng, 0, nkeys - 1),
						   0);
	}
	else if (contender->param == PARAM_OFFSET)
	{
		uint64		count;

		*res = execute(picker, COUNT_STATEMENT, NULL);
		if (*res == NULL)
			return PICK_FAILED;
		count = strtou64(PQgetvalue(*res, 0, 0), NULL, 10);
		if (count == 0)
			return PICK_NONE;
		PQclear(*res);
		snprintf(offset, sizeof(offset), UINT64_FORMAT,
				 pg_prng_uint64_range(&picker->prng, 0, count - 1));
		param = offset;
	}

	*res = execute(picker, PICK_STATEMENT, param);
	if (*res == NULL)
		return PICK_FAILED;
	if (PQntuples(*res) == 0 ||
		(contender->null_is_none && is_row_of_nulls(*res)))
		return PICK_NONE;
	return PICK_ROW;
}

void
picker_close(Picker *picker)
{
	if (picker->session != NULL)
		session_close(picker->session);
	pg_free(picker->error);
	memset(picker, 0, sizeof(Picker));
}
