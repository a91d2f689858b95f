/*
 * merge.c
 *	  The rows that the members of a joint race deal, merged by their keys.
 *
 * Each member deals its own rows in the order of their keys.  A heap has the
 * next row of each, and the first of these is the next of all.  MergeAppend does
 * the same, but it compares columns, and a key need not be among them: the query
 * may not show it.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "lib/binaryheap.h"
#include "member.h"
#include "merge.h"
#include "miscadmin.h"

struct RandpickMerge
{
	int			nmembers;
	PlanState **members;
	TupleTableSlot **rows;		/* the next one of each */
	bool		descending;
	binaryheap *heap;			/* members that have a row, by its key */
	int			last;			/* whose row was returned, or -1 */
};

/* binaryheap's order: the member whose row comes first is the largest */
static int
compare_members(Datum a, Datum b, void *arg)
{
	RandpickMerge *merge = (RandpickMerge *) arg;
	double		key_a = randpick_member_key(merge->members[DatumGetInt32(a)]);
	double		key_b = randpick_member_key(merge->members[DatumGetInt32(b)]);
	int			order = (key_a < key_b) - (key_a > key_b);

	return merge->descending ? -order : order;
}

RandpickMerge *
randpick_merge_create(PlanState **members, int nmembers, bool descending)
{
	RandpickMerge *merge = palloc(sizeof(RandpickMerge));

	merge->nmembers = nmembers;
	merge->members = members;
	merge->rows = palloc0(nmembers * sizeof(TupleTableSlot *));
	merge->descending = descending;
	merge->heap = binaryheap_allocate(nmembers, compare_members, merge);
	merge->last = -1;
	return merge;
}

void
randpick_merge_free(RandpickMerge *merge)
{
	binaryheap_free(merge->heap);
	pfree(merge->rows);
	pfree(merge->members);
	pfree(merge);
}

void
randpick_merge_fill(RandpickMerge *merge)
{
	binaryheap_reset(merge->heap);
	for (int i = 0; i < merge->nmembers; i++)
	{
		CHECK_FOR_INTERRUPTS();
		merge->rows[i] = ExecProcNode(merge->members[i]);
		if (!TupIsNull(merge->rows[i]))
			binaryheap_add_unordered(merge->heap, Int32GetDatum(i));
	}
	binaryheap_build(merge->heap);
	merge->last = -1;
}

TupleTableSlot *
randpick_merge_next(RandpickMerge *merge, int *member)
{
	int			i = merge->last;

	if (i >= 0)
	{
		merge->rows[i] = ExecProcNode(merge->members[i]);
		if (TupIsNull(merge->rows[i]))
			(void) binaryheap_remove_first(merge->heap);
		else
			binaryheap_replace_first(merge->heap, Int32GetDatum(i));
	}
	merge->last = -1;
	if (binaryheap_empty(merge->heap))
		return NULL;
	*member = merge->last = DatumGetInt32(binaryheap_first(merge->heap));
	return merge->rows[merge->last];
}
