/*-------------------------------------------------------------------------
 *
 * runner.c
 *	  running all contenders against each other
 *
 * They take turns, see schedule.c.  Each client has a connection for each
 * contender, and a thread has one client or more.
 *
 * Calls on a schedule take longer slices, for a queue to build up where a
 * contender is too slow for its rate; each turn begins with an empty one.
 *
 * All clients take the same turn at the same time; else one client's fast calls
 * would be measured under the load of another's slow ones.  Between two turns
 * one thread decides whose turn is next, while the others wait at a barrier.  So
 * all that is shared is written by one thread at a time, and needs no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"
#include "fe_utils/cancel.h"
#include "port/pg_pthread.h"

#include "progress.h"
#include "runner.h"
#include "sample_log.h"
#include "schedule.h"
#include "turn.h"

#define MAX_SLICE_NS	INT64CONST(10000000)
#define MIN_ROUNDS		10		/* in a short run the slices are shorter */
#define SCHEDULED_CALLS	20		/* of a client in a slice, on a schedule */

typedef struct Client
{
	Lane	   *lanes;			/* one for each of the results */
} Client;

typedef struct Thread
{
	pthread_t	thread;
	struct Runner *runner;
	int			number;
} Thread;

struct Runner
{
	/* fixed at creation */
	const Options *options;
	Result	   *results;
	int			nlanes;			/* as many as there are results */
	Client	   *clients;
	int			nthreads;
	Thread	   *threads;
	pthread_barrier_t barrier;

	/* written by one thread while the others wait */
	Schedule	schedule;
	Seat	   *current;		/* whose turn it is; NULL: the run is over */
	TurnPlan	plan;			/* of this turn */
	int64		turn_started;
	bool		warming;		/* is this the warm-up? */
	int64		told;			/* when the progress was last told */
};

/* How long a turn is. */
static int64
choose_slice(const Options *options, int nresults, int64 run_ns)
{
	int64		longest = MAX_SLICE_NS;

	if (options->rate > 0)
		return Min(Max(longest, (int64) (SCHEDULED_CALLS * options->clients / options->rate * 1e9)),
				   run_ns / nresults);
	return Min(longest, run_ns / nresults / MIN_ROUNDS);
}

