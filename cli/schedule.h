/*-------------------------------------------------------------------------
 *
 * schedule.h
 *	  whose turn is next
 *
 *-------------------------------------------------------------------------
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "common/pg_prng.h"

/* What the schedule knows of a contender. */
typedef struct Seat
{
	int			lane;			/* whose it is */
	bool		is_floor;		/* not worth to go on for by itself */
	bool		absent;			/* never takes part */
	bool		failed;			/* does not any more */
	int64		calls;			/* measured up to now in every client */
	int64		credit_ns;		/* time it is due; if negative, a debt */
} Seat;

typedef struct Schedule
{
	/* fixed */
	int64		slice_ns;		/* time a turn is worth */
	int64		run_ns;			/* time for all, ... */
	int64		max_calls;		/* ... or, if not 0, calls for each */
	int			nseats;

	/* changes */
	Seat	   *seats;			/* in the order of this round */
	int			position;		/* the next one of them */
	int			round;			/* the first one is number 1 */
	int64		started;
	pg_prng_state prng;
} Schedule;

extern void schedule_start(Schedule *schedule, int64 now);
extern Seat *schedule_next(Schedule *schedule, int64 now);

#endif							/* SCHEDULE_H */
