/*-------------------------------------------------------------------------
 *
 * runner.c
 *	  running all contenders against each other
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
 * The first calls of a turn run with the caches full of the previous one's
 * data, which an application that does nothing else would not see; so they
 * are not measured, unless a call takes so long that this does not matter.
 * The same calls let the server settle on a plan.
 *
 * Each client is a thread with a connection for each contender.  All clients
 * take the same turn at the same time; else one client's fast calls would be
 * measured under the load of another's slow ones.  Between two turns one of
 * them decides whose turn is next, while the others wait at a barrier.  So all
 * that is shared is written by one thread at a time, and needs no lock.
 *
 * Latencies are service times as a client sees them that always has one call
 * under way.  A client that sends its requests on a schedule would also wait
 * for its own earlier ones.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"
#include "fe_utils/cancel.h"
#include "port/pg_pthread.h"

#include "backend_cpu.h"
#include "runner.h"

#define MAX_SLICE_NS	INT64CONST(10000000)
#define MIN_ROUNDS		10		/* in a short run the slices are shorter */
#define MIN_CALLS		5		/* of each contender in each client */
#define WARMUP_CALLS	10		/* at the beginning of a turn, ... */
#define WARMUP_SHARE	4		/* ... but no more than 1/4 of the slice */
#define LEAD_IN_SHARE	10		/* nor 1/10 to wake up the server's process */

/* One contender in one client. */
typedef struct Lane
{
	Picker		picker;
	Samples		samples;		/* measured calls */
	int64		full;			/* how many of them gave all rows */
	Round	   *rounds;			/* the same calls, by rounds */
	int			nrounds;
	int64		latest_ns;		/* time of the latest call, measured or not */
	bool		failed;			/* see the picker's error */
} Lane;

typedef struct Client
{
	pthread_t	thread;
	Runner	   *runner;
	Lane	   *lanes;			/* one for each of the results */
} Client;

/* What the schedule knows of a contender. */
typedef struct Turn
{
	int			lane;			/* whose turn it is */
	bool		over;			/* it failed, or never ran */
	int64		credit_ns;		/* time it is due; if negative, a debt */
} Turn;

struct Runner
{
	/* fixed at creation */
	const Options *options;
	Result	   *results;
	int			nlanes;			/* as many as there are results */
	Client	   *clients;
	int64		run_ns;			/* how long to measure */
	int64		slice_ns;		/* how long a turn is */
	bool		cpu_known;		/* can the server's CPU time be read? */
	pthread_barrier_t barrier;

	/* written by one thread while the others wait */
	pg_prng_state prng;
	Turn	   *turns;			/* in the order of this round */
	int			position;		/* the next one of them */
	int			round;			/* the first one is number 1 */
	Turn	   *current;		/* NULL when the run is over */
	int64		run_started;
	int64		turn_started;
};

/*
 * Open the lane's session, prepare its statements and try it once.  What fails
 * before the first row is a reason to skip the contender.
 */
