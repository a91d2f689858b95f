/*
 * path.c
 *	  The path: a race, and the ordinary path that can finish it.
 *
 * The hook adds one CustomPath to a relation that match.c accepts.  It claims
 * the query's own path keys, so the planner sees no need for a Sort above it,
 * and the planner's LIMIT arithmetic chooses between the two by cost alone.
 * cost.c says what the race costs.
 *
 * The planner interpolates linearly between startup cost (the first row) and
 * total cost (all rows).  The true curve is bent, so the total is set to make
 * the interpolation right where the query stops reading (limit.c).
 *
 * The deal's path is made here and not borrowed from rel->pathlist: add_path
 * frees the paths that it finds dominated, by ours or by another extension's.
 * A Gather path is made here too, since for the only relation of a query the
 * planner makes its own after this hook.  All it has to return is the TID.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "cost.h"
#include "declined.h"
#include "limit.h"
#include "nodes/makefuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "path.h"
#include "private.h"
#include "query.h"
#include "randpick.h"

static const CustomPathMethods path_methods = {
	.CustomName = RANDPICK_SCAN_NAME,
	.PlanCustomPath = randpick_plan_path,
	.ReparameterizeCustomPathByChild = randpick_adjust_sample,
};

/* Is it a path of this kind? */
bool
randpick_is_path(const CustomPath *path)
{
	return path->methods == &path_methods;
}

/* The size of a plain scan path, or 0 if it is a path of another kind. */
static Size
scan_path_size(const Path *path)
{
	switch (nodeTag(path))
	{
		case T_Path:
			return sizeof(Path);
		case T_IndexPath:
			return sizeof(IndexPath);
		case T_BitmapHeapPath:
			return sizeof(BitmapHeapPath);
		case T_TidPath:
			return sizeof(TidPath);
		case T_TidRangePath:
			return sizeof(TidRangePath);
		default:
			return 0;
	}
}

static Path *
copy_scan_path(const Path *path)
{
	Size		size = scan_path_size(path);

	Assert(size > 0);
	return memcpy(palloc(size), path, size);
}

/* The plain scan that the planner would take, by its own costs; or NULL. */
static Path *
find_cheapest_scan(List *paths)
{
	Path	   *cheapest = NULL;
	ListCell   *lc;

	foreach(lc, paths)
	{
		Path	   *path = (Path *) lfirst(lc);

		if (path->param_info == NULL && scan_path_size(path) > 0 &&
			(cheapest == NULL ||
			 compare_path_costs(path, cheapest, TOTAL_COST) < 0))
			cheapest = path;
	}
	return cheapest;
}

/*
 * Make a copied scan path return ctid and nothing else.
 *
 * An index does not hold the TID of the visible version, so an index-only scan
 * has to go to the table.  It is the same index that is read all the same, and
 * then the table in its order: whatever the statistics promised, that reads
 * hardly more pages than there are entries.
 */
static Path *
return_tid_only(PlannerInfo *root, Path *path, PathTarget *target)
{
	if (path->pathtype == T_IndexOnlyScan)
	{
		IndexPath  *index = (IndexPath *) path;

		path->pathtype = T_IndexScan;
		path->pathkeys = NIL;
		cost_index(index, root, 1.0, path->parallel_aware);
		if (!path->parallel_aware && index->indexinfo->amhasgetbitmap)
			path = (Path *) create_bitmap_heap_path(root, path->parent, path,
													NULL, 1.0, 0);
	}
	path->pathtarget = target;
	path->pathkeys = NIL;
	return path;
}

PathTarget *
randpick_tid_target(PlannerInfo *root, RelOptInfo *rel)
{
	PathTarget *target = create_empty_pathtarget();

	add_column_to_pathtarget(target,
							 (Expr *) makeVar(rel->relid,
											  SelfItemPointerAttributeNumber,
											  TIDOID, -1, InvalidOid, 0), 0);
	return set_pathtarget_cost_width(root, target);
}

