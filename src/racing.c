/*
 * racing.c
 *	  Running a race over a table's places, for the rows that pass a filter.
 *
 * race.c says which place rings next, a source what is there, the filter
 * whether it counts; this brings them together, and knows when to stop.
 *
 * The filter is evaluated here and not by ExecScan: a row that fails it is a
 * miss, and only a row that passes it is remembered as returned.  It sees no
 * row that the snapshot does not see, and its conditions come in the order
 * that the planner gave them for row security's sake.
 *
 * The planner's budget of looks is also bounded by the real size of what there
 * is to read: statistics may be wrong about that, and a filter may be declared
 * absurdly costly.  And by what became of races before, as past.c has it.
 *
 * PostgreSQL's own statistics count a race as the scan that it stands for: a
 * sequential scan of the table, or a scan of the index, that has read the rows
 * found.  What deals counts for itself, being an ordinary plan.
 */
#include "postgres.h"

#include "access/genam.h"
#include "compat.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "past.h"
#include "pgstat.h"
#include "racing.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/*
 * Memory for the rows returned in a race with a seed of its own: no setting
 * may change what course it takes.
 */
#define SEEDED_MEMORY	((Size) 4 * 1024 * 1024)

/* A seed from SQL random(), so that setseed() makes picks repeatable. */
uint64
randpick_draw_seed(void)
{
	double		high = DatumGetFloat8(OidFunctionCall0(RANDPICK_RANDOM_OID));
	double		low = DatumGetFloat8(OidFunctionCall0(RANDPICK_RANDOM_OID));

	return ((uint64) (high * 4294967296.0) << 32) |
		(uint64) (low * 4294967296.0);
}

void
randpick_racing_open(RandpickRacing *racing)
{
	PlanState  *ps = &racing->ss->ps;
	EState	   *estate = ps->state;
	Index		relid = ((Scan *) ps->plan)->scanrelid;

	racing->cxt = AllocSetContextCreate(estate->es_query_cxt, "randpick race",
										ALLOCSET_SMALL_SIZES);
	racing->kind = randpick_kind_of_race(RelationGetRelid(racing->ss->ss_currentRelation),
										 racing->index_oid, racing->max_looks,
										 racing->expected_looks);
	if (!OidIsValid(racing->index_oid))
		return;

	/* locked as its table is */
	racing->index = index_open(racing->index_oid,
							   exec_rt_fetch(relid, estate)->rellockmode);
	randpick_keys_build(&racing->keys, ps, racing->index,
						racing->conditions, racing->columns);
}

/* The source that the planner chose; or the heap, where that is too large. */
static RandpickSource *
open_source(RandpickRacing *racing)
{
	Relation	rel = racing->ss->ss_currentRelation;
	Snapshot	snapshot = racing->ss->ps.state->es_snapshot;
	RandpickSource *source;
	RandpickCapacity any;

	if (racing->index == NULL)
		return randpick_heap_source_open(rel, snapshot, &racing->capacity);

	randpick_keys_compute(&racing->keys);
	if (racing->method == RANDPICK_METHOD_LEAF)
		return randpick_leaf_source_open(rel, racing->index, snapshot,
										 &racing->capacity, &racing->keys);

	source = randpick_range_source_open(rel, racing->index, snapshot,
										&racing->capacity, &racing->keys);
	if (source != NULL)
		return source;
	any = randpick_any_heap_capacity();
	return randpick_heap_source_open(rel, snapshot, &any);
}

/* Count the scan that the race stands for. */
static void
count_scan(RandpickRacing *racing)
{
	if (racing->index == NULL)
		pgstat_count_heap_scan(racing->ss->ss_currentRelation);
	else
		pgstat_count_index_scan(racing->index);
}

/* Count a row that the source has found, whatever becomes of it. */
static void
count_found(RandpickRacing *racing)
{
	if (racing->index == NULL)
		pgstat_count_heap_getnext(racing->ss->ss_currentRelation);
	else
	{
		pgstat_count_index_tuples(racing->index, 1);
		pgstat_count_heap_fetch(racing->index);
	}
}

/*
 * May the race depend on others?  Not one with a seed of its own.  Nor has that
 * of a member a past, since it is not its own; or one for which the planner
 * gave no budget.
 */
static bool
has_past(const RandpickRacing *racing)
{
	return racing->seed == NULL && !racing->is_member && racing->max_looks > 0;
}

/*
 * The budget as of now: the planner's, bounded by the size of what there is to
 * read.  None, if so few looks cannot find all rows that are wanted.
 */
static uint64
full_budget(const RandpickRacing *racing)
{
	uint64		looks = racing->max_looks;

	if (racing->source != NULL)
		looks = Min(looks, racing->source->methods->max_looks(racing->source,
															  racing->race.looks));
	return racing->wanted > looks ? 0 : looks;
}

/* The part of it that the race gets. */
static uint64
budget_looks(const RandpickRacing *racing)
{
	uint64		looks = randpick_past_budget(racing->nlost, full_budget(racing));

	return racing->wanted > looks ? 0 : looks;
}

/* The race has found a row: unless it is lost later, it is won. */
static void
note_won(const RandpickRacing *racing)
{
	if (has_past(racing))
		randpick_past_won(racing->kind, racing->nlost);
}

/*
 * The race is about to be dealt, since all was spent; that may have been nothing.
 * But it is not lost if its memory did not suffice, or no budget would have.
 */
