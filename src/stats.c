/*
 * stats.c
 *	  What the races of this session did, by source.
 *
 * Whoever wonders whether races pay in an application asks how many looks a
 * row takes, and how often rows had to be dealt; EXPLAIN ANALYZE tells that of
 * one run only.  So the session adds up what its races do, at the moment they
 * do it: a race that ends in an error, a timeout for one, counts as well.
 *
 * The sums are plain memory of the backend.  They cost an addition each, need
 * no lock, and go with the session.  What a race reads is counted in
 * PostgreSQL's own statistics too, which are for all sessions; racing.c does
 * that.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "past.h"
#include "stats.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(randpick_stats);
PG_FUNCTION_INFO_V1(randpick_stats_reset);

/* the columns of randpick_stats() */
#define STATS_NATTS	7

/* by RandpickMethod; RANDPICK_METHOD_DEAL is the last */
static RandpickStats stats[RANDPICK_METHOD_DEAL + 1];

RandpickStats *
randpick_stats_of(RandpickMethod source)
{
	return &stats[source];
}

/* randpick_stats(): a row for each source */
Datum
randpick_stats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const struct config_enum_entry *option;

	InitMaterializedSRF(fcinfo, 0);
	for (option = randpick_method_options; option->name != NULL; option++)
	{
		const RandpickStats *sums = &stats[option->val];
		bool		nulls[STATS_NATTS] = {false};
		Datum		values[STATS_NATTS] = {
			CStringGetTextDatum(option->name),
			Int64GetDatum(sums->races),
			Int64GetDatum(sums->picks),
			Int64GetDatum(sums->looks),
			Int64GetDatum(sums->misses),
			Int64GetDatum(sums->deals),
			Int64GetDatum(sums->dealt)
		};

		if (option->val != RANDPICK_METHOD_AUTO)
			tuplestore_putvalues(result->setResult, result->setDesc, values,
								 nulls);
	}
	return (Datum) 0;
}

/* randpick_stats_reset() */
Datum
randpick_stats_reset(PG_FUNCTION_ARGS)
{
	memset(stats, 0, sizeof(stats));
	randpick_past_forget();
	PG_RETURN_VOID();
}
