/*
 * takeover.c
 *	  A stand-in for extensions that keep a table's rows elsewhere.
 *
 * To PostgreSQL such a table is an ordinary one in heap format, but what stands
 * in its heap, if anything does, are not its rows.  TimescaleDB replaces the
 * paths that read a compressed chunk, Citus the whole plan of a query of a
 * distributed table.  This module does the same to every table whose name
 * begins with "shadow":
 *
 *	takeover.mode = pathlist	its paths are replaced by one that gives no row
 *	takeover.mode = planner		the scan of it, in the finished plan, by a node
 *								that gives one row: ctid is (7,7), whole rows
 *								and columns are NULL
 *	takeover.mode = none		nothing happens
 *
 * What randpick finds in the heap of such a table is wrong in both modes.
 * Extensions come in any order, so this can be loaded before randpick or after
 * it.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "storage/itemptr.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

typedef enum TakeoverMode
{
	TAKEOVER_NONE,
	TAKEOVER_PATHLIST,
	TAKEOVER_PLANNER
} TakeoverMode;

static const struct config_enum_entry mode_options[] = {
	{"none", TAKEOVER_NONE, false},
	{"pathlist", TAKEOVER_PATHLIST, false},
	{"planner", TAKEOVER_PLANNER, false},
	{NULL, 0, false}
};

static int	takeover_mode = TAKEOVER_NONE;

static set_rel_pathlist_hook_type previous_set_rel_pathlist_hook = NULL;
static planner_hook_type previous_planner_hook = NULL;

/* 19 lets the planner's hook know of an EXPLAIN. */
#if PG_VERSION_NUM >= 190000
#define PLANNER_PARAMS \
	Query *parse, const char *query_string, int cursor_options, \
	ParamListInfo params, ExplainState *es
#define PLANNER_ARGS parse, query_string, cursor_options, params, es
#else
#define PLANNER_PARAMS \
	Query *parse, const char *query_string, int cursor_options, \
	ParamListInfo params
#define PLANNER_ARGS parse, query_string, cursor_options, params
#endif

static bool
is_taken_over(const RangeTblEntry *rte)
{
	const char *name;

	if (rte->rtekind != RTE_RELATION)
		return false;
	name = get_rel_name(rte->relid);
	return name != NULL && strncmp(name, "shadow", strlen("shadow")) == 0;
}

/*
 * A path that gives no row.  It is not the planner's own for "no rows", which
 * everybody recognizes.
 */
static void
set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti,
				 RangeTblEntry *rte)
{
	if (previous_set_rel_pathlist_hook)
		previous_set_rel_pathlist_hook(root, rel, rti, rte);

	if (takeover_mode != TAKEOVER_PATHLIST || rte->inh || !is_taken_over(rte))
		return;
	rel->pathlist = NIL;
	rel->partial_pathlist = NIL;
	add_path(rel, (Path *)
			 create_group_result_path(root, rel, rel->reltarget,
									  list_make1(makeBoolConst(false, false))));
}

/* An expression over the columns of a scan, with constants in their place. */
static Node *
replace_columns(Node *node, void *context)
{
	Var		   *var = (Var *) node;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, replace_columns, context);
	if (var->varattno == SelfItemPointerAttributeNumber)
	{
		ItemPointer tid = palloc(sizeof(ItemPointerData));

		ItemPointerSet(tid, 7, 7);
		return (Node *) makeConst(TIDOID, -1, InvalidOid,
								  sizeof(ItemPointerData),
								  PointerGetDatum(tid), false, false);
	}
	return (Node *) makeNullConst(var->vartype, var->vartypmod, var->varcollid);
}

static Plan *replace_scans(Plan *plan, List *rtable);

static void
replace_scans_of_list(List *plans, List *rtable)
{
	ListCell   *lc;

	foreach(lc, plans)
		lfirst(lc) = replace_scans(lfirst(lc), rtable);
}

/* Is the plan a scan of one table, by PostgreSQL or by another extension? */
static bool
is_scan(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
			return true;
		case T_CustomScan:
			return ((const Scan *) plan)->scanrelid > 0;
		default:
			return false;
	}
}

/* The plan with each scan of a table that is taken over replaced. */
static Plan *
replace_scans(Plan *plan, List *rtable)
{
	if (plan == NULL)
		return NULL;
	if (is_scan(plan) &&
		is_taken_over(rt_fetch(((Scan *) plan)->scanrelid, rtable)))
	{
		Result	   *result = makeNode(Result);

		result->plan = *plan;
		result->plan.type = T_Result;
		result->plan.targetlist = (List *)
			replace_columns((Node *) plan->targetlist, NULL);
		result->plan.qual = NIL;
		result->plan.lefttree = NULL;
		result->plan.righttree = NULL;
		return &result->plan;
	}

	plan->lefttree = replace_scans(plan->lefttree, rtable);
	plan->righttree = replace_scans(plan->righttree, rtable);
	if (IsA(plan, Append))
		replace_scans_of_list(((Append *) plan)->appendplans, rtable);
	else if (IsA(plan, MergeAppend))
		replace_scans_of_list(((MergeAppend *) plan)->mergeplans, rtable);
	else if (IsA(plan, CustomScan))
		replace_scans_of_list(((CustomScan *) plan)->custom_plans, rtable);
	else if (IsA(plan, SubqueryScan))
		((SubqueryScan *) plan)->subplan =
			replace_scans(((SubqueryScan *) plan)->subplan, rtable);
	return plan;
}

static PlannedStmt *
plan_query(PLANNER_PARAMS)
{
	PlannedStmt *stmt;

	stmt = (previous_planner_hook ? previous_planner_hook :
			standard_planner) (PLANNER_ARGS);
	if (takeover_mode == TAKEOVER_PLANNER)
	{
		stmt->planTree = replace_scans(stmt->planTree, stmt->rtable);
		replace_scans_of_list(stmt->subplans, stmt->rtable);
	}
	return stmt;
}

void
_PG_init(void)
{
	DefineCustomEnumVariable("takeover.mode",
							 "Chooses how tables named \"shadow...\" are taken over.",
							 NULL,
							 &takeover_mode,
							 TAKEOVER_NONE,
							 mode_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	previous_set_rel_pathlist_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = set_rel_pathlist;
	previous_planner_hook = planner_hook;
	planner_hook = plan_query;
}
