/*
 * btree_run.h
 *	  Runs: the pages of one level of a B-tree that hold a part of its range.
 */
#ifndef RANDPICK_BTREE_RUN_H
#define RANDPICK_BTREE_RUN_H

#include "access/nbtree.h"
#include "storage/buf.h"
#include "utils/snapshot.h"

/* A page, and which of its items are in the range. */
typedef struct RandpickRunPage
{
	BlockNumber block;
	Page		image;			/* the copy, or the page itself if locked */
	char	   *copy;			/* BLCKSZ bytes; NULL: none was needed yet */
	OffsetNumber first;			/* the first item in the range */
	OffsetNumber past;			/* the one after the last */
	bool		is_flat;		/* each item is one entry? */
	uint64		nentries;		/* entries of these items, or more */
} RandpickRunPage;

/*
 * A run.  Its entries are children on internal levels.  On the leaf level they
 * are TIDs or, if an item counts as one, items; if they are counted, dead ones
 * are left out where that is allowed, else there may be some that do not
 * exist.  Allocated by randpick_run_create, and read as often as wanted; its
 * memory goes with the context it was created in, or before.
 */
typedef struct RandpickRun
{
	Relation	index;			/* open and locked by the caller */
	Snapshot	snapshot;		/* held by the caller */
	bool		item_is_entry;
	bool		skip_dead;

	bool		is_counted;		/* were entries of leaf pages counted? */
	int			level;			/* 0: leaf pages */
	Buffer		locked;			/* the only page, or an invalid buffer */
	IndexTuple	item;			/* a copy of an item of that page */
	uint64		nentries;		/* of all pages */
	int			npages;
	int			maxpages;		/* allocated */
	RandpickRunPage *pages;
} RandpickRun;

/*
 * A logical child: what there is on the level below from a block to the
 * separator, which is a pivot in a page of the run, or NULL for no end.
 */
typedef struct RandpickRunChild
{
	BlockNumber block;
	BlockNumber next;			/* where the next child begins; or invalid */
	IndexTuple	separator;
	uint32		level;
} RandpickRunChild;

/* An empty run, in the current memory context. */
extern RandpickRun *randpick_run_create(Relation index, Snapshot snapshot,
										bool item_is_entry);
extern void randpick_run_free(RandpickRun *run);

/*
 * Read the pages of a logical child, and of them what is between start and end;
 * each may be NULL.  Its first page is in the buffer, share-locked, and will be
 * released.
 *
 * If max_pages is not 0, entries of leaf pages are counted, which takes some
 * time, and the result is false if there are more pages than that.
 *
 * If they are not counted and there is only one leaf page, it is left locked
 * and not copied: then call either randpick_run_item, once, or one of the
 * functions below, before anything else is done.
 */
extern bool randpick_run_read(RandpickRun *run, Buffer buffer,
							  const RandpickRunChild *child,
							  BTScanInsert start, BTScanInsert end,
							  int max_pages);

/* Copy the page if it is locked.  And: do without it. */
extern void randpick_run_copy(RandpickRun *run);
extern void randpick_run_unlock(RandpickRun *run);

/* Entry number n of a run above the leaf level. */
extern RandpickRunChild randpick_run_child(RandpickRun *run, uint64 n);

/*
 * Entry number n of a run on the leaf level: returns the item, and which of
 * its TIDs belong to the entry.  NULL if it is dead or does not exist.  So many
 * of its columns may be used.
 */
extern IndexTuple randpick_run_item(RandpickRun *run, uint64 n, int ncolumns,
									ItemPointer *tids, int *ntids);

#endif							/* RANDPICK_BTREE_RUN_H */
