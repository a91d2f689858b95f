/*
 * past.c
 *	  What became of the session's races, and so whether the next may begin.
 *
 * A race that spends its budget and is dealt costs up to twice the ordinary
 * plan.  That is the price of statistics that are wrong, once.  But an
 * application that asks the same again and again, for a row of a queue that has
 * run dry, or with conditions that exclude each other, would pay it each time.
 * So the session remembers how many races of a kind were lost of late.  After
 * some of them only now and then one is run, to see whether things have changed.
 * A win halves the number, and caps it at seven, so that a few wins make every
 * race run again.  But not the first: where one race in four is won, which does
 * not pay, they would all be run.
 *
 * randpick_stats_reset() forgets all of it: for whoever has just changed what
 * races find, and for tests.
 *
 * The rows stay exactly random.  When a race stops may depend on anything that
 * is known before it starts (race.c), and whatever became of other races tells
 * nothing about this one, whose clocks are drawn anew.  But with setseed() it is
 * the session as a whole that repeats itself, not a query by itself.  Samples
 * with a seed of their own have no past, since they must not depend on it.
 *
 * Which races are of a kind.  Plans are made anew, and copied, for a table that
 * grows; what tells them apart is how much the planner expected, to a factor of
 * two, and how many rows are wanted.  If two kinds are taken for one, because they look alike, or
 * if one takes the other's place here, the price is what is said above.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "past.h"
#include "port/pg_bitutils.h"

/* So many races in a row must be lost before one is not run. */
#define PATIENCE	4

/*
 * Then one race of so many is run; and before that each one with which the number
 * of those lost has doubled.
 */
#define RETRY		64

/* A race that is won leaves no more than this. */
#define MOST_AFTER_WIN	7

/* how many kinds are remembered */
#define NPASTS		256

typedef struct Past
{
	uint64		kind;			/* 0: none yet */
	uint32		nlost;			/* races lost of late */
} Past;

static Past pasts[NPASTS];

/* The size of a number, such that numbers which differ by little have the same. */
static uint64
magnitude(double number)
{
	int			exponent;

	frexp(number, &exponent);
	return (uint64) (exponent + 2048);
}

uint64
randpick_kind_of_race(Oid relation, Oid index, const RandpickPrices *prices,
					  uint64 wanted)
{
	uint64		traits[] = {
		relation, index, magnitude(prices->places), magnitude(prices->rows),
		magnitude(prices->deal_cpu + prices->deal_pages),
		wanted == 0 ? 0 : pg_leftmost_one_pos64(wanted) + 1
	};

	return Max(hash_bytes_extended((const unsigned char *) traits,
								   sizeof(traits), 0), 1);
}

/* The past of a kind, which takes the place of another one if need be. */
static Past *
find_past(uint64 kind)
{
	Past	   *past = &pasts[kind % NPASTS];

	if (past->kind != kind)
	{
		past->kind = kind;
		past->nlost = 0;
	}
	return past;
}

uint32
randpick_past_losses(uint64 kind)
{
	return find_past(kind)->nlost;
}

void
randpick_past_won(uint64 kind, uint32 nlost)
{
	find_past(kind)->nlost = nlost < PATIENCE ? 0 :
		Min(nlost / 2, MOST_AFTER_WIN);
}

void
randpick_past_lost(uint64 kind, uint32 nlost)
{
	find_past(kind)->nlost = nlost + 1;
}

void
randpick_past_forget(void)
{
	memset(pasts, 0, sizeof(pasts));
}

bool
randpick_past_allows(uint32 nlost)
{
	return nlost < PATIENCE || nlost % RETRY == 0 || (nlost & (nlost - 1)) == 0;
}
