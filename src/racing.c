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
 * What a race may spend, prices.c knows.  It is also bounded by the real size of
 * what there is to read: statistics may be wrong about that, and a filter may be
 * declared absurdly costly.  And what became of races before decides whether one
 * is run at all, as past.c has it.
 *
 * PostgreSQL's own statistics count a race as the scan that it stands for: a
 * sequential scan of the table, or a scan of the index, that has read the rows
 * found.  What deals counts for itself, being an ordinary plan.
 */
#include "postgres.h"

#include "access/genam.h"
#include "compat.h"
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

/* So many looks are taken at least before it is asked whether to go on. */
#define LOOKS_AT_ONCE	UINT64CONST(8)

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
 * of a member a past, since it is not its own; or one that is never run.
 */
static bool
has_past(const RandpickRacing *racing)
{
	return racing->seed == NULL && !racing->is_member && racing->is_raced;
}

/*
 * Is the race to be run even if it does not look as if it could pay?  Not one with
 * a seed, on which no setting may have an influence.
 */
static inline bool
tries_anyway(const RandpickRacing *racing)
{
	return racing->tries_anyway && racing->seed == NULL;
}

/*
 * How many looks the race may take in all, as of now.  None, if it could not
 * remember all rows that are wanted, or not find them in so few.
 */
static uint64
looks_allowed(const RandpickRacing *racing)
{
	const RandpickRace *race = &racing->race;
	RandpickSource *source = racing->source;
	uint64		wanted = tries_anyway(racing) ? 0 : racing->wanted;

	if (!racing->is_raced || wanted > race->max_seen)
		return 0;
	return randpick_looks_allowed(&racing->prices, &racing->spending,
								  source == NULL ? racing->prices.places :
								  racing->places, wanted);
}

/* How many looks the source allows, by what there is to read; none if too few. */
static uint64
source_allows(const RandpickRacing *racing)
{
	RandpickSource *source = racing->source;
	double		pages = source->methods->pages(source);
	double		found = randpick_estimate_found(racing->places, source->nfound,
												racing->race.looks);
	double		looks;

	if (racing->index != NULL)
		looks = randpick_index_looks(pages, found, tries_anyway(racing) ||
									 racing->prices.row_share > 0);
	else
		looks = randpick_heap_looks(pages, found) +
			(tries_anyway(racing) || racing->seed != NULL ?
			 RANDPICK_SMALL_TABLE_LOOKS + pages + found / 8 : 0);
	return !tries_anyway(racing) && racing->wanted > looks ? 0 : (uint64) looks;
}

/* Let the race go on for some more looks, if it may, and then ask again. */
static bool
may_go_on(RandpickRacing *racing)
{
	RandpickRace *race = &racing->race;

	race->max_looks = Min(Min(looks_allowed(racing), source_allows(racing)),
						  race->looks + Max(race->looks / 4, LOOKS_AT_ONCE));
	return !randpick_race_is_spent(race);
}

/* The race has found a row: unless it is lost later, it is won. */
static void
note_won(RandpickRacing *racing)
{
	racing->spending.rows++;
	if (has_past(racing))
		randpick_past_won(racing->kind, racing->nlost);
}

/*
 * The race is about to be dealt, since all was spent; that may have been nothing.
 * But it is not lost if its memory did not suffice, or if it was not to be run.
 */
void
randpick_racing_give_up(const RandpickRacing *racing)
{
	if (has_past(racing) && !randpick_race_is_full(&racing->race) &&
		(racing->has_looked || !randpick_past_allows(racing->nlost)))
		randpick_past_lost(racing->kind, racing->nlost);
}

