/*
 * stats.h
 *	  What the races of this session did, by source.
 */
#ifndef RANDPICK_STATS_H
#define RANDPICK_STATS_H

#include "randpick.h"

/* Sums over the session; docs of randpick_stats() say what they mean. */
typedef struct RandpickStats
{
	uint64		races;			/* started */
	uint64		picks;			/* rows returned, the dealt ones included */
	uint64		looks;			/* places looked into */
	uint64		misses;			/* looks that gave no row */
	uint64		deals;			/* races that were finished by dealing */
	uint64		dealt;			/* rows returned after that */
} RandpickStats;

/* The sums of a source, to be added to. */
extern RandpickStats *randpick_stats_of(RandpickMethod source);

#endif							/* RANDPICK_STATS_H */
