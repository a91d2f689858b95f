/*
 * cost.c
 *	  What a race costs.
 *
 * prices.c has the formulas; here are the numbers for them.  A look costs a page
 * read at random, discounted for pages that are visited more than once
 * (index_pages_fetched, the formula of Mackert and Lohman), plus the CPU's work
 * on one place.  For the share of places that hold a row to be looked at the
 * filter comes on top, and if the places are those of an index, a page of the
 * heap.  As for every index scan, pages above the leaves cost the CPU's work
 * only.
 *
 * The CPU's work on a page that is in memory is not in the costs of the ordinary
 * plan, which visits each page for many rows.  A look visits it for one place.
 *
 * Joint races.  A member of an append takes only its part of the looks, but each
 * of them pays for all that comes before the first look: its size must be known,
 * and if its places are those of an index, its scan must be made ready and the
 * range be found.  So the heap is the better source of small members.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "btree_frontier.h"
#include "catalog/pg_am_d.h"
#include "compat.h"
#include "cost.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "source.h"
#include "utils/float.h"
#include "utils/spccache.h"

/*
 * CPU cost of a page that is visited for one place, in operators.  For pages of
 * an index btcostestimate charges as much.  A page of a heap that is in shared
 * buffers, but not in the CPU's cache, takes about 1 us, as a hundred operators do
 * in a sequential scan.
 */
#define INDEX_PAGE_CPU	50.0
#define HEAP_PAGE_CPU	100.0

/*
 * What the planner leaves out because every plan has it, in operators; it counts
 * where there are hundreds of them.  A scan must be made ready before it runs (7
 * us), and one of ours, with what it races over, takes longer (16 us).  To ask for
 * the size of a table takes 0.5 us.
 */
#define OPEN_SCAN_CPU	700.0
#define OPEN_RACE_CPU	1600.0
#define ASK_SIZE_CPU	50.0

/*
 * A source in an index must cost less than this part of what the heap costs.
 * Page for page it takes more time in memory: it reads the size of the file at
 * each look, or copies pages.  And where rings are drawn ahead, the heap's
 * pages can be prefetched, but not those that the entries of an index lead to.
 */
#define INDEX_MARGIN		0.85
#define AHEAD_MARGIN		0.55

static inline bool
has_index(const RandpickRaceCost *cost)
{
	return OidIsValid(cost->index);
}

/* The pages that are read when n, of so many, are visited at random. */
static double
reads_of_visits(const RandpickRaceCost *cost, double n, double pages)
{
	/* of few, no page is read twice for want of cache; but that one rounds up */
	if (n < 100 && n < pages)
		return 2 * pages * n / (2 * pages + n);
	return index_pages_fetched(n, (BlockNumber) pages,
							   has_index(cost) ? cost->pages : 0, cost->root);
}

static Cost
cpu_cost(double noperators)
{
	return noperators * cpu_operator_cost;
}

Cost
randpick_open_race_cost(void)
{
	return cpu_cost(OPEN_RACE_CPU);
}

/* Price a look, so that it is right where k rows are wanted. */
static void
price_look(RandpickRaceCost *cost, double k)
{
	RandpickPrices *prices = &cost->prices;
	double		n = randpick_expected_looks(prices, k);
	double		reads = 0;
	double		noperators;

	if (cost->pages > 0)
		reads += reads_of_visits(cost, n, cost->pages);
	if (has_index(cost))
	{
		reads += reads_of_visits(cost, n * cost->row_share, cost->rel->pages);
		noperators = (1 + cost->levels) * INDEX_PAGE_CPU +
			cost->row_share * HEAP_PAGE_CPU;
	}
	else
		noperators = HEAP_PAGE_CPU;
	prices->look_cpu = cpu_cost(noperators) +
		cost->row_share * cost->rel->baserestrictcost.per_tuple;
	prices->look_pages = reads / n;
}

Cost
randpick_cost_of_rows(const RandpickRaceCost *cost, double k)
{
	return randpick_price_of_rows(&cost->prices, k, cost->max_looks);
}

bool
randpick_has_finite_cost(const Path *path)
{
	return isfinite(path->startup_cost) && isfinite(path->total_cost);
}

/* What follows from a source's places, the budget included. */
static void
finish_cost(RandpickRaceCost *cost, double looks_cap)
{
	price_look(cost, Max(cost->wanted / cost->nmembers, 1.0));
	cost->first_looks = randpick_expected_looks(&cost->prices, 1.0);
	cost->max_looks = randpick_method == RANDPICK_METHOD_DEAL ? 0 :
		Min(randpick_planned_budget(&cost->prices), looks_cap);
}

/* The heap source: a place for each row that a page could have. */
static void
cost_heap(RandpickRaceCost *cost, Relation heap)
{
	cost->method = RANDPICK_METHOD_HEAP;
	cost->capacity = randpick_heap_capacity(heap);
	cost->pages = Max(cost->rel->pages, 1);
	cost->prices.places = cost->pages * cost->capacity.places_a_page;
	cost->row_share = Min(cost->rel->tuples / cost->prices.places, 1.0);
	cost->prices.start_cpu = cpu_cost(ASK_SIZE_CPU);
	finish_cost(cost, randpick_heap_looks(cost->pages, cost->rel->tuples));
}

