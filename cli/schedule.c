/*-------------------------------------------------------------------------
 *
 * schedule.c
 *	  whose turn is next
 *
 * A machine is not equally fast all the time, so contenders that ran one after
 * another could not be compared.  Here they take turns: a turn is a slice of
 * some milliseconds, in a round every contender gets one, and the order within
 * a round is shuffled.  Whatever makes the machine slow for a second hits all.
 *
 * All get the same share of the time, whatever a call costs.  A turn lasts at
 * least one call, and what it took beyond its slice is a debt: contenders in
 * debt sit out until the rounds have paid it off.  (This is deficit round
 * robin as networks know it.)  But a slow one is let in when it would
 * otherwise end with fewer than MIN_CALLS; and the first round is always
 * completed.
 *
 * Nothing in here knows of threads, connections or the clock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "schedule.h"

#define MIN_CALLS	5			/* of each contender in each client */

/* Begin, or begin anew.  All but what changes has been set. */
void
schedule_start(Schedule *schedule, int64 now)
{
	schedule->round = 0;
	schedule->position = 0;
	schedule->started = now;
	for (int i = 0; i < schedule->nseats; i++)
	{
		schedule->seats[i].credit_ns = 0;
		schedule->seats[i].calls = 0;
	}
}

/* Has the contender no more calls to make? */
static bool
is_over(const Schedule *schedule, const Seat *seat)
{
	return seat->absent || seat->failed ||
		(schedule->max_calls > 0 && seat->calls >= schedule->max_calls);
}

/* Did the contender, if it is slow, get fewer calls by now than it should? */
static bool
is_behind(const Schedule *schedule, const Seat *seat, int64 now)
{
	double		progress = (double) (now - schedule->started) / schedule->run_ns;

	return seat->calls < 1 + (int64) (progress * MIN_CALLS);
}

/* Is there anything left to measure?  Floors alone are not worth it. */
static bool
is_worthwhile(const Schedule *schedule)
{
	bool		failed = false;
	bool		floors = false;

	for (int i = 0; i < schedule->nseats; i++)
	{
		const Seat *seat = &schedule->seats[i];

		if (!is_over(schedule, seat) && !seat->is_floor)
			return true;
		floors |= !is_over(schedule, seat);
		failed |= seat->failed;
	}
	return floors && !failed;
}

static void
start_round(Schedule *schedule)
{
	for (int i = schedule->nseats - 1; i > 0; i--)
	{
		int			j = (int) pg_prng_uint64_range(&schedule->prng, 0, i);
		Seat		seat = schedule->seats[i];

		schedule->seats[i] = schedule->seats[j];
		schedule->seats[j] = seat;
	}
	schedule->position = 0;
	schedule->round++;
}

/* Whose turn is next?  NULL if all is measured. */
Seat *
schedule_next(Schedule *schedule, int64 now)
{
	while (is_worthwhile(schedule))
	{
		Seat	   *seat;

		if (schedule->round == 0 || schedule->position == schedule->nseats)
			start_round(schedule);
		if (schedule->max_calls == 0 && schedule->round > 1 &&
			now - schedule->started >= schedule->run_ns)
			return NULL;

		seat = &schedule->seats[schedule->position++];
		if (is_over(schedule, seat))
			continue;
		seat->credit_ns += schedule->slice_ns;
		if (seat->credit_ns > 0 || is_behind(schedule, seat, now))
			return seat;
	}
	return NULL;
}