void
randpick_racing_start(RandpickRacing *racing, uint64 wanted)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(racing->cxt);
	uint64		looks = 0;

	racing->wanted = wanted;
	racing->spending = (RandpickSpending) {.is_stubborn = tries_anyway(racing)};
	racing->places = 0;
	racing->nlost = 0;
	if (has_past(racing))
	{
		racing->kind = randpick_kind_of_race(RelationGetRelid(racing->ss->ss_currentRelation),
											 racing->index_oid,
											 &racing->prices, wanted);
		racing->nlost = randpick_past_losses(racing->kind);
	}
	randpick_race_start(&racing->race,
						racing->seed ? *racing->seed : randpick_draw_seed(),
						racing->descending, 0,
						racing->seed ? SEEDED_MEMORY : work_mem * (Size) 1024);

	racing->is_started = true;
	racing->has_looked = false;

	/* a source in an index reads pages when it is opened: first see if it pays */
	if (!racing->is_member && randpick_past_allows(racing->nlost))
		looks = looks_allowed(racing);
	if (looks > 0)
	{
		randpick_count_pages(&racing->spending, true);
		(void) randpick_racing_places(racing);
		randpick_count_pages(&racing->spending, false);
		racing->race.max_looks = Min(Min(looks, source_allows(racing)),
									 LOOKS_AT_ONCE);
	}
	racing->stats = randpick_stats_of(racing->race.max_looks > 0 ||
									  racing->is_member ?
									  racing->method : RANDPICK_METHOD_DEAL);
	if (!racing->is_member)
		racing->stats->races++;
	MemoryContextSwitchTo(oldcxt);
}

uint64
randpick_racing_places(RandpickRacing *racing)
{
	if (racing->source == NULL)
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(racing->cxt);

		racing->source = open_source(racing);
		MemoryContextSwitchTo(oldcxt);
	}
	racing->places = racing->source->methods->places(racing->source);
	return racing->places;
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

		if (randpick_racing_places(racing) == 0)
			return NULL;
		rings = randpick_race_draw(&racing->race, racing->places, n);
		if (n > 1 && methods->prefetch != NULL)
			methods->prefetch(racing->source, rings, n);
	}
	return randpick_race_take(&racing->race);
}

void
randpick_racing_remember(RandpickRacing *racing, ItemPointer tid)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(racing->cxt);

	randpick_race_mark_seen(&racing->race, tid);
	MemoryContextSwitchTo(oldcxt);
}

/* Is the row in the slot one to return?  If so, remember it. */
static bool
take_row(RandpickRacing *racing, TupleTableSlot *slot)
{
	if (randpick_race_was_seen(&racing->race, &slot->tts_tid) ||
		!randpick_racing_passes(racing, slot))
		return false;
	randpick_racing_remember(racing, &slot->tts_tid);
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
	racing->spending.looks++;
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
randpick_racing_look(RandpickRacing *racing, uint64 place, TupleTableSlot *slot,
					 bool *met_row)
{
	RandpickRing ring = {.place = place};
	RandpickLook found;
	uint64		nfound;

	/* places of a heap keep their number, which was told without the source */
	if (racing->source == NULL)
		(void) randpick_racing_places(racing);
	nfound = racing->source->nfound;
	found = look_into_place(racing, &ring, slot);
	*met_row = racing->source->nfound > nfound;
	Assert(found != RANDPICK_LOOK_VOID);
	return found == RANDPICK_LOOK_ROW;
}

/* Race on while the budget lasts.  False if no row has been found. */
static bool
race_on(RandpickRacing *racing, TupleTableSlot *slot)
{
	for (uint64 misses = 0;; misses++)
	{
		const RandpickRing *ring;
		RandpickLook found;

		if (randpick_race_is_spent(&racing->race))
		{
			randpick_count_pages(&racing->spending, false);
			if (!may_go_on(racing))
				return false;
		}
		ring = next_ring(racing, misses);
		if (ring == NULL)
			return false;
		CHECK_FOR_INTERRUPTS();
		found = look_into_place(racing, ring, slot);
		if (found == RANDPICK_LOOK_ROW)
			return true;
		if (found == RANDPICK_LOOK_VOID)
			randpick_race_void(&racing->race);
	}
}

bool
randpick_racing_next(RandpickRacing *racing, TupleTableSlot *slot)
{
	bool		found = false;

	if (racing->source != NULL)
	{
		randpick_count_pages(&racing->spending, true);
		found = race_on(racing, slot);
		randpick_count_pages(&racing->spending, false);
	}
	if (!found && !randpick_racing_has_no_place(racing))
		randpick_racing_give_up(racing);
	return found;
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
