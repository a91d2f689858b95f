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
 * Costs.  The prices of all members add up to those of one race (prices.c): the
 * places, the rows, what each member costs before the first look, and the ordinary
 * plans of all, which the race is dealt by if it does not pay.  A look costs what
 * it does on average; and the first one at a member must make its scan ready.
 */
#include "postgres.h"

#include "append.h"
#include "catalog/pg_class.h"
#include "compat.h"
#include "cost.h"
#include "declined.h"
#include "limit.h"
#include "member.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "ordinary.h"
#include "parser/parsetree.h"
#include "path.h"
#include "private.h"
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

/* The path below a projection, if it has one. */
static CustomPath *
strip_projection(Path *path)
{
	if (IsA(path, ProjectionPath))
		path = ((ProjectionPath *) path)->subpath;
	return castNode(CustomPath, path);
}

/* What the first k rows of a joint race cost. */
static Cost
cost_of_rows(const RandpickPrices *prices, int nmembers, bool is_raced, double k)
{
	double		looks = randpick_expected_looks(prices, k);
	double		budget = is_raced ? randpick_planned_budget(prices) : 0;

	return randpick_price_of_rows(prices, k, budget) +
		Min(Min(looks, budget), nmembers) * randpick_open_race_cost();
}

/* As path.c does for one table. */
static void
set_costs(PlannerInfo *root, Path *path, List *members)
{
	RandpickPrices prices = {0};
	int			nmembers = list_length(members);
	bool		is_raced = true;
	double		wanted;
	double		counted;
	Cost		run_cost;
	ListCell   *lc;

	foreach(lc, members)
	{
		CustomPath *member = strip_projection((Path *) lfirst(lc));
		RandpickPrices its = randpick_private_prices(member->custom_private);

		randpick_prices_add(&prices, &its);
		is_raced &= DatumGetBool(randpick_private_value(member->custom_private,
														RANDPICK_PRIVATE_IS_RACED));
		path->rows += ((Path *) lfirst(lc))->rows;
	}
	if (randpick_order_by_random == RANDPICK_ORDER_FORCE)
		return;

	wanted = randpick_rows_wanted(root, path->rows);
	counted = randpick_rows_counted(root, path->rows);
	path->startup_cost = cost_of_rows(&prices, nmembers, is_raced, 1.0);
	run_cost = cost_of_rows(&prices, nmembers, is_raced, wanted) -
		path->startup_cost;
	path->total_cost = path->startup_cost +
		Max(run_cost, 0.0) * (path->rows / counted);
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

/* Does the path merge members by their keys, one of which is raced? */
static bool
is_merge_of_races(Path *path)
{
	if (IsA(path, ProjectionPath))
		path = ((ProjectionPath *) path)->subpath;
	return IsA(path, MergeAppendPath) && randpick_has_race(path);
}

/* Add a path that is sorted to those of the result. */
static void
add_ordered_path(PlannerInfo *root, RelOptInfo *ordered, Path *path)
{
	PathTarget *target = root->upper_targets[UPPERREL_ORDERED];

	if (path->pathtarget != target)
		path = apply_projection_to_path(root, ordered, path, target);
	add_path(ordered, path);
}

/*
 * Take away what the joint race is better than: a merge of the members' own races.
 * The planner believes it to cost less where many rows are wanted, since it does
 * not know that all of these races may be lost together.  It may have displaced
 * the sort of all rows, which is added again.
 */
static void
remove_merges(PlannerInfo *root, RelOptInfo *input, RelOptInfo *ordered,
			  List *members)
{
	ListCell   *lc;
	bool		found = false;

	foreach(lc, ordered->pathlist)
	{
		if (!is_merge_of_races((Path *) lfirst(lc)))
			continue;
		ordered->pathlist = foreach_delete_current(ordered->pathlist, lc);
		found = true;
	}
	if (found)
		add_ordered_path(root, ordered,
						 randpick_sort_path(root, input, ordered, members));
}

/* create_upper_paths_hook, for UPPERREL_ORDERED */
void
randpick_set_append_path(PlannerInfo *root, RelOptInfo *input, RelOptInfo *ordered)
{
	List	   *members = find_members(root, input);
	CustomPath *path;

	if (members == NIL)
		return;

	path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = input;
	path->path.pathtarget = input->reltarget;
	path->path.pathkeys = root->sort_pathkeys;
	path->custom_paths = members;
	path->methods = &append_path_methods;
	set_costs(root, &path->path, members);
	if (!randpick_has_finite_cost(&path->path))
		return;

	remove_merges(root, input, ordered, members);
	randpick_note_offer(root, input, &path->path);
	randpick_add_ordinary_path(root, input, ordered, path, members,
							   path->path.pathtarget);
	add_ordered_path(root, ordered, &path->path);
}

/* PlanCustomPath.  The rows are those of the members, as they are. */
static Plan *
plan_append(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
			List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	ListCell   *lc;

	scan->custom_plans = custom_plans;
	foreach(lc, custom_plans)
	{
		if (lfirst(lc) != randpick_ordinary_plan(scan) &&
			(!IsA(lfirst(lc), CustomScan) ||
			 ((CustomScan *) lfirst(lc))->methods != &randpick_scan_methods))
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
	scan->methods = &randpick_append_methods;
	return &scan->scan.plan;
}
