/*
 * btree_run.c
 *	  Runs: the pages of one level of a B-tree that hold a part of its range.
 *
 * Whoever descends a B-tree must let go of the parent before it locks the
 * child: a split waits for the parent's lock with the child's in hand.  So a
 * child may have split since its parent was read, and the parent may not have
 * been told of an earlier split.  Both are the same to us: what a parent shows
 * as one child, from its downlink up to the next pivot, the separator, is a
 * logical child: the pages that are reached from the downlink by right-links,
 * up to the one whose high key is the separator.  It is one page as a rule,
 * and no entry that a snapshot sees, which was held before the parent was
 * read, ever leaves it:
 *
 *	- Splits move entries to new pages on the right, which end at the same high
 *	  key as the page that was split: they are in the logical child.
 *	- Entries that the snapshot sees are not removed, so their page is not
 *	  deleted.  A page that was empty may be.  It keeps its right-link, and is
 *	  not recycled while the snapshot is held; what was its key space then
 *	  belongs to the page on its right, with entries that the snapshot does not
 *	  see.  So if the separator was passed without being met, the page behind
 *	  it is not part of the logical child.
 *
 * No page is read while another is locked, and none is kept pinned: the pages
 * are copied, unless all that is wanted is one item of one page.
 */
#include "postgres.h"

#include "btree_check.h"
#include "btree_position.h"
#include "btree_run.h"
#include "compat.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

RandpickRun *
randpick_run_create(Relation index, Snapshot snapshot, bool item_is_entry)
{
	RandpickRun *run = palloc0(sizeof(RandpickRun));

	run->index = index;
	run->snapshot = snapshot;
	run->item_is_entry = item_is_entry;

	/* what is dead on the primary may be visible on a standby */
	run->skip_dead = !snapshot->takenDuringRecovery;
	return run;
}

void
randpick_run_free(RandpickRun *run)
{
	randpick_run_unlock(run);
	for (int i = 0; i < run->maxpages; i++)
	{
		if (run->pages[i].copy != NULL)
			pfree(run->pages[i].copy);
	}
	if (run->pages != NULL)
		pfree(run->pages);
	if (run->item != NULL)
		pfree(run->item);
	pfree(run);
}

/* Add a page to the run. */
static RandpickRunPage *
add_page(RandpickRun *run, Buffer buffer)
{
	RandpickRunPage *page;

	if (run->npages == run->maxpages)
	{
		int			n = Max(1, run->maxpages * 2);

		if (run->pages == NULL)
			run->pages = MemoryContextAlloc(GetMemoryChunkContext(run),
											n * sizeof(RandpickRunPage));
		else
			run->pages = repalloc_huge(run->pages,
									   n * sizeof(RandpickRunPage));
		for (int i = run->maxpages; i < n; i++)
			run->pages[i].copy = NULL;
		run->maxpages = n;
	}
	page = &run->pages[run->npages++];
	page->block = BufferGetBlockNumber(buffer);
	page->image = BufferGetPage(buffer);
	return page;
}

/* Copy a page that is locked. */
static void
copy_page(RandpickRun *run, RandpickRunPage *page)
{
	if (page->copy == NULL)
		page->copy = MemoryContextAlloc(GetMemoryChunkContext(run), BLCKSZ);
	memcpy(page->copy, page->image, BLCKSZ);
	page->image = (Page) page->copy;
}

/* May an item of a leaf page be passed over because it is known to be dead? */
static inline bool
is_dead(RandpickRun *run, Page page, OffsetNumber offset)
{
	return run->skip_dead && ItemIdIsDead(PageGetItemId(page, offset));
}

/* The number of entries of an item of a leaf page. */
static inline int
count_entries(RandpickRun *run, const RandpickRunPage *page,
			  OffsetNumber offset)
{
	if (run->is_counted && is_dead(run, page->image, offset))
		return 0;
	return run->item_is_entry ? 1 :
		randpick_count_tids(run->index, page->image, page->block, offset);
}

/*
 * How many more TIDs than items can a leaf page have?  As many as fit into the
 * space that its items take beyond the least that they could.
 */
