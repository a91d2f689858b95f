/*
 * past.h
 *	  What became of the session's races, and so whether the next may begin.
 */
#ifndef RANDPICK_PAST_H
#define RANDPICK_PAST_H

#include "prices.h"

/*
 * A kind of races: over the same places, with the same prospects.  Made of the
 * relation, the index that leads to its rows, if any, what the planner knew of
 * them, and the order of magnitude of the number of rows wanted.  Never 0.
 */
extern uint64 randpick_kind_of_race(Oid relation, Oid index,
									const RandpickPrices *prices,
									uint64 wanted);

/*
 * How many races of a kind were lost of late, as far as it is known?  Ask when a
 * race begins, and tell that number again when it has found a row, which wins it;
 * and if it spends its budget, all the same or without a row, when it has lost.
 */
extern uint32 randpick_past_losses(uint64 kind);
extern void randpick_past_won(uint64 kind, uint32 nlost);
extern void randpick_past_lost(uint64 kind, uint32 nlost);

/* Forget it, of all kinds. */
extern void randpick_past_forget(void);

/* May a race begin, after so many that were lost? */
extern bool randpick_past_allows(uint32 nlost);

#endif							/* RANDPICK_PAST_H */