static bool
open_lane(Lane *lane, const Contender *contender, const Target *target,
		  const Options *options, uint64 stream)
{
	SqlNames	names;
	PGresult   *res;
	int64		started;
	bool		ok;

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

/*
 * Open all connections.  Contenders that do not apply are marked as skipped in
 * their results, of which the caller has set the contender.
 */
Runner *
runner_create(const Options *options, const Target *target, Result *results,
			  int nresults, bool cpu_known)
{
	Runner	   *runner = pg_malloc0(sizeof(Runner));

	runner->options = options;
	runner->results = results;
	runner->nlanes = nresults;
	runner->cpu_known = cpu_known;
	runner->clients = pg_malloc0(options->clients * sizeof(Client));
	runner->turns = pg_malloc0(nresults * sizeof(Turn));
	runner->run_ns = (int64) (options->seconds * 1e9);
	runner->slice_ns = Min(MAX_SLICE_NS, runner->run_ns / nresults / MIN_ROUNDS);
	pg_prng_seed(&runner->prng, options->seed);

	for (int c = 0; c < options->clients; c++)
	{
		Client	   *client = &runner->clients[c];

		client->runner = runner;
		client->lanes = pg_malloc0(nresults * sizeof(Lane));
		for (int i = 0; i < nresults; i++)
		{
			Lane	   *lane = &client->lanes[i];

			if (results[i].skipped == NULL &&
				!open_lane(lane, results[i].contender, target, options,
						   (uint64) c * nresults + i + 1))
				results[i].skipped = pg_strdup(lane->picker.error);
			session_exit_if_interrupted();
		}
	}

	for (int i = 0; i < nresults; i++)
	{
		runner->turns[i].lane = i;
		runner->turns[i].over = (results[i].skipped != NULL);
		if (results[i].skipped == NULL)
			results[i].sql = pg_strdup(runner->clients[0].lanes[i].picker.statement);
	}
	return runner;
}

/*
 * The first client's pickers, as a new array with one for each result, for
 * others to use while nothing is measured.  NULL for the skipped ones.
 */
Picker **
runner_pickers(Runner *runner)
{
	Picker	  **pickers = pg_malloc0(runner->nlanes * sizeof(Picker *));

	for (int i = 0; i < runner->nlanes; i++)
	{
		if (runner->results[i].skipped == NULL)
			pickers[i] = &runner->clients[0].lanes[i].picker;
	}
	return pickers;
}

/* Did the contender, if it is slow, get fewer calls by now than it should? */
static bool
is_behind(const Runner *runner, const Turn *turn, int64 now)
{
	double		progress = (double) (now - runner->run_started) / runner->run_ns;

	return runner->clients[0].lanes[turn->lane].samples.count <
		(size_t) (1 + progress * MIN_CALLS);
}

/* Is there anything left to measure?  The floors alone are not worth it. */
static bool
is_worthwhile(const Runner *runner)
{
	bool		failed = false;
	bool		floors = false;

	for (int i = 0; i < runner->nlanes; i++)
	{
		const Result *result = &runner->results[runner->turns[i].lane];

		if (!runner->turns[i].over && !result->contender->is_floor)
			return true;
		if (!runner->turns[i].over)
			floors = true;
		else if (result->skipped == NULL)
			failed = true;
	}
	return floors && !failed;
}

static void
start_round(Runner *runner)
{
	for (int i = runner->nlanes - 1; i > 0; i--)
	{
		int			j = (int) pg_prng_uint64_range(&runner->prng, 0, i);
		Turn		turn = runner->turns[i];

		runner->turns[i] = runner->turns[j];
		runner->turns[j] = turn;
	}
	runner->position = 0;
	runner->round++;
}

/* Settle the turn that has ended, and decide whose turn is next. */
static void
next_turn(Runner *runner)
{
	int64		now = clock_ns();
	Turn	   *turn = runner->current;

	if (turn == NULL)
		runner->run_started = now;
	else
	{
		turn->credit_ns -= now - runner->turn_started;
		for (int c = 0; c < runner->options->clients; c++)
			turn->over |= runner->clients[c].lanes[turn->lane].failed;
		runner->current = NULL;
	}

	while (!CancelRequested && is_worthwhile(runner))
	{
		if (runner->round == 0 || runner->position == runner->nlanes)
			start_round(runner);
		if (runner->round > 1 && now - runner->run_started >= runner->run_ns)
			break;

		turn = &runner->turns[runner->position++];
		turn->credit_ns += runner->slice_ns;
		if (!turn->over && (turn->credit_ns > 0 || is_behind(runner, turn, now)))
		{
			runner->current = turn;
			break;
		}
	}
	runner->turn_started = now;
}

/*
 * Make one call, and have it in the round, if there is one.  Returns false
 * when the turn must end.
 */
static bool
make_call(Lane *lane, Round *round)
{
	int64		started = clock_ns();
	PGresult   *res;
	PickOutcome outcome = picker_pick(&lane->picker, &res);

	lane->latest_ns = clock_ns() - started;
	PQclear(res);

	if (outcome == PICK_FAILED)
	{
		/* if it is our own doing, it says nothing about the contender */
		lane->failed = !CancelRequested;
		return false;
	}
	if (round != NULL)
	{
		samples_add(&lane->samples, lane->latest_ns);
		lane->full += (outcome == PICK_ROWS);
		round->calls++;
		round->ns += lane->latest_ns;
	}
	return !CancelRequested;
}

/* Make the calls that are not measured.  Returns false as make_call() does. */
static bool
warm_up(Lane *lane, int64 slice_ns)
{
	int64		end = clock_ns() + slice_ns / WARMUP_SHARE;

	for (int i = 0; i < WARMUP_CALLS; i++)
	{
		if (clock_ns() + lane->latest_ns > end)
			break;
		if (!make_call(lane, NULL))
			return false;
	}
	return true;
}

/*
 * Make the calls that are measured, for as long as a slice, and have the round
 * count them.
 *
 * To read the server's CPU time means to pause, and a process that has slept
 * wakes up slowly.  So there is one more call then that is not timed, if it is
 * short, but whose CPU time counts.
 */
static void
measure_calls(Lane *lane, int64 slice_ns, bool cpu_known, Round *round)
{
	int64		cpu_ns = cpu_known ? backend_cpu_ns(lane->picker.session) : -1;
	bool		lead_in = cpu_ns >= 0 && lane->latest_ns < slice_ns / LEAD_IN_SHARE;
	int64		end;

	if (lead_in && !make_call(lane, NULL))
		return;
	end = clock_ns() + slice_ns;
	while (make_call(lane, round) && clock_ns() < end)
		;

	if (cpu_ns >= 0 && !lane->failed && !CancelRequested)
	{
		round->cpu_calls = round->calls + (lead_in ? 1 : 0);
		round->cpu_ns = backend_cpu_ns(lane->picker.session) - cpu_ns;
	}
}

/* Make the calls of one turn. */
static void
take_turn(Lane *lane, const Runner *runner)
{
	Round		round = {.number = runner->round};

	if (warm_up(lane, runner->slice_ns))
		measure_calls(lane, runner->slice_ns, runner->cpu_known, &round);
	if (round.calls > 0)
		rounds_add(&lane->rounds, &lane->nrounds, &round);
}

/* The life of a client. */
static void *
client_main(void *arg)
{
	Client	   *client = arg;
	Runner	   *runner = client->runner;

	for (;;)
	{
		if (pthread_barrier_wait(&runner->barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			next_turn(runner);
		pthread_barrier_wait(&runner->barrier);
		if (runner->current == NULL)
			return NULL;
		take_turn(&client->lanes[runner->current->lane], runner);
	}
}

/* Gather from all clients what the contender did. */
static void
merge_lanes(const Runner *runner, int i)
{
	Result	   *result = &runner->results[i];
	int64		full = 0;
	double		rate = 0;

	for (int c = 0; c < runner->options->clients; c++)
	{
		Lane	   *lane = &runner->clients[c].lanes[i];
		int64		busy_ns = samples_sum(&lane->samples);

		samples_append(&result->samples, &lane->samples);
		rounds_merge(&result->rounds, &result->nrounds, lane->rounds, lane->nrounds);
		full += lane->full;
		if (busy_ns > 0)
			rate += lane->full * 1e9 / busy_ns;
		if (lane->failed && result->error == NULL)
			result->error = pg_strdup(lane->picker.error);
	}
	samples_sort(&result->samples);
	if (result->samples.count > 0)
	{
		result->rate = rate;
		result->short_share = 1 - (double) full / result->samples.count;
	}
}

/* Measure, until the time is over or SIGINT comes, and fill in the results. */
void
runner_run(Runner *runner)
{
	int			nclients = runner->options->clients;
	int			error;

	error = pthread_barrier_init(&runner->barrier, NULL, nclients);
	if (error != 0)
		pg_fatal("could not initialize barrier: %s", strerror(error));

	for (int c = 0; c < nclients; c++)
	{
		error = pthread_create(&runner->clients[c].thread, NULL, client_main,
							   &runner->clients[c]);
		if (error != 0)
			pg_fatal("could not create thread: %s", strerror(error));
	}
	for (int c = 0; c < nclients; c++)
		pthread_join(runner->clients[c].thread, NULL);
	pthread_barrier_destroy(&runner->barrier);

	for (int i = 0; i < runner->nlanes; i++)
		merge_lanes(runner, i);
}

/* Close all connections.  The results stay. */
void
runner_destroy(Runner *runner)
{
	for (int c = 0; c < runner->options->clients; c++)
	{
		Client	   *client = &runner->clients[c];

		for (int i = 0; i < runner->nlanes; i++)
		{
			picker_close(&client->lanes[i].picker);
			samples_free(&client->lanes[i].samples);
			pg_free(client->lanes[i].rounds);
		}
		pg_free(client->lanes);
	}
	pg_free(runner->clients);
	pg_free(runner->turns);
	pg_free(runner);
}
