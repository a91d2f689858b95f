/*
 * append_exec.h
 *	  The state of the node that runs a joint race, for those who work on it.
 */
#ifndef RANDPICK_APPEND_EXEC_H
#define RANDPICK_APPEND_EXEC_H

#include "append.h"
#include "deal.h"
#include "ordinary.h"
#include "prices.h"
#include "race.h"
#include "stats.h"
#include "utils/tuplestore.h"
#include "wanted.h"

typedef struct RandpickAppendMember
{
	CustomScan *plan;
	PlanState  *state;			/* NULL until it is needed */
	PlanState  *rows;			/* the ordinary plan; NULL until it is needed,
								 * and the state's own, if that was there */
	bool		has_dealt;		/* has the ordinary plan run? */
	bool		is_heap;		/* keeps its number of places */
	uint64		places;
	double		pages;			/* that they are in */
	uint64		end;			/* its places and those of all before it */
} RandpickAppendMember;

typedef struct RandpickAppendState
{
	CustomScanState css;

	/* fixed at begin */
	int			nmembers;
	RandpickAppendMember *members;
	bool		has_index;		/* may the number of places change? */
	bool		has_ordinary;	/* is there a plan beside the race? */
	RandpickPrices prices;		/* of the joint race */
	RandpickWanted asked_for;
	int			eflags;			/* for members */

	/* changes from race to race */
	bool		is_started;
	uint64		wanted;			/* rows that will be asked for, or 0 */
	uint64		kind;			/* for past.c */
	uint32		nlost;			/* races like it that were lost before it */
	bool		is_raced;		/* or dealt from the first row on? */
	RandpickStats *stats;

	/* changes from row to row */
	RandpickRace race;
	RandpickSpending spending;
	uint64		places;
	double		page_looks;		/* that the members' pages allow */
	uint64		nmet;			/* looks that found a row, returned or not */
	int			ninits;			/* members initialized in this race */
	RandpickDeal *deal;			/* NULL while racing */
	TupleTableSlot *ring;		/* for rows dealt or recorded, or NULL */
	Tuplestorestate *record;	/* rows returned, if they may be asked for
								 * again */
	bool		replaying;		/* reading the record? */
	RandpickOrdinary ordinary;	/* the plan beside the race, if there is one */
	int			epq_member;		/* the next one to read, under EvalPlanQual */

	/* for EXPLAIN, over all races */
	uint64		looks;
	uint64		misses;
	uint64		deals;
} RandpickAppendState;

/* append_exec.c: the member's state, initialized if that has not been done */
extern PlanState *randpick_append_member(RandpickAppendState *node,
										 RandpickAppendMember *member);

/* append_race.c: begin a race, if it may pay */
extern void randpick_append_start_race(RandpickAppendState *node);

/*
 * Races to the next row, and tells whose it is.  NULL when the budget is spent, or
 * there is no place.
 */
extern TupleTableSlot *randpick_append_race_on(RandpickAppendState *node, int *i);

#endif							/* RANDPICK_APPEND_EXEC_H */