static inline int
bound_hidden_entries(Page page)
{
	PageHeader	header = (PageHeader) page;
	int			space = header->pd_special - header->pd_upper -
	PageGetMaxOffsetNumber(page) * MAXALIGN(sizeof(IndexTupleData) + 1);

	return Max(space, 0) / sizeof(ItemPointerData);
}

/* Find what a page has in the range. */
static void
cut_page(RandpickRun *run, RandpickRunPage *page,
		 BTScanInsert start, BTScanInsert end)
{
	Page		image = page->image;
	OffsetNumber first = P_FIRSTDATAKEY(BTPageGetOpaque(image));
	int			nhidden = 0;

	page->first = first;
	page->past = OffsetNumberNext(PageGetMaxOffsetNumber(image));
	if (start != NULL)
		page->first = randpick_find_position(run->index, start, image,
											 page->block);
	if (end != NULL)
		page->past = randpick_find_position(run->index, end, image,
											page->block);

	/* the child in which a position is comes before the next pivot */
	if (start != NULL && run->level > 0)
		page->first = Max(first, OffsetNumberPrev(page->first));

	page->nentries = 0;
	if (page->past <= page->first)
		return;
	if (run->level == 0 && !run->item_is_entry)
		nhidden = bound_hidden_entries(image);
	page->is_flat = nhidden == 0 && !run->is_counted;
	if (run->level > 0 || !run->is_counted)
		page->nentries = page->past - page->first + nhidden;
	else
	{
		for (OffsetNumber i = page->first; i < page->past; i++)
			page->nentries += count_entries(run, page, i);
	}
}

/* An item of a page above the leaf level, or its high key. */
static inline IndexTuple
get_pivot(RandpickRun *run, const RandpickRunPage *page, OffsetNumber offset)
{
	return randpick_get_item(run->index, page->image, page->block, offset);
}

/*
 * Check that a page of a walk stands where the links say, given how its end
 * compares with the separator.
 */
static void
check_place(RandpickRun *run, const RandpickRunChild *child, Page image,
			BlockNumber block, int order)
{
	const RandpickRunPage *left;

	/* splits and deletions never bring the end of a page to the right */
	if (block == child->block && order > 0)
		randpick_report_page(run->index, block,
							 "It ends beyond what its parent has for it.");

	/* all that the next child has is beyond the separator */
	if (block == child->next && order <= 0)
		randpick_report_page(run->index, block,
							 "It ends before what its parent has for it.");

	/* another left-link than expected may be due to a split, or to a circle */
	if (run->npages == 0)
		return;
	left = &run->pages[run->npages - 1];
	if (BTPageGetOpaque(image)->btpo_prev != left->block &&
		randpick_compare_end(run->index, get_pivot(run, left, P_HIKEY), image,
							 block) <= 0)
		randpick_report_page(run->index, block,
							 "Right-links lead to it from a page that ends beyond it.");
}

/*
 * Is a page, which is not to be ignored, part of the run?  And is the end in it,
 * and may there be others to its right?
 */
static bool
is_part(RandpickRun *run, const RandpickRunChild *child, Page image,
		BlockNumber block, BTScanInsert start, BTScanInsert end,
		bool *has_end, bool *is_last)
{
	Relation	index = run->index;
	int			order;

	randpick_check_page(index, image, block, run->level);
	order = randpick_compare_end(index, child->separator, image, block);
	check_place(run, child, image, block, order);

	*has_end = end != NULL && !randpick_is_past_page(index, end, image, block);
	*is_last = *has_end || order >= 0 || P_RIGHTMOST(BTPageGetOpaque(image));
	return order <= 0 &&
		(start == NULL || !randpick_is_past_page(index, start, image, block));
}

