/*
 * source_range.c
 *	  The range source: a place is an entry that a range of a B-tree could have.
 *
 * The idea is Olken's (1993): descend to a random child at each level, and
 * instead of counting what is below, let every page have as many children or
 * entries as a page can have; who draws more than there are, misses.  A place
 * is the number that says which child to take at each level, and which entry.
 *
 * The range is exact where it is narrow, for pages at its edges would be
 * nearly all misses.  So first the frontier: from the root down, while the
 * range has only few pages on the next level, these are all read, and what
 * they have in the range is counted.  Only below the frontier are numbers
 * drawn under a bound.  If it reaches the leaves, no look at the index misses
 * but for dead rows.  So
 *
 *		places = entries of the frontier x bound x ... x bound
 *
 * Every visible row has exactly one place, whatever other sessions do.
 *
 *	- A row that the snapshot sees is reached by one entry of the index, that
 *	  of its HOT chain's root.  That entry was there before the snapshot was
 *	  taken, stays as long as it is held, and is in exactly one logical child
 *	  of whatever showed it (btree_run.c).  So one path leads to it, at each
 *	  level one child among those that the run has in the range.
 *	- Looks may follow each other at any distance, and so may the reading of a
 *	  parent and of its child: the frontier could be kept for as long as the
 *	  snapshot.  What other sessions add meanwhile is never visible.
 *	- Yet it takes up numbers, and with it a logical child may outgrow its
 *	  bound: it is crowded.  Then the numbers left over for it do not mean
 *	  entries, but the visible rows in it, in the order of the index.  There
 *	  are enough: when its parent was read it was within its bounds, and all
 *	  rows that are visible now were among its entries.  For internal pages
 *	  that wants one more than a page can have, as a split of which the parent
 *	  has not been told brings its new child with it; of no more than one, as
 *	  who inserts finishes such a split first.  On the leaf level the new entry
 *	  is not visible.
 *	- Whether a logical child is crowded depends on no number drawn for it, and
 *	  what happens to the other children is no matter to its rows.
 *
 * So no ring is ever void, and rings may be drawn ahead.  To walk through a
 * crowded child is slow, hence the frontier is read anew after that, and now
 * and then: each time all places change at once, between two rings.
 *
 * On the leaf level a place is a TID, or a tuple where that is sound, as for
 * the leaf source.  In a crowded child it is a row in either case.
 *
 * No page of the index is pinned when the heap is visited.  The TID of an
 * entry that vacuum removed meanwhile may have been given to another row, but
 * not to one that the snapshot sees.
 *
 * A serializable transaction locks the whole table, which is coarser than what
 * an index scan locks, but misses no conflict.
 *
 * What this does not promise: speed where pages hold much less than they
 * could.  Wide keys make for few children a page, each level multiplies the
 * misses.
 */
#include "postgres.h"

#include <math.h>

#include "access/tableam.h"
#include "btree_range.h"
#include "btree_run.h"
#include "compat.h"
#include "miscadmin.h"
#include "source.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* how much of a page is in use, as a guess */
#define TYPICAL_FILL		0.7

/* looks that a race may take however small the range is */
#define MIN_MAX_LOOKS		16

/* read the frontier anew after so many looks, at a few pages' cost */
#define FRONTIER_LOOKS		100

/* a number of places must be exact as a double */
#define MAX_PLACES			(UINT64CONST(1) << 53)

typedef struct RangeSource
{
	RandpickSource base;
	Relation	index;			/* open and locked by the caller */
	IndexFetchTableData *fetch; /* follows an entry to the heap */
	bool		place_is_tuple; /* or else a TID */
	uint64		leaf_bound;		/* places of a leaf page */
	const RandpickKeys *keys;	/* what the filter wants of an entry */
	RandpickRange range;
	BTScanInsert start;			/* its ends, or NULL */
	BTScanInsert end;

	RandpickRun *frontier;		/* NULL: the index is empty */
	uint64		below;			/* places of each of its entries */
	int			nlooks;			/* since it was read */
	bool		met_crowd;		/* since it was read */
	RandpickRun *spare[2];		/* for descents */
} RangeSource;

/* A part of the tree that a number is drawn for. */
typedef struct Subtree
{
	RandpickRun *run;
	BTScanInsert start;			/* an edge of the range that it has, or NULL */
	BTScanInsert end;
} Subtree;

static RandpickRun *
create_run(RangeSource *range)
{
	return randpick_run_create(range->index, range->base.snapshot,
							   range->place_is_tuple);
}

