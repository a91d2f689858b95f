/*-------------------------------------------------------------------------
 *
 * report_csv.c
 *	  the results as a table for programs: CSV, as of RFC 4180
 *
 * A line for each contender, of each table if there are several.  What is not
 * known is empty.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "columns.h"
#include "report.h"

/* A string as a field.  NULL is an empty one. */
void
csv_string(FILE *file, const char *string)
{
	if (string == NULL)
		return;
	if (strpbrk(string, ",\"\r\n") == NULL)
	{
		fputs(string, file);
		return;
	}
	putc('"', file);
	for (; *string != '\0'; string++)
	{
		if (*string == '"')
			putc('"', file);
		putc(*string, file);
	}
	putc('"', file);
}

static void
print_number(FILE *file, double number)
{
	putc(',', file);
	if (!isnan(number))
		fprintf(file, "%.9g", number);
}

static void
print_head(FILE *file)
{
	fputs("table_rows,contender", file);
	for (int c = 0; c < ncolumns; c++)
	{
		fprintf(file, ",%s", columns[c].id);
		if (columns[c].flags & COLUMN_INTERVAL)
			fprintf(file, ",%s_low,%s_high", columns[c].id, columns[c].id);
	}
	fputs(",skipped,error\n", file);
}

static void
print_result(FILE *file, const Run *run, const Result *result)
{
	fprintf(file, "%.0f,", run->target.rows);
	csv_string(file, result->contender->name);
	for (int c = 0; c < ncolumns; c++)
	{
		print_number(file, column_value(&columns[c], result));
		if (columns[c].flags & COLUMN_INTERVAL)
		{
			print_number(file, column_figure(&columns[c], result)->low);
			print_number(file, column_figure(&columns[c], result)->high);
		}
	}
	putc(',', file);
	csv_string(file, result->skipped);
	putc(',', file);
	csv_string(file, result->error);
	putc('\n', file);
}

void
report_csv(FILE *file, const Run *runs, int nruns)
{
	print_head(file);
	for (int r = 0; r < nruns; r++)
	{
		for (int i = 0; i < runs[r].nresults; i++)
			print_result(file, &runs[r], &runs[r].results[i]);
	}
}
