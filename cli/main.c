/*-------------------------------------------------------------------------
 *
 * randpick-bench
 *	  compare ways of picking a random row: what a pick costs, and whether
 *	  every row can come back
 *
 * This file: arguments, work, output.
 *
 *	options.c		the command line; numbers.c, help.c
 *	session.c		a connection; backend_cpu.c, the process behind it
 *	target.c		the table
 *	contenders.c	the ways of picking a row, as data; lineup.c, who takes part
 *	picker.c		one of these ways, in a connection; template.c, its SQL
 *	reach.c			which rows it can return
 *	buffers.c		how many pages it looks at
 *	runner.c		how long it takes, all ways against each other
 *	result.c		what was found out; stats.c, ratio.c
 *	report.c		the output; columns.c, report_*.c
 *
 * Exit status: see options.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"
#include "fe_utils/cancel.h"

#include "backend_cpu.h"
#include "buffers.h"
#include "lineup.h"
#include "report.h"
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
check_results(const Result *results, int nresults)
{
	for (int i = 0; i < nresults; i++)
	{
		if (results[i].skipped == NULL)
			return;
	}

	pg_log_error("none of the contenders can run here");
	for (int i = 0; i < nresults; i++)
		pg_log_error_detail("%s: %s", results[i].contender->name,
							results[i].skipped);
	exit(EXIT_USAGE);
}

static void
measure_reach(const Options *options, const Target *target, Result *results,
			  int nresults)
{
	bool		told = false;

	for (int i = 0; i < nresults; i++)
	{
		Result	   *result = &results[i];

		if (result->skipped != NULL || result->contender->is_floor ||
			result->contender->is_opaque)
			continue;
		if (!told)
			fprintf(stderr, "checking which rows can come back...\n");
		told = true;
		reach_measure(result, target, options);
		session_exit_if_interrupted();
	}
}

static void
measure_buffers(const Options *options, const Target *target, Runner *runner,
				Result *results, int nresults)
{
	Picker	  **pickers = runner_pickers(runner);

	fprintf(stderr, "counting buffers...\n");
	buffers_measure(pickers, results, nresults, options->buffers, target->block_size);
	pg_free(pickers);
	session_exit_if_interrupted();
}

/* Tell each error once, and return the exit status. */
static int
conclude(FILE *file, const Options *options, const Result *results, int nresults)
{
	int			status = 0;

	for (int i = 0; i < nresults; i++)
	{
		bool		told = false;

		if (results[i].error == NULL)
			continue;
		for (int j = 0; j < i; j++)
			told |= results[j].error != NULL &&
				strcmp(results[i].error, results[j].error) == 0;
		if (!told)
			pg_log_error("contender \"%s\" failed: %s",
						 results[i].contender->name, results[i].error);
		status = EXIT_RUN_FAILED;
	}
	if (fflush(file) != 0 || ferror(file) || (file != stdout && fclose(file) != 0))
	{
		if (file == stdout)
			pg_log_error("could not write to standard output: %m");
		else
			pg_log_error("could not write file \"%s\": %m", options->output);
		status = EXIT_RUN_FAILED;
	}
	return CancelRequested ? EXIT_INTERRUPTED : status;
}

static int
compare(const Options *options)
{
	Lineup		lineup;
	Session    *session;
	Target		target;
	Runner	   *runner;
	Result	   *results;
	Run			run = {0};
	FILE	   *file;
	int			status;

	lineup_create(&lineup, options);
	results = results_create(&lineup);

	session = session_open(options);
	target_inspect(&target, session, options);
	check_connections(session, options, lineup.count);
	run.cpu_unknown = backend_cpu_check(session);
	session_close(session);
	file = report_open(options);

	runner = runner_create(options, &target, results, lineup.count,
						   run.cpu_unknown == NULL);
	check_results(results, lineup.count);
	if (options->reach)
		measure_reach(options, &target, results, lineup.count);
	if (options->buffers > 0)
		measure_buffers(options, &target, runner, results, lineup.count);
	fprintf(stderr, "measuring for %g s...\n", options->seconds);
	run.started = time(NULL);
	runner_run(runner);
	results_summarize(results, lineup.count);

	run.options = options;
	run.target = &target;
	run.results = results;
	run.nresults = lineup.count;
	run.interrupted = CancelRequested;
	report_run(file, &run);
	status = conclude(file, options, results, lineup.count);

	runner_destroy(runner);
	results_free(results, lineup.count);
	target_free(&target);
	lineup_free(&lineup);
	return status;
}

int
main(int argc, char **argv)
{
	Options		options;
	int			status = 0;

	pg_logging_init(argv[0]);
	progname = get_progname(argv[0]);
	set_pglocale_pgservice(argv[0], PG_TEXTDOMAIN("randpick-bench"));

	parse_options(&options, argc, argv);

	if (options.list)
		report_contenders();
	else
		status = compare(&options);

	simple_string_list_destroy(&options.queries);
	return status;
}
