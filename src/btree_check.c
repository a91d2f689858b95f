/*
 * btree_check.c
 *	  Checks of what the pages of a B-tree say, before it is used.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "btree_check.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/*
 * A metapage is read so often before it is called corrupted.  A second time is
 * enough unless the root changes in that very moment.
 */
#define MAX_ROOTS	10

/* Raise an error about a page of an index; the text is a sentence. */
void
randpick_report_page(Relation index, BlockNumber block, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" contains corrupted page at block %u",
					RelationGetRelationName(index), block),
			 errdetail_internal("%s", what),
			 errhint("Please REINDEX it.")));
}

/* Raise an error about an item of a page; the text is half a sentence. */
void
randpick_report_item(Relation index, BlockNumber block, OffsetNumber offset,
					 const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" contains corrupted page at block %u",
					RelationGetRelationName(index), block),
			 errdetail_internal("Of item %u: %s.", offset, what),
			 errhint("Please REINDEX it.")));
}

/* Return the page that a link leads to, share-locked, if it can lead to one. */
Buffer
randpick_lock_page(Relation index, BlockNumber link)
{
	/* an invalid number is P_NEW: reading it would add a page to the file */
	if (link == BTREE_METAPAGE || !BlockNumberIsValid(link))
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("index \"%s\" contains a link to block %u",
						RelationGetRelationName(index), link),
				 errhint("Please REINDEX it.")));
	return _bt_getbuf(index, link, BT_READ);
}

/*
 * Take a step to the right from a page that is locked, and release that.  Returns
 * the next page, share-locked.
 *
 * The marks are those of Brent (1980): the walk moves its mark to where it is
 * after 1, 2, 4, ... steps, so it comes to a mark again within three times the
 * pages of a circle and the way to it.  A walk without a circle never does: while
 * it is taken under a snapshot, no page that it has left is deleted and used
 * again.
 */
Buffer
randpick_step_right(Relation index, Buffer buffer, RandpickWalk *walk)
{
	BlockNumber block = BufferGetBlockNumber(buffer);
	BlockNumber next = BTPageGetOpaque(BufferGetPage(buffer))->btpo_next;

	if (walk->nsteps == walk->max_steps)
	{
		walk->mark = block;
		walk->nsteps = 0;
		walk->max_steps = Max(2 * walk->max_steps, 1);
	}
	walk->nsteps++;
	if (next == walk->mark)
		randpick_report_page(index, block, "Right-links lead from it in a circle.");
	_bt_relbuf(index, buffer);
	CHECK_FOR_INTERRUPTS();
	return randpick_lock_page(index, next);
}

/*
 * Return the root page, share-locked; or an invalid buffer if the index is empty.
 *
 * _bt_getroot() does the same, but walks to the right from a root that it finds
 * deleted, with no end where links form a circle, and does not check the link.
 * The metapage always names a live page, so we take a deleted one as a sign that
 * our copy of the metapage is out of date, and make a new copy.  Only a new copy
 * may name a page with others beside it: a root that was split a moment ago, or
 * before a crash.
 */
Buffer
randpick_lock_root(Relation index)
{
	for (int i = 0; i < MAX_ROOTS; i++)
	{
		bool		is_new = index->rd_amcache == NULL;
		bool		has_full_key;
		bool		can_deduplicate;
		BTMetaPageData *meta;
		Buffer		buffer;
		BTPageOpaque opaque;

		/* this makes the copy */
		_bt_metaversion(index, &has_full_key, &can_deduplicate);
		meta = (BTMetaPageData *) index->rd_amcache;
		if (meta == NULL)
			return InvalidBuffer;

		buffer = randpick_lock_page(index, meta->btm_fastroot);
		opaque = BTPageGetOpaque(BufferGetPage(buffer));
		if (!P_IGNORE(opaque) && opaque->btpo_level == meta->btm_fastlevel &&
			opaque->btpo_level <= RANDPICK_MAX_LEVEL && P_LEFTMOST(opaque) &&
			(is_new || P_RIGHTMOST(opaque)))
			return buffer;
		_bt_relbuf(index, buffer);
		pfree(index->rd_amcache);
		index->rd_amcache = NULL;
		CHECK_FOR_INTERRUPTS();
	}
	randpick_report_page(index, BTREE_METAPAGE, "It does not name a root page.");
	return InvalidBuffer;		/* not reached */
}

/* Return the length of a value of variable length; 0 if it does not fit. */
static Size
get_value_length(const char *value, Size space, int attlen)
{
	Size		length;

	if (attlen == -2)
		return strnlen(value, space) < space ? strlen(value) + 1 : 0;
	if (space < 1 || VARATT_IS_1B_E(value))
		return 0;				/* nothing in an index is stored elsewhere */
	if (VARATT_IS_1B(value))
		length = VARSIZE_1B(value);
	else
	{
		if (space < VARHDRSZ || VARSIZE_4B(value) < VARHDRSZ)
			return 0;
		length = VARSIZE_4B(value);
	}
	return length <= space ? length : 0;
}

/*
 * True if the first columns of an item, so many or as many as it has, lie in it.
 * The item has been returned by randpick_get_item().
 */
bool
randpick_columns_fit(Relation index, IndexTuple item, int ncolumns)
{
	TupleDesc	desc = RelationGetDescr(index);
	Size		start = IndexInfoFindDataOffset(item->t_info);
	const char *data = (char *) item + start;
	const uint8 *present = (uint8 *) item + sizeof(IndexTupleData);
	Size		space;
	Size		offset = 0;

	if (IndexTupleSize(item) < start)
		return false;
	space = IndexTupleSize(item) - start;
	if (BTreeTupleIsPivot(item))
		ncolumns = Min(ncolumns, BTreeTupleGetNAtts(item, index));

	for (int i = 0; i < ncolumns; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (IndexTupleHasNulls(item) && att_isnull(i, present))
			continue;
		if (column->attlen > 0)
			offset = att_align_nominal(offset, column->attalign) + column->attlen;
		else
		{
			Size		length;

			/* without this mark index_getattr() takes no account of lengths */
			if (offset >= space || !IndexTupleHasVarwidths(item))
				return false;
			offset = att_align_pointer(offset, column->attalign, column->attlen,
									   data + offset);
			if (offset >= space)
				return false;
			length = get_value_length(data + offset, space - offset,
									  column->attlen);
			if (length == 0)
				return false;
			offset += length;
		}
		if (offset > space)
			return false;
	}
	return true;
}

/*
 * True if an item, returned by randpick_get_item(), is a pivot whose columns all
 * lie in it.
 */
bool
randpick_is_pivot(Relation index, IndexTuple item)
{
	int			ncolumns = IndexRelationGetNumberOfKeyAttributes(index);

	/* a pivot's own TID, if it has one, stands behind its columns */
	return BTreeTupleIsPivot(item) &&
		BTreeTupleGetNAtts(item, index) <= ncolumns &&
		(BTreeTupleGetHeapTID(item) == NULL ||
		 IndexTupleSize(item) >= sizeof(IndexTupleData) + sizeof(ItemPointerData)) &&
		randpick_columns_fit(index, item, ncolumns);
}
