/*
 * explain.h
 *	  What EXPLAIN shows of a race.
 */
#ifndef RANDPICK_EXPLAIN_H
#define RANDPICK_EXPLAIN_H

#include "compat.h"
#include "racing.h"

/* Show where the rows are looked for. */
extern void randpick_explain_source(const RandpickRacing *racing,
									List *ancestors, ExplainState *es);

/* What the races of a node did, over all its loops. */
typedef struct RandpickRaceCounts
{
	uint64		places;			/* of the last look */
	uint64		looks;
	uint64		misses;
	uint64		deals;			/* races finished by dealing */
} RandpickRaceCounts;

/* Show that, if the node was run. */
extern void randpick_explain_counts(const PlanState *ps,
									const RandpickRaceCounts *counts,
									ExplainState *es);

#endif							/* RANDPICK_EXPLAIN_H */
