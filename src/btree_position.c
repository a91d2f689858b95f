/*
 * btree_position.c
 *	  Where a position is in a B-tree: before which item of a page, or beyond it.
 *
 * An insertion key means a position between two items.  It is looked for as in
 * _bt_moveright and _bt_binsrch, in a page that the caller has locked or copied;
 * nothing is read here.
 */
#include "postgres.h"

#include "btree_position.h"
#include "compat.h"

bool
randpick_is_past_page(Relation index, BTScanInsert key, Page page)
{
	return !P_RIGHTMOST(BTPageGetOpaque(page)) &&
		_bt_compare(index, key, page, P_HIKEY) >= (key->nextkey ? 0 : 1);
}

OffsetNumber
randpick_find_position(Relation index, BTScanInsert key, Page page)
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

bool
randpick_page_has_position(Relation index, Page page, BTScanInsert key)
{
	/* the first pivot is taken for less than anything, whatever it was */
	return randpick_find_position(index, key, page) >
		OffsetNumberNext(P_FIRSTDATAKEY(BTPageGetOpaque(page)));
}

/*
 * The separator and the high key of the page that ends with it are made as copies
 * of each other, so equality of their bytes is the test.  Only if they differ are
 * they compared as keys.
 */
int
randpick_compare_end(Relation index, Page page, IndexTuple separator)
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
	high_key = randpick_get_item(page, P_HIKEY);
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
