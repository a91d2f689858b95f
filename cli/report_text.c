/*-------------------------------------------------------------------------
 *
 * report_text.c
 *	  the results for people, as aligned text or in Markdown
 *
 * It is made to be pasted, so it says by itself what was measured, on what, and
 * how it is to be read.  All latencies are in milliseconds, for the eye to
 * compare them down the column.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "fe_utils/print.h"
#include "pqexpbuffer.h"

#include "columns.h"
#include "fairness.h"
#include "report.h"

/* A list of contenders that share a reason, and the next reason. */
typedef struct Reason
{
	const char *reason;
	PQExpBufferData names;
	struct Reason *next;
} Reason;

static void
print_header(FILE *file, const Run *run)
{
	const Target *target = &run->target;
	const Options *options = run->options;
	const char *about = target->counted ? "" : "about ";
	char	   *rows = count_text(target->rows);
	char	   *pages = count_text(target->pages);

	fprintf(file, "server:  PostgreSQL %s\n", target->server_version);
	fprintf(file, "table:   %s, %s%s rows", target->name, about, rows);
	if (target->pages > 0)
		fprintf(file, " on %s pages", pages);
	if (target->filter != NULL)
	{
		char	   *matching = count_text(target->matching);

		fprintf(file, "\nfilter:  %s (%s%s rows)", target->filter, about, matching);
		pg_free(matching);
	}
	fprintf(file, "\nrun:     %d row%s a pick, %d client%s", options->rows,
			options->rows == 1 ? "" : "s", options->clients, options->clients == 1 ? "" : "s");
	if (options->threads < options->clients)
		fprintf(file, " in %d thread%s", options->threads, options->threads == 1 ? "" : "s");
	if (options->rate > 0)
		fprintf(file, ", %g calls/s by a schedule", options->rate);
	if (options->calls > 0)
		fprintf(file, ", " INT64_FORMAT " calls each", options->calls);
	else
		fprintf(file, ", %g s", options->seconds);
	fprintf(file, ", %s protocol, seed " UINT64_FORMAT "\n",
			protocol_names[options->protocol], options->seed);
	pg_free(rows);
	pg_free(pages);
}

/* Begin a table whose first column are the contenders. */
static void
start_table(printTableContent *table, int ncells, int nrows)
{
	static char title[] = "contender";
	static printTableOpt opt = {
		.format = PRINT_ALIGNED,
		.border = 1,
		.start_table = true,
		.stop_table = true,
		.line_style = &pg_asciiformat
	};

	/* for names of many bytes and few columns */
	opt.encoding = Max(0, pg_get_encoding_from_locale(NULL, false));
	printTableInit(table, &opt, NULL, 1 + ncells, nrows);
	printTableAddHeader(table, title, false, 'l');
}

static void
add_cell(printTableContent *table, char *cell)
{
	printTableAddCell(table, cell, false, true);
}

/* A cell must not end where its text has a bar. */
static void
print_markdown_cell(FILE *file, const char *text)
{
	fputs("| ", file);
	for (; *text != '\0'; text++)
	{
		if (*text == '|')
			putc('\\', file);
		putc(*text, file);
	}
	putc(' ', file);
}

/* psql prints tables in many formats, but not in this one. */
static void
print_markdown(FILE *file, const printTableContent *table)
{
	for (int i = 0; i < table->ncolumns; i++)
		fprintf(file, "| %s ", table->headers[i]);
	fputs("|\n", file);
	for (int i = 0; i < table->ncolumns; i++)
		fputs(table->aligns[i] == 'l' ? "|---" : "|---:", file);
	fputs("|\n", file);
	for (int i = 0; i < table->ncolumns * table->nrows; i++)
	{
		print_markdown_cell(file, table->cells[i]);
		if ((i + 1) % table->ncolumns == 0)
			fputs("|\n", file);
	}
	putc('\n', file);
}

static void
finish_table(FILE *file, printTableContent *table, bool markdown)
{
	if (markdown)
		print_markdown(file, table);
	else
		printTable(table, file, false, NULL);
	printTableCleanup(table);
}

