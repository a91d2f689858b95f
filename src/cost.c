/*
 * cost.c
 *	  What a race costs.
 *
 * Cost of the race.  With S places and M rows that match, the (i+1)th row
 * takes S / (M - i) looks on average, k rows S * (H(M) - H(M - k)), about
 * S * ln(M / (M - k)).  A look costs a page read at random, discounted for
 * pages that are visited more than once (index_pages_fetched, the formula of
 * Mackert and Lohman), plus the work on one place.  For the share of places
 * that hold a row to be looked at the filter comes on top, and if the places
 * are those of an index, a page of the heap.  As for every index scan, pages
 * above the leaves cost the CPU's work only.
 *
 * Budget.  The race stops when what it spent, in this same money, reaches what
 * the cheapest ordinary path to all matching rows costs; then those rows are
 * dealt by that path.  If p is the probability that k rows of n expected looks
 * take more looks than a budget of L,
 *
 *		cost(k) = look cost * min(n, L) + p * (deal + sort)
 *
 * and wrong statistics, which cannot change what the deal costs by much, at
 * most about double the cost of the ordinary plan; past.c sees to it that a
 * query does not pay that again and again.  The budget is kept in looks, not in
 * time, so that a race with a given seed takes one course.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "btree_frontier.h"
#include "catalog/pg_am_d.h"
#include "cost.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "source.h"
#include "utils/float.h"
#include "utils/spccache.h"

/* CPU cost of an index page, in operators; btcostestimate charges as much. */
#define INDEX_PAGE_CPU	50.0

/*
 * A source in an index must cost less than this part of what the heap costs.
 * Page for page it takes more time in memory: it reads the size of the file at
 * each look, or copies pages.  And where rings are drawn ahead, the heap's
 * pages can be prefetched, but not those that the entries of an index lead to.
 */
#define INDEX_MARGIN		0.85
#define AHEAD_MARGIN		0.6

/*
 * A row that is dealt is fetched by its TID when its turn comes, somewhere in
 * the table.  In memory that takes the CPU as long as so many rows of a
 * sequential scan do.
 */
#define FETCHED_TUPLES		10.0

/*
 * The least budget of a source in an index.  So few looks take no time to
 * speak of; and the ordinary path may cost much more than the planner
 * believes, as a scan of a partial index does whose rows are spread over the
 * table.
 */
#define MIN_INDEX_LOOKS		10.0

static inline bool
has_index(const RandpickRaceCost *cost)
{
	return OidIsValid(cost->index);
}

/* What n pages, read at random from so many, cost. */
static Cost
cost_of_pages(const RandpickRaceCost *cost, double n, double pages)
{
	double		page_cost;

	get_tablespace_page_costs(cost->rel->reltablespace, &page_cost, NULL);

	/* of few, no page is read twice for want of cache; but that one rounds up */
	if (n < 100 && n < pages)
		return page_cost * 2 * pages * n / (2 * pages + n);
	return page_cost * index_pages_fetched(n, (BlockNumber) pages,
										   has_index(cost) ? cost->pages : 0,
										   cost->root);
}

/* What the CPU has to do for so many pages of an index. */
static Cost
cpu_cost_of_pages(double pages)
{
	return pages * INDEX_PAGE_CPU * cpu_operator_cost;
}

