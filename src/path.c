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
 * The deal's path is a copy of one in rel->pathlist, since add_path frees the
 * paths that it finds dominated, by ours or by another extension's.  A Gather path
 * is made here, too, since for the only relation of a query the planner makes its
 * own after this hook.  All it has to return is the TID, or where that is not to
 * be had, the entry of an index: an index-only scan stays what it is.
 *
 * A heap is what it seems only while PostgreSQL's own scan of it is among the
 * paths.  Where there is none, another extension reads the relation in a way of its
 * own (compressed chunks, columnar storage), and the heap may be empty.  Such a
 * relation is not raced.  This relies on what such extensions do: they replace
 * the path list, and do not just add to it.  One whose set_rel_pathlist_hook comes
 * after ours throws our path away with the others; what a get_relation_info_hook
 * has done is in the path list and the list of indexes, which is all that we
 * read.
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

static bool
has_race_in_any(List *paths)
{
	ListCell   *lc;

	foreach(lc, paths)
	{
		if (randpick_has_race((Path *) lfirst(lc)))
			return true;
	}
	return false;
}

/* Is there a race in a path for the rows of a query's FROM? */
bool
randpick_has_race(Path *path)
{
	switch (nodeTag(path))
	{
		case T_CustomPath:
			return randpick_is_path((CustomPath *) path);
		case T_ProjectionPath:
			return randpick_has_race(((ProjectionPath *) path)->subpath);
		case T_AppendPath:
			return has_race_in_any(((AppendPath *) path)->subpaths);
		case T_MergeAppendPath:
			return has_race_in_any(((MergeAppendPath *) path)->subpaths);
		default:
			return false;
	}
}

/* The size of a plain scan path, or 0 if it is a path of another kind. */
static Size
scan_path_size(const Path *path)
{
	switch (nodeTag(path))
	{
		case T_Path:
			return path->pathtype == T_SeqScan ? sizeof(Path) : 0;
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

/* Make a copied scan path return ctid, or entries, and nothing else. */
static Path *
return_tid_only(Path *path, PathTarget *target)
{
	path->pathtarget = path->pathtype == T_IndexOnlyScan ?
		create_empty_pathtarget() : target;
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

/* The plain partial scan, of those that return TIDs, that costs least; or NULL. */
static Path *
find_partial_scan(RelOptInfo *rel)
{
	ListCell   *lc;

	/* they are sorted by cost */
	foreach(lc, rel->consider_parallel ? rel->partial_pathlist : NIL)
	{
		Path	   *path = (Path *) lfirst(lc);

		if (scan_path_size(path) > 0 && path->pathtype != T_IndexOnlyScan)
			return path;
	}
	return NULL;
}

Path *
randpick_deal_path(PlannerInfo *root, RelOptInfo *rel, Path **scan)
{
	PathTarget *target = randpick_tid_target(root, rel);
	Path	   *cheapest = find_cheapest_scan(rel->pathlist);
	Path	   *partial = find_partial_scan(rel);
	Path	   *deal;

	if (cheapest == NULL)
		return NULL;
	if (scan != NULL)
		*scan = copy_scan_path(cheapest);
	deal = return_tid_only(copy_scan_path(cheapest), target);

	if (partial != NULL)
	{
		Path	   *gather = (Path *)
		create_gather_path(root, rel,
						   return_tid_only(copy_scan_path(partial), target),
						   target, NULL, NULL);

		if (compare_path_costs(gather, cheapest, TOTAL_COST) < 0)
			deal = gather;
	}
	return deal;
}

/*
 * Set the path's costs such that LIMIT arithmetic is right where it matters: for
 * the rows that are wanted, or a member's part of these.  A member may also be
 * read in full and without its order, so what all of its rows cost must not seem
 * less than that, as it does where few are assumed and many are counted.
 */
static void
set_path_costs(Path *path, const RandpickRaceCost *cost)
{
	double		rows = cost->prices.rows;
	double		wanted = Max(cost->wanted / cost->nmembers, 1.0);
	double		counted = cost->is_member ? wanted :
	randpick_rows_counted(cost->root, rows);
	Cost		run_cost;

	path->rows = cost->rel->rows;
	if (randpick_order_by_random == RANDPICK_ORDER_FORCE)
		return;

	path->startup_cost = randpick_cost_of_rows(cost, 1.0);
	run_cost = Max(randpick_cost_of_rows(cost, wanted) - path->startup_cost, 0.0);

	/* of one row, all of the cost is startup cost; each other takes as much */
	if (cost->is_member && wanted <= 1.0)
		run_cost = path->startup_cost;
	path->total_cost = path->startup_cost + run_cost * (rows / Max(counted, 1.0));
}

CustomPath *
randpick_race_path(RelOptInfo *rel, const RandpickMatch *match,
				   const RandpickRaceCost *cost, Path *deal, Path *scan)
{
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = rel->reltarget;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make1(deal);
	path->custom_private = randpick_make_private(match, cost, scan);
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
	Path	   *scan;
	double		wanted;

	if (!randpick_match(root, rel, rte, &match))
		return NULL;

	deal = randpick_deal_path(root, rel, &scan);
	if (deal == NULL)
	{
		randpick_report_declined(root, rel,
								 "PostgreSQL's own scan is not among its paths");
		return NULL;
	}
	match.limit = randpick_limit_exprs(root);
	wanted = randpick_rows_wanted(root, clamp_row_est(rel->rows) *
								  randpick_count_members(root, rel));
	randpick_choose_source(&cost, root, rel, deal, wanted);

	path = randpick_race_path(rel, &match, &cost, deal, scan);
	path->path.pathkeys = root->query_pathkeys;
	set_path_costs(&path->path, &cost);
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
