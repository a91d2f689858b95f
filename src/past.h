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
 * How often is the budget for the next race of the kind to be halved?  0: it
 * gets all of it.
 */
extern int	randpick_past_halvings(uint64 kind);

/* Note that a race has spent its budget and is dealt; or that it has not. */
extern void randpick_past_lost(uint64 kind);
extern void randpick_past_won(uint64 kind);

#endif							/* RANDPICK_PAST_H */
