/*
 * btree_frontier.c
 *	  Numbers for the entries that a range of a B-tree could have.
 *
 * The idea is Olken's (1993): descend to a random child at each level, and
 * instead of counting what is below, let every page have as many children or
 * entries as a page can have; who draws more than there are, misses.  A number
 * says which child to take at each level, and which entry.
 *
 * The range is exact where it is narrow, for pages at its edges would be
 * nearly all misses.  So first the frontier: from the root down, while the
 * range has only few pages on the next level, these are all read, and what
 * they have in the range is counted.  Only below the frontier are numbers
 * drawn under a bound.  If it reaches the leaves, every number is an entry.  So
 *
 *		numbers = entries of the frontier x bound x ... x bound
 *
 * Every row that the snapshot sees has exactly one number, whatever other
 * sessions do.
 *
 *	- It is reached by one entry of the index, that of its HOT chain's root.
 *	  That entry was there before the snapshot was taken, stays as long as it
 *	  is held, and is in exactly one logical child of whatever showed it
 *	  (btree_run.c).  So one path leads to it, at each level one child among
 *	  those that the run has in the range.
 *	- Looks may follow each other at any distance, and so may the reading of a
 *	  parent and of its child: the frontier could be kept for as long as the
 *	  snapshot.  What other sessions add meanwhile is never visible.
 *	- Yet it takes up numbers, and with it a logical child may outgrow its
 *	  bound: it is crowded.  Then the numbers left over for it do not mean
 *	  entries, but the rows in it that are wanted, in the order of the index.
 *	  There are enough: when its parent was read it was within its bounds, and
 *	  all rows that are visible now were among its entries.  For internal pages
 *	  that wants one more than a page can have, as a split of which the parent
 *	  has not been told brings its new child with it; of no more than one, as
 *	  who inserts finishes such a split first.  On the leaf level the new entry
 *	  is not visible.
 *	- Whether a logical child is crowded depends on no number drawn for it, and
 *	  what happens to the other children is no matter to its rows.
 *
 * The first page need not be the root: every level has all of the key space,
 * at any time, for who goes to the right from where the range begins.
 *
 * So no look is ever void.  To walk through a crowded child is slow, hence the
 * frontier is read anew after that, and now and then: each time all numbers
 * change at once, between two rings.
 *
 * What this does not promise: speed where pages hold much less than they
 * could.  Wide keys make for few children a page, each level multiplies the
 * misses.
 */
#include "postgres.h"

#include <math.h>

#include "btree_frontier.h"
#include "btree_hint.h"
#include "btree_position.h"
#include "compat.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* how much of a page is in use, as a guess */
#define TYPICAL_FILL		0.7

/* read the frontier anew after so many looks, at a few pages' cost */
#define FRONTIER_LOOKS		100

/* a range that has grown beyond this is looked for from the root again */
#define MAX_HINTED_PAGES	4

/* a number must be exact as a double */
#define MAX_NUMBERS			(UINT64CONST(1) << 53)

/* A part of the tree that a number is drawn for. */
typedef struct Subtree
{
	RandpickRun *run;
	BTScanInsert start;			/* an edge of the range that it has, or NULL */
	BTScanInsert end;
} Subtree;

/* Create a run that lives as long as the tree, whoever calls. */
static RandpickRun *
create_run(RandpickTree *tree)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(GetMemoryChunkContext(tree));
	RandpickRun *run = randpick_run_create(tree->index, tree->snapshot,
										   tree->item_is_entry);

	MemoryContextSwitchTo(oldcxt);
	return run;
}

RandpickTree *
randpick_tree_create(Relation heap, Relation index, Snapshot snapshot,
					 bool item_is_entry, uint64 leaf_bound)
{
	RandpickTree *tree = palloc0(sizeof(RandpickTree));

	tree->heap = heap;
	tree->index = index;
	tree->snapshot = snapshot;
	tree->item_is_entry = item_is_entry;
	tree->leaf_bound = leaf_bound;
	tree->spare[0] = create_run(tree);
	tree->spare[1] = create_run(tree);
	return tree;
}

/* Read a logical child, or several side by side, of a run. */
static void
read_below(const RandpickRun *parent, RandpickRunChild child,
		   BTScanInsert start, BTScanInsert end, bool count, RandpickRun *run)
{
	randpick_run_read(run, _bt_getbuf(run->index, child.block, BT_READ),
					  child.separator, start, end, count);
	if (run->level != parent->level - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("block %u of index \"%s\" is at level %d instead of %d",
						child.block, RelationGetRelationName(run->index),
						run->level, parent->level - 1)));
}

