/*
 * source_range.c
 *	  The range source: a place is an entry that a range of a B-tree could have.
 *
 * btree_frontier.c numbers the entries of a range such that every row that the
 * snapshot sees has exactly one number, at any time; so no ring is ever void,
 * and rings may be drawn ahead.
 *
 * A condition "column = ANY (array)" on a column that continues an equality
 * prefix makes a range of each different value of the array.  The ranges have
 * no entry in common, so the places of one follow those of the other.
 *
 * On the leaf level a place is a TID, or a tuple where that is sound, as for
 * the leaf source.
 *
 * No page of the index is pinned when the heap is visited.  The TID of an
 * entry that vacuum removed meanwhile may have been given to another row, but
 * not to one that the snapshot sees.
 *
 * A serializable transaction locks the whole table, which is coarser than what
 * an index scan locks, but misses no conflict.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "btree_frontier.h"
#include "compat.h"
#include "heap_check.h"
#include "lib/qunique.h"
#include "source.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* a number of places must be exact as a double */
#define MAX_PLACES			(UINT64CONST(1) << 53)

typedef struct RangeSource
{
	RandpickSource base;
	RandpickTree *tree;
	Buffer		heap_buffer;	/* the last row's, pinned; or invalid */
	const RandpickKeys *keys;	/* what the filter wants of an entry */
	int			nranges;
	RandpickFrontier *ranges;	/* no two have an entry in common */
} RangeSource;

/* Where an entry that was found is to go. */
typedef struct FetchTarget
{
	RangeSource *source;
	const RandpickFrontier *range;
	TupleTableSlot *slot;
} FetchTarget;

static uint64
range_places(RandpickSource *source)
{
	RangeSource *range = (RangeSource *) source;
	uint64		places = 0;

	for (int i = 0; i < range->nranges; i++)
	{
		randpick_frontier_refresh(&range->ranges[i], range->tree);
		places += randpick_frontier_count(&range->ranges[i]);
	}
	return places;
}

static double
range_pages(RandpickSource *source)
{
	RangeSource *range = (RangeSource *) source;
	double		pages = 0;

	for (int i = 0; i < range->nranges; i++)
		pages += randpick_frontier_guess_pages(&range->ranges[i]);
	return pages;
}

/* The range that a place is in, which becomes a number in that range. */
static RandpickFrontier *
find_range(RangeSource *range, uint64 *place)
{
	RandpickFrontier *part = range->ranges;

	while (*place >= randpick_frontier_count(part))
		*place -= randpick_frontier_count(part++);
	return part;
}

/* Read ahead what the first steps below the frontier lead to. */
static void
range_prefetch(RandpickSource *source, RandpickRing *rings, int nrings)
{
	RangeSource *range = (RangeSource *) source;

	for (int i = 0; i < nrings; i++)
	{
		uint64		number = rings[i].place;
		RandpickFrontier *part = find_range(range, &number);
		BlockNumber block = randpick_frontier_block(part, number);

		if (BlockNumberIsValid(block))
			randpick_prefetch_page(range->tree->index, block,
								   &rings[i].hint);
	}
}

/*
 * Fetch the row of an entry, if the snapshot sees it and the entry meets all
 * keys.
 */
static bool
fetch_entry(void *arg, RandpickRun *run, uint64 n)
{
	FetchTarget *target = (FetchTarget *) arg;
	RangeSource *range = target->source;
	ItemPointer tids;
	int			ntids;
	AttrNumber	used = target->range->range.last_column;
	IndexTuple	item = randpick_run_item(run, n,
										 randpick_keys_last_column(range->keys, used),
										 &tids, &ntids);

	if (item == NULL)
		return false;
	range->base.nfound++;
	if (!randpick_keys_are_met(range->keys, run->index, item, used))
		return false;

	/* at most one of the TIDs leads to a row that the snapshot sees */
	for (int i = 0; i < ntids; i++)
	{
		ItemPointerData tid = tids[i];	/* moves along the HOT chain */

		if (randpick_fetch_row(range->base.rel, &range->heap_buffer, &tid,
							   range->base.snapshot, target->slot))
			return true;
	}
	return false;
}

static void
release_heap_buffer(RangeSource *range)
{
	if (BufferIsValid(range->heap_buffer))
		ReleaseBuffer(range->heap_buffer);
	range->heap_buffer = InvalidBuffer;
}

static RandpickLook
range_look(RandpickSource *source, const RandpickRing *ring,
		   TupleTableSlot *slot)
{
	RangeSource *range = (RangeSource *) source;
	uint64		number = ring->place;
	RandpickFrontier *part = find_range(range, &number);
	FetchTarget target = {range, part, slot};
	bool		found = randpick_frontier_find(part, range->tree, number,
											   fetch_entry, &target);

	release_heap_buffer(range);
	if (found)
		return RANDPICK_LOOK_ROW;
	ExecClearTuple(slot);		/* of the rows passed on the way */
	return RANDPICK_LOOK_MISS;
}

static void
range_close(RandpickSource *source)
{
	release_heap_buffer((RangeSource *) source);
}

