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

#include "btree_check.h"
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
randpick_tree_create(Relation index, Snapshot snapshot, bool item_is_entry,
					 uint64 leaf_bound)
{
	RandpickTree *tree = palloc0(sizeof(RandpickTree));

	tree->index = index;
	tree->snapshot = snapshot;
	tree->item_is_entry = item_is_entry;
	tree->leaf_bound = leaf_bound;
	tree->spare[0] = create_run(tree);
	tree->spare[1] = create_run(tree);
	return tree;
}

/* Read child number n of a subtree. */
static Subtree
read_child(Subtree parent, uint64 n, RandpickRun *run)
{
	RandpickRunChild bounds = randpick_run_child(parent.run, n);
	Subtree		child;

	child.run = run;
	child.start = n == 0 ? parent.start : NULL;
	child.end = n == parent.run->nentries - 1 ? parent.end : NULL;
	(void) randpick_run_read(run, randpick_lock_page(run->index, bounds.block),
							 &bounds, child.start, child.end, 0);
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

/*
 * The page to begin with, locked: the one where the last search for the start
 * of the range ended, if it still has it, or else the root.  Invalid if the
 * index is empty.
 */
static Buffer
get_first_page(const RandpickTree *tree, BTScanInsert start, BTScanInsert end,
			   bool *is_hint)
{
	Buffer		buffer = start == NULL ? InvalidBuffer :
	randpick_hint_lock_page(tree->index, start, end);

	*is_hint = BufferIsValid(buffer);
	return *is_hint ? buffer : randpick_lock_root(tree->index);
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

	/* more than the first pivot, which says nothing, is before the position */
	if (start != NULL && run->level == 1 && run->npages > 0 &&
		page->first > P_FIRSTDATAKEY(BTPageGetOpaque(page->image)))
		randpick_hint_set(tree->index, start, end, page->block);
}

/*
 * How many pages of a level are read at most.  There are at most twice as many
 * as it was worth to read, since each may have a split that its parent does not
 * know of; unless a great many were split meanwhile, or the index is corrupted.
 */
static int
max_pages(const RandpickTree *tree)
{
	return 4 * (int) randpick_frontier_most_pages(tree->nranges);
}

/*
 * Read the pages with which the descent to the frontier begins: none if the
 * index is empty.  False if there are too many.
 */
static bool
read_first(const RandpickTree *tree, BTScanInsert start, BTScanInsert end,
		   RandpickRun *run, bool *is_hint)
{
	for (;;)
	{
		RandpickRunChild whole = {.next = InvalidBlockNumber};
		Buffer		buffer = get_first_page(tree, start, end, is_hint);
		bool		is_read;

		if (!BufferIsValid(buffer))
			return true;
		whole.block = BufferGetBlockNumber(buffer);
		whole.level = BTPageGetOpaque(BufferGetPage(buffer))->btpo_level;
		is_read = randpick_run_read(run, buffer, &whole, start, end,
									max_pages(tree));
		if (*is_hint && (!is_read || run->npages > MAX_HINTED_PAGES))
			randpick_hint_set(tree->index, start, end, InvalidBlockNumber);
		if (is_read || !*is_hint)
			return is_read;
	}
}

/*
 * Go down from there to the frontier.  The run and the spare one may change
 * places.  False if a level has too many pages.
 */
static bool
read_down(RandpickTree *tree, BTScanInsert start, BTScanInsert end,
		  RandpickRun **run, bool is_hint)
{
	while ((*run)->level > 0 && (*run)->nentries > 0 &&
		   is_worth_reading(tree, *run))
	{
		RandpickRun *parent = *run;
		RandpickRunChild all = randpick_run_child(parent, 0);
		RandpickRunChild last = randpick_run_child(parent, parent->nentries - 1);

		all.separator = last.separator;
		all.next = last.next;
		*run = tree->spare[0];
		tree->spare[0] = parent;
		if (!randpick_run_read(*run, randpick_lock_page(tree->index, all.block),
							   &all, start, end, max_pages(tree)))
			return false;
		if (!is_hint)
			remember_page(tree, start, end, *run);
	}
	return true;
}

bool
randpick_frontier_read(RandpickFrontier *frontier, RandpickTree *tree)
{
	RandpickRun *run;
	BTScanInsert start = range_start(frontier);
	BTScanInsert end = range_end(frontier);
	bool		is_hint = false;
	uint64		below;

	frontier->nlooks = 0;
	frontier->met_crowd = false;
	if (frontier->range.is_empty)
		return true;

	run = create_run(tree);
	if (!read_first(tree, start, end, run, &is_hint) ||
		!read_down(tree, start, end, &run, is_hint) ||
		!count_below(tree, run, &below))
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
