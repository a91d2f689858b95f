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
 * stays within work_mem or goes to disk as any sort does.  There is one sort for
 * all tables of a joint race, and none before there is a row.
 *
 * Few rows of many.  If it is known how many rows are wanted, only somewhat more
 * are kept, those with the least times.  A heap of their random numbers has the
 * largest at its top: a row with a larger one is passed over at once.  Should
 * more rows be wanted after all (row locks skip some, an outer LIMIT was not
 * seen), the rest is dealt once more.  That is exact, too: what is known of a
 * row that was left out is that its time is later than that of the last row
 * kept, and so what remains of it is Exp(1) again.
 *
 * The plan has filtered its rows under the same snapshot, with a filter that
 * match.c found not to be volatile, so they are not filtered again.
 *
 * Entries.  An index-only scan knows the entries of its rows, not their TIDs: an
 * entry leads to the first tuple of a HOT chain.  So a row that has been
 * returned is known again only when its entry is followed, and takes part in
 * the deal until then.  It does so with a time of its own, which changes nothing
 * for the others.
 */
#include "postgres.h"

#include <math.h>

#include "access/relscan.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "deal.h"
#include "executor/executor.h"
#include "lib/binaryheap.h"
#include "miscadmin.h"
#include "utils/tuplesort.h"

/* Rows kept beyond those wanted, and how many times more the next time. */
#define SPARE_ROWS			8
#define MORE_ROWS			16

/* so many rows are taken from the sort at once, to prefetch them side by side */
#define ROWS_AHEAD			16

/* of the heap's memory, for a row that is kept */
#define KEPT_ROW_SIZE		sizeof(Datum)

struct RandpickDeal
{
	RandpickRace *race;
	TupleTableSlot *slot;
	RandpickReadTables read;
	RandpickGetTable get_table;
	void	   *arg;
	MemoryContext cxt;

	uint64		keep;			/* this many rows; 0: all */
	Tuplesortstate *sort;		/* of rings, by time; NULL: there is no row */
	binaryheap *least;			/* random numbers of those kept, the largest
								 * first; NULL: it takes too much memory */
	bool		is_read;
	uint64		nkept;			/* rows kept that have not come yet */
	uint64		nleft;			/* rows left out */

	RandpickDealtRow ahead[ROWS_AHEAD]; /* taken from the sort, and prefetched */
	int			nahead;
	int			next_ahead;
};

/* the columns of a ring */
#define RING_TID	1
#define RING_VALUE	2
#define RING_MEMBER	3
#define RING_NATTS	3

TupleTableSlot *
randpick_make_ring_slot(EState *estate)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	TupleDesc	desc = CreateTemplateTupleDesc(RING_NATTS);
	TupleTableSlot *slot;

	TupleDescInitEntry(desc, RING_TID, "tid", TIDOID, -1, 0);
	TupleDescInitEntry(desc, RING_VALUE, "value", FLOAT8OID, -1, 0);
	TupleDescInitEntry(desc, RING_MEMBER, "member", INT4OID, -1, 0);
	randpick_finish_desc(desc);
	slot = ExecInitExtraTupleSlot(estate, desc, &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(oldcxt);
	return slot;
}

void
randpick_store_ring(TupleTableSlot *slot, int member, ItemPointer tid,
					double value)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, 0, RING_NATTS * sizeof(bool));
	slot->tts_values[RING_TID - 1] = PointerGetDatum(tid);
	slot->tts_values[RING_VALUE - 1] = Float8GetDatum(value);
	slot->tts_values[RING_MEMBER - 1] = Int32GetDatum(member);
	ExecStoreVirtualTuple(slot);
}

double
randpick_read_ring(TupleTableSlot *slot, int *member, ItemPointer tid)
{
	slot_getallattrs(slot);
	*tid = *(ItemPointer) DatumGetPointer(slot->tts_values[RING_TID - 1]);
	*member = DatumGetInt32(slot->tts_values[RING_MEMBER - 1]);
	return DatumGetFloat8(slot->tts_values[RING_VALUE - 1]);
}

/*
 * Keep so many rows, or all if these could not be remembered: then nothing may
 * be left out.
 */
static void
set_keep(RandpickDeal *deal, uint64 rows)
{
	deal->keep = rows > 0 && randpick_race_can_remember(deal->race, rows) ?
		rows : 0;
}

RandpickDeal *
randpick_deal_create(RandpickRace *race, TupleTableSlot *slot, uint64 wanted,
					 RandpickReadTables read, RandpickGetTable get_table,
					 void *arg)
{
	RandpickDeal *deal = palloc0(sizeof(RandpickDeal));

	deal->race = race;
	deal->slot = slot;
	deal->read = read;
	deal->get_table = get_table;
	deal->arg = arg;
	deal->cxt = CurrentMemoryContext;
	if (wanted > 0 && wanted < PG_INT64_MAX / 2)
		set_keep(deal, 2 * wanted + SPARE_ROWS);
	return deal;
}

/* binaryheap's order */
static int
compare_numbers(Datum a, Datum b, void *arg)
{
	double		x = DatumGetFloat8(a);
	double		y = DatumGetFloat8(b);

	return (x > y) - (x < y);
}

