/*
 * capacity.c
 *	  How many places a page has.
 *
 * The fewer places a page has, the fewer of them are empty; but there must be
 * one for every row that the snapshot sees.  What always holds is the number
 * of line pointers or TIDs that fit.  More is known of rows that cannot be
 * arbitrarily small, and of entries whose key is unique.
 *
 * Heap.  A tuple takes its header, what its NOT NULL columns take at least, and
 * a line pointer.  That bounds the visible tuples of a page, but not their line
 * pointers: those of deleted rows stay behind.  source_heap.c copes with both.
 *
 * Leaf.  An item may be a posting list of many TIDs.  It need only be one place
 * if at most one of them can be visible, that is, if the key is unique, checked
 * at once (a deferrable constraint lets its own transaction see duplicates),
 * and free of NULLs, which are never equal; or if it has such a key of another
 * index in it, as a partial index on the primary key's columns has.  Then what
 * the columns of the key take also bounds the number of items.
 *
 * A column counts if every row that the snapshot sees has its value, in the
 * row itself: not if it was dropped, is virtual, was added with a default that
 * old rows do not store (atthasmissing), or is not known to be valid.  And a
 * snapshot may look back to before the column or the index was what it is: SET
 * NOT NULL and CREATE UNIQUE INDEX check live rows only.  Both locked the table
 * against writers, so rows that had been deleted by then are of no matter to
 * snapshots taken after; that is what "since" tells, the youngest xmin of the
 * catalog rows that were believed.  If the snapshot is older, less is promised.
 *
 * As a plan may be kept for long, 2^31 transactions later the xmin will seem
 * to be in the future: again less is promised, and never more than is so.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/tupmacs.h"
#include "capacity.h"
#include "catalog/pg_index.h"
#include "compat.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* Believe what holds since a transaction. */
static void
believe_since(RandpickCapacity *capacity, TransactionId xmin)
{
	if (TransactionIdIsNormal(xmin) &&
		(!TransactionIdIsValid(capacity->since) ||
		 TransactionIdFollows(xmin, capacity->since)))
		capacity->since = xmin;
}

/* Believe a catalog row: what follows from it holds since its xmin. */
static void
believe(RandpickCapacity *capacity, HeapTuple row)
{
	believe_since(capacity, HeapTupleHeaderGetXmin(row->t_data));
}

/*
 * Do all rows hold a value of the column?  If so, believe it, but for what
 * randpick_capacity_date adds for all columns.
 */
static bool
has_values(Relation heap, AttrNumber column, RandpickCapacity *capacity)
{
	HeapTuple	row;

	if (column <= 0 || !randpick_column_is_stored(heap, column))
		return false;
	row = SearchSysCache2(ATTNUM, ObjectIdGetDatum(RelationGetRelid(heap)),
						  Int16GetDatum(column));
	if (!HeapTupleIsValid(row))
		return false;
	believe(capacity, row);
	ReleaseSysCache(row);
	return true;
}

/* The least that values up to and including this column's take. */
static Size
add_least_width(Size width, Form_pg_attribute column)
{
	/* of variable length: at least a short header, which is not aligned */
	if (column->attlen < 0)
		return width + 1;
	return att_align_nominal(width, column->attalign) + column->attlen;
}

/* How many items fit into so much space, with a line pointer each? */
static int
count_items(Size space, Size header, Size width)
{
	return space / (MAXALIGN(header + width) + sizeof(ItemIdData));
}

RandpickCapacity
randpick_any_heap_capacity(void)
{
	RandpickCapacity capacity = {.places_a_page = MaxHeapTuplesPerPage};

	return capacity;
}

RandpickCapacity
randpick_heap_capacity(Relation heap)
{
	TupleDesc	desc = RelationGetDescr(heap);
	RandpickCapacity capacity = {.place_is_tuple = true};
	Size		width = 0;

	for (AttrNumber i = 1; i <= desc->natts; i++)
	{
		if (has_values(heap, i, &capacity))
			width = add_least_width(width, TupleDescAttr(desc, i - 1));
	}
	capacity.places_a_page = count_items(BLCKSZ - SizeOfPageHeaderData,
										 MAXALIGN(SizeofHeapTupleHeader),
										 width);
	return width > 0 ? capacity : randpick_any_heap_capacity();
}

