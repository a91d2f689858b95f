/*
 * btree_hint.h
 *	  What is remembered of a B-tree from one query to the next.
 */
#ifndef RANDPICK_BTREE_HINT_H
#define RANDPICK_BTREE_HINT_H

#include "access/nbtree.h"
#include "utils/relcache.h"

/*
 * The block of the index, above the leaves, that was said to have the position
 * where a range starts; or InvalidBlockNumber.  The file has such a block.  It
 * may be another position's by now, or of another range, or no page at all:
 * look before you believe.  Either end of the range may be NULL.
 */
extern BlockNumber randpick_hint_get(Relation index, BTScanInsert start,
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