/* What n looks cost. */
static Cost
cost_of_looks(const RandpickRaceCost *cost, double n)
{
	double		nrows = n * cost->row_share;
	Cost		result = 0;

	if (cost->pages > 0)
		result += cost_of_pages(cost, n, cost->pages);
	if (has_index(cost))
		result += cost_of_pages(cost, nrows, cost->rel->pages) +
			cpu_cost_of_pages(n * (1 + cost->levels));
	return result + n * cpu_tuple_cost +
		nrows * cost->rel->baserestrictcost.per_tuple;
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
randpick_cost_of_rows(const RandpickRaceCost *cost, double k)
{
	double		looks = expected_looks(cost, k);
	double		max_looks = Min(cost->max_looks, cost->looks_cap);
	double		past_budget = share_past_budget(max_looks / looks, k);
	Cost		sort_cost = 2.0 * cpu_operator_cost * cost->rows *
	log2(Max(cost->rows, 2.0));
	Cost		fetch_cost = cost_of_pages(cost, k, cost->rel->pages) +
	k * FETCHED_TUPLES * cpu_tuple_cost;

	return cost->start_cost +
		cost_of_looks(cost, Min(looks, max_looks)) +
		past_budget * (cost->deal_cost + sort_cost + fetch_cost);
}

bool
randpick_has_finite_cost(const Path *path)
{
	return isfinite(path->startup_cost) && isfinite(path->total_cost);
}

/* What follows from a source's places, the budget included. */
static void
finish_cost(RandpickRaceCost *cost)
{
	cost->first_looks = expected_looks(cost, 1.0);
	cost->max_looks = cost->deal_cost * cost->first_looks /
		cost_of_looks(cost, cost->first_looks);
	if (has_index(cost))
		cost->max_looks = Max(cost->max_looks, MIN_INDEX_LOOKS);
	if (randpick_method == RANDPICK_METHOD_DEAL)
		cost->max_looks = 0;
}

/* The heap source: a place for each row that a page could have. */
static void
cost_heap(RandpickRaceCost *cost, Relation heap)
{
	cost->method = RANDPICK_METHOD_HEAP;
	cost->capacity = randpick_heap_capacity(heap);
	cost->pages = Max(cost->rel->pages, 1);
	cost->places = cost->pages * cost->capacity.places_a_page;
	cost->row_share = Min(cost->rel->tuples / cost->places, 1.0);
	cost->looks_cap = randpick_heap_looks(cost->pages);
	finish_cost(cost);
}

/* The leaf source: a place for each entry that a page of the index could have. */
static void
cost_leaf(RandpickRaceCost *cost, IndexOptInfo *info)
{
	cost->method = RANDPICK_METHOD_LEAF;
	cost->pages = Max(info->pages, 1);
	cost->places = cost->pages * cost->capacity.places_a_page;
	cost->row_share = Min(info->tuples / cost->places, 1.0) *
		cost->conditions.entry_selectivity;
	cost->looks_cap = randpick_index_looks(info->pages, info->tuples);
	finish_cost(cost);
}

/*
 * The range source: a place for each entry that a range of the index could
 * have.  Follows the range from the root down, as source_range.c does, until
 * it has too many pages to read all of them.
 */
static void
cost_range(RandpickRaceCost *cost, IndexOptInfo *info)
{
	double		nentries = Min(info->tuples, cost->rel->tuples *
							   cost->conditions.range_selectivity);
	int			height = info->tree_height >= 0 ? info->tree_height : 2;
	double		fanout = Max(pow(Max(info->pages, 1), 1.0 / Max(height, 1)), 2.0);
	double		a_page = Max(info->tuples / Max(info->pages, 1), 1.0);
	double		looks = 1.0;	/* to find an entry, below the frontier */
	double		nranges = cost->conditions.nranges;
	double		npages;			/* of a range, on a level */
	double		range_pages;	/* leaf pages of all ranges */

	npages = Max(nentries / nranges / a_page, 1.0);
	cost->method = RANDPICK_METHOD_RANGE;
	cost->pages = range_pages = npages * nranges;
	for (cost->levels = 0; cost->levels < height; cost->levels++)
	{
		double		looks_below = looks * (cost->levels > 0 ?
										   RANDPICK_CHILD_BOUND / fanout :
										   cost->capacity.places_a_page / a_page);

		if (npages <= randpick_frontier_pages_worth(looks_below, nranges))
			break;
		looks = Max(looks_below, 1.0);
		npages = Max(npages / fanout, 1.0);
	}

	/* now npages is the size of the frontier, on which its entries begin */
	cost->start_cost = nranges *
		cpu_cost_of_pages(npages + height - cost->levels);
	if (cost->levels == 0)
	{
		cost->start_cost += cost_of_pages(cost, nranges * npages, info->pages);
		cost->pages = 0;
	}
	else
		cost->levels--;
	cost->places = Max(nentries, 1.0) * looks;
	cost->row_share = cost->conditions.rest_selectivity / looks;
	cost->looks_cap = randpick_index_looks(range_pages, nentries);
	finish_cost(cost);
}

/* Take a candidate if it costs less, or if the setting wants it. */
static void
consider(RandpickRaceCost *best, const RandpickRaceCost *candidate, double k)
{
	double		margin = 1.0;

	if (randpick_method == (int) candidate->method && best->method != candidate->method)
		margin = get_float8_infinity();
	else if (randpick_method != RANDPICK_METHOD_AUTO &&
			 randpick_method != RANDPICK_METHOD_DEAL &&
			 randpick_method != (int) candidate->method)
		return;
	else if (best->method == RANDPICK_METHOD_HEAP)
		margin = best->first_looks < 2 * RANDPICK_LOOKS_A_RING ?
			INDEX_MARGIN : AHEAD_MARGIN;

	if (randpick_cost_of_rows(candidate, k) <
		margin * randpick_cost_of_rows(best, k))
		*best = *candidate;
}

/* Consider the sources of an index, if it leads to every matching row. */
static void
consider_index(RandpickRaceCost *best, const RandpickRaceCost *common,
			   Relation heap, IndexOptInfo *info, double k)
{
	RandpickRaceCost leaf = *common;
	RandpickRaceCost range;
	Relation	index;
	bool		has_full_key;
	bool		can_deduplicate;

	if (info->relam != BTREE_AM_OID || info->hypothetical ||
		(info->indpred != NIL && !info->predOK))
		return;

	/* the planner has locked it */
	index = index_open(info->indexoid, NoLock);
	leaf.index = info->indexoid;
	leaf.capacity = randpick_leaf_capacity(heap, index);
	_bt_metaversion(index, &has_full_key, &can_deduplicate);
	index_close(index, NoLock);

	leaf.conditions = randpick_index_conditions(common->root, common->rel, info);
	range = leaf;
	if (!common->is_joint)
	{
		cost_leaf(&leaf, info);
		consider(best, &leaf, k);
	}

	/* the order of entries with equal keys is not that of old indexes */
	if (has_full_key)
	{
		cost_range(&range, info);
		consider(best, &range, k);
	}
}

void
randpick_choose_source(RandpickRaceCost *best, PlannerInfo *root,
					   RelOptInfo *rel, Cost deal_cost, double k,
					   bool is_joint)
{
	RandpickRaceCost common = {0};
	Relation	heap;
	ListCell   *lc;

	common.root = root;
	common.rel = rel;
	common.is_joint = is_joint;
	common.rows = clamp_row_est(rel->rows);
	common.deal_cost = deal_cost;

	/* the planner has locked it */
	heap = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
	*best = common;
	cost_heap(best, heap);
	if (randpick_method != RANDPICK_METHOD_HEAP)
	{
		foreach(lc, rel->indexlist)
			consider_index(best, &common, heap,
						   lfirst_node(IndexOptInfo, lc), k);
	}
	randpick_capacity_date(&best->capacity, heap);
	table_close(heap, NoLock);
}
