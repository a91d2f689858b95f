/*
 * cost.c
 *	  What a race costs.
 *
 * Cost of the race.  With S places and M rows that match, the (i+1)th row
 * takes S / (M - i) looks on average, k rows S * (H(M) - H(M - k)), about
 * S * ln(M / (M - k)).  A look costs a page read at random, discounted for
 * pages that are visited more than once (index_pages_fetched, the formula of
 * Mackert and Lohman), plus the work on one place.  For the share of places
 * that hold a tuple the filter comes on top, and if the places are those of an
 * index, a page of the heap.
 *
 * Budget.  The race stops when what it spent, in this same money, reaches what
 * the cheapest ordinary path to all matching rows costs; then those rows are
 * dealt by that path.  A race of n expected looks gets past a budget of L
 * looks with probability exp(-L / n) when one row is wanted; the same formula
 * is used for more rows, where it is too high.  So
 *
 *		cost(k) = look cost * min(n, L) + exp(-L / n) * (deal + sort)
 *
 * and wrong statistics, which cannot change what the deal costs by much, at
 * most about double the cost of the ordinary plan.  The budget is kept in
 * looks, not in time, so that a race with a given seed takes one course.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am_d.h"
#include "cost.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/float.h"
#include "utils/spccache.h"

/* CPU cost of an index page, in operators; btcostestimate charges as much. */
#define INDEX_PAGE_CPU	50.0

/*
 * A leaf source must cost less than this part of what the heap costs.  Page
 * for page it takes nearly twice the time in memory: it reads the size of the
 * file at each look, and cannot prefetch the heap pages that entries lead to.
 */
#define LEAF_MARGIN		0.6

/* What n pages, read at random from so many, cost. */
static Cost
cost_of_pages(const RandpickRaceCost *cost, double n, double pages)
{
	double		page_cost;

	get_tablespace_page_costs(cost->rel->reltablespace, &page_cost, NULL);
	return page_cost * index_pages_fetched(n, (BlockNumber) pages,
										   cost->visits_heap ? cost->pages : 0,
										   cost->root);
}

/* What n looks cost. */
static Cost
cost_of_looks(const RandpickRaceCost *cost, double n)
{
	double		ntuples = n * cost->row_share;
	Cost		result = cost_of_pages(cost, n, cost->pages);

	if (cost->visits_heap)
		result += cost_of_pages(cost, ntuples, cost->rel->pages) +
			n * INDEX_PAGE_CPU * cpu_operator_cost;
	return result + n * cpu_tuple_cost +
		ntuples * cost->rel->baserestrictcost.per_tuple;
}

/* Average number of looks for the first k rows. */
static double
expected_looks(const RandpickRaceCost *cost, double k)
{
	/* the half keeps the logarithm finite when all rows are wanted */
	double		looks = cost->places *
	log((cost->rows + 0.5) / (cost->rows + 0.5 - Min(k, cost->rows)));

	return Max(looks, 1.0);
}

Cost
randpick_cost_of_rows(const RandpickRaceCost *cost, double k)
{
	double		looks = expected_looks(cost, k);
	double		past_budget = exp(-cost->max_looks / looks);
	Cost		sort_cost = 2.0 * cpu_operator_cost * cost->rows *
	log2(Max(cost->rows, 2.0));
	Cost		fetch_cost = cost_of_pages(cost, k, cost->rel->pages);

	return cost_of_looks(cost, Min(looks, cost->max_looks)) +
		past_budget * (cost->deal_cost + sort_cost + fetch_cost);
}

/* What follows from a source's places, the budget included. */
static void
finish_cost(RandpickRaceCost *cost)
{
	cost->first_looks = expected_looks(cost, 1.0);
	cost->max_looks = cost->deal_cost * cost->first_looks /
		cost_of_looks(cost, cost->first_looks);
	if (randpick_method == RANDPICK_METHOD_DEAL)
		cost->max_looks = 0;
}

/* What follows from the source's pages, and how many tuples they hold. */
static void
set_places(RandpickRaceCost *cost, BlockNumber pages, double tuples)
{
	cost->pages = Max(pages, 1);
	cost->places = cost->pages * cost->capacity.places_a_page;
	cost->row_share = Min(tuples / cost->places, 1.0);
	finish_cost(cost);
}

/* The heap source: a place for each row that a page could have. */
static void
cost_heap(RandpickRaceCost *cost, Relation heap)
{
	cost->method = RANDPICK_METHOD_HEAP;
	cost->capacity = randpick_heap_capacity(heap);
	set_places(cost, cost->rel->pages, cost->rel->tuples);
}

/*
 * The leaf source: a place for each entry that a page of the index could have.
 * Returns false if the index does not lead to every matching row.
 */
static bool
cost_leaf(RandpickRaceCost *cost, Relation heap, IndexOptInfo *info)
{
	Relation	index;

	if (info->relam != BTREE_AM_OID || info->hypothetical ||
		(info->indpred != NIL && !info->predOK))
		return false;

	/* the planner has locked it */
	index = index_open(info->indexoid, NoLock);
	cost->method = RANDPICK_METHOD_LEAF;
	cost->index = info->indexoid;
	cost->capacity = randpick_leaf_capacity(heap, index);
	index_close(index, NoLock);

	cost->visits_heap = true;
	set_places(cost, info->pages, info->tuples);
	return true;
}

void
randpick_choose_source(RandpickRaceCost *best, PlannerInfo *root,
					   RelOptInfo *rel, Cost deal_cost, double k)
{
	RandpickRaceCost common = {0};
	Relation	heap;
	ListCell   *lc;

	common.root = root;
	common.rel = rel;
	common.rows = clamp_row_est(rel->rows);
	common.deal_cost = deal_cost;

	/* the planner has locked it */
	heap = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
	*best = common;
	cost_heap(best, heap);

	foreach(lc, rel->indexlist)
	{
		RandpickRaceCost leaf = common;
		double		margin = 1.0;

		if (randpick_method == RANDPICK_METHOD_HEAP)
			break;
		if (!cost_leaf(&leaf, heap, lfirst_node(IndexOptInfo, lc)))
			continue;
		if (best->method == RANDPICK_METHOD_HEAP)
			margin = randpick_method == RANDPICK_METHOD_LEAF ?
				get_float8_infinity() : LEAF_MARGIN;
		if (randpick_cost_of_rows(&leaf, k) <
			margin * randpick_cost_of_rows(best, k))
			*best = leaf;
	}	table_close(heap, NoLock);
}
