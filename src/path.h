/*
 * path.h
 *	  What every path of the scan node is made of.
 */
#ifndef RANDPICK_PATH_H
#define RANDPICK_PATH_H

#include "cost.h"
#include "nodes/pathnodes.h"
#include "randpick.h"

/* A target list of ctid and nothing else: all that a deal asks for. */
extern PathTarget *randpick_tid_target(PlannerInfo *root, RelOptInfo *rel);

/*
 * The cheapest of the relation's ordinary paths, in a copy that returns TIDs, or
 * entries of an index.  NULL if it has none: then another extension reads the
 * relation in a way of its own, and it is not for us.  The path as it was, in
 * another copy, goes to *scan, unless that is NULL.
 */
extern Path *randpick_deal_path(PlannerInfo *root, RelOptInfo *rel, Path **scan);

/*
 * The race for the rows of a relation in the order that the query wants, fit for
 * a joint race if it is a member of an append; NULL if it is not one of ours.
 * Not added to the relation's paths.
 */
extern CustomPath *randpick_ordered_path(PlannerInfo *root, RelOptInfo *rel,
										 RangeTblEntry *rte);

/*
 * A race that the path deal finishes, still without path keys, rows and costs.
 * The path scan has the same rows with their columns, or is NULL.
 */
extern CustomPath *randpick_race_path(RelOptInfo *rel,
									  const RandpickMatch *match,
									  const RandpickRaceCost *cost, Path *deal,
									  Path *scan);

#endif							/* RANDPICK_PATH_H */
