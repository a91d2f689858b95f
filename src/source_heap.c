/*
 * source_heap.c
 *	  The heap source: a place is a line pointer that a page could have.
 *
 * Every visible row stands at exactly one line pointer of one block, its own
 * TID, whether or not it is part of a HOT chain; so no chain is followed here.
 * Redirects, dead and unused line pointers and invisible versions are misses.
 * A page cannot have more than MaxHeapTuplesPerPage line pointers, whatever
 * its rows look like, so places = blocks x MaxHeapTuplesPerPage always covers
 * the table.  A bound from the width of the rows would not: line pointers of
 * deleted rows stay behind and push later rows to high numbers.
 *
 * The price is 291 / (rows per page) looks for each row found: 3 for narrow
 * rows, 291 where one row fills a page.
 *
 * The number of blocks is read once, after the snapshot was taken: blocks
 * added later hold nothing that the snapshot sees, and no block goes away
 * while the table is locked.
 *
 * As with any scan that may visit any row, a serializable transaction locks
 * the whole relation.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "compat.h"
#include "source.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"

typedef struct HeapSource
{
	RandpickSource base;
	BlockNumber nblocks;		/* as of the start of the scan */
} HeapSource;

static uint64
heap_places(RandpickSource *source)
{
	return (uint64) ((HeapSource *) source)->nblocks * MaxHeapTuplesPerPage;
}

/* A place as block and line pointer. */
static inline BlockNumber
place_block(uint64 place)
{
	return (BlockNumber) (place / MaxHeapTuplesPerPage);
}

static inline OffsetNumber
place_offset(uint64 place)
{
	return (OffsetNumber) (place % MaxHeapTuplesPerPage + 1);
}

static void
heap_prefetch(RandpickSource *source, RandpickRing *rings, int nrings)
{
	ItemId		lps[RANDPICK_MAX_AHEAD];

	for (int i = 0; i < nrings; i++)
	{
		Page		page = randpick_prefetch_page(source->rel,
												  place_block(rings[i].place),
												  &rings[i]);

		lps[i] = NULL;
		if (page != NULL)
		{
			lps[i] = PageGetItemId(page, place_offset(rings[i].place));
			randpick_prefetch_memory(lps[i]);
		}
	}

	/*
	 * By now the line pointers may have arrived, which tell where the tuples
	 * are.  What is read may be anything; but it is only an address to
	 * prefetch, which cannot fail.
	 */
	for (int i = 0; i < nrings; i++)
	{
		if (lps[i] != NULL)
			randpick_prefetch_memory((char *) BufferGetPage(rings[i].hint) +
									 ItemIdGetOffset(lps[i]));
	}
}

/*
 * The visible tuple at a line pointer, if there is one.  As heap_fetch, but
 * for a page that is already at hand.
 */
static bool
fetch_tuple(RandpickSource *source, Buffer buffer, HeapTuple tuple)
{
	Page		page = BufferGetPage(buffer);
	OffsetNumber offset = ItemPointerGetOffsetNumber(&tuple->t_self);
	ItemId		lp;
	bool		visible;

	randpick_test_for_old_snapshot(source->snapshot, source->rel, page);
	if (offset > PageGetMaxOffsetNumber(page))
		return false;
	lp = PageGetItemId(page, offset);
	if (!ItemIdIsNormal(lp))
		return false;

	tuple->t_data = (HeapTupleHeader) PageGetItem(page, lp);
	tuple->t_len = ItemIdGetLength(lp);
	tuple->t_tableOid = RelationGetRelid(source->rel);
	visible = HeapTupleSatisfiesVisibility(tuple, source->snapshot, buffer);
	HeapCheckForSerializableConflictOut(visible, source->rel, tuple, buffer,
										source->snapshot);
	return visible;
}

static RandpickLook
heap_look(RandpickSource *source, const RandpickRing *ring,
		  TupleTableSlot *slot)
{
	BufferHeapTupleTableSlot *bslot = (BufferHeapTupleTableSlot *) slot;
	HeapTuple	tuple = &bslot->base.tupdata;
	Buffer		buffer = randpick_pin_page(source->rel,
										   place_block(ring->place), ring);
	bool		visible;

	ExecClearTuple(slot);
	ItemPointerSet(&tuple->t_self, place_block(ring->place),
				   place_offset(ring->place));

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	visible = fetch_tuple(source, buffer, tuple);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);

	if (!visible)
	{
		ReleaseBuffer(buffer);
		return RANDPICK_LOOK_MISS;
	}
	ExecStorePinnedBufferHeapTuple(tuple, slot, buffer);
	return RANDPICK_LOOK_ROW;
}

static const RandpickSourceMethods heap_methods = {
	.max_ahead = RANDPICK_MAX_AHEAD,
	.places = heap_places,
	.prefetch = heap_prefetch,
	.look = heap_look,
};

/* Allocated in the current memory context, with nothing to close. */
RandpickSource *
randpick_heap_source_open(Relation rel, Snapshot snapshot)
{
	HeapSource *source = palloc0(sizeof(HeapSource));

	source->base.methods = &heap_methods;
	source->base.rel = rel;
	source->base.snapshot = snapshot;

	PredicateLockRelation(rel, snapshot);
	source->nblocks = RelationGetNumberOfBlocks(rel);
	return &source->base;
}
