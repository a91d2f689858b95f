/*
 * limit.h
 *	  How many rows a query will read, known or not.
 */
#ifndef RANDPICK_LIMIT_H
#define RANDPICK_LIMIT_H

#include "nodes/pathnodes.h"

/* How many of so many rows in random order will the query read? */
extern double randpick_rows_wanted(PlannerInfo *root, double rows);

/*
 * At how many of so many rows will the planner interpolate the costs of a path?
 * These are as many as are wanted, unless it is taken by surprise.
 */
extern double randpick_rows_counted(PlannerInfo *root, double rows);

/* Is there a LIMIT, and the end of what it lets through not known? */
extern bool randpick_is_limit_unknown(PlannerInfo *root);

/*
 * The expressions of LIMIT and OFFSET, each of which may be NULL, for whoever
 * wants to know them when the query runs (wanted.c).  NIL if there is no LIMIT,
 * or if its value then is nobody else's matter.
 */
extern List *randpick_limit_exprs(PlannerInfo *root);

/*
 * When all paths of a query are there: has a race below a LIMIT cost what the plan
 * cache must know of it, if something is not known.
 */
extern void randpick_cost_unknown(PlannerInfo *root, RelOptInfo *final);

#endif							/* RANDPICK_LIMIT_H */
