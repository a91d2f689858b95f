/*
 * conditions.h
 *	  Which conditions of a filter an index can answer.
 */
#ifndef RANDPICK_CONDITIONS_H
#define RANDPICK_CONDITIONS_H

#include "access/itup.h"
#include "access/skey.h"
#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

/*
 * When planning: what a B-tree can answer of a filter, in the order of its
 * columns.  Each condition is "column operator value", a test for NULL, or, at
 * most once, "column = ANY (array)".
 */
typedef struct RandpickConditions
{
	List	   *clauses;		/* expressions of the table's columns */
	List	   *columns;		/* of each the index's column, from 0 */

	/* for costs */
	double		nranges;		/* of the index, that they select */
	Selectivity range_selectivity;	/* of those that make the ranges */
	Selectivity rest_selectivity;	/* of the others, in the ranges */
	Selectivity entry_selectivity;	/* of those that entries can be tested for */
} RandpickConditions;

extern RandpickConditions randpick_index_conditions(PlannerInfo *root,
													RelOptInfo *rel,
													IndexOptInfo *index);

/* When running: conditions as scan keys, some with values yet to come. */
typedef struct RandpickKeys
{
	ScanKey		keys;
	int			nkeys;
	IndexRuntimeKeyInfo *runtime_keys;
	int			nruntime_keys;
	ExprContext *econtext;		/* holds the values; NULL if all are known */
} RandpickKeys;

/*
 * Make the keys of conditions for a scan of an open index.  In the current
 * memory context, which must live as long as the scan.
 */
extern void randpick_keys_build(RandpickKeys *keys, PlanState *ps,
								Relation index, List *clauses, List *columns);

/* Compute their values, which are good until this is called again. */
extern void randpick_keys_compute(RandpickKeys *keys);

/* The last column that has a key, if it comes after this one; else 0. */
static inline AttrNumber
randpick_keys_last_column(const RandpickKeys *keys, AttrNumber after)
{
	/* they come in the order of the columns */
	AttrNumber	last = keys->nkeys > 0 ? keys->keys[keys->nkeys - 1].sk_attno : 0;

	return last > after ? last : 0;
}

/*
 * Does an entry of the index meet all keys on columns after this one?  It is
 * not tested for those with an array.  Its columns up to the last key's must
 * have been checked.
 */
extern bool randpick_keys_are_met(const RandpickKeys *keys, Relation index,
								  IndexTuple entry, AttrNumber after);

#endif							/* RANDPICK_CONDITIONS_H */
