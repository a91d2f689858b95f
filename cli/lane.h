/*-------------------------------------------------------------------------
 *
 * lane.h
 *	  one contender in one client, and the calls it makes
 *
 *-------------------------------------------------------------------------
 */
#ifndef LANE_H
#define LANE_H

#include "picker.h"
#include "result.h"

typedef struct Lane
{
	Picker		picker;

	/* what was measured */
	Tally		tally;
	Round		round;			/* the one under way */

	/* what the next call depends on */
	int64		latest_ns;		/* time of the latest call, measured or not */
	bool		failed;			/* see the picker's error */
	pg_prng_state prng;			/* for its schedule */

	/* the calls of the phase under way */
	int			calls;			/* made up to now */
	int64		due;			/* when the next one is, on a schedule */
	bool		busy;			/* is one under way? */
	int64		started;		/* when that was sent */
} Lane;

/* Calls of the same kind, one after another. */
typedef struct Phase
{
	int64		end;			/* no call begins later */
	int			max_calls;		/* of each lane in this phase */
	int64		max_total;		/* of each lane measured at all; 0: any */
	bool		must_fit;		/* nor does one that would end later */
	bool		measured;
	int64		interval_ns;	/* mean time from one to the next on a
								 * schedule; 0: at once */
	int64		limit_ns;		/* what is later than this is late; 0: none */
} Phase;

extern bool lane_open(Lane *lane, const Contender *contender,
					  const Target *target, const Options *options, uint64 stream);
extern void lane_close(Lane *lane);
extern int64 lane_total(const Lane *lane);
extern void lanes_drive(Lane **lanes, int nlanes, const Phase *phase);

#endif							/* LANE_H */