/* The leaf source: a place for each entry that a page of the index could have. */
static void
cost_leaf(RandpickRaceCost *cost, IndexOptInfo *info)
{
	cost->method = RANDPICK_METHOD_LEAF;
	cost->pages = Max(info->pages, 1);
	cost->prices.places = cost->pages * cost->capacity.places_a_page;
	cost->row_share = Min(info->tuples / cost->prices.places, 1.0) *
		cost->conditions.entry_selectivity;
	cost->prices.start_cpu = cpu_cost(ASK_SIZE_CPU);
	finish_cost(cost, randpick_index_looks(info->pages, info->tuples,
										   cost->prices.row_share > 0));
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
	cost->prices.start_cpu = cpu_cost(nranges *
									  (npages + height - cost->levels) *
									  INDEX_PAGE_CPU);
	if (cost->is_member)
		cost->prices.start_cpu += randpick_open_race_cost();
	if (cost->levels == 0)
	{
		cost->prices.start_pages =
			reads_of_visits(cost, nranges * npages, info->pages);
		cost->pages = 0;
	}
	else
		cost->levels--;
	cost->prices.places = Max(nentries, 1.0) * looks;
	cost->row_share = cost->conditions.rest_selectivity / looks;
	finish_cost(cost, randpick_index_looks(range_pages, nentries,
										   cost->prices.row_share > 0));
}

/*
 * What a race over the source costs, or for a member of an append, its part of
 * the joint race.
 */
static Cost
cost_of_race(const RandpickRaceCost *cost)
{
	Cost		start = cost->prices.start_cpu +
	cost->prices.start_pages * cost->prices.page;

	return start + (randpick_cost_of_rows(cost, cost->wanted) - start) /
		cost->nmembers;
}

/* Take a candidate if it costs less, or if the setting wants it. */
static void
consider(RandpickRaceCost *best, const RandpickRaceCost *candidate)
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

	if (cost_of_race(candidate) < margin * cost_of_race(best))
		*best = *candidate;
}

/* Consider the sources of an index, if it leads to every matching row. */
static void
consider_index(RandpickRaceCost *best, const RandpickRaceCost *common,
			   Relation heap, IndexOptInfo *info)
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
	if (!common->is_member)
	{
		cost_leaf(&leaf, info);
		consider(best, &leaf);
	}

	/* the order of entries with equal keys is not that of old indexes */
	if (has_full_key)
	{
		cost_range(&range, info);
		consider(best, &range);
	}
}

/*
 * Price the ordinary plan.  Of the rows that it reads, the CPU filters each; the
 * rest of what the path costs is page reads.  A row that passes is compared at
 * least once with those that are kept.
 */
static void
price_deal(RandpickPrices *prices, RelOptInfo *rel, Path *deal)
{
	Path	   *scan = IsA(deal, GatherPath) ? ((GatherPath *) deal)->subpath : deal;
	bool		reads_all = scan->pathtype == T_SeqScan;
	Selectivity read_share = 1.0;
	Cost		index_cost;
	Cost		total = randpick_cost_without_disable(deal);
	Cost		per_row = rel->baserestrictcost.per_tuple;

	if (IsA(scan, IndexPath))
		read_share = ((IndexPath *) scan)->indexselectivity;
	else if (IsA(scan, BitmapHeapPath))
		cost_bitmap_tree_node(((BitmapHeapPath *) scan)->bitmapqual,
							  &index_cost, &read_share);

	/* an index-only scan is faster than the planner thinks */
	if (scan->pathtype != T_IndexOnlyScan)
		per_row += cpu_tuple_cost;
	if (!reads_all)
		per_row += cpu_index_tuple_cost;

	prices->setup = rel->baserestrictcost.startup;
	total = Max(total - prices->setup, 0);
	prices->deal_cpu = Min(rel->tuples * read_share * per_row, total);
	prices->deal_pages = total - prices->deal_cpu;
	prices->deal_cpu += cpu_cost(OPEN_SCAN_CPU + 2 * prices->rows);
	prices->row_share = reads_all ? 0.0 :
		1.0 - cpu_cost(OPEN_SCAN_CPU) /
		(prices->deal_cpu + prices->deal_pages);
}

/*
 * Can an index be better than the heap?  Each of its looks that finds a row reads
 * two pages, one of the index; or of a member, its scan must be made ready.  To
 * price the sources of an index takes much of the time that we add to planning.
 */
static bool
are_indexes_worth_it(const RandpickRaceCost *heap, Path *deal)
{
	Cost		least = heap->is_member ? randpick_open_race_cost() :
	2 * heap->prices.page + cpu_cost(INDEX_PAGE_CPU);

	if (randpick_method != RANDPICK_METHOD_AUTO)
		return randpick_method != RANDPICK_METHOD_HEAP;
	return least < INDEX_MARGIN * cost_of_race(heap) &&
		(heap->is_member || least < deal->total_cost ||
		 randpick_order_by_random == RANDPICK_ORDER_FORCE);
}

int
randpick_count_members(PlannerInfo *root, RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_OTHER_MEMBER_REL ?
		Max(list_length(root->append_rel_list), 1) : 1;
}

void
randpick_choose_source(RandpickRaceCost *best, PlannerInfo *root,
					   RelOptInfo *rel, Path *deal, double k)
{
	RandpickRaceCost common = {0};
	Relation	heap;
	ListCell   *lc;

	common.root = root;
	common.rel = rel;
	common.is_member = rel->reloptkind == RELOPT_OTHER_MEMBER_REL;
	common.nmembers = randpick_count_members(root, rel);
	common.wanted = k;
	common.prices.rows = clamp_row_est(rel->rows);
	get_tablespace_page_costs(rel->reltablespace, &common.prices.page, NULL);
	price_deal(&common.prices, rel, deal);

	/* the planner has locked it */
	heap = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
	*best = common;
	cost_heap(best, heap);
	if (are_indexes_worth_it(best, deal))
	{
		foreach(lc, rel->indexlist)
			consider_index(best, &common, heap, lfirst_node(IndexOptInfo, lc));
	}
	randpick_capacity_date(&best->capacity, heap);
	table_close(heap, NoLock);
}
