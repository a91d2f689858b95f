/*-------------------------------------------------------------------------
 *
 * report_html.c
 *	  the results as a page with charts, to be sent around
 *
 * The page stands by itself: no file, server or program but a browser is needed
 * to see it, and its policy forbids to ask for any.  It follows the reader's
 * choice of light or dark, and can be printed.  The charts come first, each with
 * a line on how to read it, and the numbers that they are made of below.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"

#include "charts.h"
#include "columns.h"
#include "plot.h"
#include "report.h"

static const char head[] =
"<!DOCTYPE html>\n"
"<html lang=\"en\">\n"
"<head>\n"
"<meta charset=\"utf-8\">\n"
"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
"<title>randpick-bench</title>\n"
"<style>\n"
":root { color-scheme: light dark; --ground: #ffffff; --ink: #1c2128; --grid: #d5dae1; --soft: #5b6472; }\n"
"@media (prefers-color-scheme: dark) { :root { --ground: #15191f; --ink: #e4e8ee; --grid: #3a424d; --soft: #9aa4b2; } }\n"
"@media print { :root { color-scheme: light; --ground: #ffffff; --ink: #000000; --grid: #cccccc; --soft: #444444; } }\n"
"body { margin: 2rem auto; padding: 0 1rem; max-width: 60rem; background: var(--ground); color: var(--ink);"
" font: 16px/1.5 system-ui, sans-serif; }\n"
"h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 0.3rem; }\n"
"section { break-inside: avoid; } p { margin: 0 0 0.8rem; max-width: 45rem; }\n"
".soft { color: var(--soft); } svg { width: 100%; min-width: 38rem; height: auto; }\n"
".scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.8rem; margin-bottom: 1rem; }\n"
"th, td { padding: 0.15rem 0.6rem; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }\n"
"th:first-child, td:first-child { text-align: left; }\n"
"@media print { body { margin: 0; } .scroll { overflow: visible; } table { font-size: 0.62rem; }"
" th, td { padding: 0.1rem 0.3rem; } h2 { break-after: avoid; } tr { break-inside: avoid; }"
" svg { max-height: 185mm; } code { white-space: normal; } }\n"
"i.floor { color: #8a8f98; } i.exact { color: #2f86d1; } i.other { color: #d9701e; } i { font-style: normal; }\n"
"</style>\n"
"</head>\n"
"<body>\n"
"<h1>Ways of picking a random row</h1>\n";

static void
print_escaped(FILE *file, const char *string)
{
	for (; *string != '\0'; string++)
	{
		switch (*string)
		{
			case '&':
				fputs("&amp;", file);
				break;
			case '<':
				fputs("&lt;", file);
				break;
			case '>':
				fputs("&gt;", file);
				break;
			default:
				putc(*string, file);
		}
	}
}

/* What was measured, and on what. */
static void
print_subject(FILE *file, const Run *run)
{
	const Target *target = &run->target;
	const Options *options = run->options;
	char	   *rows = count_text(target->rows);
	char		started[32];

	strftime(started, sizeof(started), "%Y-%m-%d %H:%M UTC", gmtime(&run->started));
	fprintf(file, "<p>%s%s rows of table ", target->counted ? "" : "About ", rows);
	print_escaped(file, target->name);
	if (target->filter != NULL)
	{
		char	   *matching = count_text(target->matching);

		fprintf(file, ", of which %s meet the filter ", matching);
		print_escaped(file, target->filter);
		pg_free(matching);
	}
	fputs("; PostgreSQL ", file);
	print_escaped(file, target->server_version);
	fprintf(file, "; %d row%s a pick, %d client%s, %s protocol, seed " UINT64_FORMAT "; %s.%s</p>\n",
			options->rows, options->rows == 1 ? "" : "s",
			options->clients, options->clients == 1 ? "" : "s",
			protocol_names[options->protocol], options->seed, started,
			run->interrupted ? " It was interrupted, so the numbers are partial." : "");
	fputs("<p class=\"soft\"><i class=\"exact\">Blue</i> ways claim that every row is equally likely, "
		  "<i class=\"other\">orange</i> ones do not; <i class=\"floor\">grey</i> is what cannot be done faster, "
		  "for comparison.</p>\n", file);
	pg_free(rows);
}

