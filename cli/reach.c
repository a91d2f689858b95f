/*-------------------------------------------------------------------------
 *
 * reach.c
 *	  measuring which rows a contender can return at all
 *
 * A contender may be fast because most rows can never come back.  Here each
 * one picks from so few rows, so often, that every row which can come back
 * does: a share below 100 % is then not bad luck.
 *
 * The rows are copied from the table into a temporary one, with a number
 * added to each to tell them apart.  The copy is made of whole pages taken
 * from all over the table, so that as many rows share a page as in the
 * original, and rows that the filter rejects lie among the others as they do
 * there; for some contenders both decide what can come back.  (Two things get
 * lost: free space inside the pages, and the order of the pages.)  The copy
 * bears the table's name, so that a filter may use it.  The statements are
 * those that are timed; only the columns they return differ.
 *
 * Picking ends as soon as every row has come, or after REACH_PICKS_PER_ROW
 * picks a row.  If all rows are equally likely, one that has not come by then
 * is a matter of 2 in a billion; so 99.9 % out of 1000 rows speaks against
 * the contender.  But 100 % does not say that all rows are equally likely:
 * for that one needs to count, not just to look.
 *
 * With a filter the copy must be larger for enough rows to meet it, and each
 * pick takes longer, but fewer of them are needed.  The copy's size is chosen
 * such that a contender that reads all of it at each pick reads about as many
 * rows in all, whatever the filter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "common/logging.h"
#include "fe_utils/cancel.h"
#include "pqexpbuffer.h"

#include "reach.h"

#define COPY_ROWS		1000	/* size of the copy without a filter */
#define COPY_PAGES		5		/* but not less than so many pages */
#define MAX_COPY_ROWS	50000	/* nor more than so many rows */
#define MAX_NS			INT64CONST(10000000000) /* time for one contender */
#define ROW_NUMBER		"randpick_bench_row"

/* What is known of the copy while picking from it. */
typedef struct Reach
{
	int			rows;			/* rows of the copy that should come back */
	int			seen;			/* how many of them did */
	char	   *unknown;		/* why it cannot be measured, or NULL */
} Reach;

/*
 * Make the copy under the given name, of pages from all over the table if it
 * is to be sampled, else of its first rows.
 */
static bool
create_copy(Picker *picker, const Target *target, const Options *options,
			const char *table, bool sampled, char **error)
{
	double		selectivity = Max(1, target->matching) / Max(1, target->rows);
	double		wanted = Min(COPY_ROWS / sqrt(Min(1, selectivity)), MAX_COPY_ROWS);
	double		share = Max(wanted / Max(1, target->rows),
							COPY_PAGES / Max(1.0, target->pages));
	PQExpBufferData sql;
	bool		ok;

	initPQExpBuffer(&sql);
	appendPQExpBuffer(&sql,
					  "CREATE TABLE %s AS "
					  "SELECT (pg_catalog.row_number() OVER ())::pg_catalog.int4 "
					  "AS " ROW_NUMBER ", original.* FROM (SELECT * FROM %s",
					  table, target->name);
	if (sampled && share < 1)
		appendPQExpBuffer(&sql, " TABLESAMPLE SYSTEM (%g) REPEATABLE (" UINT64_FORMAT ")",
						  100 * share, options->seed);
	appendPQExpBuffer(&sql, " LIMIT %d) original",
					  sampled ? MAX_COPY_ROWS : (int) wanted);
	ok = session_command(picker->session, sql.data, error);

	printfPQExpBuffer(&sql, "ANALYZE %s", table);
	ok = ok && session_command(picker->session, sql.data, error);
	termPQExpBuffer(&sql);
	return ok;
}

/*
 * Make the copy.  Leaves in *rows how many rows it has, in the result how many
 * of them meet the filter, and in names what the contender's SQL needs.
 */
