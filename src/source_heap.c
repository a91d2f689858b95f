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
 * The table access method does the look itself (table_tuple_fetch_row_version
 * is heap_fetch: buffer lock, visibility, serializable conflict check), so
 * that its rules have one home.  As with any scan that may visit any row, a
 * serializable transaction locks the whole relation; that covers the tuple
 * locks that heap_fetch would take.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
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

static bool
heap_look(RandpickSource *source, uint64 place, TupleTableSlot *slot)
{
	ItemPointerData tid;

	ItemPointerSet(&tid, (BlockNumber) (place / MaxHeapTuplesPerPage),
				   (OffsetNumber) (place % MaxHeapTuplesPerPage + 1));
	return table_tuple_fetch_row_version(source->rel, &tid, source->snapshot,
										 slot);
}

static const RandpickSourceMethods heap_methods = {
	.places = heap_places,
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
