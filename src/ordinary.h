/*
 * ordinary.h
 *	  PostgreSQL's own plan beside a race, for when the number of rows is known.
 */
#ifndef RANDPICK_ORDINARY_H
#define RANDPICK_ORDINARY_H

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

/*
 * Returns the sort of all rows that these races are over, the paths of members or
 * one path, with the columns of the input.
 */
extern Path *randpick_sort_path(PlannerInfo *root, RelOptInfo *input,
								RelOptInfo *ordered, List *races);

/*
 * Puts that beside a race if LIMIT is not known yet.  The target list is that of
 * the race's node: the final one only if the node projects by itself.
 */
extern void randpick_add_ordinary_path(PlannerInfo *root, RelOptInfo *input,
									   RelOptInfo *ordered, CustomPath *race,
									   List *races, PathTarget *target);

/* The same for the race over a table that is among the paths of the result. */
extern void randpick_add_ordinary_paths(PlannerInfo *root, RelOptInfo *input,
										RelOptInfo *ordered);

/* Returns the plan that stands beside a race, or NULL. */
extern Plan *randpick_ordinary_plan(const CustomScan *scan);

/* Embedded in a node's state; zeroed before use. */
typedef struct RandpickOrdinary
{
	PlanState  *state;			/* NULL until it is needed */
	bool		is_used;		/* by the present execution, in the race's place? */
	Relation	relation;		/* the node's, meanwhile */
	TupleTableSlot *slot;		/* for its rows */
} RandpickOrdinary;

/*
 * Uses the ordinary plan of a node, if it has one, for so many rows, 0 if that is
 * not known.  False if it has none.
 */
extern bool randpick_use_ordinary(RandpickOrdinary *ordinary, CustomScanState *css,
								  uint64 wanted, int eflags);

/* Makes the plan ready, for EXPLAIN. */
extern void randpick_init_ordinary(RandpickOrdinary *ordinary,
								   CustomScanState *css, int eflags);

/* Returns the next row of a plan that is used, as the node does. */
extern TupleTableSlot *randpick_ordinary_row(RandpickOrdinary *ordinary,
											 CustomScanState *css);

/*
 * ReScan: if the node replays, the same rows come again; else the plan is not used
 * any more.
 */
extern void randpick_rescan_ordinary(RandpickOrdinary *ordinary,
									 CustomScanState *css, bool replays);

#endif							/* RANDPICK_ORDINARY_H */
