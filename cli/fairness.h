/*-------------------------------------------------------------------------
 *
 * fairness.h
 *	  which rows a contender returns, and how often
 *
 *-------------------------------------------------------------------------
 */
#ifndef FAIRNESS_H
#define FAIRNESS_H

#include "picker.h"
#include "result.h"

/* Rows picked for each row, which do for it to have come if it can. */
#define PICKS_PER_ROW	20

/* Below this, chance is no explanation; see fairness.c. */
#define ALARM_P			1e-12

extern void fairness_measure(Result *result, const Target *target,
							 const Options *options);
extern bool fairness_alarm(const Result *result);

#endif							/* FAIRNESS_H */
