/*
 * deal.c
 *	  Finishing a race by dealing: all rows that are left, sorted.
 *
 * When racing does not pay (the filter matches little, many rows are wanted),
 * the rows that have not been returned are read by an ordinary plan, whatever
 * the planner found cheapest, in parallel if that is cheapest.  Each gets the
 * time at which it would have rung, clock + Exp(1), and they come out in the
 * order of those times.  race.c says why the result is the same.
 *
 * Only the TID goes through the sort; the row is fetched when its turn comes,
 * as it is for a row that was raced.  So system columns, row locks and whole
 * rows need no second treatment, and the sort is as small as it can be: it
 * stays within work_mem or goes to disk as any sort does.
 *
 * The plan has filtered its rows under the same snapshot, with a filter that
 * match.c found not to be volatile, so they are not filtered again.
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "deal.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/tuplesort.h"

struct RandpickDeal
{
	Tuplesortstate *sort;		/* (TID, time), sorted by time */
};

/* the columns of a ring */
#define RING_TID	1
#define RING_VALUE	2
#define RING_NATTS	2

TupleDesc
randpick_ring_desc(void)
{
	TupleDesc	desc = CreateTemplateTupleDesc(RING_NATTS);

	TupleDescInitEntry(desc, RING_TID, "tid", TIDOID, -1, 0);
	TupleDescInitEntry(desc, RING_VALUE, "value", FLOAT8OID, -1, 0);
	randpick_finish_desc(desc);
	return desc;
}

void
randpick_store_ring(TupleTableSlot *slot, ItemPointer tid, double value)
{
	ExecClearTuple(slot);
	slot->tts_values[RING_TID - 1] = PointerGetDatum(tid);
	slot->tts_isnull[RING_TID - 1] = false;
	slot->tts_values[RING_VALUE - 1] = Float8GetDatum(value);
	slot->tts_isnull[RING_VALUE - 1] = false;
	ExecStoreVirtualTuple(slot);
}

double
randpick_read_ring(TupleTableSlot *slot, ItemPointer tid)
{
	bool		isnull;

	*tid = *(ItemPointer)
		DatumGetPointer(slot_getattr(slot, RING_TID, &isnull));
	return DatumGetFloat8(slot_getattr(slot, RING_VALUE, &isnull));
}

RandpickDeal *
randpick_deal_begin(PlanState *rows, RandpickRace *race, TupleTableSlot *slot,
					int64 wanted)
{
	RandpickDeal *deal = palloc(sizeof(RandpickDeal));
	AttrNumber	column = RING_VALUE;
	Oid			less = Float8LessOperator;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;
	TupleTableSlot *row;

	deal->sort = tuplesort_begin_heap(slot->tts_tupleDescriptor, 1, &column,
									  &less, &collation, &nulls_first,
									  work_mem, NULL, TUPLESORT_ALLOWBOUNDED);
	if (wanted > 0)
		tuplesort_set_bound(deal->sort, wanted);

	for (;;)
	{
		bool		isnull;
		ItemPointer tid;

		row = ExecProcNode(rows);
		if (TupIsNull(row))
			break;
		tid = (ItemPointer) DatumGetPointer(slot_getattr(row, 1, &isnull));
		if (randpick_race_was_seen(race, tid))
			continue;
		randpick_store_ring(slot, tid, randpick_race_time_left(race));
		tuplesort_puttupleslot(deal->sort, slot);
	}
	ExecClearTuple(slot);
	tuplesort_performsort(deal->sort);
	return deal;
}

bool
randpick_deal_next(RandpickDeal *deal, RandpickRace *race,
				   TupleTableSlot *slot, ItemPointer tid)
{
	if (!tuplesort_gettupleslot(deal->sort, true, false, slot, NULL))
		return false;
	randpick_race_advance(race, randpick_read_ring(slot, tid));
	return true;
}

void
randpick_deal_end(RandpickDeal *deal)
{
	tuplesort_end(deal->sort);
	pfree(deal);
}
