/*
 * btree_hint.h
 *	  What is remembered of a B-tree from one query to the next.
 */
#ifndef RANDPICK_BTREE_HINT_H
#define RANDPICK_BTREE_HINT_H

#include "access/nbtree.h"
#include "storage/buf.h"
#include "utils/relcache.h"

/*
 * Return the page above the leaves, share-locked, that was said to have the
 * position where a range starts, if the page itself shows that the position is
 * in it or to its right.  Else an invalid buffer, and the hint is forgotten.
 * The end of the range may be NULL.
 */
extern Buffer randpick_hint_lock_page(Relation index, BTScanInsert start,
									  BTScanInsert end);

/* Remember a block, or forget what there was (InvalidBlockNumber). */
extern void randpick_hint_set(Relation index, BTScanInsert start,
							  BTScanInsert end, BlockNumber block);

/*
 * How many blocks the file of the index has, or had when that was asked last:
 * never more than there are.
 */
extern BlockNumber randpick_index_nblocks_known(Relation index);

#endif							/* RANDPICK_BTREE_HINT_H */
