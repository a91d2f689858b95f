/*
 * source_heap.c
 *	  The heap source: a place is a line pointer, or a row, of a heap page.
 *
 * Every visible row stands at exactly one line pointer of one block, its own
 * TID, whether or not it is part of a HOT chain; so no chain is followed here.
 * Redirects, dead and unused line pointers and invisible versions are misses.
 *
 * How many places a page has, capacity.c knows.  If rows cannot be arbitrarily
 * small, they are fewer than a page can have line pointers, but still enough
 * for its visible rows: deleted rows leave line pointers behind and push later
 * rows to high numbers.  So in a page with more line pointers than places,
 * place number n is the n-th visible row; in all others, line pointer n.  Which
 * of the two may change between two looks, as anything may that does not
 * depend on the place that was drawn.
 *
 * The price is places / rows of a page in looks for each row found: 2 for
 * narrow rows, hundreds where one row fills a page.
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
#include "heap_check.h"
#include "source.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"

typedef struct HeapSource
{
	RandpickSource base;
	int			places_a_page;
	BlockNumber nblocks;		/* as of the start of the scan */
} HeapSource;

static uint64
heap_places(RandpickSource *source)
{
	HeapSource *heap = (HeapSource *) source;

	return (uint64) heap->nblocks * heap->places_a_page;
}

static double
heap_pages(RandpickSource *source)
{
	return ((HeapSource *) source)->nblocks;
}

/* A place as block and number in the block, from 1. */
static inline BlockNumber
place_block(HeapSource *heap, uint64 place)
{
	return (BlockNumber) (place / heap->places_a_page);
}

static inline OffsetNumber
place_number(HeapSource *heap, uint64 place)
{
	return (OffsetNumber) (place % heap->places_a_page + 1);
}

/*
 * Prefetch the tuples of line pointers that may have arrived by now.
 *
 * Nothing is pinned or locked here.  What a line pointer holds may be changing, or
 * belong to another page by now.  It is only taken for an address to prefetch,
 * which cannot fail.  This saves 3 to 9 % of a filtered pick (one row in ten or in
 * a hundred passes, a table of 9 or 178 MB in shared buffers).  A server that is
 * made for valgrind reports each access to a page that is not pinned.
 */
static void
prefetch_tuples(const RandpickRing *rings, ItemId *lps, int nrings)
{
#ifndef USE_VALGRIND
	for (int i = 0; i < nrings; i++)
	{
		if (lps[i] != NULL)
			randpick_prefetch_memory((char *) BufferGetPage(rings[i].hint) +
									 ItemIdGetOffset(lps[i]));
	}
#endif
}

static void
heap_prefetch(RandpickSource *source, RandpickRing *rings, int nrings)
{
	HeapSource *heap = (HeapSource *) source;
	ItemId		lps[RANDPICK_MAX_AHEAD];

	for (int i = 0; i < nrings; i++)
	{
		Page		page = randpick_prefetch_page(source->rel,
												  place_block(heap, rings[i].place),
												  &rings[i].hint);

		lps[i] = NULL;
		if (page != NULL)
		{
			lps[i] = PageGetItemId(page, place_number(heap, rings[i].place));
			randpick_prefetch_memory(lps[i]);
		}
	}
	prefetch_tuples(rings, lps, nrings);
}

/*
 * Is there a visible tuple at the line pointer that t_self says?  As
 * heap_fetch, but for a page that is already at hand.
 */
static bool
fetch_tuple(Relation rel, Snapshot snapshot, Buffer buffer, HeapTuple tuple)
{
	Page		page = BufferGetPage(buffer);
	ItemId		lp = PageGetItemId(page,
								   ItemPointerGetOffsetNumber(&tuple->t_self));
	bool		visible;

	if (!ItemIdIsNormal(lp))
		return false;
	if (unlikely(!randpick_tuple_fits(lp)))
		randpick_report_tuple(rel, BufferGetBlockNumber(buffer),
							  ItemPointerGetOffsetNumber(&tuple->t_self));

	tuple->t_data = (HeapTupleHeader) PageGetItem(page, lp);
	tuple->t_len = ItemIdGetLength(lp);
	tuple->t_tableOid = RelationGetRelid(rel);
	visible = HeapTupleSatisfiesVisibility(tuple, snapshot, buffer);
	HeapCheckForSerializableConflictOut(visible, rel, tuple, buffer, snapshot);
	if (visible && unlikely(!randpick_tuple_header_fits(tuple)))
		randpick_report_tuple(rel, BufferGetBlockNumber(buffer),
							  ItemPointerGetOffsetNumber(&tuple->t_self));
	return visible;
}

