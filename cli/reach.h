/*-------------------------------------------------------------------------
 *
 * reach.h
 *	  measuring which rows a contender can return at all
 *
 *-------------------------------------------------------------------------
 */
#ifndef REACH_H
#define REACH_H

#include "picker.h"

/* Picks a row that do for nearly every row to have come, if it can. */
#define REACH_PICKS_PER_ROW 20

typedef struct Reach
{
	bool		measured;
	int			rows;			/* rows of the copy that should come back */
	int			seen;			/* how many of them did */
	char	   *unknown;		/* why it is not measured, if it should be */
} Reach;

extern void reach_measure(Reach *reach, const Contender *contender,
						  const Target *target, const Options *options);

#endif							/* REACH_H */
