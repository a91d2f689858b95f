/*
 * btree_check.h
 *	  Checks of what the pages of a B-tree say, before it is used.
 *
 * nbtree trusts most of what it reads; so does _bt_compare(), which we call.
 * A page that is damaged must not crash the server all the same, for a query
 * that PostgreSQL would have answered without the index.  So everything that
 * says where to read next, or how much, is checked as amcheck would:
 *
 *	- of a page, when it has been locked: its level, its flags, the number of
 *	  its items (the rest of the header was checked when it was read);
 *	- of an item, when it is used: that it lies in the page, that its columns
 *	  and its posting list lie in the item;
 *	- of a link: that a block can have this number.  Whether the file has the
 *	  block is found out by reading it.
 *
 * Each check is an error of its own or part of an inline function, since a look
 * compares some fifty items.
 *
 * Not checked: whether the value of a column makes sense to its type, and
 * whether the items are in order.  A wrong order leads to rows that are missed,
 * as in an index scan, or to a walk that ends with an error (btree_run.c).
 */
#ifndef RANDPICK_BTREE_CHECK_H
#define RANDPICK_BTREE_CHECK_H

#include "access/itup.h"
#include "access/nbtree.h"
#include "access/tupmacs.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* A tree of 2^32 pages with two children each has no higher level. */
#define RANDPICK_MAX_LEVEL	32

/* where the room for items ends in a page */
#define RANDPICK_ITEMS_END	(BLCKSZ - MAXALIGN(sizeof(BTPageOpaqueData)))

/* Raise an error about a page, or about one of its items. */
extern void randpick_report_page(Relation index, BlockNumber block,
								 const char *what);
extern void randpick_report_item(Relation index, BlockNumber block,
								 OffsetNumber offset, const char *what);

/* Return the page that a link leads to, share-locked. */
extern Buffer randpick_lock_page(Relation index, BlockNumber link);

/*
 * A walk along right-links, to find out whether they form a circle.  As in
 * Brent (1980), each page is compared with a mark, which is set anew after 1, 2,
 * 4, ... steps.  Initialize it with an invalid mark.
 *
 * No walk comes to a page twice unless they do: pages do not become others while
 * a snapshot is held that was taken before the walk.
 */
typedef struct RandpickWalk
{
	BlockNumber mark;
	uint32		nsteps;			/* since the mark was set */
	uint32		max_steps;
} RandpickWalk;

/*
 * Take a step to the right of a page that is locked, and release that.  Returns
 * the next one, share-locked.
 */
extern Buffer randpick_step_right(Relation index, Buffer buffer,
								  RandpickWalk *walk);

/* Return the root page, share-locked; invalid if the index is empty. */
extern Buffer randpick_lock_root(Relation index);

/*
 * True if the first columns of an item lie in it: so many, or as many as it has.
 * The item lies in its page.
 */
extern bool randpick_columns_fit(Relation index, IndexTuple item, int ncolumns);

/* True if an item is a pivot, and all its columns lie in it. */
extern bool randpick_is_pivot(Relation index, IndexTuple item);

/* Check a page that is neither deleted nor half-dead, against its level. */
static inline void
randpick_check_page(Relation index, Page page, BlockNumber block, uint32 level)
{
	BTPageOpaque opaque = BTPageGetOpaque(page);
	int			nitems = PageGetMaxOffsetNumber(page);

	/* a leaf page may be empty but for its high key */
	if (unlikely(opaque->btpo_level != level || P_ISMETA(opaque) ||
				 P_ISLEAF(opaque) != (level == 0) ||
				 nitems > MaxIndexTuplesPerPage ||
				 nitems + (level == 0) < P_FIRSTDATAKEY(opaque)))
		randpick_report_page(index, block,
							 "Its level, its flags or the number of its items are wrong.");
}

/* Return an item that lies in its page, and is as long as it says. */
static inline IndexTuple
randpick_get_item(Relation index, Page page, BlockNumber block,
				  OffsetNumber offset)
{
	ItemId		lp = PageGetItemId(page, offset);
	uint32		start = ItemIdGetOffset(lp);
	uint32		length = ItemIdGetLength(lp);
	IndexTuple	item = (IndexTuple) ((char *) page + start);

	if (unlikely(start + length > RANDPICK_ITEMS_END || length == 0 ||
				 ((start | length) & (MAXIMUM_ALIGNOF - 1)) != 0 ||
				 length != IndexTupleSize(item)))
		randpick_report_item(index, block, offset, "it does not lie in the page");
	return item;
}

/*
 * Return how many TIDs an item of a leaf page says it has.  Cheaper than to get
 * it as an entry, for those that are only counted: a wrong number does no harm.
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

/* True if an item of a leaf page has the TIDs that it says it has. */
static inline bool
randpick_tids_fit(IndexTuple item)
{
	uint32		start;

	if ((item->t_info & INDEX_ALT_TID_MASK) == 0)
		return true;
	if (!BTreeTupleIsPosting(item))
		return false;			/* a pivot */
	start = BTreeTupleGetPostingOffset(item);
	return start >= sizeof(IndexTupleData) && start == MAXALIGN(start) &&
		start <= IndexTupleSize(item) &&
		BTreeTupleGetNPosting(item) <= MaxTIDsPerBTreePage &&
		BTreeTupleGetNPosting(item) * sizeof(ItemPointerData) <=
		IndexTupleSize(item) - start;
}

/* Return an item of a leaf page, with its TIDs. */
static inline IndexTuple
randpick_get_entry(Relation index, Page page, BlockNumber block,
				   OffsetNumber offset)
{
	IndexTuple	item = randpick_get_item(index, page, block, offset);

	if (unlikely(!randpick_tids_fit(item)))
		randpick_report_item(index, block, offset, "it has no TIDs");
	return item;
}

#endif							/* RANDPICK_BTREE_CHECK_H */
