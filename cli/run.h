/*-------------------------------------------------------------------------
 *
 * run.h
 *	  all contenders on one table: what was measured, and on what
 *
 *-------------------------------------------------------------------------
 */
#ifndef RUN_H
#define RUN_H

#include <time.h>

#include "result.h"
#include "target.h"

/* All that a report is made of.  Reporting only reads it. */
typedef struct Run
{
	const Options *options;
	Target		target;			/* the table */
	Result	   *results;		/* one for each contender */
	int			nresults;
	time_t		started;		/* when measuring began */
	const char *cpu_unknown;	/* why the server's CPU time is not known */
	bool		interrupted;	/* results are partial */
} Run;

extern void run_measure(Run *run, const Options *options,
						const Lineup *lineup, const char *table, FILE *log);
extern bool run_has_failed(const Run *run);
extern void run_free(Run *run);

#endif							/* RUN_H */
