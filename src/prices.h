/*
 * prices.h
 *	  What a race costs, and what it may spend, in the planner's money.
 */
#ifndef RANDPICK_PRICES_H
#define RANDPICK_PRICES_H

#include "nodes/nodes.h"
#include "nodes/pg_list.h"

/*
 * The prices of a race over one relation, or of a joint race over several.
 * The planner makes them (cost.c), the plan keeps them, and the executor
 * spends by them.
 */
typedef struct RandpickPrices
{
	double		places;			/* S */
	double		rows;			/* M, rows that match; at least 1 */

	/* the race */
	Cost		start_cpu;		/* CPU's work before the first look */
	double		start_pages;	/* reads before it, if nothing is in memory */
	Cost		look_cpu;		/* CPU's work of a look */
	double		look_pages;		/* reads of a look, if nothing is in memory */
	Cost		page;			/* price of one such read */

	/* the ordinary plan, which deals */
	Cost		setup;			/* of sub-selects, which the race pays too */
	Cost		deal_cpu;		/* CPU's work without that */
	Cost		deal_pages;		/* its reads, if nothing is in memory */
	double		row_share;		/* share of both that grows with the rows */
} RandpickPrices;

/* What a race has spent so far. */
typedef struct RandpickSpending
{
	uint64		looks;
	uint64		rows;			/* that these looks found to return */
	uint64		hits;			/* pages that were in shared buffers */
	uint64		reads;			/* pages that were not */
	uint64		hits_before;	/* of the session, when they were counted last */
	uint64		reads_before;
	Cost		other;			/* besides looks: members made ready */
	bool		is_stubborn;	/* race on, even if there seem to be few rows? */
} RandpickSpending;

/* Adds the prices of a member to those of a joint race, which begin as zeros. */
extern void randpick_prices_add(RandpickPrices *joint,
								const RandpickPrices *member);

/* Returns the average number of looks for the first k rows. */
extern double randpick_expected_looks(const RandpickPrices *prices, double k);

/* Returns the planner's budget in looks, none of the pages being in memory. */
extern double randpick_planned_budget(const RandpickPrices *prices);

/*
 * Returns what the first k rows cost, raced or dealt, if the race has a budget
 * of so many looks.
 */
extern Cost randpick_price_of_rows(const RandpickPrices *prices, double k,
								   double max_looks);

/*
 * Returns how many looks a race may take in all, by what it has spent and
 * found.  places is their present number.  wanted is the number of rows that
 * will be asked for, or 0 if that is not known.
 */
extern uint64 randpick_looks_allowed(const RandpickPrices *prices,
									 const RandpickSpending *spending,
									 double places, uint64 wanted);

/* The form in which plans keep prices. */
extern List *randpick_prices_to_list(const RandpickPrices *prices);
extern RandpickPrices randpick_prices_from_list(const List *list);

#endif							/* RANDPICK_PRICES_H */
