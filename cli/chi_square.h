/*-------------------------------------------------------------------------
 *
 * chi_square.h
 *	  do counts agree with what was to be expected?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CHI_SQUARE_H
#define CHI_SQUARE_H

typedef struct ChiSquare
{
	double		p;				/* how often chance alone makes it as large */
	double		statistic;
	double		freedom;		/* degrees of freedom */
} ChiSquare;								/* all are NAN if not known */

extern ChiSquare chi_square_unknown(void);
extern ChiSquare chi_square_impossible(void);
extern ChiSquare chi_square_test(const double *counts, const double *weights,
								 int n, double scale);

#endif							/* CHI_SQUARE_H */