/* Read a logical child, or several side by side, of a run. */
static void
read_below(RangeSource *range, RandpickRun *parent, RandpickRunChild child,
		   BTScanInsert start, BTScanInsert end, RandpickRun *run)
{
	randpick_run_read(run, _bt_getbuf(range->index, child.block, BT_READ),
					  child.separator, start, end);
	if (run->level != parent->level - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("block %u of index \"%s\" is at level %d instead of %d",
						child.block, RelationGetRelationName(range->index),
						run->level, parent->level - 1)));
}

/* Read child number n of a subtree. */
static Subtree
read_child(RangeSource *range, Subtree parent, uint64 n, RandpickRun *run)
{
	Subtree		child;

	child.run = run;
	child.start = n == 0 ? parent.start : NULL;
	child.end = n == parent.run->nentries - 1 ? parent.end : NULL;
	read_below(range, parent.run, randpick_run_child(parent.run, n),
			   child.start, child.end, run);
	return child;
}

/*
 * Places of an entry of a run at a level; false if that makes too many.
 */
static bool
count_places_below(RangeSource *range, RandpickRun *run, uint64 *below)
{
	*below = run->level > 0 ? range->leaf_bound : 1;
	for (int level = 1; level < run->level; level++)
	{
		if (*below > MAX_PLACES / RANDPICK_CHILD_BOUND)
			return false;
		*below *= RANDPICK_CHILD_BOUND;
	}
	return run->nentries <= MAX_PLACES / *below;
}

/*
 * How many entries each page has below a run, more or less.  That is guessed
 * from how wide the items of its last page are; leaf pages may have more,
 * thanks to posting lists.
 */
static double
guess_entries_a_page(RandpickRun *run)
{
	PageHeader	page = (PageHeader) run->pages[run->npages - 1].copy;
	int			nitems = PageGetMaxOffsetNumber((Page) page);
	double		width = (double) (page->pd_special - page->pd_upper) / nitems +
		sizeof(ItemIdData);

	return TYPICAL_FILL * BLCKSZ / width;
}

/* How many leaf entries there are below an entry of a run, more or less. */
static double
guess_entries_below(RandpickRun *run)
{
	return run->level == 0 ? 1.0 : pow(guess_entries_a_page(run), run->level);
}

/*
 * Are the pages of the next level to be read, all that the range has there?
 * Otherwise, a look finds an entry with a chance of how full pages are, to
 * their bounds, at each level below.
 */
static bool
is_worth_reading(RangeSource *range, RandpickRun *run)
{
	double		looks = range->leaf_bound *
	pow(RANDPICK_CHILD_BOUND, run->level - 1) / guess_entries_below(run);

	return run->nentries <= randpick_range_pages_worth(looks);
}

/*
 * Read the frontier.  False if it would have too many places: then what was
 * read before, if anything, still is the frontier.
 */
static bool
read_frontier(RangeSource *range)
{
	RandpickRun *run = range->spare[0];
	RandpickRun *next = range->spare[1];
	Buffer		root = randpick_btree_get_root(range->index, range->base.rel);
	uint64		below;

	range->nlooks = 0;
	range->met_crowd = false;
	if (!BufferIsValid(root))
		return true;			/* the index is empty, as a new run is */

	randpick_run_read(run, root, NULL, range->start, range->end);
	while (run->level > 0 && run->nentries > 0 && is_worth_reading(range, run))
	{
		RandpickRunChild all = randpick_run_child(run, 0);
		RandpickRun *parent = run;

		all.separator = randpick_run_child(run, run->nentries - 1).separator;
		read_below(range, parent, all, range->start, range->end, next);
		run = next;
		next = parent;
	}
	if (!count_places_below(range, run, &below))
		return false;

	range->spare[0] = range->frontier;
	range->spare[1] = next;
	range->frontier = run;
	range->below = below;
	return true;
}

static uint64
range_places(RandpickSource *source)
{
	RangeSource *range = (RangeSource *) source;

	/* leaf pages do not change as far as the snapshot sees */
	if (range->frontier->level > 0 &&
		(range->met_crowd || range->nlooks >= FRONTIER_LOOKS))
		(void) read_frontier(range);
	return range->frontier->nentries * range->below;
}

/* Two entries are read in the time of a look. */
static uint64
range_max_looks(RandpickSource *source)
{
	RangeSource *range = (RangeSource *) source;
	RandpickRun *frontier = range->frontier;

	if (frontier->nentries == 0)
		return MIN_MAX_LOOKS;
	return MIN_MAX_LOOKS + (uint64) (frontier->nentries / 2.0 *
									 guess_entries_below(frontier));
}