static void
note_lost(const RandpickRacing *racing)
{
	if (has_past(racing) && !randpick_race_is_full(&racing->race) &&
		(racing->has_looked || full_budget(racing) > 0))
		randpick_past_lost(racing->kind, racing->nlost);
}

void
randpick_racing_start(RandpickRacing *racing, bool is_dealt)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(racing->cxt);

	racing->nlost = has_past(racing) ? randpick_past_losses(racing->kind) : 0;
	randpick_race_start(&racing->race,
						racing->seed ? *racing->seed : randpick_draw_seed(),
						racing->descending, 0,
						racing->seed ? SEEDED_MEMORY : work_mem * (Size) 1024);
	racing->places = 0;
	if (!is_dealt && (racing->is_member || budget_looks(racing) > 0))
	{
		racing->source = open_source(racing);
		racing->places = racing->source->methods->places(racing->source);
		racing->race.max_looks = budget_looks(racing);
	}
	racing->is_started = true;
	racing->stats = randpick_stats_of(racing->race.max_looks > 0 ?
									  racing->method : RANDPICK_METHOD_DEAL);
	racing->stats->races++;
	racing->has_looked = false;
	MemoryContextSwitchTo(oldcxt);
}

bool
randpick_racing_passes(RandpickRacing *racing, TupleTableSlot *slot)
{
	ExprContext *econtext = racing->ss->ps.ps_ExprContext;

	if (racing->filter == NULL)
		return true;
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	if (ExecQual(racing->filter, econtext))
		return true;
	InstrCountFiltered1(racing->ss, 1);
	return false;
}

/*
 * The next ring.  Where many looks are to be expected, several rings are drawn
 * ahead: because the planner says so, or because after m misses about m more
 * will come.  A part of them only, since those not needed cost something too.
 * NULL if there is no place.
 */
static const RandpickRing *
next_ring(RandpickRacing *racing, uint64 misses)
{
	const RandpickSourceMethods *methods = racing->source->methods;

	if (!randpick_race_has_drawn(&racing->race))
	{
		uint64		expected = Max(racing->expected_looks, misses);
		int			n = (int) Max(1, Min(expected / RANDPICK_LOOKS_A_RING, (uint64) methods->max_ahead));
		RandpickRing *rings;

		racing->places = methods->places(racing->source);
		racing->race.max_looks = budget_looks(racing);
		if (racing->places == 0)
			return NULL;
		rings = randpick_race_draw(&racing->race, racing->places, n);
		if (n > 1 && methods->prefetch != NULL)
			methods->prefetch(racing->source, rings, n);
	}
	return randpick_race_take(&racing->race);
}

/* Is the row in the slot one to return?  If so, remember it. */
static bool
take_row(RandpickRacing *racing, TupleTableSlot *slot)
{
	MemoryContext oldcxt;

	if (randpick_race_was_seen(&racing->race, &slot->tts_tid) ||
		!randpick_racing_passes(racing, slot))
		return false;

	oldcxt = MemoryContextSwitchTo(racing->cxt);
	randpick_race_mark_seen(&racing->race, &slot->tts_tid);
	MemoryContextSwitchTo(oldcxt);
	return true;
}

/*
 * Look into the place of a ring, and count that.  What is not a row to return
 * is a miss.
 */
static RandpickLook
look_into_place(RandpickRacing *racing, const RandpickRing *ring,
				TupleTableSlot *slot)
{
	RandpickLook found;

	if (!racing->has_looked)
		count_scan(racing);
	racing->has_looked = true;
	racing->looks++;
	racing->stats->looks++;
	found = racing->source->methods->look(racing->source, ring, slot);
	if (found == RANDPICK_LOOK_ROW)
	{
		count_found(racing);
		if (take_row(racing, slot))
		{
			note_won(racing);
			racing->stats->picks++;
			return RANDPICK_LOOK_ROW;
		}
		found = RANDPICK_LOOK_MISS;
	}
	racing->misses++;
	racing->stats->misses++;
	return found;
}

bool
randpick_racing_look(RandpickRacing *racing, uint64 place, TupleTableSlot *slot)
{
	RandpickRing ring = {.place = place};
	RandpickLook found = look_into_place(racing, &ring, slot);

	Assert(found != RANDPICK_LOOK_VOID);
	return found == RANDPICK_LOOK_ROW;
}

bool
randpick_racing_next(RandpickRacing *racing, TupleTableSlot *slot)
{
	for (uint64 misses = 0; !randpick_race_is_spent(&racing->race); misses++)
	{
		const RandpickRing *ring = next_ring(racing, misses);
		RandpickLook found;

		if (ring == NULL)
			return false;
		CHECK_FOR_INTERRUPTS();
		found = look_into_place(racing, ring, slot);
		if (found == RANDPICK_LOOK_ROW)
			return true;
		if (found == RANDPICK_LOOK_VOID)
			randpick_race_void(&racing->race);
	}
	note_lost(racing);
	return false;
}

void
randpick_racing_end(RandpickRacing *racing)
{
	if (racing->source != NULL && racing->source->methods->close != NULL)
		racing->source->methods->close(racing->source);
	racing->source = NULL;
	racing->is_started = false;
	if (racing->cxt != NULL)
		MemoryContextReset(racing->cxt);
}

void
randpick_racing_close(RandpickRacing *racing)
{
	randpick_racing_end(racing);
	if (racing->index != NULL)
		index_close(racing->index, NoLock);
	racing->index = NULL;
}
