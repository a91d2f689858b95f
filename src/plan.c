/*
 * plan.c
 *	  From the chosen path to the plan node.
 *
 * The node's random() values leave it through its target list.  PostgreSQL
 * computes equal volatile expressions of a sorted target list once, below the
 * sort, so each random() of the list is the row's key.  Which expressions
 * those are is known only when planning is over: the target list given here
 * may be exchanged after this callback, and its labels are rewritten by
 * setrefs.c.  So a parameter for the key is reserved here, and exec.c puts it
 * in the place of each random() when the scan begins.
 *
 * The callback must return a bare CustomScan: copyObject would lose the
 * fields of a larger struct, and so would a plan cache.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "optimizer/paramassign.h"
#include "optimizer/restrictinfo.h"
#include "randpick.h"

/* PlanCustomPath */
Plan *
randpick_plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path,
				   List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	int			key_param = assign_special_exec_param(root);

	scan->scan.scanrelid = rel->relid;
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	scan->flags = path->flags;
	scan->custom_plans = custom_plans;
	scan->methods = &randpick_scan_methods;

	/* path.c filled the slots before RANDPICK_PRIVATE_KEY_PARAM */
	Assert(list_length(path->custom_private) == RANDPICK_PRIVATE_KEY_PARAM);
	scan->custom_private =
		lappend(list_copy(path->custom_private),
				makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
						  Int32GetDatum(key_param), false, true));
	return &scan->scan.plan;
}
