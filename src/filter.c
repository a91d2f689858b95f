/*
 * filter.c
 *	  The filter argument of the randpick functions, as SQL.
 *
 * A filter is one expression and nothing else.  PostgreSQL's parser has an
 * entry for "an expression" which takes what PL/pgSQL allows in its place,
 * that is all of a SELECT after the word SELECT ("true FROM pg_class LIMIT
 * 1"); so whatever is there beside one unnamed target is refused here.  What
 * WHERE itself refuses (aggregates, windows, set-returning functions, types
 * other than boolean) is left to parse analysis, with its own messages.
 */
#include "postgres.h"

#include "filter.h"
#include "nodes/bitmapset.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"

/* Does the statement consist of targets alone? */
static bool
has_only_targets(const SelectStmt *stmt)
{
	return stmt->distinctClause == NIL && stmt->intoClause == NULL &&
		stmt->fromClause == NIL && stmt->whereClause == NULL &&
		stmt->groupClause == NIL && stmt->havingClause == NULL &&
		stmt->windowClause == NIL && stmt->valuesLists == NIL &&
		stmt->sortClause == NIL && stmt->limitOffset == NULL &&
		stmt->limitCount == NULL && stmt->lockingClause == NIL &&
		stmt->withClause == NULL && stmt->op == SETOP_NONE;
}

/* Is it the "*" or "t.*" of a select list? */
static bool
is_star(const Node *node)
{
	return IsA(node, ColumnRef) &&
		IsA(llast(((const ColumnRef *) node)->fields), A_Star);
}

/* The parameters of a filter. */
typedef struct FilterParams
{
	int			nvalues;		/* of the call */
	Bitmapset  *numbers;		/* that the filter refers to */
} FilterParams;

/* Collect the parameters of an expression, for each of which there is a value. */
static bool
collect_params(Node *node, FilterParams *params)
{
	if (node == NULL)
		return false;
	if (IsA(node, ParamRef))
	{
		int			number = ((ParamRef *) node)->number;

		/* the scanner lets any number pass, $0 too */
		if (number < 1 || number > params->nvalues)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_PARAMETER),
					 errmsg("there is no parameter $%d", number),
					 errdetail_plural("The filter was given %d value.",
									  "The filter was given %d values.",
									  params->nvalues, params->nvalues),
					 errhint("Pass a value for each parameter after the filter.")));
		params->numbers = bms_add_member(params->numbers, number);
		return false;
	}
	return raw_expression_tree_walker(node, collect_params, params);
}

static void
check_params(Node *expr, int nvalues)
{
	FilterParams params = {.nvalues = nvalues};

	collect_params(expr, &params);
	for (int number = 1; number <= nvalues; number++)
	{
		if (!bms_is_member(number, params.numbers))
			ereport(ERROR,
					(errcode(ERRCODE_SYNTAX_ERROR),
					 errmsg("value %d is not used by the filter", number),
					 errhint("Refer to it as $%d, or leave it out.", number)));
	}
}

Node *
randpick_parse_filter(const char *filter, int nvalues)
{
	List	   *parsed = raw_parser(filter, RAW_PARSE_PLPGSQL_EXPR);
	RawStmt    *raw = linitial_node(RawStmt, parsed);
	SelectStmt *stmt = castNode(SelectStmt, raw->stmt);
	ResTarget  *target;

	if (stmt->targetList == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("filter is empty"),
				 errhint("Leave the filter out to pick from all rows.")));

	target = linitial_node(ResTarget, stmt->targetList);
	if (list_length(stmt->targetList) > 1 || !has_only_targets(stmt) ||
		target->name != NULL || is_star(target->val))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("filter is not a single expression"),
				 errdetail("The filter is \"%s\".", filter),
				 errhint("Write it as the condition after WHERE, without anything before or after it.")));

	check_params(target->val, nvalues);
	return target->val;
}
