/*
 * btree_check.h
 *	  Checks of what the pages of a B-tree say, before it is used.
 *
 * nbtree trusts most of what it reads, and so does _bt_compare(), which the
 * sources call.  But an index that is damaged must not crash the server, nor keep
 * a backend running or growing, for a query that PostgreSQL's own plan answers
 * from the table alone.  Therefore everything in a page that says where to read
 * next, or how much, is checked as amcheck would:
 *
 *	- a page when it has been locked: its level, its flags and the number of its
 *	  items (the server has checked the rest of the header when it read it);
 *	- an item when it is used: that it lies in the page, and that the columns and
 *	  the posting list that are used lie in the item;
 *	- a link when it is followed: that some block can have this number (the file
 *	  is asked whether it has the block by reading it), and that right-links do
 *	  not form a circle.
 *
 * Two things are not checked.  A value that lies in its item but makes no sense
 * to its type is the comparison function's affair, as in an index scan.  And a
 * wrong order of items leads to rows that are missed, as in an index scan; walks
 * end all the same (btree_run.c).
 *
 * A look compares some fifty items, so the checks of an item are inline, and
 * errors are raised elsewhere.
 */
#ifndef RANDPICK_BTREE_CHECK_H
#define RANDPICK_BTREE_CHECK_H

#include "access/itup.h"
#include "access/nbtree.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* A tree of 2^32 pages that have two children each has no higher level. */
#define RANDPICK_MAX_LEVEL	32

/* Items end here in a page. */
#define RANDPICK_ITEMS_END	(BLCKSZ - MAXALIGN(sizeof(BTPageOpaqueData)))

/*
 * A walk along right-links, which shows whether they form a circle.  Initialize
 * it with an invalid mark.
 */
typedef struct RandpickWalk
{
	BlockNumber mark;			/* a page that the walk has left behind */
	uint32		nsteps;			/* taken since the mark was set */
	uint32		max_steps;		/* to take before it is set anew */
} RandpickWalk;

extern void randpick_report_page(Relation index, BlockNumber block,
								 const char *what);
extern void randpick_report_item(Relation index, BlockNumber block,
								 OffsetNumber offset, const char *what);
extern Buffer randpick_lock_page(Relation index, BlockNumber link);
extern Buffer randpick_lock_root(Relation index);
extern Buffer randpick_step_right(Relation index, Buffer buffer,
								  RandpickWalk *walk);
extern bool randpick_columns_fit(Relation index, IndexTuple item, int ncolumns);
extern bool randpick_is_pivot(Relation index, IndexTuple item);

/*
 * Check a page against the level that it must be on.  The page is neither
 * deleted nor half-dead, and _bt_checkpage() has seen it.
 */
static inline void
randpick_check_page(Relation index, Page page, BlockNumber block, uint32 level)
{
	BTPageOpaque opaque = BTPageGetOpaque(page);
	int			nitems = PageGetMaxOffsetNumber(page);

	/* a leaf page may have no item but its high key */
	if (unlikely(opaque->btpo_level != level || P_ISMETA(opaque) ||
				 P_ISLEAF(opaque) != (level == 0) ||
				 nitems > MaxIndexTuplesPerPage ||
				 nitems + (level == 0) < P_FIRSTDATAKEY(opaque)))
		randpick_report_page(index, block,
							 "Its level, its flags or the number of its items are wrong.");
}

/*
 * Return an item of a page, after checking that it lies in the page and is as
 * long as it says.
 */
static inline IndexTuple
randpick_get_item(Relation index, Page page, BlockNumber block,
				  OffsetNumber offset)
{
	ItemId		lp = PageGetItemId(page, offset);
	uint32		start = ItemIdGetOffset(lp);
	uint32		length = ItemIdGetLength(lp);
	IndexTuple	item = (IndexTuple) ((char *) page + start);

	if (unlikely(start + length > RANDPICK_ITEMS_END ||
				 length < sizeof(IndexTupleData) ||
				 ((start | length) & (MAXIMUM_ALIGNOF - 1)) != 0 ||
				 length != IndexTupleSize(item)))
		randpick_report_item(index, block, offset, "it does not lie in the page");
	return item;
}

/*
 * Return how many TIDs an item of a leaf page says it has.  This is cheaper than
 * randpick_get_entry(), for items that are only counted: a wrong number does no
 * harm.
 */
static inline int
randpick_count_tids(Relation index, Page page, BlockNumber block,
					OffsetNumber offset)
{
	uint32		start = ItemIdGetOffset(PageGetItemId(page, offset));
	IndexTuple	item = (IndexTuple) ((char *) page + start);

	if (unlikely(start > RANDPICK_ITEMS_END - sizeof(IndexTupleData)))
		randpick_report_item(index, block, offset, "it does not lie in the page");
	return BTreeTupleIsPosting(item) ? BTreeTupleGetNPosting(item) : 1;
}

/* True if the posting list of an item lies in it, or it has one TID. */
static inline bool
randpick_tids_fit(IndexTuple item)
{
	uint32		start;

	if ((item->t_info & INDEX_ALT_TID_MASK) == 0)
		return true;
	if (!BTreeTupleIsPosting(item))
		return false;			/* a pivot has none */
	start = BTreeTupleGetPostingOffset(item);
	return start >= sizeof(IndexTupleData) && start == MAXALIGN(start) &&
		start <= IndexTupleSize(item) &&
		BTreeTupleGetNPosting(item) <= MaxTIDsPerBTreePage &&
		BTreeTupleGetNPosting(item) * sizeof(ItemPointerData) <=
		IndexTupleSize(item) - start;
}

/* Return an item of a leaf page, after checking its TIDs, too. */
static inline IndexTuple
randpick_get_entry(Relation index, Page page, BlockNumber block,
				   OffsetNumber offset)
{
	IndexTuple	item = randpick_get_item(index, page, block, offset);

	if (unlikely(!randpick_tids_fit(item)))
		randpick_report_item(index, block, offset, "its TIDs do not lie in it");
	return item;
}

#endif							/* RANDPICK_BTREE_CHECK_H */
