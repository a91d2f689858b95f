/*-------------------------------------------------------------------------
 *
 * report_csv.c
 *	  the results as a table for programs: CSV, as of RFC 4180
 *
 * A line for each contender.  What is not known is empty.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "columns.h"
#include "report.h"

static void
print_string(FILE *file, const char *string)
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
	fputs("contender", file);
	for (int c = 0; c < ncolumns; c++)
	{
		fprintf(file, ",%s", columns[c].id);
		if (columns[c].has_interval)
			fprintf(file, ",%s_low,%s_high", columns[c].id, columns[c].id);
	}
	fputs(",skipped,error\n", file);
}

void
report_csv(FILE *file, const Run *run)
{
	print_head(file);
	for (int i = 0; i < run->nresults; i++)
	{
		const Result *result = &run->results[i];

		print_string(file, result->contender->name);
		for (int c = 0; c < ncolumns; c++)
		{
			print_number(file, column_value(&columns[c], result));
			if (columns[c].has_interval)
			{
				print_number(file, column_figure(&columns[c], result)->low);
				print_number(file, column_figure(&columns[c], result)->high);
			}
		}
		putc(',', file);
		print_string(file, result->skipped);
		putc(',', file);
		print_string(file, result->error);
		putc('\n', file);
	}
}
