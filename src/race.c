/*
 * race.c
 *	  A race of exponential clocks: random rows without counting them.
 *
 * The idea.  Give every row its own alarm clock that rings after a time T
 * drawn from the exponential distribution with mean 1, independent of all
 * others.  The order in which the clocks ring is a uniformly random
 * permutation of the rows, and u = 1 - exp(-T) is uniform on (0, 1) and
 * independent between rows: just what random() gives a row.  So sorting rows
 * by random() and watching the race are the same thing in distribution: the
 * first k rings are the k smallest random() values, with their rows.
 *
 * How to watch without knowing the rows.  Take S places, such that every row
 * has exactly one and a place holds at most one row.  S is known, which places
 * are empty is not.  Let every place have a clock that rings again and again,
 * as a Poisson process of rate 1.  Together they ring as a Poisson process of
 * rate S, each ring at a place uniform over the S and independent of all the
 * rest.  So:
 *
 *		clock += Exp(1) / S;  place = uniform over S;  look into the place
 *
 * If it holds a row that has not been returned, this is the row's first ring
 * (had it rung before, it would have been returned then), and the first ring
 * of a Poisson process of rate 1 comes after an Exp(1) time: the row's T.
 * Otherwise it is a miss: an empty place, a row that nobody may see, one that
 * the filter rejects, or a later ring of a row already returned.  Misses
 * change nothing about the rows that are left.  Distinct places ring
 * independently, so distinct rows do.  QED.
 *
 * Four things follow from the exponential having no memory: at any moment
 * the time that a row still has to wait is Exp(1), whatever happened before.
 *
 *	- S, and which place belongs to which row, may change between two rings,
 *	  as long as at every ring each row has exactly one place and the rate used
 *	  is the number of places at that moment.
 *	- Rings may be drawn ahead, to read their places in good time, and be thrown
 *	  away for any reason that does not depend on where and when they ring:
 *	  because enough rows were found, because the places have changed.
 *	- The race can be finished by dealing: read the rows that are left in any
 *	  way, give each the time clock + Exp(1), sort.  When to stop racing may
 *	  depend on anything seen so far, so a budget leaves the result exact.
 *	- Races over disjoint sets of rows merge by their keys into the race over
 *	  the union.
 *
 * Keys.  For ORDER BY random() the key is u = 1 - exp(-T) = -expm1(-T), which
 * grows with the clock; for DESC it is exp(-T), uniform too, which falls.
 * Rounding could make either of them 1.0 (T above 37, or below 2^-54), which
 * random() never returns, so both are clamped to the largest double below 1.
 * And the library functions need not be monotonic in the last bit, so a key
 * is never let past the one before it: the rows must come out sorted.
 *
 * Rows are known by the TID of their visible version, so that a row found by
 * racing is known again when it is dealt.
 *
 * What this does not promise: equal seeds give equal rows only while the
 * places stay what they were; and a 64-bit seed cannot reach all orders of
 * more than 20 rows.  random() itself, with 128 bits, cannot either from 35.
 *
 * Sources: the Poisson view of sampling without replacement is Rosen's
 * exponential order sampling (1972, 1997), used with weights by Efraimidis
 * and Spirakis (2006); drawing a place and rejecting the empty ones is Olken
 * and Rotem's acceptance/rejection sampling (1986, 1989).
 */
#include "postgres.h"

#ifdef FRONTEND
#include "common/logging.h"		/* for simplehash.h */
#endif

#include <math.h>

#include "common/hashfn.h"
#include "race.h"

/* the largest double below 1: random() never returns more */
#define MAX_KEY		(1.0 - 1.1102230246251565e-16)

/* one row of the seen set: 8 bytes */
typedef struct SeenRow
{
	ItemPointerData tid;
	char		status;
} SeenRow;

static inline uint32
hash_tid(ItemPointerData tid)
{
	return hash_combine(murmurhash32(ItemPointerGetBlockNumberNoCheck(&tid)),
						ItemPointerGetOffsetNumberNoCheck(&tid));
}

