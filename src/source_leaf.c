/*
 * source_leaf.c
 *	  The leaf source: a place is an entry that a B-tree leaf could have.
 *
 * An index is dense where its table is not: hundreds of entries a page,
 * however wide the rows are, or how bloated the table is.  So draw a block of
 * the index file; if it is a live leaf page, draw one of its entries, and
 * follow it to the heap.  No descent, no key is compared: every visible row is
 * reached by exactly one entry of an index that covers it, the one that points
 * to the root of the row's HOT chain.  Other pages (metapage, internal, half-
 * dead, deleted, new) are misses.  A partial index covers the rows that meet
 * its predicate, which the filter must imply; the filter is checked all the
 * same.  Conditions on the columns of the index are tested on the entry, so
 * that the heap is visited only for entries that meet them.
 *
 * A page has a place for each item if at most one TID of an item can be visible
 * to the snapshot, else for each TID; capacity.c knows how many.
 *
 * Splits.  A page that splits hands half of its entries to a new block, which
 * may lie beyond the blocks that were drawn from.  So with the drawn page
 * locked the size of the file is read again.  If it is what it was, then at
 * this moment every entry stands in one of those blocks, which is all that the
 * proof in race.c asks for: entries are moved under the lock of the page they
 * come from, after the file was extended.  If the file has grown, the ring is
 * void, whichever page it was.
 *
 * The page is let go before the heap is visited.  Meanwhile vacuum may remove
 * the entry and another row may take its TID; but the snapshot does not see
 * that row, and vacuum does not remove those that it sees.
 *
 * What this does not promise: whoever looks at a page that is just being split
 * has to wait for its lock, and finds the ring void if the file has grown, while
 * a look at another page at that moment does not see this yet.  So the rows of a
 * page that is being split are a little less likely to come, for the some
 * microseconds that it takes.
 *
 * Entries known to be dead are passed over, except under a snapshot taken
 * during recovery: what is dead on the primary may be visible on a standby.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "btree_check.h"
#include "btree_hint.h"
#include "compat.h"
#include "heap_check.h"
#include "source.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

typedef struct LeafSource
{
	RandpickSource base;
	Relation	index;			/* open and locked by the caller */
	Buffer		heap_buffer;	/* the last row's, pinned; or invalid */
	RandpickCapacity capacity;	/* of a leaf page */
	const RandpickKeys *keys;	/* what the filter wants of an entry */
	BlockNumber nblocks;		/* of the index, as of the last draw */

	/* what stands at the place of the last look */
	int			ntids;
	ItemPointerData *tids;
	ItemPointerData one_tid;	/* where they are, as a rule */
	ItemPointerData *many_tids; /* or, allocated when first needed */
} LeafSource;

/* The metapage has no entry, so places begin at the page after it. */
static inline BlockNumber
place_block(LeafSource *leaf, uint64 place)
{
	return (BlockNumber) (place / leaf->capacity.places_a_page) + BTREE_METAPAGE + 1;
}

static uint64
leaf_places(RandpickSource *source)
{
	LeafSource *leaf = (LeafSource *) source;

	return (uint64) (leaf->nblocks - 1) * leaf->capacity.places_a_page;
}

static double
leaf_pages(RandpickSource *source)
{
	return ((LeafSource *) source)->nblocks;
}

/* Bring what a look reads of a page beside its header into the CPU's cache. */
static inline void
prefetch_place(LeafSource *leaf, Page page, uint64 place)
{
	randpick_prefetch_memory(page + BLCKSZ - MAXALIGN(sizeof(BTPageOpaqueData)));
	if (leaf->capacity.place_is_tuple)
		randpick_prefetch_memory(PageGetItemId(page, FirstOffsetNumber +
											   place % leaf->capacity.places_a_page));
}

static void
leaf_prefetch(RandpickSource *source, RandpickRing *rings, int nrings)
{
	LeafSource *leaf = (LeafSource *) source;

	for (int i = 0; i < nrings; i++)
	{
		Page		page = randpick_prefetch_page(leaf->index,
												  place_block(leaf, rings[i].place),
												  &rings[i].hint);

		if (page != NULL)
			prefetch_place(leaf, page, rings[i].place);
	}
}

/* Note down the TIDs first, first + 1, ... of an entry. */
static void
note_tids(LeafSource *leaf, IndexTuple entry, int first, int ntids)
{
	leaf->ntids = ntids;
	leaf->tids = &leaf->one_tid;
	if (ntids > 1)
	{
		if (leaf->many_tids == NULL)
			leaf->many_tids = MemoryContextAlloc(GetMemoryChunkContext(leaf),
												 sizeof(ItemPointerData) *
												 MaxTIDsPerBTreePage);
		leaf->tids = leaf->many_tids;
	}
	if (BTreeTupleIsPosting(entry))
		memcpy(leaf->tids, BTreeTupleGetPostingN(entry, first),
			   sizeof(ItemPointerData) * ntids);
	else
		leaf->tids[0] = entry->t_tid;
}

/*
 * Find the item at place number *n of a leaf page, which becomes the number of
 * its TID if each has a place.  Returns an invalid offset if there is none.
 */