/* Make ready for the first row. */
static void
begin_sort(RandpickDeal *deal)
{
	AttrNumber	column = RING_VALUE;
	Oid			less = Float8LessOperator;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;

	deal->sort = tuplesort_begin_heap(deal->slot->tts_tupleDescriptor, 1,
									  &column, &less, &collation, &nulls_first,
									  work_mem, NULL, TUPLESORT_ALLOWBOUNDED);
	if (deal->keep == 0)
		return;
	tuplesort_set_bound(deal->sort, deal->keep);
	if (deal->keep * KEPT_ROW_SIZE <= work_mem * (Size) 1024 / 4)
		deal->least = binaryheap_allocate(deal->keep, compare_numbers, NULL);
}

/*
 * Is a row with this random number among those to keep, as far as it is known?
 * Without the heap, the sort decides.
 */
static bool
is_kept(RandpickDeal *deal, double number)
{
	if (deal->least == NULL)
		return true;
	if (deal->least->bh_size < deal->least->bh_space)
		binaryheap_add(deal->least, Float8GetDatum(number));
	else if (number < DatumGetFloat8(binaryheap_first(deal->least)))
		binaryheap_replace_first(deal->least, Float8GetDatum(number));
	else
		return false;
	return true;
}

bool
randpick_gives_entries(const Plan *plan)
{
	return IsA(plan, IndexOnlyScan);
}

/* The TID of the row that a plan has just returned, or of its entry. */
static inline ItemPointer
row_tid(PlanState *rows, TupleTableSlot *row)
{
	bool		isnull;

	if (IsA(rows, IndexOnlyScanState))
		return &((IndexOnlyScanState *) rows)->ioss_ScanDesc->xs_heaptid;
	return (ItemPointer) DatumGetPointer(slot_getattr(row, 1, &isnull));
}

void
randpick_deal_read(RandpickDeal *deal, PlanState *rows, int member,
				   const RandpickRace *returned)
{
	RandpickRace *race = deal->race;

	for (;;)
	{
		TupleTableSlot *row = ExecProcNode(rows);
		ItemPointer tid;
		double		number;

		if (TupIsNull(row))
			break;
		tid = row_tid(rows, row);
		if (returned != NULL && randpick_race_was_seen(returned, tid))
			continue;
		if (deal->sort == NULL)
			begin_sort(deal);
		deal->nkept++;
		number = randpick_race_draw_number(race);
		if (!is_kept(deal, number))
			continue;
		randpick_store_ring(deal->slot, member, tid,
							randpick_race_time_of(race, number));
		tuplesort_puttupleslot(deal->sort, deal->slot);
	}
}

/*
 * Read all tables.  What the sort has beyond the rows to keep says nothing: others
 * with lesser times may have been passed over.
 */
static void
read_rows(RandpickDeal *deal)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(deal->cxt);

	deal->is_read = true;
	deal->read(deal->arg, deal);
	ExecClearTuple(deal->slot);
	if (deal->sort != NULL)
		tuplesort_performsort(deal->sort);
	if (deal->keep > 0 && deal->nkept > deal->keep)
	{
		deal->nleft = deal->nkept - deal->keep;
		deal->nkept = deal->keep;
	}
	MemoryContextSwitchTo(oldcxt);
}

/* Forget the rows that were read. */
static void
forget_rows(RandpickDeal *deal)
{
	if (deal->sort != NULL)
		tuplesort_end(deal->sort);
	if (deal->least != NULL)
		binaryheap_free(deal->least);
	deal->sort = NULL;
	deal->least = NULL;
	deal->is_read = false;
	deal->nkept = deal->nleft = 0;
	deal->nahead = deal->next_ahead = 0;
}

/*
 * Take the next rows from the sort, twice as many as the last time.  Only hints
 * come of it, and nothing is pinned.
 */
static void
take_ahead(RandpickDeal *deal)
{
	int			n = Min(Max(2 * deal->nahead, 1), ROWS_AHEAD);

	deal->nahead = deal->next_ahead = 0;
	while (deal->nahead < n && deal->nkept > 0)
	{
		RandpickDealtRow *row = &deal->ahead[deal->nahead++];

		if (!tuplesort_gettupleslot(deal->sort, true, false, deal->slot, NULL))
			elog(ERROR, "a row that was dealt is missing");
		deal->nkept--;
		row->time = randpick_read_ring(deal->slot, &row->member,
									   &row->target.tid);
		row->target.hint = InvalidBuffer;
		if (n > 1)
			randpick_heap_prefetch(deal->get_table(deal->arg, row->member),
								   &row->target);
	}
}

const RandpickDealtRow *
randpick_deal_next(RandpickDeal *deal)
{
	const RandpickDealtRow *row;

	while (deal->next_ahead == deal->nahead)
	{
		if (!deal->is_read)
			read_rows(deal);
		if (deal->nkept == 0)
		{
			if (deal->nleft == 0)
				return NULL;
			forget_rows(deal);
			set_keep(deal, deal->keep * MORE_ROWS);
			continue;
		}
		take_ahead(deal);
	}
	row = &deal->ahead[deal->next_ahead++];
	randpick_race_advance(deal->race, row->time);
	return row;
}

bool
randpick_deal_left_some(const RandpickDeal *deal)
{
	return deal->nleft > 0;
}

void
randpick_deal_end(RandpickDeal *deal)
{
	forget_rows(deal);
	pfree(deal);
}
