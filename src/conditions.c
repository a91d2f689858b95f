/*
 * conditions.c
 *	  Which conditions of a filter an index can answer.
 *
 * PostgreSQL knows that best: operator families, collations, boolean columns,
 * LIKE with a fixed beginning, casts that change nothing, what row security
 * allows to be tested before it.  It has no function to ask.  The conditions are
 * taken from the index path that it has made; and if that is gone, having lost to
 * others, it is asked to make it again, for a copy of the relation with one index
 * alone.
 *
 * Of these, equalities (IS NULL is one) on the leading columns and whatever is
 * said of the column after them select entries that stand side by side: a
 * range.  With an array among the equalities, there is a range for each of its
 * elements.  The others can be tested on an entry before its row is looked for.
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
#include "access/sysattr.h"
#include "catalog/pg_am_d.h"
#include "compat.h"
#include "conditions.h"
#include "executor/executor.h"
#include "executor/nodeIndexscan.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "source.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* True if some condition on the relation names a column of the index. */
static bool
is_index_mentioned(RelOptInfo *rel, IndexOptInfo *index)
{
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	if (index->indexprs != NIL)
		return true;
	foreach(lc, rel->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause,
					   rel->relid, &columns);
	for (int i = 0; i < index->nkeycolumns; i++)
	{
		if (bms_is_member(index->indexkeys[i] - FirstLowInvalidHeapAttributeNumber,
						  columns))
			return true;
	}
	return false;
}

/* True if some condition on the relation has an array. */
static bool
has_array(RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		if (IsA(lfirst_node(RestrictInfo, lc)->clause, ScalarArrayOpExpr))
			return true;
	}
	return false;
}

/* Return the conditions of a path that scans the index, or NIL. */
static List *
get_index_clauses(Path *path, IndexOptInfo *index)
{
	if (path->param_info != NULL)
		return NIL;
	if (IsA(path, BitmapHeapPath))
		path = ((BitmapHeapPath *) path)->bitmapqual;
	return IsA(path, IndexPath) && ((IndexPath *) path)->indexinfo == index ?
		((IndexPath *) path)->indexclauses : NIL;
}

/*
 * Return what the planner has given the index to look for, if a path that does so
 * has survived; else NIL.  With an array there may be one path that looks for it
 * and one that does not.
 */
static List *
find_index_clauses(RelOptInfo *rel, IndexOptInfo *index)
{
	ListCell   *lc;

	foreach(lc, has_array(rel) ? NIL : rel->pathlist)
	{
		List	   *clauses = get_index_clauses((Path *) lfirst(lc), index);

		if (clauses != NIL)
			return clauses;
	}
	return NIL;
}

/*
 * Have the planner match conditions to the index once more.
 *
 * The index is made out to be good for bitmap scans only.  The planner makes at
 * most one path of these that has no parameters.  A plain index scan would have to
 * compete with the bitmap scan, by costs that enable_* settings distort, and the
 * conditions would be lost with it.  The planner still chooses, by costs that are
 * not distorted, whether to use an array ("= ANY") on a column after the first.
 */
static List *
make_index_clauses(PlannerInfo *root, RelOptInfo *rel, IndexOptInfo *index)
{
	RelOptInfo	alone = *rel;
	IndexOptInfo bitmap_only = *index;
	ListCell   *lc;

	bitmap_only.rel = &alone;
	bitmap_only.amhasgettuple = false;
	bitmap_only.amhasgetbitmap = true;
	alone.indexlist = list_make1(&bitmap_only);
	alone.pathlist = NIL;
	alone.partial_pathlist = NIL;
	alone.consider_parallel = false;
	create_index_paths(root, &alone);

	foreach(lc, alone.pathlist)
	{
		List	   *clauses = get_index_clauses((Path *) lfirst(lc),
												&bitmap_only);

		if (clauses != NIL)
			return clauses;
	}
	return NIL;
}

/*
 * Return what the planner would give an index to look for (IndexClauses), or NIL.
 * To match conditions takes most of the time that we add to planning, so it is not
 * done where the result is known.
 */
static List *
match_index(PlannerInfo *root, RelOptInfo *rel, IndexOptInfo *index)
{
	List	   *clauses;

	if (!is_index_mentioned(rel, index))
		return NIL;
	clauses = find_index_clauses(rel, index);
	return clauses != NIL ? clauses : make_index_clauses(root, rel, index);
}

