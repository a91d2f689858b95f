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
 * The parent's pivot and the high key of the child's last page are made as
 * copies of each other, so equality of their bytes is the test.  Only if they
 * differ are they compared as keys.
 *
 * No page is read while another is locked, and none is kept pinned: the pages
 * are copied, which takes less time than counting their entries.
 *
 * The ends of the range are looked for as in _bt_moveright and _bt_binsrch.
 */
#include "postgres.h"

#include "btree_run.h"
#include "compat.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

static inline IndexTuple
get_item(Page page, OffsetNumber offset)
{
	return (IndexTuple) PageGetItem(page, PageGetItemId(page, offset));
}

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
	for (int i = 0; i < run->maxpages; i++)
	{
		if (run->pages[i].copy != NULL)
			pfree(run->pages[i].copy);
	}
	if (run->pages != NULL)
		pfree(run->pages);
	pfree(run);
}

/* Room for one more page; not yet part of the run. */
static RandpickRunPage *
get_free_page(RandpickRun *run)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(GetMemoryChunkContext(run));
	RandpickRunPage *page;

	if (run->npages == run->maxpages)
	{
		int			n = Max(1, run->maxpages * 2);

		if (run->pages == NULL)
			run->pages = palloc(n * sizeof(RandpickRunPage));
		else
			run->pages = repalloc_huge(run->pages,
									   n * sizeof(RandpickRunPage));
		for (int i = run->maxpages; i < n; i++)
			run->pages[i].copy = NULL;
		run->maxpages = n;
	}
	page = &run->pages[run->npages];
	if (page->copy == NULL)
		page->copy = palloc(BLCKSZ);
	MemoryContextSwitchTo(oldcxt);
	return page;
}

/* Is the position that a key means on a later page than this one? */
static bool
is_past_page(Relation index, BTScanInsert key, Page page)
{
	return !P_RIGHTMOST(BTPageGetOpaque(page)) &&
		_bt_compare(index, key, page, P_HIKEY) >= (key->nextkey ? 0 : 1);
}

/* The first item that is past a key: its position. */
static OffsetNumber
find_position(Relation index, BTScanInsert key, Page page)
{
	OffsetNumber low = P_FIRSTDATAKEY(BTPageGetOpaque(page));
	OffsetNumber high = OffsetNumberNext(PageGetMaxOffsetNumber(page));

	while (low < high)
	{
		OffsetNumber middle = low + (high - low) / 2;

		if (_bt_compare(index, key, page, middle) >= (key->nextkey ? 0 : 1))
			low = OffsetNumberNext(middle);
		else
			high = middle;
	}
	return low;
}

/*
 * How the end of a page compares with the separator: below 0 if the page to
 * its right still belongs to the logical child, 0 if it is the last one, above
 * 0 if it is itself beyond.
 */
static int
compare_end(Relation index, Page page, IndexTuple separator)
{
	BTPageOpaque opaque = BTPageGetOpaque(page);
	IndexTuple	high_key;
	BTScanInsert key;
	int32		order;
	int			natts;

	if (P_RIGHTMOST(opaque))
		return separator == NULL ? 0 : 1;
	if (separator == NULL)
		return -1;

	/* the block number is the only part that may differ */
	high_key = get_item(page, P_HIKEY);
	if (high_key->t_info == separator->t_info &&
		high_key->t_tid.ip_posid == separator->t_tid.ip_posid &&
		memcmp((char *) high_key + sizeof(IndexTupleData),
			   (char *) separator + sizeof(IndexTupleData),
			   IndexTupleSize(separator) - sizeof(IndexTupleData)) == 0)
		return 0;

	key = _bt_mkscankey(index, separator);
	randpick_btree_stop_at_pivot(key);
	order = _bt_compare(index, key, page, P_HIKEY);
	pfree(key);
	if (order != 0)
		return order > 0 ? -1 : 1;

	/* the one with more attributes is larger, the TID being the last one */
	natts = BTreeTupleGetNAtts(separator, index);
	if (BTreeTupleGetNAtts(high_key, index) != natts)
		return BTreeTupleGetNAtts(high_key, index) > natts ? 1 : -1;
	return (BTreeTupleGetHeapTID(high_key) != NULL) -
		(BTreeTupleGetHeapTID(separator) != NULL);
}

