/*
 * prices.c
 *	  What a race costs, and what it may spend, in the planner's money.
 *
 * With S places and M rows that match, the (i+1)th row takes S / (M - i) looks
 * on average, k rows S * (H(M) - H(M - k)), about S * ln(M / (M - k)).
 *
 * Budget.  A race stops when what it spent reaches what the ordinary plan
 * costs, which then deals the rows.  If p is the probability that k rows of n
 * expected looks take more looks than a budget of L,
 *
 *		cost(k) = start + look price * min(n, L) + p * (deal + sort + fetch)
 *
 * and wrong statistics at most about double the cost of the ordinary plan.  The
 * budget is somewhat less than that plan costs, as what there is besides is not
 * counted: to begin the race, and to begin the deal.
 *
 * The executor knows more than the planner, and spends by what it knows:
 *
 *	- A page that was in shared buffers costs no read.  Of the ordinary plan's
 *	  pages as many are in memory as of those that the race has visited.
 *	- The share of looks that returned a row tells how many rows match, or that
 *	  there are hardly more than so many.  If they are more or fewer than was
 *	  planned for, so is what the ordinary plan costs, as far as it visits those
 *	  rows alone.
 *	- If the number of rows wanted is known, so is about how many looks they
 *	  still take.  A race that cannot pay for them stops at once.
 *
 * All of this depends on looks that were taken, and on nothing that is drawn
 * ahead.  So the rows stay exactly random (race.c).  But what is in memory may
 * differ from one run to the next, and with it the moment when a race stops.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "prices.h"

/*
 * CPU's work to fetch a dealt row by its TID, somewhere in the table, in rows
 * of a sequential scan.
 */
#define FETCHED_TUPLES		10.0

/* What may be spent, as a share of the CPU's work for the ordinary plan. */
#define BUDGET_SHARE		0.7

/* So few looks take no time to speak of, and need no budget. */
#define MIN_LOOKS			8

/* What the looks so far tell is believed from so many looks, and rows, on. */
#define TELLING_LOOKS		8
#define TELLING_ROWS		4

/* Estimates that have not been tested yet may be wrong by this factor. */
#define UNTESTED_ERROR		2.0

/* the numbers of a plan's list, in order */
#define PRICES_COUNT		11

/* Weights a price by the places that it is paid for. */
static void
add_weighted(Cost *joint, double joint_places, Cost member,
			 double member_places)
{
	*joint = (*joint * joint_places + member * member_places) /
		(joint_places + member_places);
}

void
randpick_prices_add(RandpickPrices *joint, const RandpickPrices *member)
{
	add_weighted(&joint->look_cpu, joint->places, member->look_cpu,
				 member->places);
	add_weighted(&joint->look_pages, joint->places, member->look_pages,
				 member->places);
	add_weighted(&joint->page, joint->places, member->page, member->places);
	add_weighted(&joint->row_share, joint->deal_cpu + joint->deal_pages,
				 member->row_share,
				 Max(member->deal_cpu + member->deal_pages, 1e-10));
	joint->places += member->places;
	joint->rows += member->rows;
	joint->start_cpu += member->start_cpu;
	joint->start_pages += member->start_pages;
	joint->setup += member->setup;
	joint->deal_cpu += member->deal_cpu;
	joint->deal_pages += member->deal_pages;
}

/* Looks from the moment when there are m rows left until k of them are found. */
static double
looks_for(double places, double m, double k)
{
	/* the half keeps the logarithm finite when all rows are wanted */
	return places * log((m + 0.5) / (Max(m - k, 0.0) + 0.5));
}

double
randpick_expected_looks(const RandpickPrices *prices, double k)
{
	return Max(looks_for(prices->places, prices->rows, k), 1.0);
}

/* The prices of the start and of a look if nothing is in memory. */
static Cost
cold_start(const RandpickPrices *prices)
{
	return prices->start_cpu + prices->start_pages * prices->page;
}

static Cost
cold_look(const RandpickPrices *prices)
{
	return prices->look_cpu + prices->look_pages * prices->page;
}

double
randpick_planned_budget(const RandpickPrices *prices)
{
	Cost		budget = BUDGET_SHARE * prices->deal_cpu + prices->deal_pages;

	return Max((budget - cold_start(prices)) / cold_look(prices), MIN_LOOKS);
}

/*
 * The probability that k rows take more looks than the budget, which is so many
 * times what they take on average: the upper tail of a gamma distribution, by
 * the formula of Wilson and Hilferty.
 */
static double
share_past_budget(double budget, double k)
{
	double		z = (cbrt(budget) - (1.0 - 1.0 / (9.0 * k))) * 3.0 * sqrt(k);

	return erfc(z / sqrt(2.0)) / 2.0;
}

