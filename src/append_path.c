/*
 * append_path.c
 *	  The path of a joint race over the members of an append: the partitions of a
 *	  table, its children, the tables of a UNION ALL.
 *
 * One race is run over all their places: a node above the scan nodes of all
 * members tells them where to look (append_exec.c).
 *
 * Each partition also gets a path of its own from path.c, and the planner merges
 * these by their keys.  That is exact, too, but the merge wants the first row of
 * each partition before it can return one.  It remains for tables with a
 * partition that is not raced (foreign, or of another access method, or too small
 * to be worth it), and for those that PostgreSQL may prune when the query runs,
 * which the merge can do.
 *
 * No member races over a source whose rings can be void: then rings of the other
 * members would have to be void, too, and they would not know.
 *
 * Paths of a partitioned table are thrown away when the planner hands its
 * target list down to the partitions.  So this path comes in after that, when
 * the planner orders the result; the merge that it replaces may have been freed
 * by then, having lost to a sort, and therefore it is the partitions that are
 * asked for their paths.
 *
 * To the members of other appends the planner hands down no target list, so they
 * cannot return the random() values by which they would have to be merged.  Their
 * paths are made here, where the target list is known, and for this purpose
 * alone.
 *
 * Costs.  A member whose first row takes n of its looks has M / n of the rows
 * per look that it would have; in a joint race the looks for the first row are
 * the mean of all members', by their rows.  What comes after costs what it
 * costs them.
 */
#include "postgres.h"

#include "append.h"
#include "catalog/pg_class.h"
#include "compat.h"
#include "cost.h"
#include "declined.h"
#include "member.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "path.h"
#include "randpick.h"

static Plan *plan_append(PlannerInfo *root, RelOptInfo *rel, CustomPath *path,
						 List *tlist, List *clauses, List *custom_plans);

static const CustomPathMethods append_path_methods = {
	.CustomName = RANDPICK_APPEND_NAME,
	.PlanCustomPath = plan_append,
};

/* Is it a path of this kind? */
bool
randpick_is_append_path(const CustomPath *path)
{
	return path->methods == &append_path_methods;
}

/*
 * The raced path of a partition, perhaps below a projection, or NULL.  One that
 * is not sorted is a sample's.
 */
static Path *
find_raced_path(PlannerInfo *root, RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->pathlist)
	{
		Path	   *path = (Path *) lfirst(lc);
		Path	   *below = path;

		if (IsA(path, ProjectionPath))
			below = ((ProjectionPath *) path)->subpath;
		if (IsA(below, CustomPath) && randpick_is_path((CustomPath *) below) &&
			pathkeys_contained_in(root->sort_pathkeys, path->pathkeys))
			return path;
	}
	return NULL;
}

/* Does an expression have a parameter in it? */
static bool
contains_param(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		return true;
	return expression_tree_walker(node, contains_param, context);
}

/* Has a relation a condition that compares a parameter with its partition key? */
static bool
compares_key_with_param(RelOptInfo *rel)
{
	Relids		keys = NULL;
	ListCell   *lc;

	for (int key = 0; key < rel->part_scheme->partnatts; key++)
		pull_varattnos((Node *) rel->partexprs[key], rel->relid, &keys);
	foreach(lc, rel->baserestrictinfo)
	{
		Node	   *clause = (Node *) lfirst_node(RestrictInfo, lc)->clause;
		Relids		columns = NULL;

		if (!contains_param(clause, NULL))
			continue;
		pull_varattnos(clause, rel->relid, &columns);
		if (bms_overlap(columns, keys))
			return true;
	}
	return false;
}

/* May partitions be pruned when the query runs, at any level? */
static bool
may_be_pruned(PlannerInfo *root, RelOptInfo *rel)
{
	ListCell   *lc;

	if (rel->part_scheme != NULL && compares_key_with_param(rel))
		return true;
	foreach(lc, root->append_rel_list)
	{
		AppendRelInfo *info = lfirst_node(AppendRelInfo, lc);
		RelOptInfo *child = root->simple_rel_array[info->child_relid];

		if (info->parent_relid == rel->relid && child != NULL &&
			planner_rt_fetch(info->child_relid, root)->inh &&
			may_be_pruned(root, child))
			return true;
	}
	return false;
}

/*
 * A raced path of a member that is no partition: it returns what the append
 * does, in the member's own columns, as the planner sees to in a partition.  NULL
 * if there cannot be one.
 */
