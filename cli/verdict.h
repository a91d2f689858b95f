/*-------------------------------------------------------------------------
 *
 * verdict.h
 *	  did all go well?
 *
 *-------------------------------------------------------------------------
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "baseline.h"
#include "run.h"

extern int	verdict(const Options *options, const Run *runs, int nruns,
					const Baseline *baseline);

#endif							/* VERDICT_H */