Cost
randpick_price_of_rows(const RandpickPrices *prices, double k, double max_looks)
{
	double		looks = randpick_expected_looks(prices, k);
	double		past_budget = share_past_budget(max_looks / looks, k);
	Cost		sort_cost = 2.0 * cpu_operator_cost * prices->rows *
	log2(Max(Min(prices->rows, 2 * k), 2.0));
	Cost		fetch_cost = k * (prices->page +
								  FETCHED_TUPLES * cpu_tuple_cost);

	return prices->setup + cold_start(prices) +
		cold_look(prices) * Min(looks, max_looks) +
		past_budget * (prices->setup + prices->deal_cpu + prices->deal_pages +
					   sort_cost + fetch_cost);
}

/* What is known of a race that runs, from the plan or from its looks. */
typedef struct Outlook
{
	Cost		look;			/* price of a look */
	Cost		spent;			/* so far */
	Cost		allowed;		/* to spend in all */
	double		rows;			/* that match */
	double		error;			/* factor by which that may be wrong */
} Outlook;

/* How it looks where a share of the pages is not in memory. */
static Outlook
get_outlook(const RandpickPrices *prices, const RandpickSpending *spending,
			double places, double cold)
{
	Outlook		outlook = {.rows = prices->rows,.error = UNTESTED_ERROR};

	/* a row has been found by now with a probability of 1 - exp(-time) */
	if (spending->looks >= TELLING_LOOKS && spending->rows >= TELLING_ROWS)
	{
		outlook.rows = spending->rows / -expm1(-(spending->looks / places));
		outlook.error = 1.0;
	}
	else if (spending->looks >= TELLING_LOOKS && !spending->is_stubborn)
		outlook.rows = Min(outlook.rows,
						   places * (spending->rows + 0.5) / spending->looks);

	outlook.look = prices->look_cpu + prices->page *
		(spending->looks >= TELLING_LOOKS ?
		 (double) spending->reads / spending->looks :
		 cold * prices->look_pages);
	outlook.spent = prices->start_cpu + spending->other +
		spending->looks * prices->look_cpu + spending->reads * prices->page;
	outlook.allowed =
		(BUDGET_SHARE * prices->deal_cpu + cold * prices->deal_pages) *
		(1.0 + prices->row_share * (outlook.rows / prices->rows - 1.0));
	return outlook;
}

/* Can the rows that are still wanted, some or none, be paid for? */
static bool
is_affordable(const Outlook *outlook, const RandpickSpending *spending,
			  double places, uint64 wanted)
{
	double		looks;

	if (wanted <= spending->rows)
		return true;
	looks = looks_for(places, Max(outlook->rows - spending->rows, 0.0),
					  (double) (wanted - spending->rows));
	return looks * outlook->look <=
		outlook->error * (outlook->allowed - outlook->spent);
}

uint64
randpick_looks_allowed(const RandpickPrices *prices,
					   const RandpickSpending *spending,
					   double places, uint64 wanted)
{
	uint64		pages = spending->hits + spending->reads;
	Outlook		outlook = get_outlook(prices, spending, places, pages > 0 ?
									  (double) spending->reads / pages : 1.0);
	double		more;

	if (!is_affordable(&outlook, spending, places, wanted))
	{
		Outlook		warm;

		/* before the first look, everything may be in memory, too */
		if (spending->looks > 0)
			return spending->looks;
		warm = get_outlook(prices, spending, places, 0.0);
		if (!is_affordable(&warm, spending, places, wanted))
			return 0;
	}
	more = Max(outlook.allowed - outlook.spent, 0.0) / outlook.look;
	return Max(spending->looks + (uint64) Min(more, 1e15), MIN_LOOKS);
}

static Const *
make_float(double value)
{
	return makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8),
					 Float8GetDatum(value), false, FLOAT8PASSBYVAL);
}

List *
randpick_prices_to_list(const RandpickPrices *prices)
{
	const double *numbers = (const double *) prices;
	List	   *list = NIL;

	StaticAssertStmt(sizeof(RandpickPrices) == PRICES_COUNT * sizeof(double),
					 "RandpickPrices must be numbers alone");
	for (int i = 0; i < PRICES_COUNT; i++)
		list = lappend(list, make_float(numbers[i]));
	return list;
}

RandpickPrices
randpick_prices_from_list(const List *list)
{
	RandpickPrices prices;
	double	   *numbers = (double *) &prices;

	for (int i = 0; i < PRICES_COUNT; i++)
		numbers[i] = DatumGetFloat8(list_nth_node(Const, list, i)->constvalue);
	return prices;
}