static const RandpickSourceMethods range_methods = {
	.max_ahead = RANDPICK_MAX_AHEAD,
	.places = range_places,
	.pages = range_pages,
	.prefetch = range_prefetch,
	.look = range_look,
	.close = range_close,
};

/* How the elements of an array are ordered. */
typedef struct ElementOrder
{
	FmgrInfo	proc;
	Oid			collation;
} ElementOrder;

static int
compare_elements(const void *a, const void *b, void *arg)
{
	ElementOrder *order = (ElementOrder *) arg;

	return DatumGetInt32(FunctionCall2Coll(&order->proc, order->collation,
										   *(const Datum *) a,
										   *(const Datum *) b));
}

/*
 * The different elements of the array of a key, other than NULL.  Returns their
 * number, or -1 if the operator family cannot order them, or they are too many.
 */
static int
get_elements(Relation index, ScanKey key, Datum **elements)
{
	int			column = key->sk_attno - 1;
	Oid			type = OidIsValid(key->sk_subtype) ? key->sk_subtype :
	index->rd_opcintype[column];
	Oid			proc = get_opfamily_proc(index->rd_opfamily[column], type, type,
										 BTORDER_PROC);
	ElementOrder order = {.collation = key->sk_collation};
	ArrayType  *array;
	int16		length;
	bool		by_value;
	char		align;
	bool	   *nulls;
	int			nall;
	int			n = 0;

	if (key->sk_flags & SK_ISNULL)
		return 0;
	if (!OidIsValid(proc))
		return -1;
	fmgr_info(proc, &order.proc);

	array = DatumGetArrayTypeP(key->sk_argument);
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align,
					  elements, &nulls, &nall);
	for (int i = 0; i < nall; i++)
	{
		if (!nulls[i])
			(*elements)[n++] = (*elements)[i];
	}
	if (n > 1)
	{
		qsort_arg(*elements, n, sizeof(Datum), compare_elements, &order);
		n = qunique_arg(*elements, n, sizeof(Datum), compare_elements, &order);
	}
	return n > RANDPICK_MAX_RANGES ? -1 : n;
}

/* Does an end of a range have this value of the key in it? */
static bool
end_has_value(BTScanInsert end, ScanKey key)
{
	return end->keysz >= key->sk_attno &&
		end->scankeys[key->sk_attno - 1].sk_argument == key->sk_argument;
}

/*
 * Make a range of each element of the array that a key has.  False if the key
 * does not continue an equality prefix, or another one of its column is taken
 * for that: then they would all be one range.
 */
static bool
add_ranges_of_array(RangeSource *range, int array_key)
{
	Relation	index = range->tree->index;
	int			nkeys = range->keys->nkeys;
	ScanKey		keys = palloc(nkeys * sizeof(ScanKeyData));
	ScanKey		key = &keys[array_key];
	Datum	   *elements;
	int			n;

	memcpy(keys, range->keys->keys, nkeys * sizeof(ScanKeyData));
	n = get_elements(index, key, &elements);
	if (n < 0)
		return false;

	range->ranges = palloc0(Max(n, 1) * sizeof(RandpickFrontier));
	key->sk_flags &= ~SK_SEARCHARRAY;
	for (int i = 0; i < n; i++)
	{
		RandpickRange *part = &range->ranges[i].range;

		key->sk_argument = elements[i];
		randpick_range_from_keys(part, index, keys, nkeys);
		if (!part->is_empty && (!end_has_value(&part->start, key) ||
								!end_has_value(&part->end, key)))
			return false;
	}
	range->nranges = n;
	return true;
}

/* Make the ranges that the keys select. */
static void
add_ranges(RangeSource *range)
{
	const RandpickKeys *keys = range->keys;

	for (int i = 0; i < keys->nkeys; i++)
	{
		/* the planner gives at most one */
		if ((keys->keys[i].sk_flags & SK_SEARCHARRAY) &&
			add_ranges_of_array(range, i))
			return;
	}
	range->nranges = 1;
	range->ranges = palloc0(sizeof(RandpickFrontier));
	randpick_range_from_keys(&range->ranges[0].range, range->tree->index,
							 keys->keys, keys->nkeys);
}

RandpickSource *
randpick_range_source_open(Relation rel, Relation index, Snapshot snapshot,
						   const RandpickCapacity *capacity,
						   const RandpickKeys *keys)
{
	RangeSource *range = palloc0(sizeof(RangeSource));
	RandpickCapacity leaf_page = randpick_leaf_capacity_for(snapshot, capacity,
															index);
	uint64		places = 0;

	range->base.methods = &range_methods;
	range->base.rel = rel;
	range->base.snapshot = snapshot;
	range->keys = keys;
	range->tree = randpick_tree_create(index, snapshot,
									   leaf_page.place_is_tuple,
									   leaf_page.places_a_page);
	add_ranges(range);
	range->tree->nranges = range->nranges;

	randpick_predicate_lock(rel, snapshot);
	for (int i = 0; i < range->nranges; i++)
	{
		if (!randpick_frontier_read(&range->ranges[i], range->tree))
			return NULL;
		places += randpick_frontier_count(&range->ranges[i]);
		if (places > MAX_PLACES)
			return NULL;
	}
	return &range->base;
}
