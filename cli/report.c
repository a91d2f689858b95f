/*-------------------------------------------------------------------------
 *
 * report.c
 *	  what the user gets to see
 *
 * Everything that goes to standard output comes from here, --help aside.  It
 * is made to be pasted, so it says by itself what was measured, on what, and
 * how it is to be read.  All times are in milliseconds, for the eye to compare
 * them down the column.
 *
 * What cannot be known is not printed as a number: "-" is what does not apply
 * or takes more calls, "?" is what could not be measured, for the reason given
 * below the table.  A share that is not quite 0 or 100 % is never rounded to
 * it: that is the difference that matters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "fe_utils/print.h"
#include "pqexpbuffer.h"

#include "report.h"

#define FLOOR_NAME		"primary-key"	/* what the others are compared with */

/* A list of contenders that share a reason, and the next reason. */
typedef struct Reason
{
	const char *reason;
	PQExpBufferData names;
	struct Reason *next;
} Reason;

static const struct
{
	const char *title;
	char		align;
}			columns[] = {
	{"contender", 'l'},
	{"calls", 'r'},
	{"p50 ms", 'r'},
	{"p95 ms", 'r'},
	{"p99 ms", 'r'},
	{"picks/s", 'r'},
	{"x key", 'r'},
	{"no row", 'r'},
	{"reachable", 'r'},
};

/* A whole number with its thousands set apart. */
static char *
format_count(double number)
{
	char		digits[64];
	int			length = snprintf(digits, sizeof(digits), "%.0f", number);
	char	   *result = pg_malloc(length + length / 3 + 1);
	char	   *to = result;

	for (int i = 0; i < length; i++)
	{
		if (i > 0 && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return result;
}

static char *
format_ms(int64 ns)
{
	return ns < 0 ? pg_strdup("-") : psprintf("%.3f", ns / 1e6);
}

/* With three digits or so. */
static char *
format_ratio(double ratio)
{
	if (ratio < 0)
		return pg_strdup("-");
	if (ratio < 9.995)
		return psprintf("%.2f", ratio);
	if (ratio < 99.95)
		return psprintf("%.1f", ratio);
	return format_count(ratio);
}

/* Exactly nothing and exactly all have no decimals. */
static char *
format_share(double part, double whole)
{
	double		percent;

	if (whole <= 0)
		return pg_strdup("-");
	if (part == 0 || part == whole)
		return pg_strdup(part == 0 ? "0 %" : "100 %");
	percent = 100 * part / whole;
	if (percent < 0.1)
		return pg_strdup("<0.1 %");
	if (percent > 99.9)
		return pg_strdup(">99.9 %");
	return psprintf("%.1f %%", percent);
}

static char *
format_reach(const Result *result)
{
	if (result->reach.unknown != NULL)
		return pg_strdup("?");
	if (!result->reach.measured)
		return pg_strdup("-");
	return format_share(result->reach.seen, result->reach.rows);
}

static void
print_header(const Options *options, const Target *target)
{
	const char *about = target->counted ? "" : "about ";
	char	   *rows = format_count(target->rows);
	char	   *pages = format_count(target->pages);

	printf("server:  PostgreSQL %s\n", target->server_version);
	printf("table:   %s, %s%s rows", target->name, about, rows);
	if (target->pages > 0)
		printf(" on %s pages", pages);
	if (target->filter != NULL)
	{
		char	   *matching = format_count(target->matching);

		printf("\nfilter:  %s (%s%s rows)", target->filter, about, matching);
		pg_free(matching);
	}
	printf("\nrun:     %d client%s, %g s, prepared statements, seed " UINT64_FORMAT "\n\n",
		   options->clients, options->clients == 1 ? "" : "s",
		   options->seconds, options->seed);
	pg_free(rows);
	pg_free(pages);
}

static void
print_table(const Result *results, int nresults)
{
	printTableOpt opt = {0};
	printTableContent table;
	int64		floor_ns = -1;
	int			nrows = 0;

	for (int i = 0; i < nresults; i++)
	{
		if (strcmp(results[i].contender->name, FLOOR_NAME) == 0)
			floor_ns = samples_percentile(&results[i].samples, 50);
		if (results[i].skipped == NULL)
			nrows++;
	}

	opt.format = PRINT_ALIGNED;
	opt.border = 1;
	opt.start_table = true;
	opt.stop_table = true;
	opt.line_style = &pg_asciiformat;

	printTableInit(&table, &opt, NULL, lengthof(columns), nrows);
	for (size_t i = 0; i < lengthof(columns); i++)
		printTableAddHeader(&table, unconstify(char *, columns[i].title), false,
							columns[i].align);

	for (int i = 0; i < nresults; i++)
	{
		const Result *result = &results[i];
		const Samples *samples = &result->samples;
		int64		p50 = samples_percentile(samples, 50);
		double		ratio = p50 < 0 || floor_ns <= 0 ? -1 : (double) p50 / floor_ns;
		char	   *cells[] = {
			pg_strdup(result->contender->name),
			format_count(samples->count),
			format_ms(p50),
			format_ms(samples_percentile(samples, 95)),
			format_ms(samples_percentile(samples, 99)),
			p50 < 0 ? pg_strdup("-") : format_count(result->rate),
			format_ratio(ratio),
			format_share(samples->count - result->rows, samples->count),
			format_reach(result),
		};

		StaticAssertStmt(lengthof(cells) == lengthof(columns),
						 "a cell for each column");
		for (size_t c = 0; c < lengthof(cells); c++)
		{
			if (result->skipped == NULL)
				printTableAddCell(&table, cells[c], false, true);
			else
				pg_free(cells[c]);
		}
	}
	printTable(&table, stdout, false, NULL);
	printTableCleanup(&table);
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
print_reasons(const char *title, Reason *reasons)
{
	if (reasons == NULL)
		return;

	printf("%s:\n", title);
	while (reasons != NULL)
	{
		Reason	   *next = reasons->next;

		printf("  %s: %s\n", reasons->names.data, reasons->reason);
		termPQExpBuffer(&reasons->names);
		pg_free(reasons);
		reasons = next;
	}
	putchar('\n');
}

static void
print_notes(const Result *results, int nresults)
{
	Reason	   *skipped = NULL;
	Reason	   *failed = NULL;
	Reason	   *unknown = NULL;
	bool		reach = false;

	for (int i = 0; i < nresults; i++)
	{
		const Result *result = &results[i];
		const char *name = result->contender->name;

		add_reason(&skipped, result->skipped, name);
		add_reason(&failed, result->error, name);
		add_reason(&unknown, result->reach.unknown, name);
		reach |= result->reach.measured;
	}
	print_reasons("Skipped", skipped);
	print_reasons("Failed during the run, so the numbers are partial", failed);
	print_reasons("Not known which rows are reachable", unknown);

	puts("p50, p95, p99: of the time a call takes; x key: p50 / p50 of " FLOOR_NAME ";\n"
		 "picks/s: calls that gave a row, of all clients together; -: takes more calls");
	if (reach)
		printf("reachable: share of the matching rows that came back in up to %d picks a row, on a\n"
			   "copy of some pages of the table; below 100 %% there are rows that never come back\n",
			   REACH_PICKS_PER_ROW);
}

/* What --list asks for. */
void
report_contenders(void)
{
	for (int i = 0; i < ncontenders; i++)
		printf("%-25s %s\n", contenders[i].name, contenders[i].description);
}

/* What was measured, even if it is not all that should have been. */
void
report_results(const Options *options, const Target *target,
			   const Result *results, int nresults)
{
	print_header(options, target);
	print_table(results, nresults);
	print_notes(results, nresults);
}
