/*
 * racing.h
 *	  Running a race over a table's places, for the rows that pass a filter.
 */
#ifndef RANDPICK_RACING_H
#define RANDPICK_RACING_H

#include "nodes/execnodes.h"
#include "race.h"
#include "randpick.h"
#include "source.h"
#include "stats.h"

/*
 * What a race that is tried anyway, or has no other budget, may take beyond what
 * there is to read: enough to find all rows of a small table.
 */
#define RANDPICK_SMALL_TABLE_LOOKS	1000

/* Embedded in the scan node; zeroed before use. */
typedef struct RandpickRacing
{
	/* fixed when the scan begins, by its owner */
	ScanState  *ss;				/* the scan that wants the rows */
	ExprState  *filter;			/* conditions of its WHERE, or NULL */
	bool		descending;		/* ORDER BY random() DESC? */
	bool		is_raced;		/* or is all dealt? */
	bool		tries_anyway;	/* even if it does not look as if it could pay? */
	RandpickPrices prices;		/* what it costs and may spend */
	uint64		expected_looks; /* the planner's guess for the first row */
	RandpickMethod method;		/* the source */
	Oid			index_oid;		/* its index, or InvalidOid */
	List	   *conditions;		/* that the index can answer; expressions */
	List	   *columns;		/* of each the index's column, from 0 */
	RandpickCapacity capacity;	/* of the source's pages */
	MemoryContext cxt;			/* holds what lives as long as one race */
	const uint64 *seed;			/* of each race; NULL: from SQL random() */
	bool		is_member;		/* does another node run the race? */

	/* set when the scan begins to run */
	Relation	index;			/* NULL if there is none */
	RandpickKeys keys;			/* the conditions as the index wants them */

	/* changes from race to race */
	bool		is_started;		/* is there a race? */
	uint64		wanted;			/* rows that will be asked for, or 0 */
	uint64		kind;			/* for past.c */
	RandpickSource *source;		/* NULL if it only deals */
	RandpickStats *stats;		/* the session's, of the source */
	uint32		nlost;			/* races like it that were lost before it */

	/* changes from row to row */
	bool		has_looked;		/* in this race */
	RandpickSpending spending;
	RandpickRace race;
	uint64		places;			/* as of the last look; 0 without a source */

	/* for EXPLAIN, over all races */
	uint64		looks;
	uint64		misses;
} RandpickRacing;

/*
 * Begin to run races for a scan.  The index is opened now, so that it cannot be
 * dropped in the middle of a cursor.
 */
extern void randpick_racing_open(RandpickRacing *racing);

/*
 * Start a race for so many rows, or 0 if that is not known.  The scan's snapshot
 * is taken, its relation open.  Without a seed, draws from SQL random(), so that
 * setseed() makes it repeatable.
 */
extern void randpick_racing_start(RandpickRacing *racing, uint64 wanted);
extern uint64 randpick_draw_seed(void);

/* The number of places as of now.  Opens the source if that has not been done. */
extern uint64 randpick_racing_places(RandpickRacing *racing);

/* Is the race run, or has it been given up before it began? */
static inline bool
randpick_racing_is_run(const RandpickRacing *racing)
{
	return racing->source != NULL;
}

/* Tell those to come that this race did not pay; deal its rows. */
extern void randpick_racing_give_up(const RandpickRacing *racing);

/* Is it known that there is no row, because there is no place for one? */
static inline bool
randpick_racing_has_no_place(const RandpickRacing *racing)
{
	return racing->source != NULL && racing->places == 0;
}

/*
 * Race to the next row that passes the filter and has not been returned, and
 * store it in the slot; the race's clock is its time.  False when the budget
 * is spent, or there is no place: then all rows that are left can be dealt.
 */
extern bool randpick_racing_next(RandpickRacing *racing, TupleTableSlot *slot);

/*
 * Look into one place, drawn from the last places().  True if it has a row that
 * passes the filter and has not been returned; it is now.  *met_row tells whether
 * it has any.
 */
extern bool randpick_racing_look(RandpickRacing *racing, uint64 place,
								 TupleTableSlot *slot, bool *met_row);

/* Does the row pass the scan's filter?  Counts it if not. */
extern bool randpick_racing_passes(RandpickRacing *racing,
								   TupleTableSlot *slot);

/* Know a row again that is being returned. */
extern void randpick_racing_remember(RandpickRacing *racing, ItemPointer tid);

/* Forget the race.  And: there will be no more of them. */
extern void randpick_racing_end(RandpickRacing *racing);
extern void randpick_racing_close(RandpickRacing *racing);

#endif							/* RANDPICK_RACING_H */
