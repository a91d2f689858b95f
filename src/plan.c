/*
 * plan.c
 *	  From the chosen path to the plan node.
 *
 * The node's random() values leave it through its target list, in which each
 * random() is the row's key (key.c says why).  That list is not final here: it
 * may be exchanged after this callback, and setrefs.c rewrites its labels.  So
 * all that happens here is that an executor parameter for the key is reserved.
 * A sample has no key.
 *
 * The callback must return a bare CustomScan: copyObject would lose the
 * fields of a larger struct, and so would a plan cache.
 */
#include "postgres.h"

#include "optimizer/paramassign.h"
#include "optimizer/restrictinfo.h"
#include "private.h"
#include "randpick.h"

/* PlanCustomPath */
Plan *
randpick_plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path,
				   List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	bool		is_sample =
	DatumGetInt32(randpick_private_value(path->custom_private,
										 RANDPICK_PRIVATE_SAMPLING)) !=
		RANDPICK_SAMPLING_NONE;

	scan->scan.scanrelid = rel->relid;
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	scan->flags = path->flags;
	scan->custom_plans = custom_plans;
	scan->custom_exprs = list_nth_node(List, path->custom_private,
									   RANDPICK_PRIVATE_EXPRS);
	scan->custom_private = list_truncate(list_copy(path->custom_private),
										 RANDPICK_PRIVATE_COUNT);
	scan->methods = &randpick_scan_methods;

	if (!is_sample)
		randpick_set_key_param(scan, assign_special_exec_param(root));
	return &scan->scan.plan;
}
