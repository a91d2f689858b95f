/*
 * race.h
 *	  The race: which row rings next, and what its random() value is.
 *
 * race.c has the idea and the proof.  Nothing here knows of a planner, an
 * executor or a table: a place is a number below the number of places, a row
 * is a TID.  The same source builds the server half and t/race_test.c.
 */
#ifndef RANDPICK_RACE_H
#define RANDPICK_RACE_H

#include "common/pg_prng.h"
#include "storage/itemptr.h"

struct seen_hash;

/* how many rings can be drawn before the first of them is looked at */
#define RANDPICK_MAX_AHEAD	16

/* A ring: at its time, look into its place. */
typedef struct RandpickRing
{
	double		clock;
	uint64		place;
	int			hint;			/* the source's note to itself; 0 at first */
} RandpickRing;

/*
 * One race.  The owner zeroes it, starts it, and keeps CurrentMemoryContext
 * pointing at the race's own context while it calls randpick_race_mark_seen;
 * that context's reset ends the race.
 */
typedef struct RandpickRace
{
	/* fixed at the start */
	bool		descending;		/* do the keys fall (ORDER BY random() DESC)? */
	uint64		max_looks;		/* budget: after so many looks, deal; may be
								 * lowered or raised at any time */
	uint64		max_seen;		/* memory: after so many rows, deal */

	/* changes with each ring */
	pg_prng_state prng;			/* seeded once, at the start */
	double		clock;			/* time of the last ring; starts at 0 */
	double		clock_before;	/* time of the ring before it */
	double		key;			/* random() value of the last row */
	uint64		looks;			/* rings taken so far */
	RandpickRing ahead[RANDPICK_MAX_AHEAD]; /* drawn, not all taken yet */
	int			nahead;			/* how many were drawn */
	int			next_ahead;		/* the next one to take */
	struct seen_hash *seen;		/* rows returned so far, by TID */
} RandpickRace;

/*
 * Start a race.  Two races with equal seeds and equal places take equal
 * courses.  max_memory, in bytes, bounds the set of rows returned.
 */
extern void randpick_race_start(RandpickRace *race, uint64 seed,
								bool descending, uint64 max_looks,
								Size max_memory);

/*
 * Has the race spent its budget of looks or of memory?  Then deal.  And: that
 * of memory, for the rows returned?
 */
extern bool randpick_race_is_spent(const RandpickRace *race);
extern bool randpick_race_is_full(const RandpickRace *race);

/*
 * Draw the next n rings, once all drawn before are taken: each at a place
 * uniform over [0, places).  places must be at least 1 and n in
 * [1, RANDPICK_MAX_AHEAD].  Returns the rings, so that their places can be
 * made ready.
 */
extern RandpickRing *randpick_race_draw(RandpickRace *race, uint64 places,
										int n);

/*
 * The places have changed: unmake the last ring that was taken and those that
 * were drawn with it.
 */
extern void randpick_race_void(RandpickRace *race);

/* Are there rings that were drawn and not taken? */
static inline bool
randpick_race_has_drawn(const RandpickRace *race)
{
	return race->next_ahead < race->nahead;
}

/* Let the next ring that was drawn come: the clock moves to it. */
static inline const RandpickRing *
randpick_race_take(RandpickRace *race)
{
	const RandpickRing *ring = &race->ahead[race->next_ahead++];

	race->clock_before = race->clock;
	race->clock = ring->clock;
	race->looks++;
	return ring;
}

/*
 * For dealing: the time at which a row that has not rung yet rings, in two
 * steps.  A random number in [0, 1), and the time that it means, which grows with
 * it.  Neither moves the clock.
 */
extern double randpick_race_draw_number(RandpickRace *race);
extern double randpick_race_time_of(const RandpickRace *race, double number);

/* Move the clock to a ring that was dealt; must not be before the clock. */
extern void randpick_race_advance(RandpickRace *race, double clock);

/* Go on where another race is, with rows that have not rung there. */
extern void randpick_race_join(RandpickRace *race, const RandpickRace *other);

/*
 * The random() value of the row that rang last: in [0, 1), and never on the
 * wrong side of the key before it.  Call once for each row returned.
 */
extern double randpick_race_take_key(RandpickRace *race);

/* Returns whether so many more rows can be remembered. */
extern bool randpick_race_can_remember(const RandpickRace *race, uint64 rows);

/* Has this row been returned?  And: it is being returned now. */
extern bool randpick_race_was_seen(const RandpickRace *race, ItemPointer tid);
extern void randpick_race_mark_seen(RandpickRace *race, ItemPointer tid);

#endif							/* RANDPICK_RACE_H */