/* Returns false if the chart cannot be drawn. */
static bool
print_chart(FILE *file, const Chart *chart, const Run *runs, int nruns)
{
	PQExpBufferData script;
	char	   *svg = NULL;
	bool		wanted;

	initPQExpBuffer(&script);
	wanted = chart->draw(&script, runs, nruns);
	if (wanted)
		svg = plot_svg(script.data);
	if (svg != NULL)
		fprintf(file, "<section>\n<h2>%s</h2>\n<p class=\"soft\">%s</p>\n<div class=\"scroll\">%s</div>\n</section>\n",
				chart->title, chart->reading, svg);
	termPQExpBuffer(&script);
	pg_free(svg);
	return !wanted || svg != NULL;
}

/* One of the tables of a run. */
static void
print_table(FILE *file, const Run *run, TableNumber number)
{
	fputs("<div class=\"scroll\"><table>\n<tr><th>contender</th>", file);
	for (int c = 0; c < ncolumns; c++)
	{
		if (columns[c].table == number)
			fprintf(file, "<th>%s</th>", columns[c].title);
	}
	fputs("</tr>\n", file);
	for (int i = 0; i < run->nresults; i++)
	{
		const Result *result = &run->results[i];

		if (result->skipped != NULL)
			continue;
		fputs("<tr><td>", file);
		print_escaped(file, result->contender->name);
		fputs("</td>", file);
		for (int c = 0; c < ncolumns; c++)
		{
			char	   *text;

			if (columns[c].table != number)
				continue;
			text = column_text(&columns[c], result);
			fputs("<td>", file);
			print_escaped(file, text);
			fputs("</td>", file);
			pg_free(text);
		}
		fputs("</tr>\n", file);
	}
	fputs("</table></div>\n", file);
}

static void
print_statements(FILE *file, const Run *run)
{
	fputs("<section>\n<h2>What they send</h2>\n<div class=\"scroll\"><table>\n", file);
	for (int i = 0; i < run->nresults; i++)
	{
		const Result *result = &run->results[i];
		const char *error = result->error ? result->error : result->skipped;

		fputs("<tr><td>", file);
		print_escaped(file, result->contender->name);
		fputs("</td><td style=\"text-align: left\">", file);
		if (result->sql != NULL)
		{
			fputs("<code>", file);
			print_escaped(file, result->sql);
			fputs("</code>", file);
		}
		if (error != NULL)
		{
			fputs(result->error ? " failed: " : "skipped: ", file);
			print_escaped(file, error);
		}
		fputs("</td></tr>\n", file);
	}
	fputs("</table></div>\n</section>\n", file);
}

/* The whole page.  Returns false, having said so, if a chart cannot be drawn. */
bool
report_html(FILE *file, const Run *runs, int nruns)
{
	bool		drawn = true;

	fputs(head, file);
	print_subject(file, &runs[nruns - 1]);
	for (int i = 0; i < ncharts; i++)
		drawn = print_chart(file, &charts[i], runs, nruns) && drawn;
	for (int r = 0; r < nruns; r++)
	{
		char	   *rows = count_text(runs[r].target.rows);

		fprintf(file, "<h2>Numbers, on %s rows</h2>\n"
				"<p class=\"soft\">x key: times what primary-key takes, with the interval that holds it in 95 of 100 cases; "
				"short: calls that gave fewer rows than asked for; p: how often chance alone makes counts differ as much; "
				"-: not known.</p>\n", rows);
		for (int number = 0; number < TABLE_COUNT; number++)
		{
			if (table_applies(number, runs[r].options))
				print_table(file, &runs[r], number);
		}
		pg_free(rows);
	}
	print_statements(file, &runs[nruns - 1]);
	fputs("<p class=\"soft\">Made by randpick-bench " RANDPICK_VERSION ".</p>\n</body>\n</html>\n", file);
	if (!drawn)
		pg_log_error("could not draw all charts");
	return drawn;
}