/* One of the tables of a run. */
static void
print_table(FILE *file, const Run *run, TableNumber number, bool markdown)
{
	printTableContent table;
	int			ncells = 0;
	int			nrows = 0;

	for (int c = 0; c < ncolumns; c++)
		ncells += (columns[c].table == number);
	for (int i = 0; i < run->nresults; i++)
		nrows += (run->results[i].skipped == NULL);
	start_table(&table, ncells, nrows);
	for (int c = 0; c < ncolumns; c++)
	{
		if (columns[c].table == number)
			printTableAddHeader(&table, unconstify(char *, columns[c].title), false, 'r');
	}

	for (int i = 0; i < run->nresults; i++)
	{
		const Result *result = &run->results[i];

		if (result->skipped != NULL)
			continue;
		add_cell(&table, pg_strdup(result->contender->name));
		for (int c = 0; c < ncolumns; c++)
		{
			if (columns[c].table == number)
				add_cell(&table, column_text(&columns[c], result));
		}
	}
	finish_table(file, &table, markdown);
}

/* How much a number has changed, as a new string. */
static char *
change_text(double now, double then)
{
	if (isnan(now) || isnan(then))
		return pg_strdup("-");
	if (now == then)
		return pg_strdup("0 %");
	return psprintf("%+.1f %%", 100 * (now / then - 1));
}

/* How the run differs from an earlier one. */
static void
print_changes(FILE *file, const Run *run, const Baseline *baseline, bool markdown)
{
	printTableContent table;
	int			ncells = 0;

	for (int c = 0; c < ncolumns; c++)
		ncells += (columns[c].flags & COLUMN_CHANGE) != 0;
	fputs("Changes since the earlier run:\n\n", file);
	start_table(&table, ncells, run->nresults);
	for (int c = 0; c < ncolumns; c++)
	{
		if (columns[c].flags & COLUMN_CHANGE)
			printTableAddHeader(&table, unconstify(char *, columns[c].title), false, 'r');
	}
	for (int i = 0; i < run->nresults; i++)
	{
		const Result *result = &run->results[i];

		add_cell(&table, pg_strdup(result->contender->name));
		for (int c = 0; c < ncolumns; c++)
		{
			if (columns[c].flags & COLUMN_CHANGE)
				add_cell(&table, change_text(column_value(&columns[c], result),
											 baseline_value(baseline, run, result, &columns[c])));
		}
	}
	finish_table(file, &table, markdown);
}

/* One column of all runs, with a column for each run. */
static void
print_sweep(FILE *file, const Run *runs, int nruns, const Column *column, bool markdown)
{
	printTableContent table;
	char	  **sizes = pg_malloc(nruns * sizeof(char *));

	fprintf(file, "%s, by the number of rows in the table:\n\n", column->title);
	start_table(&table, nruns, runs[0].nresults);
	for (int r = 0; r < nruns; r++)
	{
		sizes[r] = count_text(runs[r].target.rows);
		printTableAddHeader(&table, sizes[r], false, 'r');
	}
	for (int i = 0; i < runs[0].nresults; i++)
	{
		add_cell(&table, pg_strdup(runs[0].results[i].contender->name));
		for (int r = 0; r < nruns; r++)
			add_cell(&table, column_text(column, &runs[r].results[i]));
	}
	finish_table(file, &table, markdown);
	for (int r = 0; r < nruns; r++)
		pg_free(sizes[r]);
	pg_free(sizes);
}

/* Add the contender to those that share the reason, if there is a reason. */
static void
add_reason(Reason **reasons, const char *reason, const char *name)
{
	if (reason == NULL)
		return;

	while (*reasons != NULL && strcmp((*reasons)->reason, reason) != 0)
		reasons = &(*reasons)->next;

	if (*reasons == NULL)
	{
		*reasons = pg_malloc0(sizeof(Reason));
		(*reasons)->reason = reason;
		initPQExpBuffer(&(*reasons)->names);
		appendPQExpBufferStr(&(*reasons)->names, name);
	}
	else
		appendPQExpBuffer(&(*reasons)->names, ", %s", name);
}

/* Print the reasons under a title, and free them. */
static void
print_reasons(FILE *file, const char *title, Reason *reasons)
{
	if (reasons == NULL)
		return;

	fprintf(file, "%s:\n", title);
	while (reasons != NULL)
	{
		Reason	   *next = reasons->next;

		fprintf(file, "  %s: %s\n", reasons->names.data, reasons->reason);
		termPQExpBuffer(&reasons->names);
		pg_free(reasons);
		reasons = next;
	}
	putc('\n', file);
}