/* All that is fixed of the schedule, once it is known who takes part. */
static void
set_schedule(Runner *runner)
{
	const Options *options = runner->options;
	Schedule   *schedule = &runner->schedule;

	schedule->nseats = runner->nlanes;
	schedule->seats = pg_malloc0(runner->nlanes * sizeof(Seat));
	schedule->run_ns = (int64) (options->seconds * 1e9);
	schedule->slice_ns = choose_slice(options, runner->nlanes, schedule->run_ns);
	runner->plan.slice_ns = schedule->slice_ns;
	pg_prng_seed(&schedule->prng, options->seed);
	for (int i = 0; i < runner->nlanes; i++)
	{
		Result	   *result = &runner->results[i];

		schedule->seats[i].lane = i;
		schedule->seats[i].is_floor = result->contender->is_floor;
		schedule->seats[i].absent = (result->skipped != NULL);
		if (result->skipped == NULL)
			result->sql = pg_strdup(runner->clients[0].lanes[i].picker.statement);
	}
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
	runner->clients = pg_malloc0(options->clients * sizeof(Client));
	runner->nthreads = Min(options->threads, options->clients);
	runner->threads = pg_malloc0(runner->nthreads * sizeof(Thread));
	runner->plan.cpu_known = cpu_known;
	runner->plan.limit_ns = (int64) (options->limit_ms * 1e6);
	if (options->rate > 0)
		runner->plan.interval_ns = (int64) (options->clients / options->rate * 1e9);

	for (int c = 0; c < options->clients; c++)
	{
		Lane	   *lanes = pg_malloc0(nresults * sizeof(Lane));

		runner->clients[c].lanes = lanes;
		for (int i = 0; i < nresults; i++)
		{
			progress_bar("connecting", c * nresults + i, options->clients * nresults);
			if (results[i].skipped == NULL &&
				!lane_open(&lanes[i], results[i].contender, target, options,
						   (uint64) c * nresults + i + 1))
				results[i].skipped = pg_strdup(lanes[i].picker.error);
			session_exit_if_interrupted();
		}
	}
	progress_end();

	set_schedule(runner);
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

/* Begin the warm-up, or the run, and forget all that was before. */
static void
start_run(Runner *runner, int64 now, bool warming)
{
	const Options *options = runner->options;

	runner->warming = warming;
	runner->told = now;
	runner->schedule.run_ns = (int64) ((warming ? options->warmup : options->seconds) * 1e9);
	runner->schedule.max_calls = warming ? 0 : options->calls;
	schedule_start(&runner->schedule, now);
	for (int c = 0; c < options->clients; c++)
	{
		for (int i = 0; i < runner->nlanes; i++)
			tally_reset(&runner->clients[c].lanes[i].tally);
	}
}

/* Tell how far the run is, in a line now and then or in a bar. */
static void
tell_progress(Runner *runner, int64 now)
{
	double		done = (now - runner->schedule.started) / 1e9;
	PQExpBufferData line;

	if (runner->options->progress <= 0)
	{
		progress_bar(runner->warming ? "warming up" : "measuring", done,
					 runner->schedule.run_ns / 1e9);
		return;
	}
	if (runner->warming || (now - runner->told) / 1e9 < runner->options->progress)
		return;

	runner->told = now;
	initPQExpBuffer(&line);
	for (int i = 0; i < runner->nlanes; i++)
	{
		const Tally *tally = &runner->clients[0].lanes[i].tally;

		if (tally->nrounds > 0)
			appendPQExpBuffer(&line, ", %s %.3f ms", runner->results[i].contender->name,
							  (double) tally->rounds[tally->nrounds - 1].ns /
							  tally->rounds[tally->nrounds - 1].calls / 1e6);
	}
	progress_say("progress: %.1f s, round %d%s", done, runner->schedule.round, line.data);
	termPQExpBuffer(&line);
}

/* Settle the turn that has ended. */
static void
end_turn(Runner *runner, int64 now)
{
	Seat	   *seat = runner->current;

	seat->credit_ns -= now - runner->turn_started;
	seat->calls = PG_INT64_MAX;
	for (int c = 0; c < runner->options->clients; c++)
	{
		const Lane *lane = &runner->clients[c].lanes[seat->lane];

		seat->calls = Min(seat->calls, lane_total(lane));
		seat->failed |= lane->failed;
	}
	tell_progress(runner, now);
}

/* Settle the turn that has ended, and decide whose turn is next. */
static void
next_turn(Runner *runner)
{
	int64		now = clock_ns();

	if (runner->current == NULL)
		start_run(runner, now, runner->options->warmup > 0);
	else
		end_turn(runner, now);

	runner->current = CancelRequested ? NULL : schedule_next(&runner->schedule, now);
	if (runner->current == NULL && runner->warming && !CancelRequested)
	{
		start_run(runner, now, false);
		runner->current = schedule_next(&runner->schedule, now);
	}

	runner->turn_started = now;
	runner->plan.round = runner->schedule.round;
	runner->plan.max_total = runner->schedule.max_calls;
}

/* The life of a thread, which has every so many-th of the clients. */
static void *
thread_main(void *arg)
{
	Thread	   *thread = arg;
	Runner	   *runner = thread->runner;
	int			nclients = runner->options->clients;
	Lane	  **lanes = pg_malloc(nclients * sizeof(Lane *));

	for (;;)
	{
		int			nlanes = 0;

		if (pthread_barrier_wait(&runner->barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			next_turn(runner);
		pthread_barrier_wait(&runner->barrier);
		if (runner->current == NULL)
			break;

		for (int c = thread->number; c < nclients; c += runner->nthreads)
			lanes[nlanes++] = &runner->clients[c].lanes[runner->current->lane];
		turn_take(lanes, nlanes, &runner->plan);
	}
	pg_free(lanes);
	return NULL;
}

/* Gather from all clients what the contender did. */
static void
merge_lanes(const Runner *runner, int i)
{
	Result	   *result = &runner->results[i];

	for (int c = 0; c < runner->options->clients; c++)
	{
		Lane	   *lane = &runner->clients[c].lanes[i];

		tally_merge(&result->tally, &lane->tally);
		if (!lane->failed || result->error != NULL)
			continue;
		result->error = pg_strdup(lane->picker.error);
		result->lost = PQstatus(lane->picker.session->conn) == CONNECTION_BAD;
	}
	tally_sort(&result->tally);
}

/* Measure, until the time is over or SIGINT comes, and fill in the results. */
void
runner_run(Runner *runner)
{
	int			error;

	error = pthread_barrier_init(&runner->barrier, NULL, runner->nthreads);
	if (error != 0)
		pg_fatal("could not initialize barrier: %s", strerror(error));

	for (int t = 0; t < runner->nthreads; t++)
	{
		Thread	   *thread = &runner->threads[t];

		thread->runner = runner;
		thread->number = t;
		error = pthread_create(&thread->thread, NULL, thread_main, thread);
		if (error != 0)
			pg_fatal("could not create thread: %s", strerror(error));
	}
	for (int t = 0; t < runner->nthreads; t++)
		pthread_join(runner->threads[t].thread, NULL);
	pthread_barrier_destroy(&runner->barrier);

	for (int i = 0; i < runner->nlanes; i++)
		merge_lanes(runner, i);
}

/* Write down all that was measured. */
void
runner_log(const Runner *runner, FILE *file, double table_rows)
{
	for (int i = 0; i < runner->nlanes; i++)
	{
		for (int c = 0; c < runner->options->clients; c++)
			sample_log_write(file, table_rows, runner->results[i].contender->name,
							 c + 1, &runner->clients[c].lanes[i].tally);
	}
}

/* Close all connections.  The results stay. */
void
runner_destroy(Runner *runner)
{
	for (int c = 0; c < runner->options->clients; c++)
	{
		for (int i = 0; i < runner->nlanes; i++)
			lane_close(&runner->clients[c].lanes[i]);
		pg_free(runner->clients[c].lanes);
	}
	pg_free(runner->clients);
	pg_free(runner->schedule.seats);
	pg_free(runner->threads);
	pg_free(runner);
}
