/*
 * merge.h
 *	  The rows that the members of a joint race deal, merged by their keys.
 */
#ifndef RANDPICK_MERGE_H
#define RANDPICK_MERGE_H

#include "nodes/execnodes.h"

typedef struct RandpickMerge RandpickMerge;

/*
 * A merge of members, none of which has been read yet; the array becomes its own.
 * Allocated in the current memory context.  Keys fall, if they are descending.
 */
extern RandpickMerge *randpick_merge_create(PlanState **members, int nmembers,
											bool descending);
extern void randpick_merge_free(RandpickMerge *merge);

/* Have a row of each member, at first and after all of them were rescanned. */
extern void randpick_merge_fill(RandpickMerge *merge);

/*
 * The next row, good until the one after it is asked for, and the number of its
 * member.  NULL after the last.
 */
extern TupleTableSlot *randpick_merge_next(RandpickMerge *merge, int *member);

#endif							/* RANDPICK_MERGE_H */
