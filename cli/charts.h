/*-------------------------------------------------------------------------
 *
 * charts.h
 *	  the charts of the report, as data
 *
 *-------------------------------------------------------------------------
 */
#ifndef CHARTS_H
#define CHARTS_H

#include "pqexpbuffer.h"
#include "run.h"

typedef struct Chart
{
	const char *title;
	const char *reading;		/* how to read it */

	/* write a script for gnuplot; false: there is nothing to draw */
	bool		(*draw) (PQExpBuffer script, const Run *runs, int nruns);
} Chart;

extern const Chart charts[];
extern const int ncharts;

#endif							/* CHARTS_H */
