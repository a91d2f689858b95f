/*
 * conditions.c
 *	  Which conditions of a filter an index can answer.
 *
 * PostgreSQL knows that best: operator families, collations, boolean columns,
 * LIKE with a fixed beginning, casts that change nothing, what row security
 * allows to be tested before it.  It has no function to ask, and the index
 * paths that it made for the relation may be gone, having lost to others.  So
 * it is asked to make them again, for a copy of the relation with one index
 * alone, and the conditions are taken from there.
 *
 * Of these, equalities (IS NULL is one) on the leading columns and whatever is
 * said of the column after them select entries that stand side by side: a
 * range.  The others can be tested on an entry before its row is looked for.
 * As in any index scan, that happens before it is known whether the row is
 * visible: only operators of the index's own operator families get to see it.
 *
 * The filter has the last word on each row in any case: what is left out here
 * costs misses, no more.  Left out are arrays (IN) and row comparisons.
 *
 * The plan keeps conditions as they are in the filter, for EXPLAIN, and the
 * number of the index's column of each; an index scan's keys are made of them
 * when they are first needed.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
#include "conditions.h"
#include "executor/executor.h"
#include "executor/nodeIndexscan.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* What the planner would give an index to look for (IndexClauses), if it may. */
static List *
match_index(PlannerInfo *root, RelOptInfo *rel, IndexOptInfo *index)
{
	RelOptInfo	alone = *rel;
	ListCell   *lc;

	alone.indexlist = list_make1(index);
	alone.pathlist = NIL;
	alone.partial_pathlist = NIL;
	alone.consider_parallel = false;
	create_index_paths(root, &alone);

	foreach(lc, alone.pathlist)
	{
		IndexPath  *path = (IndexPath *) lfirst(lc);

		if (IsA(path, IndexPath) && path->path.param_info == NULL &&
			path->indexclauses != NIL)
			return path->indexclauses;
	}
	return NIL;
}

/* Can a condition be a key?  And is it an equality? */
static bool
is_usable(Expr *clause, IndexOptInfo *index, int column, bool *is_equality)
{
	if (IsA(clause, NullTest))
	{
		*is_equality = ((NullTest *) clause)->nulltesttype == IS_NULL;
		return true;
	}
	if (!IsA(clause, OpExpr))
		return false;
	*is_equality = get_op_opfamily_strategy(((OpExpr *) clause)->opno,
											index->opfamily[column]) ==
		BTEqualStrategyNumber;
	return true;
}

RandpickConditions
randpick_index_conditions(PlannerInfo *root, RelOptInfo *rel,
						  IndexOptInfo *index)
{
	RandpickConditions result = {.selectivity = 1.0,.range_selectivity = 1.0};
	List	   *rinfos = NIL;
	int			prefix = 0;		/* columns with an equality, from the first */
	ListCell   *lc;

	Assert(index->relam == BTREE_AM_OID);
	if (rel->baserestrictinfo == NIL)
		return result;

	/* the clauses come in the order of the columns */
	foreach(lc, match_index(root, rel, index))
	{
		IndexClause *clause = lfirst_node(IndexClause, lc);
		ListCell   *lc2;

		foreach(lc2, clause->indexquals)
		{
			RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc2);
			bool		is_equality;

			if (!is_usable(rinfo->clause, index, clause->indexcol,
						   &is_equality))
				continue;
			rinfos = lappend(rinfos, rinfo);
			result.clauses = lappend(result.clauses, rinfo->clause);
			result.columns = lappend_int(result.columns, clause->indexcol);

			/* neither in the prefix nor on the column after it: no range */
			if (clause->indexcol > prefix)
				continue;
			result.range_rinfos = lappend(result.range_rinfos, rinfo);
			if (is_equality)
				prefix = clause->indexcol + 1;
		}
	}

	result.selectivity = clauselist_selectivity(root, rinfos, rel->relid,
												JOIN_INNER, NULL);
	result.range_selectivity =
		list_length(rinfos) == list_length(result.range_rinfos) ?
		result.selectivity :
		clauselist_selectivity(root, result.range_rinfos, rel->relid,
							   JOIN_INNER, NULL);
	return result;
}

/* A condition as index scans want it: the column is that of the index. */
static Expr *
refer_to_index(Expr *condition, int column)
{
	Expr	   *result = copyObject(condition);
	Node	  **operand;

	if (IsA(result, NullTest))
		operand = (Node **) &((NullTest *) result)->arg;
	else
		operand = (Node **) &linitial(castNode(OpExpr, result)->args);
	*operand = (Node *) makeVar(INDEX_VAR, column + 1, exprType(*operand),
								exprTypmod(*operand), exprCollation(*operand),
								0);
	return result;
}

void
randpick_keys_build(RandpickKeys *keys, PlanState *ps, Relation index,
					List *clauses, List *columns)
{
	List	   *index_conditions = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	forboth(lc, clauses, lc2, columns)
		index_conditions = lappend(index_conditions,
								   refer_to_index(lfirst(lc), lfirst_int(lc2)));
	ExecIndexBuildScanKeys(ps, index, index_conditions, false,
						   &keys->keys, &keys->nkeys,
						   &keys->runtime_keys, &keys->nruntime_keys,
						   NULL, NULL);
	if (keys->nruntime_keys > 0)
		keys->econtext = CreateExprContext(ps->state);
}

void
randpick_keys_compute(RandpickKeys *keys)
{
	if (keys->nruntime_keys == 0)
		return;
	ResetExprContext(keys->econtext);
	ExecIndexEvalRuntimeKeys(keys->econtext, keys->runtime_keys,
							 keys->nruntime_keys);
}

bool
randpick_keys_are_met(const RandpickKeys *keys, Relation index,
					  IndexTuple entry, AttrNumber after)
{
	for (int i = 0; i < keys->nkeys; i++)
	{
		ScanKey		key = &keys->keys[i];
		Datum		value;
		bool		isnull;
		bool		is_met;

		if (key->sk_attno <= after)
			continue;
		value = index_getattr(entry, key->sk_attno, RelationGetDescr(index),
							  &isnull);
		if (key->sk_flags & SK_SEARCHNULL)
			is_met = isnull;
		else if (key->sk_flags & SK_SEARCHNOTNULL)
			is_met = !isnull;
		else if (isnull || (key->sk_flags & SK_ISNULL))
			is_met = false;		/* B-tree operators are strict */
		else
			is_met = DatumGetBool(FunctionCall2Coll(&key->sk_func,
													key->sk_collation, value,
													key->sk_argument));
		if (!is_met)
			return false;
	}
	return true;
}