Path *
randpick_deal_path(PlannerInfo *root, RelOptInfo *rel)
{
	PathTarget *target = randpick_tid_target(root, rel);
	Path	   *cheapest = find_cheapest_scan(rel->pathlist);
	Path	   *deal;

	if (cheapest == NULL)
		cheapest = create_seqscan_path(root, rel, NULL, 0);
	deal = return_tid_only(root, copy_scan_path(cheapest), target);

	if (rel->consider_parallel && rel->partial_pathlist != NIL &&
		scan_path_size(linitial(rel->partial_pathlist)) > 0)
	{
		Path	   *partial = copy_scan_path(linitial(rel->partial_pathlist));
		Path	   *gather = (Path *)
		create_gather_path(root, rel, return_tid_only(root, partial, target),
						   target, NULL, NULL);

		if (compare_path_costs(gather, cheapest, TOTAL_COST) < 0)
			deal = gather;
	}
	return deal;
}

/* Set the path's costs such that LIMIT arithmetic is right where it matters. */
static void
set_path_costs(Path *path, const RandpickRaceCost *cost,
			   double wanted)
{
	double		counted = randpick_rows_counted(cost->root, cost->rows);
	Cost		run_cost;

	path->rows = cost->rel->rows;
	if (randpick_order_by_random == RANDPICK_ORDER_FORCE)
		return;

	path->startup_cost = randpick_cost_of_rows(cost, 1.0);
	run_cost = randpick_cost_of_rows(cost, wanted) - path->startup_cost;
	path->total_cost = path->startup_cost + Max(run_cost, 0.0) *
		(cost->rows / counted);
}

CustomPath *
randpick_race_path(RelOptInfo *rel, const RandpickMatch *match,
				   const RandpickRaceCost *cost, Path *deal)
{
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = rel->reltarget;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make1(deal);
	path->custom_private = randpick_make_private(match, cost);
	path->methods = &path_methods;
	return path;
}

CustomPath *
randpick_ordered_path(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	RandpickMatch match;
	RandpickRaceCost cost;
	CustomPath *path;
	Path	   *deal;
	double		wanted;

	if (!randpick_match(root, rel, rte, &match))
		return NULL;

	deal = randpick_deal_path(root, rel);
	wanted = randpick_rows_wanted(root, clamp_row_est(rel->rows));
	randpick_choose_source(&cost, root, rel,
						   randpick_cost_without_disable(deal),
						   wanted, rel->reloptkind == RELOPT_OTHER_MEMBER_REL);

	path = randpick_race_path(rel, &match, &cost, deal);
	path->path.pathkeys = root->query_pathkeys;
	set_path_costs(&path->path, &cost, wanted);
	if (!randpick_has_finite_cost(&path->path))
	{
		randpick_report_declined(root, rel, "its cost is not finite");
		return NULL;
	}
	return path;
}

/*
 * Is every ancestor of this relation, if it has any, a partitioned table?
 * Only to the members of those does the planner hand down the target list, and
 * with it the random() that the key replaces.  A path of another member could
 * not be merged with others by its key; append_path.c makes that one itself.
 */
static bool
ancestors_are_partitioned(PlannerInfo *root, RelOptInfo *rel)
{
	Index		relid = rel->relid;

	while (root->append_rel_array != NULL &&
		   root->append_rel_array[relid] != NULL)
	{
		relid = root->append_rel_array[relid]->parent_relid;
		if (planner_rt_fetch(relid, root)->relkind != RELKIND_PARTITIONED_TABLE)
			return false;
	}
	return true;
}

/* set_rel_pathlist_hook, after its predecessor */
void
randpick_set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti,
						  RangeTblEntry *rte)
{
	CustomPath *path;

	/* the common case; match.c has the rule, and may have to say why */
	if (randpick_order_by_random == RANDPICK_ORDER_OFF &&
		!randpick_is_planning_call() && !randpick_log_declined)
		return;

	/* the planner has proved that there are no rows, and has its path */
	if (IS_DUMMY_REL(rel) || !ancestors_are_partitioned(root, rel))
		return;
	path = randpick_ordered_path(root, rel, rte);
	if (path == NULL)
		return;
	randpick_note_offer(root, rel, &path->path);
	add_path(rel, &path->path);
}
