/*-------------------------------------------------------------------------
 *
 * randpick-bench
 *	  compare ways of picking a random row: what a pick costs, and whether
 *	  every row can come back
 *
 * This file: arguments, work, output.
 *
 *	options.c		the command line
 *	session.c		a connection
 *	target.c		the table
 *	contenders.c	the ways of picking a row, as data
 *	picker.c		one of these ways, in a connection
 *	reach.c			which rows it can return
 *	runner.c		how long it takes, all ways against each other
 *	stats.c			the clock, the percentiles
 *	report.c		the output
 *
 * Exit status: see options.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"
#include "fe_utils/cancel.h"

#include "report.h"

/* Have a result, still empty, for each contender that is wanted. */
static Result *
enter_contenders(const Options *options, int *nresults)
{
	Result	   *results = pg_malloc0(ncontenders * sizeof(Result));

	*nresults = 0;
	for (int i = 0; i < ncontenders; i++)
	{
		if (options->wanted[i])
			results[(*nresults)++].contender = &contenders[i];
	}
	return results;
}

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

		if (result->skipped != NULL || result->contender->is_floor)
			continue;
		if (!told)
			fprintf(stderr, "checking which rows can come back...\n");
		told = true;
		reach_measure(&result->reach, result->contender, target, options);
		session_exit_if_interrupted();
	}
}

/* Tell each error once, and return the exit status. */
static int
conclude(const Result *results, int nresults)
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
	if (fflush(stdout) != 0 || ferror(stdout))
	{
		pg_log_error("could not write to standard output: %m");
		status = EXIT_RUN_FAILED;
	}
	return CancelRequested ? EXIT_INTERRUPTED : status;
}

static int
compare(const Options *options)
{
	Session    *session;
	Target		target;
	Result	   *results;
	int			nresults;
	Runner	   *runner;
	int			status;

	results = enter_contenders(options, &nresults);

	session = session_open(options);
	target_inspect(&target, session, options);
	check_connections(session, options, nresults);
	session_close(session);

	runner = runner_create(options, &target, results, nresults);
	check_results(results, nresults);
	if (options->reach)
		measure_reach(options, &target, results, nresults);
	fprintf(stderr, "measuring for %g s...\n", options->seconds);
	runner_run(runner);

	report_results(options, &target, results, nresults);
	status = conclude(results, nresults);

	runner_destroy(runner);
	for (int i = 0; i < nresults; i++)
	{
		samples_free(&results[i].samples);
		pg_free(results[i].skipped);
		pg_free(results[i].error);
		pg_free(results[i].reach.unknown);
	}
	pg_free(results);
	target_free(&target);
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

	pg_free(options.wanted);
	return status;
}
