/*-------------------------------------------------------------------------
 *
 * run.c
 *	  all contenders on one table
 *
 * What can end the run by itself comes first: a table that is not there, a
 * server with too few connections.  Then all connections are opened, and it
 * turns out who can take part.  What does not depend on time comes next, and
 * then all is measured that does.  From then on an interrupt ends the run, but
 * leaves what there is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"
#include "fe_utils/cancel.h"

#include "backend_cpu.h"
#include "buffers.h"
#include "fairness.h"
#include "progress.h"
#include "run.h"
#include "runner.h"

/*
 * The server would refuse a connection in the middle of the set-up; say it in
 * terms of what the user can change.
 */
static void
check_connections(Session *session, const Options *options, int nresults)
{
	char	   *error;
	PGresult   *res = session_query(session, "SHOW max_connections", NULL, &error);
	int			needed = options->clients * nresults + 1;

	if (res != NULL && needed > atoi(PQgetvalue(res, 0, 0)))
	{
		pg_log_error("%d connections are needed, but the server allows only %s",
					 needed, PQgetvalue(res, 0, 0));
		pg_log_error_detail("Each client has a connection for each contender.");
		pg_log_error_hint("Use a smaller --client, or name fewer --contenders.");
		exit(EXIT_USAGE);
	}
	PQclear(res);
}

/* There must be something to compare. */
static void
check_results(const Run *run)
{
	for (int i = 0; i < run->nresults; i++)
	{
		if (run->results[i].skipped == NULL)
			return;
	}

	pg_log_error("none of the contenders can run here");
	for (int i = 0; i < run->nresults; i++)
		pg_log_error_detail("%s: %s", run->results[i].contender->name,
							run->results[i].skipped);
	exit(EXIT_USAGE);
}

static void
measure_fairness(Run *run)
{
	bool		told = false;

	for (int i = 0; i < run->nresults && !CancelRequested; i++)
	{
		Result	   *result = &run->results[i];

		if (result->skipped != NULL || result->contender->is_floor ||
			result->contender->is_opaque)
			continue;
		if (!told)
			progress_say(run->options->check > 0 ? "checking how often rows come back..."
						 : "checking which rows can come back...");
		told = true;
		if (run->options->check <= 0)
			progress_bar("checking which rows can come back", i, run->nresults);
		fairness_measure(result, &run->target, run->options);
	}
	progress_end();
}

static void
measure_buffers(Run *run, Runner *runner)
{
	Picker	  **pickers = runner_pickers(runner);

	progress_say("counting buffers...");
	buffers_measure(pickers, run->results, run->nresults, run->options->buffers,
					run->target.block_size);
	pg_free(pickers);
}

/*
 * Measure all of the lineup on the table, and have every call in the log, if
 * there is one.  Exits if it cannot even begin; what goes wrong later stands in
 * the results.
 */
void
run_measure(Run *run, const Options *options, const Lineup *lineup,
			const char *table, FILE *log)
{
	Session    *session;
	Runner	   *runner;

	memset(run, 0, sizeof(Run));
	run->options = options;
	run->results = results_create(lineup);
	run->nresults = lineup->count;

	session = session_open(options);
	target_inspect(&run->target, session, options, table);
	check_connections(session, options, lineup->count);
	run->cpu_unknown = backend_cpu_check(session);
	session_close(session);

	runner = runner_create(options, &run->target, run->results, run->nresults,
						   run->cpu_unknown == NULL);
	check_results(run);
	if (options->reach || options->check > 0)
		measure_fairness(run);
	if (options->buffers > 0 && !CancelRequested)
		measure_buffers(run, runner);
	if (options->calls > 0 && !CancelRequested)
		progress_say("measuring...");
	else if (!CancelRequested)
		progress_say("measuring for %g s...", options->seconds);
	run->started = time(NULL);
	runner_run(runner);
	if (log != NULL)
		runner_log(runner, log, run->target.rows);
	runner_destroy(runner);
	progress_end();

	results_summarize(run->results, run->nresults);
	run->interrupted = CancelRequested;
}

/* Did something go wrong in mid-run? */
bool
run_has_failed(const Run *run)
{
	for (int i = 0; i < run->nresults; i++)
	{
		if (run->results[i].error != NULL)
			return true;
	}
	return false;
}

void
run_free(Run *run)
{
	results_free(run->results, run->nresults);
	target_free(&run->target);
}
