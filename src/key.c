/*
 * key.c
 *	  The key of a row, in the place of each random() of the target list.
 *
 * PostgreSQL computes what it sorts by below the sort.  Above it, every random()
 * of the target list, also one inside another expression, is equal to that
 * column, and is taken from it; so each is the row's key.  (A second random()
 * to sort by is computed apart, and such queries are not ours.)  They are found
 * by what they are, when the scan begins: the target list is final only then.
 *
 * The key is an executor parameter, reserved by plan.c.  It could not be a
 * CaseTestExpr, which means something else inside a CASE.
 *
 * A target list without random() would mean that something above the scan
 * computes random() values that have nothing to do with the order of its rows.
 * match.c declines the queries where that could be; should one be left, it
 * must fail and not give wrong rows.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "compat.h"
#include "key.h"
#include "nodes/nodeFuncs.h"
#include "randpick.h"

bool
randpick_contains_random(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && ((FuncExpr *) node)->funcid == RANDPICK_RANDOM_OID)
		return true;
	return expression_tree_walker(node, randpick_contains_random, context);
}

typedef struct ReplaceContext
{
	Param	   *key;			/* the parameter */
	bool		found;			/* a random() to replace by it? */
} ReplaceContext;

/* Exchange every random() of an expression for the parameter. */
static Node *
replace_random(Node *node, ReplaceContext *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, FuncExpr) &&
		((FuncExpr *) node)->funcid == RANDPICK_RANDOM_OID)
	{
		context->found = true;
		return (Node *) copyObject(context->key);
	}
	return expression_tree_mutator(node, replace_random, context);
}

ProjectionInfo *
randpick_key_projection(ScanState *ss, int key_param)
{
	PlanState  *ps = &ss->ps;
	Param	   *key = makeNode(Param);
	ReplaceContext context = {.key = key};
	List	   *tlist;

	key->paramkind = PARAM_EXEC;
	key->paramid = key_param;
	key->paramtype = FLOAT8OID;
	key->paramtypmod = -1;
	key->location = -1;

	tlist = (List *) replace_random((Node *) ps->plan->targetlist, &context);
	if (!context.found)
		elog(ERROR, "no random() in the target list of a %s scan",
			 RANDPICK_SCAN_NAME);
	return ExecBuildProjectionInfo(tlist, ps->ps_ExprContext,
								   ps->ps_ResultTupleSlot, ps,
								   RelationGetDescr(ss->ss_currentRelation));
}

void
randpick_key_set(EState *estate, int key_param, double key)
{
	ParamExecData *param;

	if (key_param == RANDPICK_NO_KEY_PARAM)
		return;
	param = &estate->es_param_exec_vals[key_param];
	param->execPlan = NULL;
	param->value = Float8GetDatum(key);
	param->isnull = false;
}