/* Read ahead what the first steps below the frontier lead to. */
static void
range_prefetch(RandpickSource *source, RandpickRing *rings, int nrings)
{
	RangeSource *range = (RangeSource *) source;

	for (int i = 0; i < nrings && range->frontier->level > 0; i++)
	{
		uint64		n = rings[i].place / range->below;

		randpick_prefetch_page(range->index,
							   randpick_run_child(range->frontier, n).block,
							   &rings[i]);
	}
}

/*
 * Fetch the row of entry number n of a leaf run, if the snapshot sees it and
 * the entry meets all keys.
 */
static bool
fetch_entry(RangeSource *range, RandpickRun *run, uint64 n,
			TupleTableSlot *slot)
{
	ItemPointer tids;
	int			ntids;
	IndexTuple	item = randpick_run_item(run, n, &tids, &ntids);

	if (!randpick_keys_are_met(range->keys, range->index, item,
							   range->range.last_column))
		return false;

	/* at most one of the TIDs leads to a row that the snapshot sees */
	for (int i = 0; i < ntids; i++)
	{
		ItemPointerData tid = tids[i];	/* moves along the HOT chain */
		bool		call_again = false;

		if (table_index_fetch_tuple(range->fetch, &tid, range->base.snapshot,
									slot, &call_again, NULL))
			return true;
	}
	return false;
}

/* Find visible row number *n of a subtree; *n becomes less by those passed. */
static bool
find_visible_row(RangeSource *range, Subtree tree, uint64 *n,
				 TupleTableSlot *slot)
{
	RandpickRun *run = tree.run->level > 0 ? create_run(range) : NULL;
	bool		found = false;

	for (uint64 i = 0; i < tree.run->nentries && !found; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (run != NULL)
			found = find_visible_row(range, read_child(range, tree, i, run),
									 n, slot);
		else
			found = fetch_entry(range, tree.run, i, slot) && (*n)-- == 0;
	}
	if (run != NULL)
		randpick_run_free(run);
	return found;
}

static RandpickLook
range_look(RandpickSource *source, const RandpickRing *ring,
		   TupleTableSlot *slot)
{
	RangeSource *range = (RangeSource *) source;
	Subtree		tree = {range->frontier, range->start, range->end};
	uint64		below = range->below;
	uint64		place = ring->place;
	bool		found = false;

	range->nlooks++;
	for (int i = 0;; i = 1 - i)
	{
		uint64		n = place / below;
		uint64		bound;

		if (n >= tree.run->nentries)
			break;
		if (tree.run->level == 0)
		{
			found = fetch_entry(range, tree.run, n, slot);
			break;
		}

		place %= below;
		tree = read_child(range, tree, n, range->spare[i]);
		bound = tree.run->level > 0 ? RANDPICK_CHILD_BOUND : range->leaf_bound;
		if (tree.run->nentries > bound)
		{
			range->met_crowd = true;
			found = find_visible_row(range, tree, &place, slot);
			break;
		}
		below /= bound;
	}
	table_index_fetch_reset(range->fetch);
	if (found)
		return RANDPICK_LOOK_ROW;
	ExecClearTuple(slot);		/* of the rows passed on the way */
	return RANDPICK_LOOK_MISS;
}

static void
range_close(RandpickSource *source)
{
	table_index_fetch_end(((RangeSource *) source)->fetch);
}

static const RandpickSourceMethods range_methods = {
	.max_ahead = RANDPICK_MAX_AHEAD,
	.places = range_places,
	.max_looks = range_max_looks,
	.prefetch = range_prefetch,
	.look = range_look,
	.close = range_close,
};

RandpickSource *
randpick_range_source_open(Relation rel, Relation index, Snapshot snapshot,
						   const RandpickCapacity *capacity,
						   const RandpickKeys *keys)
{
	RangeSource *range = palloc0(sizeof(RangeSource));
	RandpickCapacity leaf_page =
	randpick_capacity_holds(capacity, snapshot) ?
	*capacity : randpick_any_leaf_capacity(index);

	range->base.methods = &range_methods;
	range->base.rel = rel;
	range->base.snapshot = snapshot;
	range->index = index;
	range->leaf_bound = leaf_page.places_a_page;
	range->place_is_tuple = leaf_page.place_is_tuple;
	range->keys = keys;
	randpick_range_from_keys(&range->range, index, keys->keys, keys->nkeys);
	range->start = range->range.start.keysz > 0 ? &range->range.start : NULL;
	range->end = range->range.end.keysz > 0 ? &range->range.end : NULL;

	randpick_predicate_lock(rel, snapshot);
	range->frontier = create_run(range);
	range->spare[0] = create_run(range);
	range->spare[1] = create_run(range);
	range->below = 1;
	if (!range->range.is_empty && !read_frontier(range))
		return NULL;

	range->fetch = table_index_fetch_begin(rel);
	return &range->base;
}
