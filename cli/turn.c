/*-------------------------------------------------------------------------
 *
 * turn.c
 *	  one turn of a contender
 *
 * The first calls of a turn run with the caches full of the previous one's
 * data, which an application that does nothing else would not see; so they
 * are not measured, unless a call takes so long that this does not matter.
 * The same calls let the server settle on a plan.
 *
 * To read the server's CPU time means to pause, and a process that has slept
 * wakes up slowly.  So there is one more call then that is not timed, if it is
 * short, but whose CPU time counts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <limits.h>

#include "backend_cpu.h"
#include "fe_utils/cancel.h"
#include "turn.h"

#define WARMUP_CALLS	10		/* at the beginning of a turn, ... */
#define WARMUP_SHARE	4		/* ... but no more than 1/4 of the slice */
#define LEAD_IN_SHARE	10		/* nor 1/10 to wake up the server's process */

static void
warm_up(Lane **lanes, int nlanes, const TurnPlan *plan)
{
	Phase		phase = {0};

	phase.end = clock_ns() + plan->slice_ns / WARMUP_SHARE;
	phase.max_calls = WARMUP_CALLS;
	phase.must_fit = true;
	lanes_drive(lanes, nlanes, &phase);
}

/* One call, if it is short.  Its CPU time has begun to count. */
static void
lead_in(Lane **lanes, int nlanes, const TurnPlan *plan)
{
	Phase		phase = {0};

	phase.end = clock_ns() + plan->slice_ns / LEAD_IN_SHARE;
	phase.max_calls = 1;
	phase.must_fit = true;
	lanes_drive(lanes, nlanes, &phase);
	for (int i = 0; i < nlanes; i++)
		lanes[i]->round.cpu_calls = lanes[i]->calls;
}

static void
measure(Lane **lanes, int nlanes, const TurnPlan *plan)
{
	Phase		phase = {0};
	int64		started = clock_ns();
	int64		wall_ns;

	phase.end = started + plan->slice_ns;
	phase.max_calls = INT_MAX;
	phase.max_total = plan->max_total;
	phase.measured = true;
	phase.interval_ns = plan->interval_ns;
	phase.limit_ns = plan->limit_ns;
	lanes_drive(lanes, nlanes, &phase);

	wall_ns = clock_ns() - started;
	for (int i = 0; i < nlanes; i++)
		lanes[i]->tally.wall_ns += wall_ns;
}

/* Begin to count CPU time, or end it. */
static void
read_cpu(Lane **lanes, int nlanes, bool begin)
{
	backend_cpu_settle();
	for (int i = 0; i < nlanes; i++)
	{
		Round	   *round = &lanes[i]->round;
		int64		cpu_ns = backend_cpu_ns(lanes[i]->picker.session);

		if (begin)
			round->cpu_ns = -cpu_ns;
		else
		{
			round->cpu_ns += cpu_ns;
			round->cpu_calls += round->calls;
		}

		/* after an error it says nothing */
		if (cpu_ns < 0 || lanes[i]->failed || CancelRequested)
			round->cpu_ns = round->cpu_calls = 0;
	}
}

/* Make the calls of one turn in all lanes, which are of the same contender. */
void
turn_take(Lane **lanes, int nlanes, const TurnPlan *plan)
{
	for (int i = 0; i < nlanes; i++)
	{
		memset(&lanes[i]->round, 0, sizeof(Round));
		lanes[i]->round.number = plan->round;
	}

	warm_up(lanes, nlanes, plan);
	if (plan->cpu_known)
	{
		read_cpu(lanes, nlanes, true);
		lead_in(lanes, nlanes, plan);
	}
	measure(lanes, nlanes, plan);
	if (plan->cpu_known)
		read_cpu(lanes, nlanes, false);

	for (int i = 0; i < nlanes; i++)
	{
		if (lanes[i]->round.calls > 0)
			tally_add_round(&lanes[i]->tally, &lanes[i]->round);
	}
}
