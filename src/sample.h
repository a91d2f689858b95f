/*
 * sample.h
 *	  How large the sample of a scan is, and from which seed it comes.
 */
#ifndef RANDPICK_SAMPLE_H
#define RANDPICK_SAMPLE_H

#include "compat.h"
#include "nodes/execnodes.h"
#include "racing.h"
#include "randpick.h"

/* Embedded in the scan node; zeroed before use. */
typedef struct RandpickSample
{
	/* fixed when the scan begins */
	RandpickSampling sampling;	/* NONE: the scan is not a sample */
	ExprState  *size;			/* arguments of TABLESAMPLE */
	ExprState  *seed_arg;		/* NULL if there is no REPEATABLE */

	/* fixed from a rescan to the next */
	bool		is_started;		/* have they been computed? */
	uint64		seed;			/* what the race's seed is, if there is one */
	uint64		nrows;			/* of the sample */

	/* changes from row to row */
	uint64		left;			/* rows still to return */
} RandpickSample;

static inline bool
randpick_is_sample(const RandpickSample *sample)
{
	return sample->sampling != RANDPICK_SAMPLING_NONE;
}

/* Make the node ready for a sample, of which the filter knows nothing. */
extern void randpick_sample_begin(RandpickSample *sample, ScanState *ss);

/*
 * Compute the arguments, as at the start of each scan, and tell the race.
 * False if the race that there is, or was, had another seed.
 */
extern bool randpick_sample_start(RandpickSample *sample,
								  RandpickRacing *racing);

/* Is the sample not complete yet?  Then count one more row. */
static inline bool
randpick_sample_take(RandpickSample *sample)
{
	if (sample->left == 0)
		return false;
	sample->left--;
	return true;
}

/* Show the arguments as EXPLAIN does for every TABLESAMPLE. */
extern void randpick_sample_explain(const RandpickSample *sample, Plan *plan,
									List *ancestors, ExplainState *es);

#endif							/* RANDPICK_SAMPLE_H */
