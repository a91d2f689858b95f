/*
 * source.h
 *	  What a source of places must do.
 *
 * A source maps numbers below places() to rows of one relation, such that at
 * each moment every row that the snapshot sees has exactly one place (race.c
 * says why that is all it takes).  It knows nothing of the filter, of rows
 * already returned, or of the clock.
 *
 * Sources stand in a snapshot that the executor holds, on a relation that it
 * has opened and locked: so visible rows are neither vacuumed nor moved, and
 * the relation is not truncated, while the source lives.
 */
#ifndef RANDPICK_SOURCE_H
#define RANDPICK_SOURCE_H

#include "executor/tuptable.h"
#include "race.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

typedef struct RandpickSource RandpickSource;

typedef struct RandpickSourceMethods
{
	/*
	 * The number of places now; 0 when there cannot be a row.  At most 2^53,
	 * since it becomes a rate.
	 */
	uint64		(*places) (RandpickSource *source);

	/*
	 * Several places will be looked into soon: have them read, if that is
	 * worth anything, and leave a hint in each ring.
	 */
	void		(*prefetch) (RandpickSource *source, RandpickRing *rings,
							 int nrings);

	/*
	 * Look into the place of a ring.  If it holds a row that the snapshot
	 * sees, store that row in the slot, its own TID in tts_tid, and return
	 * true.  Otherwise return false; the slot is then undefined.
	 */
	bool		(*look) (RandpickSource *source, const RandpickRing *ring,
						 TupleTableSlot *slot);
} RandpickSourceMethods;

/* The common part of each source's own struct. */
struct RandpickSource
{
	const RandpickSourceMethods *methods;
	Relation	rel;			/* the table, open and locked by the caller */
	Snapshot	snapshot;		/* the query's, registered by the caller */
};

/* source_heap.c */
extern RandpickSource *randpick_heap_source_open(Relation rel,
												 Snapshot snapshot);

#endif							/* RANDPICK_SOURCE_H */