static bool
make_copy(Picker *picker, const Target *target, const Options *options,
		  SqlNames *names, int *rows, Reach *reach)
{
	char	   *table = psprintf("pg_temp.%s", target->relname);
	bool		sampled = target_has_pages(target);
	PQExpBufferData count;
	PQExpBufferData drop;
	PGresult   *res = NULL;

	initPQExpBuffer(&count);
	appendPQExpBuffer(&count,
					  "SELECT pg_catalog.count(*), "
					  "pg_catalog.count(*) FILTER (WHERE (%s\n)), "
					  "pg_catalog.pg_relation_size($1::pg_catalog.regclass) "
					  "/ pg_catalog.current_setting('block_size')::pg_catalog.int4 "
					  "FROM %s",
					  target->filter ? target->filter : "true", table);
	initPQExpBuffer(&drop);
	appendPQExpBuffer(&drop, "DROP TABLE %s", table);

	if (create_copy(picker, target, options, table, sampled, &reach->unknown))
		res = session_query(picker->session, count.data, table, &reach->unknown);

	/* a sample of few pages may have come out empty */
	if (res != NULL && sampled && strcmp(PQgetvalue(res, 0, 0), "0") == 0)
	{
		PQclear(res);
		res = NULL;
		if (session_command(picker->session, drop.data, &reach->unknown) &&
			create_copy(picker, target, options, table, false, &reach->unknown))
			res = session_query(picker->session, count.data, table, &reach->unknown);
	}

	if (res != NULL)
	{
		*rows = atoi(PQgetvalue(res, 0, 0));
		reach->rows = atoi(PQgetvalue(res, 0, 1));
		sql_names_init(names, picker->session, table, target->filter,
					   options->rows, reach->rows, atof(PQgetvalue(res, 0, 2)));
		pg_free(names->columns);
		names->columns = pg_strdup(ROW_NUMBER);
		PQclear(res);
	}
	termPQExpBuffer(&count);
	termPQExpBuffer(&drop);
	pg_free(table);
	return res != NULL;
}

/*
 * Pick until every row has come, or they have had their chance.  A contender
 * that often gives no row gets more calls, but not without end.
 */
static void
pick_all(Picker *picker, int rows, Reach *reach)
{
	bool	   *came = pg_malloc0((rows + 1) * sizeof(bool));
	int64		deadline = clock_ns() + MAX_NS;
	int64		picks = 0;
	int64		calls = 0;

	while (reach->seen < reach->rows &&
		   picks < (int64) REACH_PICKS_PER_ROW * reach->rows &&
		   calls < (int64) REACH_PICKS_PER_ROW * rows)
	{
		PGresult   *res;
		PickOutcome outcome = picker_pick(picker, &res);

		calls++;
		for (int i = 0; i < PQntuples(res); i++)
		{
			int			row = atoi(PQgetvalue(res, i, 0));

			if (row < 1 || row > rows)
				continue;
			picks++;
			if (!came[row])
			{
				came[row] = true;
				reach->seen++;
			}
		}
		PQclear(res);

		/* the server may have crashed, and the timed sessions with it */
		if (outcome == PICK_FAILED &&
			PQstatus(picker->session->conn) == CONNECTION_BAD && !CancelRequested)
			pg_fatal("contender \"%s\" lost its connection: %s",
					 picker->contender->name, picker->error);

		if (outcome == PICK_FAILED)
			reach->unknown = pg_strdup(picker->error);
		else if (CancelRequested)
			reach->unknown = pg_strdup("interrupted");
		else if (clock_ns() > deadline)
			reach->unknown = pg_strdup("it would take too long");
		if (reach->unknown != NULL)
			break;
	}
	pg_free(came);
}

/*
 * Measure which rows the contender can return.  What prevents it is no error,
 * but a reason that the report gives.
 */
void
reach_measure(Result *result, const Target *target, const Options *options)
{
	Picker		picker;
	SqlNames	names = {0};
	Reach		reach = {0};
	int			rows = 0;

	if (!picker_open(&picker, result->contender, target, options, 0))
		reach.unknown = pg_strdup(picker.error);
	else if (make_copy(&picker, target, options, &names, &rows, &reach))
	{
		if (!picker_prepare(&picker, &names, true))
			reach.unknown = pg_strdup(picker.error);
		else if (reach.rows == 0)
			reach.unknown = pg_strdup(rows == 0 ? "there are no rows to try it with"
									  : "none of the rows tried meets the filter");
		else
			pick_all(&picker, rows, &reach);
	}
	picker_close(&picker);

	result->reach_unknown = reach.unknown;
	if (reach.unknown == NULL)
	{
		result->reach = (double) reach.seen / reach.rows;
		result->reach_rows = reach.rows;
	}
}
