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
 *	init.c			making one; shapes.c, what it can be
 *	contenders.c	the ways of picking a row, as data; lineup.c, who takes part
 *	picker.c		one of these ways, in a connection; template.c, its SQL;
 *					param.c, the value that it needs
 *	run.c			all of them on one table:
 *	fairness.c		which rows they return; copy.c, chi_square.c
 *	buffers.c		how many pages they look at
 *	runner.c		how long they take, all against each other: schedule.c, whose
 *					turn it is; turn.c, a turn; lane.c, a client's part in it;
 *					tally.c, what came of its calls
 *	result.c		what was found out; stats.c, ratio.c
 *	report.c		the output; columns.c, report_*.c, sample_log.c, charts.c, plot.c
 *	progress.c		what the user sees meanwhile
 *	verdict.c		the exit status; baseline.c, an earlier run
 *
 * Exit status: see options.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"
#include "fe_utils/cancel.h"

#include "init.h"
#include "plot.h"
#include "progress.h"
#include "report.h"
#include "sample_log.h"
#include "verdict.h"

#define SWEEP_TABLE	"randpick_bench_sweep"

/* What results go to, and what they are compared with. */
typedef struct Files
{
	FILE	   *output;
	FILE	   *log;			/* NULL if there is none */
	FILE	   *page;			/* the same */
	Baseline   *baseline;		/* the same */
} Files;

/* Open them all, before anything is measured.  Exits if that fails. */
static void
open_files(Files *files, const Options *options)
{
	files->baseline = options->baseline ? baseline_read(options->baseline) : NULL;
	files->log = sample_log_open(options->log);
	files->page = options->page ? report_open(options->page) : NULL;
	if (files->page != NULL)
		plot_check();
	files->output = report_open(options->output);
}

/* Report the runs, and return the exit status. */
static int
conclude(const Files *files, const Options *options, const Run *runs, int nruns)
{
	int			status;

	report_runs(files->output, options, runs, nruns, files->baseline);
	status = verdict(options, runs, nruns, files->baseline);
	if (files->page != NULL && nruns > 0 && !report_html(files->page, runs, nruns))
		status = EXIT_RUN_FAILED;
	if (files->page != NULL && !report_close(files->page, options->page))
		status = EXIT_RUN_FAILED;
	if (files->log != NULL && !report_close(files->log, options->log))
		status = EXIT_RUN_FAILED;
	if (!report_close(files->output, options->output))
		status = EXIT_RUN_FAILED;
	return CancelRequested ? EXIT_INTERRUPTED : status;
}

static int
compare(const Options *options)
{
	Files		files;
	Lineup		lineup;
	Run			run;
	int			status;

	lineup_create(&lineup, options);
	open_files(&files, options);
	run_measure(&run, options, &lineup,
				options->table ? options->table : DEFAULT_TABLE, files.log);
	status = conclude(&files, options, &run, 1);
	baseline_free(files.baseline);
	run_free(&run);
	lineup_free(&lineup);
	return status;
}

/*
 * Compare on tables of one shape that are ever larger.  The table goes at the
 * end, unless something went wrong that makes it worth a look; the next sweep
 * replaces it then.
 */
static int
sweep(const Options *options)
{
	const char *table = options->table ? options->table : SWEEP_TABLE;
	Files		files;
	Run		   *runs = pg_malloc0(options->nsizes * sizeof(Run));
	int			nruns = 0;
	Lineup		lineup;
	int			status;

	lineup_create(&lineup, options);
	open_files(&files, options);
	while (nruns < options->nsizes && !CancelRequested &&
		   (nruns == 0 || !run_has_failed(&runs[nruns - 1])))
	{
		Session    *session = session_open(options);

		init_table(session, table, options->shape, options->sizes[nruns]);
		session_close(session);
		if (CancelRequested)
			break;
		run_measure(&runs[nruns++], options, &lineup, table, files.log);
	}
	status = conclude(&files, options, runs, nruns);
	baseline_free(files.baseline);
	if (status != EXIT_RUN_FAILED)
	{
		Session    *session = session_open(options);

		init_drop(session, table);
		session_close(session);
	}
	for (int i = 0; i < nruns; i++)
		run_free(&runs[i]);
	pg_free(runs);
	lineup_free(&lineup);
	return status;
}

/* Make a table. */
static int
init(const Options *options)
{
	Session    *session = session_open(options);

	init_table(session, options->table ? options->table : DEFAULT_TABLE,
			   options->shape, options->size);
	session_close(session);
	return CancelRequested ? EXIT_INTERRUPTED : 0;
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
	progress_quiet = options.quiet;

	if (options.list)
		report_contenders();
	else if (options.sweep)
		status = sweep(&options);
	else if (options.shape != NULL)
		status = init(&options);
	else
		status = compare(&options);

	free_options(&options);
	return status;
}
