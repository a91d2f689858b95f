/*
 * capacity.h
 *	  How many places a page has.
 */
#ifndef RANDPICK_CAPACITY_H
#define RANDPICK_CAPACITY_H

#include "access/transam.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

typedef struct RandpickCapacity
{
	int			places_a_page;

	/*
	 * A place is a visible row of a heap page; an item of a leaf page, of whose
	 * TIDs at most one is visible; or else a line pointer or a single TID.
	 */
	bool		place_is_tuple;

	/*
	 * This is so for all that snapshots see whose xmin is after this, and for
	 * what any snapshot sees if it is InvalidTransactionId.
	 */
	TransactionId since;
} RandpickCapacity;

/*
 * The capacity that the catalogs promise, of a heap page and of a leaf page of
 * one of its B-trees.  For planning: the plan goes when the catalogs change.
 */
extern RandpickCapacity randpick_heap_capacity(Relation heap);
extern RandpickCapacity randpick_leaf_capacity(Relation heap, Relation index);

/*
 * To be called for the one that is used: "since" is then complete.  Apart,
 * because it takes a look into the catalogs that the others can do without.
 */
extern void randpick_capacity_date(RandpickCapacity *capacity, Relation heap);

/* What is so for every snapshot. */
extern RandpickCapacity randpick_any_heap_capacity(void);
extern RandpickCapacity randpick_any_leaf_capacity(Relation index);

/* What was planned, if it is so for what this snapshot sees, or what always is. */
extern RandpickCapacity randpick_heap_capacity_for(Snapshot snapshot,
												   const RandpickCapacity *planned);
extern RandpickCapacity randpick_leaf_capacity_for(Snapshot snapshot,
												   const RandpickCapacity *planned,
												   Relation index);

#endif							/* RANDPICK_CAPACITY_H */

