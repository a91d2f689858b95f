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
 */
#include "postgres.h"

#include "append.h"
#include "limit.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "randpick.h"

/* rows that an unknown LIMIT is taken to ask for */
#define ASSUMED_ROWS	1.0

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

/* create_upper_paths_hook, for UPPERREL_FINAL */
void
randpick_cost_unknown_limit(PlannerInfo *root, RelOptInfo *final)
{
	ListCell   *lc;

	if (!randpick_is_limit_unknown(root))
		return;
	foreach(lc, final->pathlist)
	{
		Path	   *path = (Path *) lfirst(lc);

		if (IsA(path, LimitPath) && is_race(((LimitPath *) path)->subpath))
			path->total_cost = path->startup_cost +
				(path->total_cost - path->startup_cost) *
				Min(ASSUMED_ROWS / Max(path->rows, 1.0), 1.0);
	}
}
