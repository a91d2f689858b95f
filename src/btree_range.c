/*
 * btree_range.c
 *	  From the conditions on an index's columns to two ends of a range.
 *
 * Equalities (IS NULL is one) on the leading columns, then inequalities or IS
 * NOT NULL on the next column: the entries that meet them stand side by side.
 * Conditions on later columns, arrays and row comparisons are not used.  So
 * the range may hold entries that do not meet all conditions, never the
 * reverse; the filter has the last word, and they cost only misses.
 *
 * Each end is an insertion key as _bt_first makes them, to be understood in
 * the order of the index, where in a DESC column the larger value comes first:
 *
 *		condition					start				end
 *		a = 1 (any prefix)			first >= (1)		first > (1)
 *		a = 1 AND b > 2				first > (1, 2)		first > (1)
 *		a = 1 AND b <= 2			first >= (1)		first > (1, 2)
 *		a = 1 AND b <= 2, b DESC	first >= (1, 2)		first > (1)
 *
 * Inequalities and IS NOT NULL are not met by NULLs, which stand at one end of
 * the column: the side on which they stand, if nothing else closes it, is
 * closed by a NULL key.
 *
 * Of several conditions on one side, the tightest is taken if their types let
 * us tell: a condition whose own value meets another one implies it.
 */
#include "postgres.h"

#include "btree_range.h"
#include "compat.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* What the keys say about one column.  NULL: nothing. */
typedef struct ColumnKeys
{
	ScanKey		equal;			/* = or IS NULL */
	ScanKey		low;			/* the tightest from the start of the index */
	ScanKey		high;			/* the tightest from its end */
	bool		rejects_nulls;
} ColumnKeys;

static inline bool
is_descending(Relation index, ScanKey key)
{
	return (index->rd_indoption[key->sk_attno - 1] & INDOPTION_DESC) != 0;
}

static inline bool
is_strict(ScanKey key)
{
	return key->sk_strategy == BTLessStrategyNumber ||
		key->sk_strategy == BTGreaterStrategyNumber;
}

/* Is the key's value of the column's type?  Then other keys can test it. */
static inline bool
has_type_of_column(Relation index, ScanKey key)
{
	return (key->sk_flags & SK_ISNULL) == 0 &&
		(key->sk_subtype == InvalidOid ||
		 key->sk_subtype == index->rd_opcintype[key->sk_attno - 1]);
}

/* Does the value of one key, of the column's type, meet another key? */
static inline bool
value_meets(ScanKey key, ScanKey other)
{
	return DatumGetBool(FunctionCall2Coll(&other->sk_func, other->sk_collation,
										  key->sk_argument,
										  other->sk_argument));
}

/* The function that compares the column with the key's value. */
static Oid
get_order_proc(Relation index, ScanKey key)
{
	int			column = key->sk_attno - 1;

	return get_opfamily_proc(index->rd_opfamily[column],
							 index->rd_opcintype[column],
							 OidIsValid(key->sk_subtype) ? key->sk_subtype :
							 index->rd_opcintype[column], BTORDER_PROC);
}

/* Can the key be an end of a range? */
static bool
is_usable(Relation index, ScanKey key)
{
	if (key->sk_flags & (SK_ROW_HEADER | SK_SEARCHARRAY | SK_ORDER_BY))
		return false;
	if (key->sk_flags & SK_ISNULL)
		return true;
	return has_type_of_column(index, key) ||
		OidIsValid(get_order_proc(index, key));
}

/* Of two keys on the same side, the tighter one; the first if nobody knows. */
static ScanKey
choose_tighter(Relation index, ScanKey a, ScanKey b)
{
	if (a == NULL)
		return b;
	if (has_type_of_column(index, a))
		return value_meets(a, b) ? a : b;
	if (has_type_of_column(index, b))
		return value_meets(b, a) ? b : a;
	return a;
}

/* Note what a key says of its column.  False if no value can meet it. */
static bool
note_key(ColumnKeys *column, Relation index, ScanKey key)
{
	bool		is_from_start;

	if (key->sk_flags & SK_SEARCHNULL)
	{
		column->equal = key;
		return true;
	}
	column->rejects_nulls = true;
	if (key->sk_flags & SK_SEARCHNOTNULL)
		return true;
	if (key->sk_flags & SK_ISNULL)
		return false;			/* compared with NULL, by a strict operator */
	if (key->sk_strategy == BTEqualStrategyNumber)
	{
		/* of two equalities keep one that can be tested against the others */
		if (column->equal == NULL || has_type_of_column(index, key))
			column->equal = key;
		return true;
	}
	is_from_start = key->sk_strategy == BTGreaterStrategyNumber ||
		key->sk_strategy == BTGreaterEqualStrategyNumber;
	if (is_from_start != is_descending(index, key))
		column->low = choose_tighter(index, column->low, key);
	else
		column->high = choose_tighter(index, column->high, key);
	return true;
}

