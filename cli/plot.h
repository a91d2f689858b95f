/*-------------------------------------------------------------------------
 *
 * plot.h
 *	  drawing by gnuplot
 *
 *-------------------------------------------------------------------------
 */
#ifndef PLOT_H
#define PLOT_H

#include "pqexpbuffer.h"

/* The colour of what is there for comparison; the page decides which it is. */
#define PLOT_GRID	"#030201"

extern void plot_check(void);
extern void plot_begin(PQExpBuffer script, int height);
extern void plot_string(PQExpBuffer script, const char *string);
extern char *plot_svg(const char *script);

#endif							/* PLOT_H */
