/*
 * past.h
 *	  What became of the session's races, and so how long the next may be.
 */
#ifndef RANDPICK_PAST_H
#define RANDPICK_PAST_H

/*
 * A kind of races: over the same places, with the same prospects.  Made of the
 * relation, the index that leads to its rows, if any, and the numbers of looks
 * that the planner gave and expected.  Never 0.
 */
extern uint64 randpick_kind_of_race(Oid relation, Oid index, uint64 max_looks,
									uint64 expected_looks);

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

/* What a race gets of a budget, after so many that were lost. */
extern uint64 randpick_past_budget(uint32 nlost, uint64 max_looks);

#endif							/* RANDPICK_PAST_H */
