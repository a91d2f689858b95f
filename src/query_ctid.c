/*
 * query_ctid.c
 *	  Whether a row's ctid tells which row of a relation it is.
 *
 * It does in one table.  Rows of several tables can have the same ctid, and only
 * a table's own rows can be found by it again.  So relations of most kinds are
 * refused by their kind.
 *
 * A relation of the right kind may still have its rows elsewhere, because another
 * extension has taken over how it is read.  A distributed table of Citus looks
 * like an ordinary one, and the query of it returns a ctid of each shard.  Its
 * plan tells: the column is good if a scan by PostgreSQL, or by us, reads it from
 * the relation itself.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "append.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "parser/parsetree.h"
#include "query_ctid.h"
#include "randpick.h"
#include "utils/lsyscache.h"

static void
report_ctid(const char *relname, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("cannot tell a row of relation \"%s\" by its ctid",
					relname),
			 errdetail("%s", _(detail)),
			 errhint("Use randpick_row, or pick from one of its tables.")));
}

/* Raise an error if the rows of a relation of this kind have no ctid of their own. */
void
randpick_check_ctid_relation(Oid relid, const char *relname)
{
	switch (get_rel_relkind(relid))
	{
		case RELKIND_PARTITIONED_TABLE:
			report_ctid(relname, gettext_noop("It is a partitioned table, and rows of different partitions can have the same ctid."));
			break;
		case RELKIND_VIEW:
			report_ctid(relname, gettext_noop("It is a view."));
			break;
		case RELKIND_FOREIGN_TABLE:
			report_ctid(relname, gettext_noop("It is a foreign table."));
			break;
		default:
			if (has_subclass(relid) &&
				find_inheritance_children(relid, NoLock) != NIL)
				report_ctid(relname, gettext_noop("It has child tables, and rows of different tables can have the same ctid."));
	}
}

/* The only plan of a list of them, or NULL. */
static Plan *
only_plan(List *plans)
{
	return list_length(plans) == 1 ? linitial(plans) : NULL;
}

/*
 * Return the plan that a column of a plan comes from, with *column set to its
 * number there; or NULL if the column is not simply passed on.
 */
static Plan *
find_origin(Plan *plan, AttrNumber *column)
{
	Var		   *var;

	/* members return the columns of the node that is above them */
	if (IsA(plan, Append))
		return only_plan(((Append *) plan)->appendplans);
	if (IsA(plan, MergeAppend))
		return only_plan(((MergeAppend *) plan)->mergeplans);
	if (IsA(plan, CustomScan) &&
		((CustomScan *) plan)->methods == &randpick_append_methods)
		return only_plan(((CustomScan *) plan)->custom_plans);

	var = (Var *) list_nth_node(TargetEntry, plan->targetlist,
								*column - 1)->expr;
	if (!IsA(var, Var))
		return NULL;
	*column = var->varattno;
	if (var->varno == OUTER_VAR)
		return outerPlan(plan);
	if (var->varno == INNER_VAR)
		return innerPlan(plan);
	return NULL;
}

/* True if the plan is a scan that finds rows by where they stand in a table. */
static bool
scans_table(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_IndexScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
			return true;
		case T_CustomScan:
			return ((const CustomScan *) plan)->methods == &randpick_scan_methods;
		default:
			return false;
	}
}

/* True if it is the planner's plan for a condition that no row meets. */
static bool
gives_no_row(const Plan *plan)
{
	List	   *gate;
	Const	   *condition;

	if (!IsA(plan, Result) || outerPlan(plan) != NULL)
		return false;
	gate = (List *) ((const Result *) plan)->resconstantqual;
	if (list_length(gate) != 1)
		return false;
	condition = linitial(gate);
	return IsA(condition, Const) && !condition->constisnull &&
		!DatumGetBool(condition->constvalue);
}

/* Raise an error if the plan's first column is not the relation's own ctid. */
void
randpick_check_ctid_plan(PlannedStmt *stmt, Oid relid)
{
	Plan	   *plan = stmt->planTree;
	AttrNumber	column = 1;
	Plan	   *origin;

	while ((origin = find_origin(plan, &column)) != NULL)
		plan = origin;

	if (gives_no_row(plan) ||
		(scans_table(plan) && column == SelfItemPointerAttributeNumber &&
		 rt_fetch(((Scan *) plan)->scanrelid, stmt->rtable)->relid == relid))
		return;
	report_ctid(get_rel_name(relid),
				gettext_noop("Another extension reads its rows from elsewhere, where different rows can have the same ctid."));
}
