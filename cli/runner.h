/*-------------------------------------------------------------------------
 *
 * runner.h
 *	  running all contenders against each other
 *
 *-------------------------------------------------------------------------
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "reach.h"
#include "stats.h"

/* How one contender fared. */
typedef struct Result
{
	const Contender *contender;
	char	   *skipped;		/* why it did not run, or NULL */
	char	   *error;			/* what ended it in mid-run, or NULL */
	Samples		samples;		/* of all clients, sorted */
	int64		rows;			/* calls that gave a row */
	double		rate;			/* rows a second, all clients together */
	Reach		reach;			/* which rows it can return */
} Result;

typedef struct Runner Runner;

extern Runner *runner_create(const Options *options, const Target *target,
							 Result *results, int nresults);
extern void runner_run(Runner *runner);
extern void runner_destroy(Runner *runner);

#endif							/* RUNNER_H */
