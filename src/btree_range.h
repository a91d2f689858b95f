/*
 * btree_range.h
 *	  Which contiguous part of a B-tree the conditions on its columns select.
 */
#ifndef RANDPICK_BTREE_RANGE_H
#define RANDPICK_BTREE_RANGE_H

#include "access/nbtree.h"
#include "access/skey.h"

/*
 * A range, in the order of the index.  Either end is a position: before the
 * first entry that is past the key.  A key of no columns is no end at all.
 */
typedef struct RandpickRange
{
	bool		is_empty;		/* nothing can be in it; the keys are not set */
	AttrNumber	last_column;	/* keys on columns after it are not used */
	BTScanInsertData start;
	BTScanInsertData end;
} RandpickRange;

/*
 * The smallest range that is certain to hold every entry that meets all keys.
 * The keys are those of an index scan, with their values; the values must live
 * as long as the range.  False if no key gives the range an end.
 */
extern bool randpick_range_from_keys(RandpickRange *range, Relation index,
									 ScanKey keys, int nkeys);

#endif							/* RANDPICK_BTREE_RANGE_H */