#define SH_PREFIX seen
#define SH_ELEMENT_TYPE SeenRow
#define SH_KEY_TYPE ItemPointerData
#define SH_KEY tid
#define SH_HASH_KEY(tb, key) hash_tid(key)
#define SH_EQUAL(tb, a, b) (memcmp(&(a), &(b), sizeof(ItemPointerData)) == 0)
#define SH_SCOPE static inline
#define SH_RAW_ALLOCATOR palloc0
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * A table that doubles holds its old and its new array for a moment, and
 * simplehash grows at nine tenths: so many rows fit into this many bytes.
 */
static uint64
rows_in_memory(Size max_memory)
{
	uint64		slots = 2;

	max_memory = Min(max_memory, (Size) 1 << 30);
	while (slots * 2 * sizeof(SeenRow) * 3 / 2 <= max_memory)
		slots *= 2;
	return slots * 9 / 10;
}

void
randpick_race_start(RandpickRace *race, uint64 seed, bool descending,
					uint64 max_looks, Size max_memory)
{
	race->descending = descending;
	race->max_looks = max_looks;
	race->max_seen = rows_in_memory(max_memory);
	pg_prng_seed(&race->prng, seed);
	race->clock = race->clock_before = 0.0;
	race->key = descending ? MAX_KEY : 0.0;
	race->looks = 0;
	race->nahead = race->next_ahead = 0;
	race->seen = NULL;
}

bool
randpick_race_can_remember(const RandpickRace *race, uint64 rows)
{
	uint64		nseen = race->seen == NULL ? 0 : race->seen->members;

	return nseen <= race->max_seen && rows <= race->max_seen - nseen;
}

bool
randpick_race_is_full(const RandpickRace *race)
{
	return race->seen != NULL && race->seen->members >= race->max_seen;
}

bool
randpick_race_is_spent(const RandpickRace *race)
{
	return race->looks >= race->max_looks || randpick_race_is_full(race);
}

/* Exp(1), from a number in [0, 1), so that it is finite. */
static inline double
exponential_of(double number)
{
	return -log1p(-number);
}

RandpickRing *
randpick_race_draw(RandpickRace *race, uint64 places, int n)
{
	double		clock = race->clock;

	Assert(places > 0);
	Assert(n > 0 && n <= RANDPICK_MAX_AHEAD);
	Assert(!randpick_race_has_drawn(race));

	for (int i = 0; i < n; i++)
	{
		clock += exponential_of(pg_prng_double(&race->prng)) / (double) places;
		race->ahead[i].clock = clock;
		race->ahead[i].place = pg_prng_uint64_range(&race->prng, 0, places - 1);
		race->ahead[i].hint = 0;
	}
	race->nahead = n;
	race->next_ahead = 0;
	return race->ahead;
}

void
randpick_race_void(RandpickRace *race)
{
	race->clock = race->clock_before;
	race->nahead = race->next_ahead = 0;
}

double
randpick_race_draw_number(RandpickRace *race)
{
	return pg_prng_double(&race->prng);
}

double
randpick_race_time_of(const RandpickRace *race, double number)
{
	return race->clock + exponential_of(number);
}

void
randpick_race_advance(RandpickRace *race, double clock)
{
	Assert(clock >= race->clock);

	race->clock = clock;
}

void
randpick_race_join(RandpickRace *race, const RandpickRace *other)
{
	race->clock = race->clock_before = other->clock;
	race->key = other->key;
	race->nahead = race->next_ahead = 0;
}

double
randpick_race_take_key(RandpickRace *race)
{
	if (race->descending)
		race->key = Min(race->key, exp(-race->clock));
	else
		race->key = Min(Max(race->key, -expm1(-race->clock)), MAX_KEY);
	return race->key;
}

bool
randpick_race_was_seen(const RandpickRace *race, ItemPointer tid)
{
	return race->seen != NULL && seen_lookup(race->seen, *tid) != NULL;
}

void
randpick_race_mark_seen(RandpickRace *race, ItemPointer tid)
{
	bool		found;

	if (race->seen == NULL)
		race->seen = seen_create(16, NULL);
	seen_insert(race->seen, *tid, &found);
	Assert(!found);
}
