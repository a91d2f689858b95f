/*
 * cost.h
 *	  What a race costs.
 */
#ifndef RANDPICK_COST_H
#define RANDPICK_COST_H

#include "capacity.h"
#include "conditions.h"
#include "nodes/pathnodes.h"
#include "prices.h"
#include "randpick.h"

/* A race over one source of a relation, as the planner sees it. */
typedef struct RandpickRaceCost
{
	PlannerInfo *root;
	RelOptInfo *rel;
	bool		is_member;		/* of an append: may no ring be void? */
	double		nmembers;		/* of it, or 1 */
	double		wanted;			/* rows, of all members */

	/* the source */
	RandpickMethod method;
	Oid			index;			/* or InvalidOid */
	RandpickConditions conditions;	/* that the index answers */
	RandpickCapacity capacity;	/* of its pages */
	double		pages;			/* that looks are spread over; may be 0 */
	int			levels;			/* pages of the index above those in a look */
	double		row_share;		/* share of the places of which the row is
								 * looked at */

	/* what follows from it */
	RandpickPrices prices;
	double		first_looks;	/* looks for the first row, on average */
	double		max_looks;		/* L, the budget, nothing being in memory */
} RandpickRaceCost;

/*
 * Chooses the source of which the first k rows cost least, if deal is the
 * ordinary path to all rows.  For a member of an append these are the rows of
 * all members, and only a source is chosen that can take part in a joint race.
 */
extern void randpick_choose_source(RandpickRaceCost *best, PlannerInfo *root,
								   RelOptInfo *rel, Path *deal, double k);

/* Returns about how many members there are of its append, or 1 if it is none. */
extern int	randpick_count_members(PlannerInfo *root, RelOptInfo *rel);

/* Returns what the first k rows cost, whether raced or dealt. */
extern Cost randpick_cost_of_rows(const RandpickRaceCost *cost, double k);

/* What it takes the CPU to make a member's scan ready. */
extern Cost randpick_open_race_cost(void);

/*
 * Can the planner compare the path's cost with another one?  Settings can make
 * costs so large that they are infinite, or no numbers.
 */
extern bool randpick_has_finite_cost(const Path *path);

#endif							/* RANDPICK_COST_H */
