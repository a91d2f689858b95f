/*
 * btree_position.c
 *	  Where a position is in a B-tree: before which item of a page, or beyond it.
 *
 * An insertion key means a position between two items.  It is looked for as in
 * _bt_moveright and _bt_binsrch, in a page that the caller has locked or copied;
 * nothing is read here.
 */
#include "postgres.h"

#include "btree_check.h"
#include "btree_position.h"
#include "compat.h"

/*
 * How long an item is at least that has values of all columns of a key; 0 if
 * some are of variable length.
 */
static Size
get_least_size(Relation index, BTScanInsert key)
{
	TupleDesc	desc = RelationGetDescr(index);
	Size		width = 0;

	for (int i = 0; i < key->keysz; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (column->attlen < 0)
			return 0;
		width = att_align_nominal(width, column->attalign) + column->attlen;
	}
	return MAXALIGN(sizeof(IndexTupleData)) + width;
}

/* True if an item, which is checked for that, is not past a key. */
static inline bool
is_before_position(Relation index, BTScanInsert key, Size least_size,
				   Page page, BlockNumber block, OffsetNumber offset)
{
	IndexTuple	item = randpick_get_item(index, page, block, offset);

	if ((least_size == 0 || IndexTupleSize(item) < least_size ||
		 IndexTupleHasNulls(item)) &&
		!randpick_columns_fit(index, item, key->keysz))
		randpick_report_item(index, block, offset, "its columns do not lie in it");
	return _bt_compare(index, key, page, offset) >= (key->nextkey ? 0 : 1);
}

bool
randpick_is_past_page(Relation index, BTScanInsert key, Page page,
					  BlockNumber block)
{
	return !P_RIGHTMOST(BTPageGetOpaque(page)) &&
		is_before_position(index, key, get_least_size(index, key), page, block,
						   P_HIKEY);
}

OffsetNumber
randpick_find_position(Relation index, BTScanInsert key, Page page,
					   BlockNumber block)
{
	OffsetNumber low = P_FIRSTDATAKEY(BTPageGetOpaque(page));
	OffsetNumber high = OffsetNumberNext(PageGetMaxOffsetNumber(page));
	Size		least_size = get_least_size(index, key);

	while (low < high)
	{
		OffsetNumber middle = low + (high - low) / 2;

		if (is_before_position(index, key, least_size, page, block, middle))
			low = OffsetNumberNext(middle);
		else
			high = middle;
	}
	return low;
}

bool
randpick_page_has_position(Relation index, BTScanInsert key, Page page,
						   BlockNumber block)
{
	/* the first pivot is taken for less than anything, whatever it was */
	OffsetNumber second = OffsetNumberNext(P_FIRSTDATAKEY(BTPageGetOpaque(page)));

	return second <= PageGetMaxOffsetNumber(page) &&
		is_before_position(index, key, get_least_size(index, key), page, block,
						   second);
}

/*
 * The separator and the high key of the page that ends with it are made as copies
 * of each other, so equality of their bytes is the test.  Only if they differ are
 * they compared as keys.
 */
int
randpick_compare_end(Relation index, IndexTuple separator, Page page,
					 BlockNumber block)
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
	high_key = randpick_get_item(index, page, block, P_HIKEY);
	if (high_key->t_info == separator->t_info &&
		high_key->t_tid.ip_posid == separator->t_tid.ip_posid &&
		memcmp((char *) high_key + sizeof(IndexTupleData),
			   (char *) separator + sizeof(IndexTupleData),
			   IndexTupleSize(separator) - sizeof(IndexTupleData)) == 0)
		return 0;

	if (!randpick_is_pivot(index, high_key) ||
		!randpick_is_pivot(index, separator))
		randpick_report_page(index, block,
							 "Its high key, or what its parent has for it, is no pivot.");
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