/* Does some key on the column of an equality rule out its value? */
static bool
is_contradicted(Relation index, ScanKey equal, ScanKey keys, int nkeys)
{
	if (!has_type_of_column(index, equal))
		return false;
	for (int i = 0; i < nkeys; i++)
	{
		if (keys[i].sk_attno == equal->sk_attno &&
			(keys[i].sk_flags & SK_ISNULL) == 0 && is_usable(index, &keys[i]) &&
			!value_meets(equal, &keys[i]))
			return true;
	}
	return false;
}

/* Note what all keys say of a column.  False if no value can meet them. */
static bool
note_column(ColumnKeys *column, Relation index, AttrNumber attno,
			ScanKey keys, int nkeys)
{
	bool		wants_null = false;

	memset(column, 0, sizeof(ColumnKeys));
	for (int i = 0; i < nkeys; i++)
	{
		if (keys[i].sk_attno != attno || !is_usable(index, &keys[i]))
			continue;
		if (keys[i].sk_flags & SK_SEARCHNULL)
			wants_null = true;
		if (!note_key(column, index, &keys[i]))
			return false;
	}
	if (wants_null && column->rejects_nulls)
		return false;
	return column->equal == NULL ||
		!is_contradicted(index, column->equal, keys, nkeys);
}

/* Add the next column to the key of an end; from NULL, or IS NULL: a NULL. */
static void
add_column(BTScanInsert end, Relation index, ScanKey from)
{
	AttrNumber	attno = ++end->keysz;
	ScanKey		column = &end->scankeys[attno - 1];
	int			flags = index->rd_indoption[attno - 1] << SK_BT_INDOPTION_SHIFT;
	bool		is_null = from == NULL || (from->sk_flags & SK_ISNULL) != 0;

	if (is_null || has_type_of_column(index, from))
		ScanKeyEntryInitializeWithInfo(column,
									   flags | (is_null ? SK_ISNULL : 0),
									   attno, InvalidStrategy, InvalidOid,
									   index->rd_indcollation[attno - 1],
									   index_getprocinfo(index, attno,
														 BTORDER_PROC),
									   is_null ? (Datum) 0 :
									   from->sk_argument);
	else
		ScanKeyEntryInitialize(column, flags, attno, InvalidStrategy,
							   from->sk_subtype, from->sk_collation,
							   get_order_proc(index, from),
							   from->sk_argument);
}

bool
randpick_range_from_keys(RandpickRange *range, Relation index,
						 ScanKey keys, int nkeys)
{
	int			ncolumns = IndexRelationGetNumberOfKeyAttributes(index);
	ColumnKeys	column;

	memset(range, 0, sizeof(RandpickRange));
	range->start.heapkeyspace = range->end.heapkeyspace = true;
	range->end.nextkey = true;
	_bt_metaversion(index, &range->start.heapkeyspace,
					&range->start.allequalimage);
	range->end.allequalimage = range->start.allequalimage;

	for (AttrNumber attno = 1; attno <= ncolumns; attno++)
	{
		range->last_column = attno;
		if (!note_column(&column, index, attno, keys, nkeys))
		{
			range->is_empty = true;
			return true;
		}
		if (column.equal == NULL)
		{
			bool		nulls_first = (index->rd_indoption[attno - 1] &
									   INDOPTION_NULLS_FIRST) != 0;

			if (column.low != NULL || (column.rejects_nulls && nulls_first))
			{
				add_column(&range->start, index, column.low);
				range->start.nextkey = column.low == NULL ||
					is_strict(column.low);
			}
			if (column.high != NULL || (column.rejects_nulls && !nulls_first))
			{
				add_column(&range->end, index, column.high);
				range->end.nextkey = column.high != NULL &&
					!is_strict(column.high);
			}
			break;
		}
		add_column(&range->start, index, column.equal);
		add_column(&range->end, index, column.equal);
	}

	/* an end that excludes its key does not need the page that begins with it */
	if (!range->end.nextkey)
		randpick_btree_stop_at_pivot(&range->end);
	return range->start.keysz > 0 || range->end.keysz > 0;
}
