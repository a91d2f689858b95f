/*
 * heap_check.h
 *	  Rows of a heap, and checks of what its pages say, before it is used.
 *
 * As for a B-tree (btree_check.h), the sources check what a page says of where its
 * tuples are and how long, and that a HOT chain ends before they follow it: a scan
 * of the table would not follow it.
 *
 * What stands in a tuple behind its header is not checked.  A value whose length
 * leads out of its tuple is read by the executor, in every plan.
 */
#ifndef RANDPICK_HEAP_CHECK_H
#define RANDPICK_HEAP_CHECK_H

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

extern void randpick_report_tuple(Relation rel, BlockNumber block,
								  OffsetNumber offset);
extern bool randpick_fetch_row(Relation rel, Buffer *buffer, ItemPointer tid,
							   Snapshot snapshot, TupleTableSlot *slot);

/* True if the tuple of a normal line pointer lies in its page. */
static inline bool
randpick_tuple_fits(ItemId lp)
{
	return ItemIdGetOffset(lp) == MAXALIGN(ItemIdGetOffset(lp)) &&
		ItemIdGetOffset(lp) + ItemIdGetLength(lp) <= BLCKSZ &&
		ItemIdGetLength(lp) >= SizeofHeapTupleHeader;
}

/* True if the header of a tuple lies in it. */
static inline bool
randpick_tuple_header_fits(HeapTuple tuple)
{
	HeapTupleHeader header = tuple->t_data;
	Size		bitmap = (header->t_infomask & HEAP_HASNULL) == 0 ? 0 :
	BITMAPLEN(HeapTupleHeaderGetNatts(header));

	return header->t_hoff == MAXALIGN(header->t_hoff) &&
		header->t_hoff >= SizeofHeapTupleHeader + bitmap &&
		header->t_hoff <= tuple->t_len;
}

#endif							/* RANDPICK_HEAP_CHECK_H */
