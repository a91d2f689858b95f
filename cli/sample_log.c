/*-------------------------------------------------------------------------
 *
 * sample_log.c
 *	  a file of every call that was measured
 *
 * It is for those who want other statistics than ours: CSV, a line for each
 * call, in the order in which a client made them.  It is written when all is
 * measured, so that nobody waits for a disk in between.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "report.h"
#include "sample_log.h"

/* Opened before anything is measured, to fail early; NULL if no name is given. */
FILE *
sample_log_open(const char *name)
{
	FILE	   *file;

	if (name == NULL)
		return NULL;
	file = report_open(name);
	fputs("table_rows,contender,client,latency_ns,service_ns,lag_ns\n", file);
	return file;
}

/* Write what one client's calls of a contender took. */
void
sample_log_write(FILE *file, double table_rows, const char *contender, int client,
				 const Tally *tally)
{
	bool		scheduled = tally->service.count > 0;

	for (size_t i = 0; i < tally->latency.count; i++)
	{
		fprintf(file, "%.0f,", table_rows);
		csv_string(file, contender);
		fprintf(file, ",%d," INT64_FORMAT ",", client, tally->latency.ns[i]);
		if (scheduled)
			fprintf(file, INT64_FORMAT "," INT64_FORMAT "\n",
					tally->service.ns[i], tally->lag.ns[i]);
		else
			fprintf(file, INT64_FORMAT ",\n", tally->latency.ns[i]);
	}
}