static void
print_notes(FILE *file, const Run *run)
{
	Reason	   *skipped = NULL;
	Reason	   *failed = NULL;
	Reason	   *no_buffers = NULL;
	Reason	   *no_reach = NULL;
	Reason	   *workers = NULL;

	for (int i = 0; i < run->nresults; i++)
	{
		const Result *result = &run->results[i];
		const char *name = result->contender->name;

		add_reason(&skipped, result->skipped, name);
		add_reason(&failed, result->error, name);
		add_reason(&no_buffers, result->buffers_unknown, name);
		add_reason(&no_reach, result->reach_unknown, name);
		if (result->workers > 0 && run->cpu_unknown == NULL)
			add_reason(&workers, "its parallel workers use more", name);
	}
	print_reasons(file, "Skipped", skipped);
	print_reasons(file, "Failed during the run, so the numbers are partial", failed);
	print_reasons(file, "Not known how many buffers are touched", no_buffers);
	print_reasons(file, "Not known which rows are reachable", no_reach);
	print_reasons(file, "CPU time of the leading process alone", workers);
	if (run->cpu_unknown != NULL)
		fprintf(file, "The server's CPU time is not known: %s\n\n", run->cpu_unknown);
}

static void
print_legend(FILE *file, const Run *run)
{
	bool		reach = false;
	bool		buffers = false;

	for (int i = 0; i < run->nresults; i++)
	{
		reach |= !isnan(run->results[i].reach);
		buffers |= run->results[i].explained > 0;
	}

	fputs(run->options->rate > 0 ?
		  "ms: response time of a call, from when it was due by the schedule (open loop)\n" :
		  "ms: what a client waits for a call, one after another (closed loop)\n", file);
	if (run->options->rate > 0)
		fputs("service: from when it was sent; lag: how long after it was due that was;\n"
			  "not sent: calls that the turn of the contender left no time for\n", file);
	if (run->options->limit_ms > 0)
		fprintf(file, "late: calls that took longer than %g ms; skipped: not made, since late already\n",
				run->options->limit_ms);
	fputs("picks/s: calls that gave all rows asked for, of all clients together\n"
		  "-: not known, or takes more calls\n"
		  "x key: times what primary-key takes, with the interval that holds it in 95 of 100\n"
		  "cases, from comparing the two in each round\n"
		  "short: calls that gave fewer rows than asked for\n", file);
	if (run->cpu_unknown == NULL)
		fputs("CPU us: of the server's process a call, user and system, in microseconds\n", file);
	if (buffers)
		fputs("buffers: shared ones touched a call, hit or read; temp: written to temporary files;\n"
			  "workers: parallel ones a call\n", file);
	if (reach)
		fprintf(file,
				"reachable: share of the matching rows that came back in up to %d picks a row, on a\n"
				"copy of some pages of the table; below 100 %% there are rows that never come back\n",
				(int) Max(PICKS_PER_ROW, run->options->check));
	if (run->options->check > 0)
		fputs("p: how often chance alone makes the counts of these picks differ as much, by rows,\n"
			  "pages, places in the page and the pages of two rows of a call; near 0: not random\n", file);
}

/* One run. */
void
report_text(FILE *file, const Run *run, bool markdown, const Baseline *baseline)
{
	if (markdown)
		fputs("```\n", file);
	print_header(file, run);
	fputs(markdown ? "```\n\n" : "\n", file);

	for (int number = 0; number < TABLE_COUNT; number++)
	{
		if (table_applies(number, run->options))
			print_table(file, run, number, markdown);
	}
	if (baseline != NULL)
		print_changes(file, run, baseline, markdown);

	if (markdown)
		fputs("```\n", file);
	print_notes(file, run);
	print_legend(file, run);
	if (markdown)
		fputs("```\n", file);
}

/* Several runs, on tables of different sizes: how the cost grows. */
void
report_text_sweep(FILE *file, const Run *runs, int nruns, bool markdown)
{
	if (nruns == 0)
		return;
	if (markdown)
		fputs("```\n", file);
	print_header(file, &runs[nruns - 1]);
	fputs(markdown ? "```\n\n" : "\n", file);
	for (int c = 0; c < ncolumns; c++)
	{
		if (columns[c].flags & COLUMN_SWEEP)
			print_sweep(file, runs, nruns, &columns[c], markdown);
	}
	if (markdown)
		fputs("```\n", file);
	print_notes(file, &runs[nruns - 1]);
	print_legend(file, &runs[nruns - 1]);
	if (markdown)
		fputs("```\n", file);
}
