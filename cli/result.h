/*-------------------------------------------------------------------------
 *
 * result.h
 *	  what was found out about a contender
 *
 *-------------------------------------------------------------------------
 */
#ifndef RESULT_H
#define RESULT_H

#include "chi_square.h"
#include "lineup.h"
#include "tally.h"

/* A mean or a ratio, with the interval that holds it in 95 cases of 100. */
typedef struct Figure
{
	double		value;			/* NAN if it is not known, ... */
	double		low;			/* ... and these, if there is too little */
	double		high;			/* to tell them from */
} Figure;

/* What came from one place in the page, of all pages that were tried. */
typedef struct Place
{
	double		rows;			/* that stand there and meet the filter */
	double		picks;			/* how often one of them came */
} Place;

/*
 * How one contender fared.  Every number is a double, and NAN when it is not
 * known, so that whoever reports it needs to know nothing but its place here.
 */
typedef struct Result
{
	const Contender *contender;
	char	   *sql;			/* what a pick sends, or NULL if skipped */
	char	   *skipped;		/* why it did not run, or NULL */
	char	   *error;			/* what ended it in mid-run, or NULL */
	bool		lost;			/* was that the loss of a connection? */

	/* of the timed calls; latencies are in milliseconds */
	double		calls;
	double		rate;			/* full calls a second, all clients together */
	double		short_share;	/* of calls that gave fewer rows than asked */
	double		mean;
	double		p50;
	double		p90;
	double		p99;
	double		p999;
	double		max;
	Figure		time_ratio;		/* to the primary-key lookup */

	/* of calls on a schedule, or with a limit */
	double		service_p50;
	double		service_p99;
	double		lag_p50;
	double		lag_p99;
	double		late;			/* calls that took longer than the limit */
	double		skipped_calls;	/* calls not made: late already, ... */
	double		unsent_calls;	/* ... or without time left for them */

	/* of the server */
	double		cpu;			/* microseconds a call */
	Figure		cpu_ratio;		/* to the primary-key lookup */
	Figure		buffers;		/* shared ones touched a call: hit + read */
	double		buffers_hit;
	double		buffers_read;
	double		temp_bytes;		/* written to temporary files a call */
	double		workers;		/* parallel workers a call */
	double		explained;		/* calls that these five are of */
	char	   *buffers_unknown;	/* why they are not known, if they should be */

	/* which rows can come back */
	double		reach;			/* share of the rows tried */
	double		reach_rows;		/* how many were tried */
	Place	   *places;			/* by line pointer number, from 0, or NULL */
	int			nplaces;
	char	   *reach_unknown;	/* why it is not known, if it should be */

	/* with --check: is chance enough to explain how often rows came? */
	ChiSquare	by_row;
	ChiSquare	by_page;
	ChiSquare	by_place;		/* in the page */
	ChiSquare	by_pair;		/* of the first two rows of a call */
	double		check_picks;	/* rows that were picked for it */

	/* what all this was made of */
	Tally		tally;			/* of all clients; its samples are sorted */
} Result;

extern Result *results_create(const Lineup *lineup);
extern void results_free(Result *results, int count);
extern void results_summarize(Result *results, int count);

#endif							/* RESULT_H */
