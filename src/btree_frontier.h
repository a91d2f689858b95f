/*
 * btree_frontier.h
 *	  Numbers for the entries that a range of a B-tree could have.
 */
#ifndef RANDPICK_BTREE_FRONTIER_H
#define RANDPICK_BTREE_FRONTIER_H

#include "btree_range.h"
#include "btree_run.h"
#include "miscadmin.h"
#include "utils/relcache.h"

/* more children than a page can have, by one */
#define RANDPICK_CHILD_BOUND	(MaxIndexTuplesPerPage + 1)

/* What frontiers of one index share.  Allocated by randpick_tree_create. */
typedef struct RandpickTree
{
	Relation	index;			/* open and locked by the caller */
	Snapshot	snapshot;		/* held by the caller */
	bool		item_is_entry;	/* or else each TID of an item */
	uint64		leaf_bound;		/* entries a leaf page can have */
	int			nranges;		/* how many frontiers there will be */
	RandpickRun *spare[2];		/* for descents */
} RandpickTree;

/*
 * The frontier of a range, which the caller sets before it is read.  What is
 * read lives as long as the tree.
 */
typedef struct RandpickFrontier
{
	RandpickRange range;

	/* as of the last reading */
	RandpickRun *run;			/* NULL: there is nothing in the range */
	uint64		below;			/* numbers of each of its entries */
	int			nlooks;			/* since then */
	bool		met_crowd;		/* since then */
} RandpickFrontier;

/*
 * Does entry number n of a run on the leaf level lead to a row that the caller
 * wants?  The run must not be used before this returns.
 */
typedef bool (*RandpickFetchEntry) (void *arg, RandpickRun *run, uint64 n);

/* In the current memory context. */
extern RandpickTree *randpick_tree_create(Relation index, Snapshot snapshot,
										  bool item_is_entry,
										  uint64 leaf_bound);

/*
 * Read the frontier, or read it anew if that may pay.  False if there would be
 * more numbers than 2^53, or a level has far more pages than it should: then what
 * was read before stays.
 */
extern bool randpick_frontier_read(RandpickFrontier *frontier,
								   RandpickTree *tree);
extern void randpick_frontier_refresh(RandpickFrontier *frontier,
									  RandpickTree *tree);

/*
 * Find the entry of a number below randpick_frontier_count(), if there is one,
 * and return what fetch says of it.
 */
extern bool randpick_frontier_find(RandpickFrontier *frontier,
								   RandpickTree *tree, uint64 number,
								   RandpickFetchEntry fetch, void *arg);

/* The block that the search for a number begins with, or InvalidBlockNumber. */
extern BlockNumber randpick_frontier_block(RandpickFrontier *frontier,
										   uint64 number);

/* How many leaf pages it has, as a guess. */
extern double randpick_frontier_guess_pages(const RandpickFrontier *frontier);

/* How many numbers there are. */
static inline uint64
randpick_frontier_count(const RandpickFrontier *frontier)
{
	return frontier->run == NULL ? 0 : frontier->run->nentries * frontier->below;
}

/*
 * All pages of a level are read if the range has no more of them than half the
 * looks that this would save; a few in any case, and no more than many, or than
 * its share of the memory that a query may use for such a thing.
 */
static inline double
randpick_frontier_most_pages(double nranges)
{
	return Max(Min(512.0, work_mem / (BLCKSZ / 1024.0)) / nranges, 4.0);
}

static inline double
randpick_frontier_pages_worth(double looks, double nranges)
{
	return Max(Min(looks / 2, randpick_frontier_most_pages(nranges)), 4.0);
}

#endif							/* RANDPICK_BTREE_FRONTIER_H */