/* Read child number n of a subtree. */
static Subtree
read_child(Subtree parent, uint64 n, RandpickRun *run)
{
	Subtree		child;

	child.run = run;
	child.start = n == 0 ? parent.start : NULL;
	child.end = n == parent.run->nentries - 1 ? parent.end : NULL;
	read_below(parent.run, randpick_run_child(parent.run, n),
			   child.start, child.end, false, run);
	return child;
}

/* Numbers of an entry of a run; false if that makes too many. */
static bool
count_below(const RandpickTree *tree, const RandpickRun *run, uint64 *below)
{
	*below = run->level > 0 ? tree->leaf_bound : 1;
	for (int level = 1; level < run->level; level++)
	{
		if (*below > MAX_NUMBERS / RANDPICK_CHILD_BOUND)
			return false;
		*below *= RANDPICK_CHILD_BOUND;
	}
	return run->nentries <= MAX_NUMBERS / *below;
}

/*
 * How many entries each page has below a run, more or less.  That is guessed
 * from how wide the items of its last page are; leaf pages may have more,
 * thanks to posting lists.
 */
static double
guess_entries_a_page(const RandpickRun *run)
{
	PageHeader	page = (PageHeader) run->pages[run->npages - 1].image;
	int			nitems = PageGetMaxOffsetNumber((Page) page);
	double		width = (double) (page->pd_special - page->pd_upper) / nitems +
		sizeof(ItemIdData);

	return TYPICAL_FILL * BLCKSZ / width;
}

double
randpick_frontier_guess_pages(const RandpickFrontier *frontier)
{
	const RandpickRun *run = frontier->run;

	if (run == NULL || run->nentries == 0)
		return 0;
	if (run->level == 0)
		return run->npages;
	return run->nentries * pow(guess_entries_a_page(run), run->level - 1);
}

/*
 * Are the pages of the next level to be read, all that the range has there?
 * Otherwise, a look finds an entry with a chance of how full pages are, to
 * their bounds, at each level below.
 */
static bool
is_worth_reading(const RandpickTree *tree, const RandpickRun *run)
{
	double		looks = tree->leaf_bound *
	pow(RANDPICK_CHILD_BOUND, run->level - 1) /
	pow(guess_entries_a_page(run), run->level);

	return run->nentries <= randpick_frontier_pages_worth(looks, tree->nranges);
}

static inline BTScanInsert
range_start(RandpickFrontier *frontier)
{
	return frontier->range.start.keysz > 0 ? &frontier->range.start : NULL;
}

static inline BTScanInsert
range_end(RandpickFrontier *frontier)
{
	return frontier->range.end.keysz > 0 ? &frontier->range.end : NULL;
}

/* A page of the index that a hint names, locked; invalid if it is no good. */
static Buffer
get_hinted_page(const RandpickTree *tree, BlockNumber block, BTScanInsert start)
{
	Buffer		buffer = ReadBuffer(tree->index, block);
	Page		page = BufferGetPage(buffer);

	LockBuffer(buffer, BT_READ);
	if (!PageIsNew(page))
	{
		BTPageOpaque opaque;

		_bt_checkpage(tree->index, buffer);
		opaque = BTPageGetOpaque(page);
		if (!P_ISLEAF(opaque) && !P_IGNORE(opaque) && !P_ISMETA(opaque) &&
			randpick_page_has_position(tree->index, page, start))
			return buffer;
	}
	_bt_relbuf(tree->index, buffer);
	return InvalidBuffer;
}

/*
 * The page to begin with, locked: the one where the last search for the start
 * of the range ended, if it still has it, or else the root.  Invalid if the
 * index is empty.
 */
static Buffer
get_first_page(const RandpickTree *tree, BTScanInsert start, BTScanInsert end,
			   bool *is_hint)
{
	BlockNumber block = start == NULL ? InvalidBlockNumber :
	randpick_hint_get(tree->index, start, end);

	if (BlockNumberIsValid(block))
	{
		Buffer		buffer = get_hinted_page(tree, block, start);

		*is_hint = BufferIsValid(buffer);
		if (*is_hint)
			return buffer;
		randpick_hint_set(tree->index, start, end, InvalidBlockNumber);
	}
	*is_hint = false;
	return randpick_btree_get_root(tree->index, tree->heap);
}