static OffsetNumber
find_item(LeafSource *leaf, Page page, BlockNumber block, int *n)
{
	OffsetNumber first = P_FIRSTDATAKEY(BTPageGetOpaque(page));
	OffsetNumber last = PageGetMaxOffsetNumber(page);

	if (!leaf->capacity.place_is_tuple)
	{
		for (OffsetNumber offset = first; offset <= last; offset++)
		{
			int			ntids = randpick_count_tids(leaf->index, page, block,
													offset);

			if (*n < ntids)
				return offset;
			*n -= ntids;
		}
		return InvalidOffsetNumber;
	}

	if (last - first < leaf->capacity.places_a_page)
		return first + *n <= last ? first + *n : InvalidOffsetNumber;

	/* what is more than a page can have of NOT NULL keys is NULL */
	for (OffsetNumber offset = first; offset <= last; offset++)
	{
		if (!IndexTupleHasNulls(randpick_get_item(leaf->index, page, block,
												  offset)) && (*n)-- == 0)
			return offset;
	}
	return InvalidOffsetNumber;
}

/* Note down the TIDs at place number n of a leaf page, if it has so many. */
static void
find_place(LeafSource *leaf, Page page, BlockNumber block, int n)
{
	OffsetNumber offset = find_item(leaf, page, block, &n);
	int			ncolumns = randpick_keys_last_column(leaf->keys, 0);
	IndexTuple	entry;

	leaf->ntids = 0;
	if (offset == InvalidOffsetNumber)
		return;
	if (ItemIdIsDead(PageGetItemId(page, offset)) &&
		!leaf->base.snapshot->takenDuringRecovery)
		return;
	leaf->base.nfound++;

	entry = randpick_get_entry(leaf->index, page, block, offset);
	if (ncolumns > 0 && !randpick_columns_fit(leaf->index, entry, ncolumns))
		randpick_report_item(leaf->index, block, offset,
							 "its columns do not lie in it");
	if (!randpick_keys_are_met(leaf->keys, leaf->index, entry, 0))
		return;
	if (!leaf->capacity.place_is_tuple)
		note_tids(leaf, entry, n, 1);
	else
		note_tids(leaf, entry, 0, BTreeTupleIsPosting(entry) ?
				  BTreeTupleGetNPosting(entry) : 1);
}

/* Is this a leaf page with entries?  As _bt_getbuf, but for any block. */
static bool
is_live_leaf(Relation index, Buffer buffer)
{
	Page		page = BufferGetPage(buffer);
	BTPageOpaque opaque;

	if (PageIsNew(page))
		return false;
	_bt_checkpage(index, buffer);
	opaque = BTPageGetOpaque(page);
	if (!P_ISLEAF(opaque) || P_IGNORE(opaque))
		return false;
	randpick_check_page(index, page, BufferGetBlockNumber(buffer), 0);
	return true;
}

static RandpickLook
leaf_look(RandpickSource *source, const RandpickRing *ring,
		  TupleTableSlot *slot)
{
	LeafSource *leaf = (LeafSource *) source;
	BlockNumber block = place_block(leaf, ring->place);
	Buffer		buffer = randpick_pin_page(leaf->index, block, ring->hint);
	BlockNumber nblocks;

	leaf->ntids = 0;
	prefetch_place(leaf, BufferGetPage(buffer), ring->place);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	nblocks = RelationGetNumberOfBlocks(leaf->index);
	if (nblocks == leaf->nblocks && is_live_leaf(leaf->index, buffer))
		find_place(leaf, BufferGetPage(buffer), block,
				   (int) (ring->place % leaf->capacity.places_a_page));
	UnlockReleaseBuffer(buffer);

	if (nblocks != leaf->nblocks)
	{
		leaf->nblocks = nblocks;
		return RANDPICK_LOOK_VOID;
	}

	for (int i = 0; i < leaf->ntids; i++)
	{
		if (randpick_fetch_row(source->rel, &leaf->heap_buffer, &leaf->tids[i],
							   source->snapshot, slot))
			return RANDPICK_LOOK_ROW;
	}
	return RANDPICK_LOOK_MISS;
}

static void
leaf_close(RandpickSource *source)
{
	LeafSource *leaf = (LeafSource *) source;

	if (BufferIsValid(leaf->heap_buffer))
		ReleaseBuffer(leaf->heap_buffer);
}

static const RandpickSourceMethods leaf_methods = {
	.max_ahead = RANDPICK_MAX_AHEAD,
	.places = leaf_places,
	.pages = leaf_pages,
	.prefetch = leaf_prefetch,
	.look = leaf_look,
	.close = leaf_close,
};

/* Check that an index is empty which has no page beside the metapage. */
static void
check_is_empty(LeafSource *leaf)
{
	Buffer		root = randpick_lock_root(leaf->index);

	if (BufferIsValid(root))
		_bt_relbuf(leaf->index, root);	/* it has been made just now */
}

/* Keeps a pin until closed. */
RandpickSource *
randpick_leaf_source_open(Relation rel, Relation index, Snapshot snapshot,
						  const RandpickCapacity *capacity,
						  const RandpickKeys *keys)
{
	LeafSource *leaf = palloc0(sizeof(LeafSource));

	leaf->base.methods = &leaf_methods;
	leaf->base.rel = rel;
	leaf->base.snapshot = snapshot;
	leaf->index = index;
	leaf->keys = keys;
	leaf->capacity = randpick_leaf_capacity_for(snapshot, capacity, index);

	randpick_predicate_lock(rel, snapshot);

	/* it may have more: the first look finds that out */
	leaf->nblocks = randpick_index_nblocks_known(index);
	if (leaf->nblocks <= BTREE_METAPAGE + 1)
		check_is_empty(leaf);
	return &leaf->base;
}