bool
randpick_run_read(RandpickRun *run, Buffer buffer,
				  const RandpickRunChild *child,
				  BTScanInsert start, BTScanInsert end, int max_pages)
{
	RandpickWalk walk = {.mark = InvalidBlockNumber};

	run->is_counted = max_pages > 0;
	run->npages = 0;
	run->nentries = 0;
	run->level = child->level;

	for (;; buffer = randpick_step_right(run->index, buffer, &walk))
	{
		Page		image = BufferGetPage(buffer);
		bool		is_last = P_RIGHTMOST(BTPageGetOpaque(image));
		bool		has_end;

		randpick_test_for_old_snapshot(run->snapshot, run->index, image);
		if (!P_IGNORE(BTPageGetOpaque(image)) &&
			is_part(run, child, image, BufferGetBlockNumber(buffer), start, end,
					&has_end, &is_last))
		{
			RandpickRunPage *page;

			if (run->is_counted && run->npages == max_pages)
			{
				_bt_relbuf(run->index, buffer);
				return false;
			}
			page = add_page(run, buffer);
			cut_page(run, page, start, has_end ? end : NULL);
			run->nentries += page->nentries;
			if (is_last && run->npages == 1 && run->level == 0 && !run->is_counted)
			{
				run->locked = buffer;
				return true;
			}
			copy_page(run, page);
			start = NULL;		/* it is not on the pages to the right */
		}
		if (is_last)
		{
			_bt_relbuf(run->index, buffer);
			return true;
		}
	}
}

void
randpick_run_copy(RandpickRun *run)
{
	if (BufferIsValid(run->locked))
		copy_page(run, &run->pages[0]);
	randpick_run_unlock(run);
}

void
randpick_run_unlock(RandpickRun *run)
{
	if (BufferIsValid(run->locked))
		_bt_relbuf(run->index, run->locked);
	run->locked = InvalidBuffer;
}

/* The page of entry number n, which becomes its number in the page. */
static RandpickRunPage *
find_page(RandpickRun *run, uint64 *n)
{
	RandpickRunPage *page = run->pages;

	Assert(*n < run->nentries);
	while (*n >= page->nentries)
		*n -= (page++)->nentries;
	return page;
}

RandpickRunChild
randpick_run_child(RandpickRun *run, uint64 n)
{
	RandpickRunPage *page = find_page(run, &n);
	OffsetNumber offset = page->first + n;
	RandpickRunChild child = {.next = InvalidBlockNumber, .level = run->level - 1};

	Assert(run->level > 0);
	child.block = BTreeTupleGetDownLink(get_pivot(run, page, offset));
	if (offset < PageGetMaxOffsetNumber(page->image))
	{
		child.separator = get_pivot(run, page, OffsetNumberNext(offset));
		child.next = BTreeTupleGetDownLink(child.separator);
	}
	else if (!P_RIGHTMOST(BTPageGetOpaque(page->image)))
	{
		child.separator = get_pivot(run, page, P_HIKEY);
		if (++page < run->pages + run->npages)
			child.next = BTreeTupleGetDownLink(get_pivot(run, page, page->first));
	}
	return child;
}

/* Copy an item, to be good until another one is copied. */
static IndexTuple
copy_item(RandpickRun *run, IndexTuple item)
{
	if (run->item == NULL)
		run->item = MemoryContextAlloc(GetMemoryChunkContext(run), BLCKSZ);
	memcpy(run->item, item, IndexTupleSize(item));
	return run->item;
}

IndexTuple
randpick_run_item(RandpickRun *run, uint64 n, int ncolumns,
				  ItemPointer *tids, int *ntids)
{
	RandpickRunPage *page = find_page(run, &n);
	Page		image = page->image;
	OffsetNumber offset = page->first;
	IndexTuple	item;

	Assert(run->level == 0);
	if (page->is_flat)
	{
		offset += n;
		n = 0;
	}
	else
	{
		for (; offset < page->past; offset++)
		{
			uint64		here = count_entries(run, page, offset);

			if (n < here)
				break;
			n -= here;
		}
	}
	if (offset >= page->past || is_dead(run, image, offset))
	{
		randpick_run_unlock(run);
		return NULL;
	}

	item = randpick_get_entry(run->index, image, page->block, offset);
	if (ncolumns > 0 && !randpick_columns_fit(run->index, item, ncolumns))
		randpick_report_item(run->index, page->block, offset,
							 "its columns do not lie in it");
	if (BufferIsValid(run->locked))
	{
		item = copy_item(run, item);
		randpick_run_unlock(run);
	}
	if (!BTreeTupleIsPosting(item))
	{
		*tids = &item->t_tid;
		*ntids = 1;
	}
	else if (run->item_is_entry)
	{
		*tids = BTreeTupleGetPosting(item);
		*ntids = BTreeTupleGetNPosting(item);
	}
	else
	{
		*tids = BTreeTupleGetPostingN(item, n);
		*ntids = 1;
	}
	return item;
}
