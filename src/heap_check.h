/*
 * heap_check.h
 *	  Rows of a heap, and checks of what its pages say, before it is used.
 *
 * As for a B-tree (btree_check.h): what a page says of where its tuples are and
 * how long is checked, and a HOT chain is known to end before it is followed.
 *
 * Not checked: what stands in a tuple behind its header.  A value whose length
 * leads out of the tuple is PostgreSQL's to read, in every plan.
 */
#ifndef RANDPICK_HEAP_CHECK_H
#define RANDPICK_HEAP_CHECK_H

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

/* Raise an error about a tuple. */
extern void randpick_report_tuple(Relation rel, BlockNumber block,
								  OffsetNumber offset);

/* True if a normal line pointer leads to a place in the page for a tuple. */
static inline bool
randpick_tuple_fits(ItemId lp)
{
	return ItemIdGetOffset(lp) == MAXALIGN(ItemIdGetOffset(lp)) &&
		ItemIdGetOffset(lp) + ItemIdGetLength(lp) <= BLCKSZ &&
		ItemIdGetLength(lp) >= SizeofHeapTupleHeader;
}

/* True if the header of a tuple lies in the tuple. */
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

/*
 * Fetch the row of an index entry by its TID, as table_index_fetch_tuple() does
 * for a snapshot that sees one version of a row at most; the TID becomes that
 * version's.  The buffer keeps the page pinned for the next call, and may be
 * invalid; the caller releases it.
 */
extern bool randpick_fetch_row(Relation rel, Buffer *buffer, ItemPointer tid,
							   Snapshot snapshot, TupleTableSlot *slot);

#endif							/* RANDPICK_HEAP_CHECK_H */
