/*-------------------------------------------------------------------------
 *
 * ratio.h
 *	  means and ratios, with intervals of confidence
 *
 *-------------------------------------------------------------------------
 */
#ifndef RATIO_H
#define RATIO_H

#include "result.h"

/* What is kept of numbers to tell their mean. */
typedef struct Moments
{
	double		sum;
	double		squares;		/* sum of their squares */
	int			count;
} Moments;

extern Figure figure_unknown(void);
extern void moments_add(Moments *moments, double number);
extern Figure moments_mean(const Moments *moments);
extern void compare_rounds(const Result *result, const Result *base,
						   Figure *time_ratio, Figure *cpu_ratio);

#endif							/* RATIO_H */