/* How many items a leaf page can have if their keys take so much. */
static int
count_leaf_items(Size width)
{
	return count_items(BLCKSZ - SizeOfPageHeaderData -
					   MAXALIGN(sizeof(BTPageOpaqueData)),
					   sizeof(IndexTupleData), Max(width, 1));
}

RandpickCapacity
randpick_any_leaf_capacity(Relation index)
{
	RandpickCapacity capacity = {0};
	bool		has_full_key;
	bool		can_deduplicate;

	_bt_metaversion(index, &has_full_key, &can_deduplicate);
	capacity.place_is_tuple = !can_deduplicate;
	capacity.places_a_page = can_deduplicate ? MaxTIDsPerBTreePage :
		count_leaf_items(0);
	return capacity;
}

/*
 * Is the key of another index, or its own, part of the key of this one, and
 * can only one visible row have it?  If so, believe it.
 */
static bool
has_unique_part(Relation heap, Relation index, Oid other,
				RandpickCapacity *capacity)
{
	int2vector *key = &index->rd_index->indkey;
	HeapTuple	row = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(other));
	Form_pg_index form;
	bool		result;

	if (!HeapTupleIsValid(row))
		return false;
	form = (Form_pg_index) GETSTRUCT(row);

	/* of a partial index, only the rows that are in it have other keys */
	result = form->indisunique && form->indimmediate && form->indisvalid &&
		(other == RelationGetRelid(index) ||
		 heap_attisnull(row, Anum_pg_index_indpred, NULL));
	for (int i = 0; result && i < form->indnkeyatts; i++)
	{
		bool		is_part = false;

		for (int j = 0; j < index->rd_index->indnkeyatts; j++)
			is_part |= key->values[j] == form->indkey.values[i];
		result = is_part && has_values(heap, form->indkey.values[i], capacity);
	}
	if (result)
		believe(capacity, row);
	ReleaseSysCache(row);
	return result;
}

/* Can only one visible row have a key of this index?  If so, believe it. */
static bool
has_unique_key(Relation heap, Relation index, RandpickCapacity *capacity)
{
	List	   *indexes = RelationGetIndexList(heap);
	ListCell   *lc;
	bool		result = false;

	foreach(lc, indexes)
		result = result || has_unique_part(heap, index, lfirst_oid(lc), capacity);
	list_free(indexes);
	return result;
}

RandpickCapacity
randpick_leaf_capacity(Relation heap, Relation index)
{
	Form_pg_index form = index->rd_index;
	TupleDesc	desc = RelationGetDescr(index);
	RandpickCapacity capacity = {.place_is_tuple = true};
	bool		is_known = form->indnatts == form->indnkeyatts;
	Size		width = 0;

	if (!has_unique_key(heap, index, &capacity))
		return randpick_any_leaf_capacity(index);

	/*
	 * Items with NULLs in the key may still be there, though not for visible
	 * rows, and smaller: the sources pass over them.  They could not tell them
	 * from items with NULLs in columns that may be NULL.
	 */
	for (int i = 0; is_known && i < form->indnkeyatts; i++)
	{
		is_known = has_values(heap, form->indkey.values[i], &capacity);
		width = add_least_width(width, TupleDescAttr(desc, i));
	}
	capacity.places_a_page = count_leaf_items(is_known ? width : 0);
	return capacity;
}

void
randpick_capacity_date(RandpickCapacity *capacity, Relation heap)
{
	if (capacity->place_is_tuple)
		believe_since(capacity, randpick_not_null_since(heap));
}

/* Is it so for all that this snapshot sees? */
static bool
holds_for(Snapshot snapshot, const RandpickCapacity *capacity)
{
	return !TransactionIdIsValid(capacity->since) ||
		TransactionIdPrecedes(capacity->since, snapshot->xmin);
}

RandpickCapacity
randpick_heap_capacity_for(Snapshot snapshot, const RandpickCapacity *planned)
{
	return holds_for(snapshot, planned) ? *planned :
		randpick_any_heap_capacity();
}

RandpickCapacity
randpick_leaf_capacity_for(Snapshot snapshot, const RandpickCapacity *planned,
						   Relation index)
{
	return holds_for(snapshot, planned) ? *planned :
		randpick_any_leaf_capacity(index);
}