/* May an item of a leaf page be passed over because it is known to be dead? */
static inline bool
is_dead(RandpickRun *run, Page page, OffsetNumber offset)
{
	return run->skip_dead && ItemIdIsDead(PageGetItemId(page, offset));
}

/* The number of entries of an item of a leaf page. */
static inline int
count_entries(RandpickRun *run, Page page, OffsetNumber offset)
{
	IndexTuple	item;

	if (run->is_counted && is_dead(run, page, offset))
		return 0;
	item = get_item(page, offset);
	if (run->item_is_entry || !BTreeTupleIsPosting(item))
		return 1;
	return BTreeTupleGetNPosting(item);
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
	Page		copy = (Page) page->copy;
	OffsetNumber first = P_FIRSTDATAKEY(BTPageGetOpaque(copy));
	int			nhidden = 0;

	page->first = first;
	page->past = OffsetNumberNext(PageGetMaxOffsetNumber(copy));
	if (start != NULL)
		page->first = find_position(run->index, start, copy);
	if (end != NULL)
		page->past = find_position(run->index, end, copy);

	/* the child in which a position is comes before the next pivot */
	if (start != NULL && run->level > 0)
		page->first = Max(first, OffsetNumberPrev(page->first));

	page->nentries = 0;
	if (page->past <= page->first)
		return;
	if (run->level == 0 && !run->item_is_entry)
		nhidden = bound_hidden_entries(copy);
	page->is_flat = nhidden == 0 && !run->is_counted;
	if (run->level > 0 || !run->is_counted)
		page->nentries = page->past - page->first + nhidden;
	else
	{
		for (OffsetNumber i = page->first; i < page->past; i++)
			page->nentries += count_entries(run, copy, i);
	}
}

/* Copy a page and let go of it. */
static void
copy_page(RandpickRun *run, Buffer buffer, char *copy)
{
	Page		page = BufferGetPage(buffer);

	randpick_test_for_old_snapshot(run->snapshot, run->index, page);
	memcpy(copy, page, BLCKSZ);
	_bt_relbuf(run->index, buffer);
}

void
randpick_run_read(RandpickRun *run, Buffer buffer, IndexTuple separator,
				  BTScanInsert start, BTScanInsert end, bool count)
{
	run->is_counted = count;
	run->npages = 0;
	run->nentries = 0;
	run->level = BTPageGetOpaque(BufferGetPage(buffer))->btpo_level;

	for (;;)
	{
		RandpickRunPage *page = get_free_page(run);
		Page		copy = (Page) page->copy;
		BTPageOpaque opaque;
		int			order = -1;

		copy_page(run, buffer, page->copy);
		opaque = BTPageGetOpaque(copy);
		if (!P_IGNORE(opaque))
		{
			order = compare_end(run->index, copy, separator);
			if (order > 0)
				break;
			if (start == NULL || !is_past_page(run->index, start, copy))
			{
				cut_page(run, page, start, end);
				run->nentries += page->nentries;
				run->npages++;
			}
			if (end != NULL && !is_past_page(run->index, end, copy))
				break;
		}
		if (order == 0 || P_RIGHTMOST(opaque))
			break;
		CHECK_FOR_INTERRUPTS();
		buffer = _bt_getbuf(run->index, opaque->btpo_next, BT_READ);
	}
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
	Page		copy = (Page) page->copy;
	OffsetNumber offset = page->first + n;
	RandpickRunChild child = {0};

	Assert(run->level > 0);
	child.block = BTreeTupleGetDownLink(get_item(copy, offset));
	if (offset < PageGetMaxOffsetNumber(copy))
		child.separator = get_item(copy, OffsetNumberNext(offset));
	else if (!P_RIGHTMOST(BTPageGetOpaque(copy)))
		child.separator = get_item(copy, P_HIKEY);
	return child;
}

IndexTuple
randpick_run_item(RandpickRun *run, uint64 n, ItemPointer *tids, int *ntids)
{
	RandpickRunPage *page = find_page(run, &n);
	Page		copy = (Page) page->copy;
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
			uint64		here = count_entries(run, copy, offset);

			if (n < here)
				break;
			n -= here;
		}
	}
	if (offset >= page->past || is_dead(run, copy, offset))
		return NULL;

	item = get_item(copy, offset);
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
