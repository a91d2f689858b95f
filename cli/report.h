/*-------------------------------------------------------------------------
 *
 * report.h
 *	  what the user gets to see
 *
 *-------------------------------------------------------------------------
 */
#ifndef REPORT_H
#define REPORT_H

#include <time.h>

#include "reach.h"

#define JSON_SCHEMA_VERSION	1

/* All that a report is made of.  Reporting only reads it. */
typedef struct Run
{
	const Options *options;
	const Target *target;
	const Result *results;
	int			nresults;
	time_t		started;		/* when measuring began */
	const char *cpu_unknown;	/* why the server's CPU time is not known */
	bool		interrupted;	/* results are partial */
} Run;

/* report.c */
extern FILE *report_open(const Options *options);
extern void report_contenders(void);
extern void report_run(FILE *file, const Run *run);

/* report_text.c */
extern void report_text(FILE *file, const Run *run, bool markdown);

/* report_csv.c */
extern void report_csv(FILE *file, const Run *run);

/* report_json.c */
extern void report_json(FILE *file, const Run *run);

#endif							/* REPORT_H */
