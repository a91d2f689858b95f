/*
 * limit.c
 *	  How many rows a query will read, known or not.
 *
 * LIMIT $1 is not known when a plan is made for any value.  PostgreSQL takes it
 * for a tenth of the rows then; but who asks for rows in random order wants
 * few, nearly always one.  So one row is assumed.
 *
 * It matters twice.  The choice between a race and a sort is right for few
 * rows; if many are wanted after all, that is known when the query runs, and the
 * race gives way to the deal (wanted.c).  And the plan cache goes on planning for each value, which takes longer than the pick
 * itself, unless the plan for any value is said to cost no more than those.  So
 * the cost of the LIMIT above a race is set anew: it has a tenth of all the
 * random() values in it.
 *
 * But it is well to plan for each value of a parameter, if the number of rows that
 * a condition selects depends on it and is only guessed (day < $1, kind = ANY
 * ($1)).  A race for one of a third of the rows costs next to nothing, and if there
 * are none, all of them are read, where PostgreSQL's own plan for the value would
 * use an index.  So a plan that is made on such a guess is said to cost what it does
 * if the guess is wrong.
 */
#include "postgres.h"

#include "append.h"
#include "limit.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "private.h"
#include "randpick.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/* rows that an unknown LIMIT is taken to ask for */
#define ASSUMED_ROWS	1.0

/* What it costs at least to deal the rows of a table that is not small. */
#define SMALL_DEAL		60.0

/* what the planner takes it for, as a share of all rows */
#define CORE_SHARE		0.1

bool
randpick_is_limit_unknown(PlannerInfo *root)
{
	Node	   *count = root->parse->limitCount;

	if (count == NULL || root->limit_tuples > 0)
		return false;

	/* LIMIT NULL is none */
	return !IsA(count, Const) || !((Const *) count)->constisnull;
}

double
randpick_rows_wanted(PlannerInfo *root, double rows)
{
	double		wanted;

	if (root->limit_tuples > 0)
		wanted = root->limit_tuples;
	else if (randpick_is_limit_unknown(root))
		wanted = ASSUMED_ROWS;
	else if (root->tuple_fraction >= 1.0)
		wanted = root->tuple_fraction;
	else if (root->tuple_fraction > 0.0)
		wanted = root->tuple_fraction * rows;
	else
		wanted = rows;
	return Max(Min(wanted, rows), 1.0);
}

double
randpick_rows_counted(PlannerInfo *root, double rows)
{
	if (randpick_is_limit_unknown(root))
		return Max(rows * CORE_SHARE, 1.0);
	return randpick_rows_wanted(root, rows);
}

List *
randpick_limit_exprs(PlannerInfo *root)
{
	Node	   *count = root->parse->limitCount;
	Node	   *offset = root->parse->limitOffset;
	List	   *exprs;

	if (count == NULL)
		return NIL;

	/* they are evaluated once more, which must not be noticed */
	exprs = list_make2(count, offset);
	return contain_volatile_functions((Node *) exprs) ||
		contain_subplans((Node *) exprs) ? NIL : exprs;
}

/* Is the path a race, perhaps below a projection or row locks? */
static bool
is_race(Path *path)
{
	if (IsA(path, ProjectionPath))
		return is_race(((ProjectionPath *) path)->subpath);
	if (IsA(path, LockRowsPath))
		return is_race(((LockRowsPath *) path)->subpath);
	return IsA(path, CustomPath) &&
		(randpick_is_path((CustomPath *) path) ||
		 randpick_is_append_path((CustomPath *) path));
}

/*
 * Does the planner guess how many rows a condition selects?  It does for a
 * parameter whose value it does not know; but of an equality, it knows the mean.
 */
static bool
is_guessed(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind == PARAM_EXTERN;
	if (IsA(node, OpExpr) && get_oprrest(((OpExpr *) node)->opno) == F_EQSEL)
		return false;
	return expression_tree_walker(node, is_guessed, context);
}

/* Does it guess so for some condition of the query? */
static bool
has_guessed_filter(PlannerInfo *root)
{
	int			relid;
	ListCell   *lc;

	if (!bms_get_singleton_member(root->all_baserels, &relid))
		return false;
	foreach(lc, root->simple_rel_array[relid]->baserestrictinfo)
	{
		if (is_guessed((Node *) lfirst_node(RestrictInfo, lc)->clause, NULL))
			return true;
	}
	return false;
}

/*
 * What it costs to deal all rows of a race.  Nothing, where a wrong guess does no
 * harm: an index leads to the rows, or the table is so small that to plan anew
 * would cost as much.
 */
static Cost
cost_of_deal(Path *path)
{
	CustomPath *race;
	Cost		cost = 0;
	ListCell   *lc;

	if (IsA(path, ProjectionPath))
		return cost_of_deal(((ProjectionPath *) path)->subpath);
	if (IsA(path, LockRowsPath))
		return cost_of_deal(((LockRowsPath *) path)->subpath);
	if (!IsA(path, CustomPath))
		return 0;
	race = (CustomPath *) path;
	if (randpick_is_path(race))
	{
		RandpickPrices prices = randpick_private_prices(race->custom_private);

		cost = prices.deal_cpu + prices.deal_pages;
		return prices.row_share > 0 || cost < SMALL_DEAL ? 0 : cost;
	}
	if (randpick_is_append_path(race))
	{
		foreach(lc, race->custom_paths)
			cost += cost_of_deal((Path *) lfirst(lc));
	}
	return cost;
}

/* create_upper_paths_hook, for UPPERREL_FINAL */
void
randpick_cost_unknown(PlannerInfo *root, RelOptInfo *final)
{
	ListCell   *lc;

	foreach(lc, final->pathlist)
	{
		Path	   *path = (Path *) lfirst(lc);

		if (!IsA(path, LimitPath) || !is_race(((LimitPath *) path)->subpath))
			continue;
		if (has_guessed_filter(root))
			path->total_cost += cost_of_deal(((LimitPath *) path)->subpath);
		else if (randpick_is_limit_unknown(root))
			path->total_cost = path->startup_cost +
				(path->total_cost - path->startup_cost) *
				Min(ASSUMED_ROWS / Max(path->rows, 1.0), 1.0);
	}
}
