/*-------------------------------------------------------------------------
 *
 * runner.h
 *	  running all contenders against each other
 *
 *-------------------------------------------------------------------------
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "picker.h"
#include "result.h"

typedef struct Runner Runner;

extern Runner *runner_create(const Options *options, const Target *target,
							 Result *results, int nresults, bool cpu_known);
extern Picker **runner_pickers(Runner *runner);
extern void runner_run(Runner *runner);
extern void runner_log(const Runner *runner, FILE *file, double table_rows);
extern void runner_destroy(Runner *runner);

#endif							/* RUNNER_H */
