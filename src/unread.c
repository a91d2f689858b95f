/*
 * unread.c
 *	  Leaving the random() values that nobody reads out of a finished plan.
 *
 * A sort reads its keys, so the planner has the plan below it compute them, and
 * what is not among the columns of the query is thrown away in the end: a junk
 * column.  Our scan sorts nothing.  When the query is just that scan, below its
 * LIMIT at most, nobody reads the column.  Without it, SELECT * needs no
 * projection and the executor no junk filter, which together would be more than
 * what a look costs: they are set up for each execution and serve one row.
 *
 * This is done to the finished plan, because only then it is known what stands
 * above the scan.  Junk columns are the last ones of a target list, and what is
 * above refers to columns by number, so to cut off the end is safe.  If another
 * extension's planner does not call ours, the plan keeps the column, and works.
 */
#include "postgres.h"

#include "append.h"
#include "key.h"
#include "nodes/makefuncs.h"
#include "ordinary.h"
#include "private.h"
#include "randpick.h"
#include "unread.h"

/* The scan of ours that the plan is, or NULL. */
static CustomScan *
find_scan(Plan *top)
{
	Plan	   *plan = top;
	const CustomScanMethods *methods;

	if (IsA(top, Limit) && ((Limit *) top)->limitOption == LIMIT_OPTION_COUNT)
		plan = outerPlan(top);
	if (!IsA(plan, CustomScan))
		return NULL;
	methods = ((CustomScan *) plan)->methods;
	if (methods != &randpick_scan_methods && methods != &randpick_append_methods)
		return NULL;
	return (CustomScan *) plan;
}

/* The number of columns that are not junk. */
static int
count_columns(List *tlist)
{
	int			ncolumns = 0;
	ListCell   *lc;

	foreach(lc, tlist)
	{
		if (!lfirst_node(TargetEntry, lc)->resjunk)
			ncolumns++;
	}
	return ncolumns;
}

static void
drop_columns(CustomScan *scan, int ncolumns)
{
	ListCell   *lc;

	scan->scan.plan.targetlist = list_truncate(scan->scan.plan.targetlist,
											   ncolumns);
	if (scan->methods == &randpick_append_methods)
	{
		scan->custom_scan_tlist = list_truncate(scan->custom_scan_tlist,
												ncolumns);
		foreach(lc, scan->custom_plans)
		{
			if (lfirst(lc) != randpick_ordinary_plan(scan))
				drop_columns(lfirst_node(CustomScan, lc), ncolumns);
		}
	}
	else if (!randpick_contains_random((Node *) scan->scan.plan.targetlist, NULL))
		randpick_set_key_param(scan, RANDPICK_NO_KEY_PARAM);
}

void
randpick_drop_unread_keys(PlannedStmt *stmt)
{
	Plan	   *top = stmt->planTree;
	CustomScan *scan = stmt->commandType == CMD_SELECT ? find_scan(top) : NULL;
	int			ncolumns;

	if (scan == NULL)
		return;
	ncolumns = count_columns(top->targetlist);
	if (ncolumns == list_length(top->targetlist))
		return;
	Assert(list_length(top->targetlist) ==
		   list_length(scan->scan.plan.targetlist));
	drop_columns(scan, ncolumns);
	top->targetlist = list_truncate(top->targetlist, ncolumns);
}