static Path *
make_raced_path(PlannerInfo *root, RelOptInfo *append, RelOptInfo *rel,
				RangeTblEntry *rte)
{
	CustomPath *path = randpick_ordered_path(root, rel, rte);
	PathTarget *target;

	if (path == NULL)
		return NULL;
	target = copy_pathtarget(append->reltarget);
	target->exprs = (List *) randpick_adjust_to_child(root, (Node *) target->exprs, rel);
	path->path.pathtarget = target;
	return &path->path;
}

/* Collect the raced paths of all members, of all levels.  False if one has none. */
static bool
collect_members(PlannerInfo *root, RelOptInfo *append, RelOptInfo *rel,
				List **members)
{
	bool		is_partitioned =
	planner_rt_fetch(append->relid, root)->relkind == RELKIND_PARTITIONED_TABLE;
	ListCell   *lc;

	foreach(lc, root->append_rel_list)
	{
		AppendRelInfo *info = lfirst_node(AppendRelInfo, lc);
		RelOptInfo *child = root->simple_rel_array[info->child_relid];
		RangeTblEntry *rte = planner_rt_fetch(info->child_relid, root);
		Path	   *path;

		if (info->parent_relid != rel->relid || child == NULL ||
			IS_DUMMY_REL(child))
			continue;
		if (rte->inh)
		{
			if (!collect_members(root, append, child, members))
				return false;
			continue;
		}

		path = is_partitioned ? find_raced_path(root, child) :
			make_raced_path(root, append, child, rte);
		if (path == NULL)
			return false;
		*members = lappend(*members, path);
	}
	return true;
}

static void
set_costs(Path *path, List *members)
{
	ListCell   *lc;

	foreach(lc, members)
	{
		Path	   *member = (Path *) lfirst(lc);

		path->rows += member->rows;
		path->startup_cost += member->startup_cost * member->rows;
		path->total_cost += member->total_cost - member->startup_cost;
	}
	if (path->rows > 0)
		path->startup_cost /= path->rows;
	if (randpick_order_by_random != RANDPICK_ORDER_FORCE)
		path->startup_cost += list_length(members) * cpu_tuple_cost;
	path->total_cost += path->startup_cost;
}

/*
 * The raced paths of all members of what the query reads from; NIL if it is no
 * append, or if some member is not raced.  A single partition has its own path.
 */
static List *
find_members(PlannerInfo *root, RelOptInfo *input)
{
	List	   *members = NIL;
	RangeTblEntry *rte;

	if (input->reloptkind != RELOPT_BASEREL || IS_DUMMY_REL(input))
		return NIL;
	rte = planner_rt_fetch(input->relid, root);
	if (!rte->inh || !collect_members(root, input, input, &members) ||
		may_be_pruned(root, input))
		return NIL;
	return rte->relkind == RELKIND_PARTITIONED_TABLE &&
		list_length(members) < 2 ? NIL : members;
}

/* create_upper_paths_hook, for UPPERREL_ORDERED */
void
randpick_set_append_path(PlannerInfo *root, RelOptInfo *input, RelOptInfo *ordered)
{
	PathTarget *target = root->upper_targets[UPPERREL_ORDERED];
	List	   *members = find_members(root, input);
	CustomPath *path;
	Path	   *result;

	if (members == NIL)
		return;

	path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = input;
	path->path.pathtarget = input->reltarget;
	path->path.pathkeys = root->sort_pathkeys;
	path->custom_paths = members;
	path->methods = &append_path_methods;
	set_costs(&path->path, members);
	if (!randpick_has_finite_cost(&path->path))
		return;

	randpick_note_offer(root, input, &path->path);
	result = &path->path;
	if (result->pathtarget != target)
		result = apply_projection_to_path(root, ordered, result, target);
	add_path(ordered, result);
}

/* PlanCustomPath.  The rows are those of the members, as they are. */
static Plan *
plan_append(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
			List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	ListCell   *lc;

	foreach(lc, custom_plans)
	{
		if (!IsA(lfirst(lc), CustomScan) ||
			((CustomScan *) lfirst(lc))->methods != &randpick_scan_methods)
			elog(ERROR, "a member of a %s is not a %s scan",
				 RANDPICK_APPEND_NAME, RANDPICK_SCAN_NAME);
	}

	scan->scan.plan.targetlist = tlist;

	/*
	 * The same expressions, not copies: the planner looks for those of one list
	 * in the other, and a sub-select with a cost that is no number is equal to
	 * nothing but itself.
	 */
	scan->custom_scan_tlist = list_copy(tlist);
	scan->flags = path->flags;
	scan->custom_plans = custom_plans;
	scan->methods = &randpick_append_methods;
	return &scan->scan.plan;
}
