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
#include "result.h"

/* Picks a row that do for nearly every row to have come, if it can. */
#define REACH_PICKS_PER_ROW 20

extern void reach_measure(Result *result, const Target *target,
						  const Options *options);

#endif							/* REACH_H */