/*
 * Remember where a run on the lowest level above the leaves begins, unless
 * that is where the search began.
 */
static void
remember_page(const RandpickTree *tree, BTScanInsert start, BTScanInsert end,
			  const RandpickRun *run)
{
	const RandpickRunPage *page = &run->pages[0];

	if (start != NULL && run->level == 1 && run->npages > 0 &&
		randpick_page_has_position(tree->index, page->image, start))
		randpick_hint_set(tree->index, start, end, page->block);
}

bool
randpick_frontier_read(RandpickFrontier *frontier, RandpickTree *tree)
{
	RandpickRun *run = create_run(tree);
	RandpickRun *next = tree->spare[0];
	BTScanInsert start = range_start(frontier);
	BTScanInsert end = range_end(frontier);
	Buffer		first;
	bool		is_hint;
	uint64		below;

	frontier->nlooks = 0;
	frontier->met_crowd = false;
	if (frontier->range.is_empty)
		return true;
	first = get_first_page(tree, start, end, &is_hint);
	if (!BufferIsValid(first))
		return true;			/* the index is empty */

	randpick_run_read(run, first, NULL, start, end, true);
	if (is_hint && run->npages > MAX_HINTED_PAGES)
		randpick_hint_set(tree->index, start, end, InvalidBlockNumber);
	while (run->level > 0 && run->nentries > 0 && is_worth_reading(tree, run))
	{
		RandpickRunChild all = randpick_run_child(run, 0);
		RandpickRun *parent = run;

		all.separator = randpick_run_child(run, run->nentries - 1).separator;
		read_below(parent, all, start, end, true, next);
		if (!is_hint)
			remember_page(tree, start, end, next);
		run = next;
		next = parent;
	}
	tree->spare[0] = next;
	if (!count_below(tree, run, &below))
	{
		randpick_run_free(run);
		return false;
	}

	if (frontier->run != NULL)
		randpick_run_free(frontier->run);
	frontier->run = run;
	frontier->below = below;
	return true;
}

void
randpick_frontier_refresh(RandpickFrontier *frontier, RandpickTree *tree)
{
	/* leaf pages do not change as far as the snapshot sees */
	if (frontier->run != NULL && frontier->run->level > 0 &&
		(frontier->met_crowd || frontier->nlooks >= FRONTIER_LOOKS))
		(void) randpick_frontier_read(frontier, tree);
}

BlockNumber
randpick_frontier_block(RandpickFrontier *frontier, uint64 number)
{
	if (frontier->run->level == 0)
		return InvalidBlockNumber;
	return randpick_run_child(frontier->run, number / frontier->below).block;
}

/* Find wanted row number *n of a subtree; *n becomes less by those passed. */
static bool
find_in_crowd(RandpickTree *tree, Subtree crowd, uint64 *n,
			  RandpickFetchEntry fetch, void *arg)
{
	RandpickRun *run = crowd.run->level > 0 ? create_run(tree) : NULL;
	bool		found = false;

	for (uint64 i = 0; i < crowd.run->nentries && !found; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (run != NULL)
		{
			Subtree		child = read_child(crowd, i, run);

			randpick_run_copy(run);
			found = find_in_crowd(tree, child, n, fetch, arg);
		}
		else
			found = fetch(arg, crowd.run, i) && (*n)-- == 0;
	}
	if (run != NULL)
		randpick_run_free(run);
	return found;
}

bool
randpick_frontier_find(RandpickFrontier *frontier, RandpickTree *tree,
					   uint64 number, RandpickFetchEntry fetch, void *arg)
{
	Subtree		here = {frontier->run, range_start(frontier), range_end(frontier)};
	uint64		below = frontier->below;

	frontier->nlooks++;
	for (int i = 0;; i = 1 - i)
	{
		uint64		n = number / below;
		uint64		bound;

		if (n >= here.run->nentries)
		{
			randpick_run_unlock(here.run);
			return false;
		}
		if (here.run->level == 0)
			return fetch(arg, here.run, n);

		number %= below;
		here = read_child(here, n, tree->spare[i]);
		bound = here.run->level > 0 ? RANDPICK_CHILD_BOUND : tree->leaf_bound;
		if (here.run->nentries > bound)
		{
			frontier->met_crowd = true;
			randpick_run_copy(here.run);
			return find_in_crowd(tree, here, &number, fetch, arg);
		}
		below /= bound;
	}
}
