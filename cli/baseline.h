/*-------------------------------------------------------------------------
 *
 * baseline.h
 *	  an earlier run that this one is compared with
 *
 *-------------------------------------------------------------------------
 */
#ifndef BASELINE_H
#define BASELINE_H

#include "columns.h"
#include "run.h"

/* What --fail-if says: the run fails if a number changes by more than that. */
typedef struct Limit
{
	const Column *column;
	double		change;			/* 0.1 for +10 %; negative: a loss is bad */
	struct Limit *next;
} Limit;

typedef struct Baseline Baseline;

extern Limit *limit_parse(const char *text, Limit *next);
extern void limits_free(Limit *limits);

extern Baseline *baseline_read(const char *name);
extern double baseline_value(const Baseline *baseline, const Run *run,
							 const Result *result, const Column *column);
extern bool baseline_tell_failures(const Baseline *baseline, const Run *run,
								   const Limit *limits);
extern void baseline_free(Baseline *baseline);

#endif							/* BASELINE_H */