/* Can a condition be a key?  And is it an equality? */
static bool
is_usable(Expr *clause, IndexOptInfo *index, int column, bool *is_equality)
{
	Oid			operator;

	if (IsA(clause, NullTest))
	{
		*is_equality = ((NullTest *) clause)->nulltesttype == IS_NULL;
		return true;
	}
	if (IsA(clause, OpExpr))
		operator = ((OpExpr *) clause)->opno;
	else if (IsA(clause, ScalarArrayOpExpr))
		operator = ((ScalarArrayOpExpr *) clause)->opno;
	else
		return false;
	*is_equality = get_op_opfamily_strategy(operator,
											index->opfamily[column]) ==
		BTEqualStrategyNumber;
	return *is_equality || IsA(clause, OpExpr);
}

/* The number of elements of the array of "= ANY", as far as it is known. */
static double
guess_elements(PlannerInfo *root, Expr *clause)
{
	return Max(randpick_estimate_array_length(root,
											  lsecond(((ScalarArrayOpExpr *) clause)->args)),
			   1.0);
}

/* Conditions on an index that is being planned with. */
typedef struct Collected
{
	RandpickConditions result;
	List	   *range;			/* RestrictInfos of those that make ranges */
	List	   *entry;			/* of those that entries can be tested for */
	List	   *all;
	int			prefix;			/* columns with an equality, from the first */
	bool		has_array;
} Collected;

/* Take a condition, if the index can answer it. */
static void
collect(Collected *collected, PlannerInfo *root, IndexOptInfo *index,
		int column, RestrictInfo *rinfo)
{
	Expr	   *clause = rinfo->clause;
	bool		is_array = IsA(clause, ScalarArrayOpExpr);
	bool		is_equality;

	if (!is_usable(clause, index, column, &is_equality))
		return;
	if (is_array)
	{
		double		n = guess_elements(root, clause);

		/* of no use but for ranges, and only once */
		if (collected->has_array || column > collected->prefix ||
			n > RANDPICK_MAX_RANGES)
			return;
		collected->has_array = true;
		collected->result.nranges = n;
	}
	else
		collected->entry = lappend(collected->entry, rinfo);

	collected->all = lappend(collected->all, rinfo);
	collected->result.clauses = lappend(collected->result.clauses, clause);
	collected->result.columns = lappend_int(collected->result.columns, column);

	/* in the prefix or on the column after it */
	if (column <= collected->prefix)
	{
		collected->range = lappend(collected->range, rinfo);
		if (is_equality)
			collected->prefix = column + 1;
	}
}

RandpickConditions
randpick_index_conditions(PlannerInfo *root, RelOptInfo *rel,
						  IndexOptInfo *index)
{
	Collected	collected = {.result = {.nranges = 1}};
	RandpickConditions *result = &collected.result;
	ListCell   *lc;

	Assert(index->relam == BTREE_AM_OID);

	/* the clauses come in the order of the columns */
	if (rel->baserestrictinfo != NIL)
	{
		foreach(lc, match_index(root, rel, index))
		{
			IndexClause *clause = lfirst_node(IndexClause, lc);
			ListCell   *lc2;

			foreach(lc2, clause->indexquals)
				collect(&collected, root, index, clause->indexcol,
						lfirst_node(RestrictInfo, lc2));
		}
	}

	result->range_selectivity =
		clauselist_selectivity(root, collected.range, rel->relid, JOIN_INNER,
							   NULL);
	result->rest_selectivity =
		list_length(collected.all) == list_length(collected.range) ? 1.0 :
		clauselist_selectivity(root, collected.all, rel->relid, JOIN_INNER,
							   NULL) / Max(result->range_selectivity, 1e-10);
	result->entry_selectivity =
		!collected.has_array &&
		list_length(collected.entry) == list_length(collected.range) ?
		result->range_selectivity :
		clauselist_selectivity(root, collected.entry, rel->relid, JOIN_INNER,
							   NULL);
	return *result;
}

/* A condition as index scans want it: the column is that of the index. */
static Expr *
refer_to_index(Expr *condition, int column)
{
	Expr	   *result = copyObject(condition);
	Node	  **operand;

	if (IsA(result, NullTest))
		operand = (Node **) &((NullTest *) result)->arg;
	else if (IsA(result, ScalarArrayOpExpr))
		operand = (Node **) &linitial(((ScalarArrayOpExpr *) result)->args);
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

		if (key->sk_attno <= after || (key->sk_flags & SK_SEARCHARRAY))
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
