/*-------------------------------------------------------------------------
 *
 * tally.h
 *	  what the calls of a contender came to
 *
 *-------------------------------------------------------------------------
 */
#ifndef TALLY_H
#define TALLY_H

#include "stats.h"

/* The measured calls of one turn, of all clients together. */
typedef struct Round
{
	int			number;			/* the round that the turn was in */
	int64		calls;			/* at least 1 */
	int64		ns;				/* what they took together */
	int64		cpu_calls;		/* calls whose CPU time is known: 0, or some */
	int64		cpu_ns;			/* of the server for these */
} Round;

/* What calls came to, in one client or in all of them. */
typedef struct Tally
{
	Samples		latency;		/* of each call; on a schedule, its response time */
	Samples		service;		/* on a schedule: from when it was sent, ... */
	Samples		lag;			/* ... and up to then from when it was due */
	int64		full;			/* calls that gave all rows asked for */
	int64		late;			/* calls that took longer than the limit */
	int64		skipped;		/* calls not made because they were late already */
	int64		unsent;			/* calls due that there was no time for */
	int64		wall_ns;		/* time in which one client made them */
	double		rate;			/* full calls a second, of all clients */
	Round	   *rounds;			/* the same calls by rounds, in order */
	int			nrounds;
} Tally;

extern void tally_add_round(Tally *tally, const Round *round);
extern void tally_merge(Tally *tally, const Tally *more);
extern void tally_sort(Tally *tally);
extern void tally_reset(Tally *tally);

#endif							/* TALLY_H */
