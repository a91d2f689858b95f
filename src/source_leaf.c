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
#include "access/tableam.h"
#include "btree_hint.h"
#include "compat.h"
#include "source.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

typedef struct LeafSource
{
	RandpickSource base;
	Relation	index;			/* open and locked by the caller */
	IndexFetchTableData *fetch; /* follows an entry to the heap */
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

/* Note down the TIDs at place number n of a leaf page, if it has so many. */
static void
find_place(LeafSource *leaf, Page page, int n)
{
	bool		skip_dead = !leaf->base.snapshot->takenDuringRecovery;
	OffsetNumber first = P_FIRSTDATAKEY(BTPageGetOpaque(page));
	OffsetNumber last = PageGetMaxOffsetNumber(page);
	bool		is_direct = leaf->capacity.place_is_tuple &&
	last - first < leaf->capacity.places_a_page;

	leaf->ntids = 0;
	for (OffsetNumber offset = is_direct ? first + n : first;
		 offset <= last; offset++)
	{
		ItemId		lp = PageGetItemId(page, offset);
		IndexTuple	entry = (IndexTuple) PageGetItem(page, lp);
		int			ntids = BTreeTupleIsPosting(entry) ?
		BTreeTupleGetNPosting(entry) : 1;
		int			nplaces = leaf->capacity.place_is_tuple ? 1 : ntids;

		if (!is_direct)
		{
			/* what is more than a page can have of NOT NULL keys is NULL */
			if (leaf->capacity.place_is_tuple && IndexTupleHasNulls(entry))
				continue;
			n -= nplaces;
			if (n >= 0)
				continue;
			n += nplaces;
		}
		if (skip_dead && ItemIdIsDead(lp))
			return;
		leaf->base.nfound++;
		if (!randpick_keys_are_met(leaf->keys, leaf->index, entry, 0))
			return;
		if (leaf->capacity.place_is_tuple)
			note_tids(leaf, entry, 0, ntids);
		else
			note_tids(leaf, entry, n, 1);
		return;
	}
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
	return P_ISLEAF(opaque) && !P_IGNORE(opaque);
}

static RandpickLook
leaf_look(RandpickSource *source, const RandpickRing *ring,
		  TupleTableSlot *slot)
{
	LeafSource *leaf = (LeafSource *) source;
	Buffer		buffer = randpick_pin_page(leaf->index,
										   place_block(leaf, ring->place),
										   ring->hint);
	BlockNumber nblocks;

	leaf->ntids = 0;
	prefetch_place(leaf, BufferGetPage(buffer), ring->place);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	nblocks = RelationGetNumberOfBlocks(leaf->index);
	if (nblocks == leaf->nblocks && is_live_leaf(leaf->index, buffer))
		find_place(leaf, BufferGetPage(buffer),
				   (int) (ring->place % leaf->capacity.places_a_page));
	UnlockReleaseBuffer(buffer);

	if (nblocks != leaf->nblocks)
	{
		leaf->nblocks = nblocks;
		return RANDPICK_LOOK_VOID;
	}

	for (int i = 0; i < leaf->ntids; i++)
	{
		bool		call_again = false;

		if (table_index_fetch_tuple(leaf->fetch, &leaf->tids[i],
									source->snapshot, slot, &call_again, NULL))
			return RANDPICK_LOOK_ROW;
	}
	return RANDPICK_LOOK_MISS;
}

static void
leaf_close(RandpickSource *source)
{
	table_index_fetch_end(((LeafSource *) source)->fetch);
}

static const RandpickSourceMethods leaf_methods = {
	.max_ahead = RANDPICK_MAX_AHEAD,
	.places = leaf_places,
	.pages = leaf_pages,
	.prefetch = leaf_prefetch,
	.look = leaf_look,
	.close = leaf_close,
};

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
	leaf->fetch = randpick_index_fetch_begin(rel);

	/* it may have more: the first look finds that out */
	leaf->nblocks = randpick_index_nblocks_known(index);
	return &leaf->base;
}
