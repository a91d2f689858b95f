/*-------------------------------------------------------------------------
 *
 * report.h
 *	  what the user gets to see
 *
 *-------------------------------------------------------------------------
 */
#ifndef REPORT_H
#define REPORT_H

#include "runner.h"

extern void report_contenders(void);
extern void report_results(const Options *options, const Target *target,
						   const Result *results, int nresults);

#endif							/* REPORT_H */
