/*
 * cost.h
 *	  What a race costs.
 */
#ifndef RANDPICK_COST_H
#define RANDPICK_COST_H

#include "capacity.h"
#include "conditions.h"
#include "nodes/pathnodes.h"
#include "randpick.h"

/* A race over one source of a relation, as the planner sees it. */
typedef struct RandpickRaceCost
{
	PlannerInfo *root;
	RelOptInfo *rel;
	bool		is_joint;		/* may no ring be void? */

	/* the source */
	RandpickMethod method;
	Oid			index;			/* or InvalidOid */
	RandpickConditions conditions;	/* that the index answers */
	RandpickCapacity capacity;	/* of its pages */
	double		places;			/* S */
	double		pages;			/* that looks are spread over; may be 0 */
	int			levels;			/* pages of the index above those in a look */
	double		row_share;		/* share of the places of which the row is
								 * looked at */
	Cost		start_cost;		/* of what comes before the first look */

	/* what follows from it */
	double		rows;			/* M, at least 1 */
	double		first_looks;	/* looks for the first row, on average */
	double		max_looks;		/* L, the budget */
	double		looks_cap;		/* that it has when the race is run, whatever
								 * the ordinary path costs */
	Cost		deal_cost;		/* the ordinary path to all rows */
} RandpickRaceCost;

/*
 * The source of which the first k rows cost least, if the ordinary path to all
 * rows costs deal_cost.  For a joint race, only one that can take part in it.
 */
extern void randpick_choose_source(RandpickRaceCost *best, PlannerInfo *root,
								   RelOptInfo *rel, Cost deal_cost, double k,
								   bool is_joint);

/* What the first k rows cost, whether raced or dealt. */
extern Cost randpick_cost_of_rows(const RandpickRaceCost *cost, double k);

/*
 * Can the planner compare the path's cost with another one?  Settings can make
 * costs so large that they are infinite, or no numbers.
 */
extern bool randpick_has_finite_cost(const Path *path);

#endif							/* RANDPICK_COST_H */
