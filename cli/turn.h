/*-------------------------------------------------------------------------
 *
 * turn.h
 *	  one turn of a contender
 *
 *-------------------------------------------------------------------------
 */
#ifndef TURN_H
#define TURN_H

#include "lane.h"

typedef struct TurnPlan
{
	int64		slice_ns;		/* how long it is */
	int			round;			/* which one it is in */
	int64		max_total;		/* as in Phase */
	bool		cpu_known;		/* can the server's CPU time be read? */
	int64		interval_ns;
	int64		limit_ns;
} TurnPlan;

extern void turn_take(Lane **lanes, int nlanes, const TurnPlan *plan);

#endif							/* TURN_H */