/* The visible tuple at place n of a page, if there is one. */
static bool
find_tuple(HeapSource *heap, Buffer buffer, OffsetNumber n, HeapTuple tuple)
{
	Page		page = BufferGetPage(buffer);
	OffsetNumber nlps = PageGetMaxOffsetNumber(page);
	Relation	rel = heap->base.rel;
	Snapshot	snapshot = heap->base.snapshot;

	randpick_test_for_old_snapshot(snapshot, rel, page);
	if (nlps <= heap->places_a_page)
	{
		ItemPointerSetOffsetNumber(&tuple->t_self, n);
		return n <= nlps && fetch_tuple(rel, snapshot, buffer, tuple);
	}
	for (OffsetNumber lp = FirstOffsetNumber; lp <= nlps; lp++)
	{
		ItemPointerSetOffsetNumber(&tuple->t_self, lp);
		if (fetch_tuple(rel, snapshot, buffer, tuple) && --n == 0)
			return true;
	}
	return false;
}

static RandpickLook
heap_look(RandpickSource *source, const RandpickRing *ring,
		  TupleTableSlot *slot)
{
	HeapSource *heap = (HeapSource *) source;
	BufferHeapTupleTableSlot *bslot = (BufferHeapTupleTableSlot *) slot;
	HeapTuple	tuple = &bslot->base.tupdata;
	BlockNumber block = place_block(heap, ring->place);
	Buffer		buffer = randpick_pin_page(source->rel, block, ring->hint);
	bool		visible;

	ExecClearTuple(slot);
	ItemPointerSetBlockNumber(&tuple->t_self, block);

	/* side by side with the header */
	randpick_prefetch_memory(PageGetItemId(BufferGetPage(buffer),
										   place_number(heap, ring->place)));
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	visible = find_tuple(heap, buffer, place_number(heap, ring->place), tuple);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);

	if (!visible)
	{
		ReleaseBuffer(buffer);
		return RANDPICK_LOOK_MISS;
	}
	source->nfound++;
	ExecStorePinnedBufferHeapTuple(tuple, slot, buffer);
	return RANDPICK_LOOK_ROW;
}

void
randpick_heap_prefetch(Relation rel, RandpickTarget *target)
{
	(void) randpick_prefetch_page(rel, ItemPointerGetBlockNumber(&target->tid),
								  &target->hint);
}

bool
randpick_heap_fetch(Relation rel, Snapshot snapshot,
					const RandpickTarget *target, TupleTableSlot *slot)
{
	BufferHeapTupleTableSlot *bslot = (BufferHeapTupleTableSlot *) slot;
	HeapTuple	tuple = &bslot->base.tupdata;
	Buffer		buffer = randpick_pin_page(rel,
										   ItemPointerGetBlockNumber(&target->tid),
										   target->hint);
	Page		page = BufferGetPage(buffer);
	bool		visible;

	ExecClearTuple(slot);
	tuple->t_self = target->tid;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	randpick_test_for_old_snapshot(snapshot, rel, page);
	visible = ItemPointerGetOffsetNumber(&target->tid) <= PageGetMaxOffsetNumber(page) &&
		fetch_tuple(rel, snapshot, buffer, tuple);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);

	if (visible)
		ExecStorePinnedBufferHeapTuple(tuple, slot, buffer);
	else
		ReleaseBuffer(buffer);
	return visible;
}

static const RandpickSourceMethods heap_methods = {
	.max_ahead = RANDPICK_MAX_AHEAD,
	.places = heap_places,
	.pages = heap_pages,
	.prefetch = heap_prefetch,
	.look = heap_look,
};

/* There is nothing to close. */
RandpickSource *
randpick_heap_source_open(Relation rel, Snapshot snapshot,
						  const RandpickCapacity *capacity)
{
	HeapSource *source = palloc0(sizeof(HeapSource));

	source->base.methods = &heap_methods;
	source->base.rel = rel;
	source->base.snapshot = snapshot;
	source->places_a_page =
		randpick_heap_capacity_for(snapshot, capacity).places_a_page;

	randpick_predicate_lock(rel, snapshot);
	source->nblocks = RelationGetNumberOfBlocks(rel);
	return &source->base;
}
