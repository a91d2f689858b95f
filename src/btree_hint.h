/*
 * btree_hint.h
 *	  Where in a B-tree a search ended up at last.
 */
#ifndef RANDPICK_BTREE_HINT_H
#define RANDPICK_BTREE_HINT_H

#include "access/nbtree.h"
#include "utils/relcache.h"

/*
 * The block of the index, above the leaves, that was said to have the position
 * that a key means; or InvalidBlockNumber.  It may be another position's by
 * now, or of another key, or no such page any more: look before you believe.
 */
extern BlockNumber randpick_hint_get(Relation index, BTScanInsert key);

/* Remember a block, or forget what there was (InvalidBlockNumber). */
extern void randpick_hint_set(Relation index, BTScanInsert key,
							  BlockNumber block);

#endif							/* RANDPICK_BTREE_HINT_H */
