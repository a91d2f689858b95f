/*
 * heap_check.c
 *	  Rows of a heap, and checks of what its pages say, before it is used.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "compat.h"
#include "heap_check.h"

/* Raise an error about a tuple of a table. */
void
randpick_report_tuple(Relation rel, BlockNumber block, OffsetNumber offset)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("table \"%s\" contains corrupted tuple (%u,%u)",
					RelationGetRelationName(rel), block, offset)));
}

/*
 * Check the HOT chain that begins at a line pointer of a locked page, before
 * heap_hot_search_buffer() follows it: that its tuples lie in the page, and that
 * it is not longer than the page has line pointers, so it has an end.
 */
static void
check_chain(Relation rel, Page page, BlockNumber block, OffsetNumber offset)
{
	int			nlps = PageGetMaxOffsetNumber(page);

	for (int i = 0; offset >= FirstOffsetNumber && offset <= nlps; i++)
	{
		ItemId		lp = PageGetItemId(page, offset);
		HeapTupleHeader tuple;

		if (i > nlps)
			randpick_report_tuple(rel, block, offset);
		if (ItemIdIsRedirected(lp))
		{
			offset = ItemIdGetRedirect(lp);
			continue;
		}
		if (!ItemIdIsNormal(lp))
			return;
		if (unlikely(!randpick_tuple_fits(lp)))
			randpick_report_tuple(rel, block, offset);
		tuple = (HeapTupleHeader) PageGetItem(page, lp);
		if (!HeapTupleHeaderIsHotUpdated(tuple))
			return;
		offset = ItemPointerGetOffsetNumberNoCheck(&tuple->t_ctid);
	}
}

/*
 * Fetch the row that an index entry's TID leads to, if the snapshot sees it.  The
 * row is stored in the slot, and the TID becomes its own.
 *
 * This does for one snapshot and one version what table_index_fetch_tuple() does,
 * but for the checks.  The buffer is invalid at first; it keeps the page pinned
 * for the next call, and the caller releases it in the end.
 */
bool
randpick_fetch_row(Relation rel, Buffer *buffer, ItemPointer tid,
				   Snapshot snapshot, TupleTableSlot *slot)
{
	BufferHeapTupleTableSlot *bslot = (BufferHeapTupleTableSlot *) slot;
	HeapTuple	tuple = &bslot->base.tupdata;
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(tid);
	Buffer		previous = *buffer;
	bool		found;

	/* an invalid block is P_NEW: reading it would add a page to the file */
	if (!BlockNumberIsValid(block) || !ItemPointerIsValid(tid))
		randpick_report_tuple(rel, block, ItemPointerGetOffsetNumberNoCheck(tid));
	*buffer = ReleaseAndReadBuffer(previous, rel, block);
	if (*buffer != previous)
		randpick_heap_prune(rel, *buffer);

	LockBuffer(*buffer, BUFFER_LOCK_SHARE);
	check_chain(rel, BufferGetPage(*buffer), block,
				ItemPointerGetOffsetNumber(tid));
	found = heap_hot_search_buffer(tid, rel, *buffer, snapshot, tuple, NULL,
								   true);
	LockBuffer(*buffer, BUFFER_LOCK_UNLOCK);
	if (!found)
		return false;

	tuple->t_self = *tid;
	if (unlikely(!randpick_tuple_header_fits(tuple)))
		randpick_report_tuple(rel, block, ItemPointerGetOffsetNumber(tid));
	slot->tts_tableOid = RelationGetRelid(rel);
	ExecStoreBufferHeapTuple(tuple, slot, *buffer);
	return true;
}
