/*
 * source.h
 *	  What a source of places must do.
 *
 * A source maps numbers below places() to rows of one relation, such that at
 * each moment every row that the snapshot sees and that can pass the filter has
 * exactly one place (race.c says why that is all it takes).  Of the filter it
 * knows at most the conditions that its index can answer; it knows nothing of
 * rows already returned, or of the clock.
 *
 * Sources stand in a snapshot that the executor holds, on a relation that it
 * has opened and locked: so visible rows are neither vacuumed nor moved, and
 * the relation is not truncated, while the source lives.
 */
#ifndef RANDPICK_SOURCE_H
#define RANDPICK_SOURCE_H

#include "capacity.h"
#include "conditions.h"
#include "executor/tuptable.h"
#include "prices.h"
#include "race.h"
#include "storage/bufmgr.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

typedef struct RandpickSource RandpickSource;

/* What a look finds. */
typedef enum RandpickLook
{
	RANDPICK_LOOK_MISS,			/* no row that the snapshot sees */
	RANDPICK_LOOK_ROW,			/* one; it is in the slot */
	RANDPICK_LOOK_VOID			/* the places changed since the ring was drawn */
} RandpickLook;

typedef struct RandpickSourceMethods
{
	/* Draw no more rings ahead than this, since the places may change. */
	int			max_ahead;

	/*
	 * The number of places; 0 when there cannot be a row.  At most 2^53, since
	 * it becomes a rate.  Called before rings are drawn, not for each look.
	 */
	uint64		(*places) (RandpickSource *source);

	/*
	 * About how many pages there are to read, really and not by statistics: of
	 * the heap, or of what the places are in of an index.
	 */
	double		(*pages) (RandpickSource *source);

	/*
	 * Several places will be looked into soon: have them read, if that is
	 * worth anything, and leave a hint in each ring.  May be NULL.
	 */
	void		(*prefetch) (RandpickSource *source, RandpickRing *rings,
							 int nrings);

	/*
	 * Look into the place of a ring, which was drawn from the last places().
	 * A visible row is stored in the slot, its own TID in tts_tid.  If the
	 * places have changed meanwhile so that some row may have none of those
	 * drawn from, the ring is void: it counts for no row, as if it had never
	 * been drawn, and so do those drawn with it.  Whether it is void must not
	 * depend on which place was drawn.
	 */
	RandpickLook (*look) (RandpickSource *source, const RandpickRing *ring,
						  TupleTableSlot *slot);

	/* Let go of what the source holds.  May be NULL. */
	void		(*close) (RandpickSource *source);
} RandpickSourceMethods;

/* The common part of each source's own struct. */
struct RandpickSource
{
	const RandpickSourceMethods *methods;
	Relation	rel;			/* the table, open and locked by the caller */
	Snapshot	snapshot;		/* the query's, registered by the caller */
	uint64		nfound;			/* looks that found an entry, or a visible row */
};

/* one ring is drawn ahead for so many looks that are to be expected */
#define RANDPICK_LOOKS_A_RING	4

/* the range source takes no array with more different elements */
#define RANDPICK_MAX_RANGES	100

/*
 * So many looks, whatever the planner allows, take no more time than to read all
 * that there is, or half of that.  To read a heap takes as long as one look for
 * each page and for each 25 rows.  An ordinary scan of an index reads its pages,
 * and the row of each entry; a look takes longer than one of these, but less than
 * twice as long.  Where the ordinary scan is one of the heap, although places are
 * in an index, it is faster.
 */
static inline double
randpick_heap_looks(double pages, double tuples)
{
	return 16 + pages + tuples / 25;
}

static inline double
randpick_index_looks(double pages, double entries, bool reads_index)
{
	return 16 + pages / 2 + entries / (reads_index ? 4 : 20);
}

/* A tuple of a heap that will be fetched. */
typedef struct RandpickTarget
{
	ItemPointerData tid;
	Buffer		hint;			/* where its page may be */
} RandpickTarget;

/* source.c */
extern Page randpick_prefetch_page(Relation rel, BlockNumber block,
								   Buffer *hint);
extern double randpick_estimate_found(double places, uint64 nfound,
									  uint64 looks);
extern void randpick_count_pages(RandpickSpending *spending, bool is_start);
extern Buffer randpick_pin_page(Relation rel, BlockNumber block, Buffer hint);
extern void randpick_predicate_lock(Relation rel, Snapshot snapshot);

/*
 * A source of each kind, allocated in the current memory context.  The
 * capacity is what the planner found; it is not used if it does not hold for
 * the snapshot.
 *
 * The keys are conditions on the columns of the index, which the rows meet
 * that are wanted; other rows may be found or missed.  Their values must live
 * as long as the source.
 */
extern RandpickSource *randpick_heap_source_open(Relation rel,
												 Snapshot snapshot,
												 const RandpickCapacity *capacity);
extern RandpickSource *randpick_leaf_source_open(Relation rel, Relation index,
												 Snapshot snapshot,
												 const RandpickCapacity *capacity,
												 const RandpickKeys *keys);

/*
 * Stores the tuple of a heap that has this TID in the slot, if the snapshot sees
 * it; else returns false.  To prefetch it somewhat earlier saves time.
 */
extern void randpick_heap_prefetch(Relation rel, RandpickTarget *target);
extern bool randpick_heap_fetch(Relation rel, Snapshot snapshot,
								const RandpickTarget *target,
								TupleTableSlot *slot);

/* NULL if it would need more places than there are numbers. */
extern RandpickSource *randpick_range_source_open(Relation rel,
												  Relation index,
												  Snapshot snapshot,
												  const RandpickCapacity *capacity,
												  const RandpickKeys *keys);

#endif							/* RANDPICK_SOURCE_H */
