/*-------------------------------------------------------------------------
 *
 * lane.c
 *	  one contender in one client, and the calls it makes
 *
 * A thread drives the lanes of all its clients at once: it sends a call in each
 * lane that is free, and takes the answers as they come.
 *
 * In a closed loop a client sends a call as soon as it has the answer to the one
 * before, and its latency is the service time.  But an application does not send
 * less because the server is slow; a client that waits leaves out just the calls
 * that would have fared worst.  So in an open loop calls are due by a schedule
 * that does not look at the answers, with exponentially distributed intervals,
 * and the latency of a call counts from when it was due (response time), whenever
 * it was sent (lag).  No schedule is repaired afterwards: a call that was not
 * sent by the time the turn had to end is counted as such, and so is one that
 * was skipped because it was later than --latency-limit already.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>
#include <poll.h>

#include "fe_utils/cancel.h"

#include "lane.h"

#define MAX_WAIT_NS		INT64CONST(100000000)	/* then look at what has changed */
#define OVERTIME		2		/* times the phase that late calls may take */

/*
 * Open the lane's session, prepare its statements and try it once.  What fails
 * before the first row is a reason to skip the contender.
 */
bool
lane_open(Lane *lane, const Contender *contender, const Target *target,
		  const Options *options, uint64 stream)
{
	SqlNames	names;
	PGresult   *res;
	int64		started;
	bool		ok;

	pg_prng_seed(&lane->prng, ~(options->seed + stream));
	if (!picker_open(&lane->picker, contender, target, options, stream))
		return false;

	sql_names_init(&names, lane->picker.session, target->name, target->filter,
				   options->rows, target->matching, target->pages);
	if (target->key != NULL)
		names.key = pg_strdup(target->key);
	if (!picker_prepare(&lane->picker, &names, false))
		return false;

	started = clock_ns();
	ok = picker_pick(&lane->picker, &res) != PICK_FAILED;
	lane->latest_ns = clock_ns() - started;
	PQclear(res);
	return ok;
}

void
lane_close(Lane *lane)
{
	picker_close(&lane->picker);
	tally_reset(&lane->tally);
}

/* The calls that were measured in the lane, or should have been. */
int64
lane_total(const Lane *lane)
{
	return lane->tally.latency.count + lane->tally.skipped + lane->tally.unsent;
}

/* The time from one call to the next on a schedule. */
static int64
draw_interval(Lane *lane, const Phase *phase)
{
	return (int64) (-log1p(-pg_prng_double(&lane->prng)) * phase->interval_ns);
}

/* May the lane begin another call in this phase, now or later? */
static bool
has_calls_left(const Lane *lane, const Phase *phase, int64 now)
{
	if (lane->failed || lane->calls >= phase->max_calls || CancelRequested)
		return false;
	if (phase->max_total > 0 && lane_total(lane) >= phase->max_total)
		return false;
	if (phase->interval_ns > 0)
		return lane->due < phase->end;
	if (phase->must_fit)
		return now + lane->latest_ns < phase->end;
	return lane->calls == 0 || now < phase->end;
}

/*
 * Begin a call if one is due.  Calls that are too late already are passed over.
 */
static void
begin_call(Lane *lane, const Phase *phase, int64 phase_started, int64 now)
{
	int64		last_start = phase_started + OVERTIME * (phase->end - phase_started);

	while (phase->interval_ns > 0 && lane->due <= now && has_calls_left(lane, phase, now))
	{
		bool		too_late = phase->limit_ns > 0 && now - lane->due > phase->limit_ns;

		if (!too_late && now < last_start)
			break;
		lane->tally.skipped += too_late;
		lane->tally.unsent += !too_late;
		lane->calls++;
		lane->due += draw_interval(lane, phase);
	}
	if (lane->due > now || !has_calls_left(lane, phase, now))
		return;

	lane->calls++;
	lane->started = clock_ns();
	lane->busy = true;
	picker_start(&lane->picker);
}

/* The call under way has ended: have it in the tally, if it is measured. */
static void
end_call(Lane *lane, const Phase *phase, PickOutcome outcome)
{
	int64		now = clock_ns();
	int64		service_ns = now - lane->started;
	int64		response_ns = service_ns;

	lane->busy = false;
	lane->latest_ns = service_ns;
	if (outcome == PICK_FAILED)
	{
		/* if it is our own doing, it says nothing about the contender */
		lane->failed = !CancelRequested;
		return;
	}
	if (phase->measured)
	{
		if (phase->interval_ns > 0)
		{
			response_ns = now - lane->due;
			samples_add(&lane->tally.service, service_ns);
			samples_add(&lane->tally.lag, lane->started - lane->due);
		}
		samples_add(&lane->tally.latency, response_ns);
		lane->tally.full += (outcome == PICK_ROWS);
		lane->tally.late += phase->limit_ns > 0 && response_ns > phase->limit_ns;
		lane->round.calls++;
		lane->round.ns += service_ns;
	}
	if (phase->interval_ns > 0)
		lane->due += draw_interval(lane, phase);
}

/* Take the answer in the lane, if it is there, or wait for it. */
static void
take_answer(Lane *lane, const Phase *phase, bool wait)
{
	PGresult   *res;
	PickOutcome outcome;

	if (picker_finish(&lane->picker, wait, &outcome, &res))
	{
		end_call(lane, phase, outcome);
		PQclear(res);
	}
}

/* Wait until there are answers, or the next call is due. */
static void
wait_for_lanes(Lane **lanes, int nlanes, const Phase *phase, int64 now)
{
	struct pollfd *fds = pg_malloc(nlanes * sizeof(struct pollfd));
	int			nfds = 0;
	int64		wait_ns = MAX_WAIT_NS;
	struct timespec timeout;

	for (int i = 0; i < nlanes; i++)
	{
		if (lanes[i]->busy)
		{
			fds[nfds].fd = PQsocket(lanes[i]->picker.session->conn);
			fds[nfds++].events = POLLIN;
		}
		else if (has_calls_left(lanes[i], phase, now))
			wait_ns = Min(wait_ns, Max(0, lanes[i]->due - now));
	}
	timeout.tv_sec = 0;
	timeout.tv_nsec = wait_ns;

	/* an interrupt ends the wait as well */
#ifdef HAVE_PPOLL
	(void) ppoll(fds, nfds, &timeout, NULL);
#else
	(void) poll(fds, nfds, (int) ((wait_ns + 999999) / 1000000));
#endif
	pg_free(fds);
}

/* Make the calls of one phase in all lanes. */
void
lanes_drive(Lane **lanes, int nlanes, const Phase *phase)
{
	int64		started = clock_ns();

	for (int i = 0; i < nlanes; i++)
	{
		lanes[i]->calls = 0;
		lanes[i]->due = 0;
		if (phase->interval_ns > 0)
			lanes[i]->due = started + draw_interval(lanes[i], phase);
	}

	for (;;)
	{
		int64		now = clock_ns();
		int			nbusy = 0;
		bool		more = false;

		for (int i = 0; i < nlanes; i++)
		{
			if (!lanes[i]->busy)
				begin_call(lanes[i], phase, started, now);
			nbusy += lanes[i]->busy;
			more |= lanes[i]->busy || has_calls_left(lanes[i], phase, now);
		}
		if (!more)
			break;

		/* libpq waits by itself for a single answer, with fewer system calls */
		if (nlanes > 1 || nbusy == 0)
			wait_for_lanes(lanes, nlanes, phase, now);
		for (int i = 0; i < nlanes; i++)
		{
			if (lanes[i]->busy)
				take_answer(lanes[i], phase, nlanes == 1);
		}
	}
}
