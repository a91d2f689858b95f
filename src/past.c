/*
 * past.c
 *	  What became of the session's races, and so how long the next may be.
 *
 * A race that spends its budget and is dealt costs up to twice the ordinary
 * plan.  That is the price of statistics that are wrong, once.  But an
 * application that asks the same again and again, for a row of a queue that has
 * run dry, or with conditions that exclude each other, would pay it each time.
 * So the session remembers how many races of a kind were lost of late, and
 * after some of them gives the next ones less and less to spend, down to a
 * small part, or nothing; now and then one gets all of it, to see whether things
 * have changed.  A race that is won makes it half as many that were lost, and
 * seven at most, so that the full budget is near again; but not at once, or where
 * one race in four is won, which does not pay, they would all be run.
 *
 * What that can cost.  A race that is lost for want of budget is dealt, as those
 * before it were, and there are no more of them than of those: then the next race
 * with the full budget is due.  It is mostly those for which a race was hardly
 * worth it.  A row that takes half of the full budget on average is lost once in
 * seven times, so four times in a row once in 3,000.  One that takes a tenth of it
 * is won nearly always with half of it, and one time in seven with the smallest
 * part.
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
 * Which races are of a kind.  Plans are made anew, and copied; what tells them
 * apart is what the planner expected: other statistics, or another filter, give
 * other numbers.  If two kinds are taken for one, because they look alike, or
 * if one takes the other's place here, the price is what is said above.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "past.h"

/* So many races in a row must be lost before the next gets less. */
#define PATIENCE	4

/* Each one more halves the budget, but not more often than this. */
#define MAX_HALVINGS	6

/* For fewer looks than these it is not worth to begin. */
#define LEAST_PART		8

/*
 * One race of so many gets the full budget; and before that each one after
 * which the number of those lost will have doubled.
 */
#define RETRY		64
#define FIRST_RETRY	8

/* how many kinds are remembered */
#define NPASTS		256

typedef struct Past
{
	uint64		kind;			/* 0: none yet */
	uint32		nlost;			/* races lost of late */
} Past;

static Past pasts[NPASTS];

uint64
randpick_kind_of_race(Oid relation, Oid index, uint64 max_looks,
					  uint64 expected_looks)
{
	uint64		traits[] = {relation, index, max_looks, expected_looks};

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
		Min(nlost / 2, FIRST_RETRY - 1);
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

uint64
randpick_past_budget(uint32 nlost, uint64 max_looks)
{
	uint64		part;

	if (nlost < PATIENCE || nlost % RETRY == 0 ||
		(nlost >= FIRST_RETRY && (nlost & (nlost - 1)) == 0))
		return max_looks;
	part = max_looks >> Min(nlost - PATIENCE + 1, MAX_HALVINGS);
	return part < LEAST_PART ? 0 : part;
}
