/*
 * btree_position.h
 *	  Where a position is in a B-tree: before which item of a page, or beyond it.
 */
#ifndef RANDPICK_BTREE_POSITION_H
#define RANDPICK_BTREE_POSITION_H

#include "access/nbtree.h"

/*
 * The page of each of these has been checked.  Its block number serves error
 * messages.
 */

/* Is the position that a key means on a later page than this one? */
extern bool randpick_is_past_page(Relation index, BTScanInsert key,
								  Page page, BlockNumber block);

/* The first item that is past a key: its position. */
extern OffsetNumber randpick_find_position(Relation index, BTScanInsert key,
										   Page page, BlockNumber block);

/*
 * Is it certain, for what a page above the leaves has in it, that a position is
 * not to the left of it?
 */
extern bool randpick_page_has_position(Relation index, BTScanInsert key,
									   Page page, BlockNumber block);

/*
 * How the end of a page compares with the separator of a logical child (see
 * btree_run.c): below 0 if the page to its right still belongs to the child, 0 if
 * it is the last one, above 0 if it is itself beyond.
 */
extern int	randpick_compare_end(Relation index, IndexTuple separator,
								 Page page, BlockNumber block);

#endif							/* RANDPICK_BTREE_POSITION_H */
