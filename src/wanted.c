/*
 * wanted.c
 *	  How many rows will be asked for, known when the query runs.
 *
 * A plan is made for any value of LIMIT $1, and kept.  Its value is there when
 * the query runs: then it can be told whether a race will pay, and how many rows
 * a deal should keep.  PostgreSQL's Sort is told by the Limit node above it, which
 * knows no custom scans; so our nodes evaluate the same expressions.
 *
 * Limit has evaluated them by then, and has raised what errors there are.
 */
#include "postgres.h"

#include "common/int.h"
#include "executor/executor.h"
#include "wanted.h"

/* LIMIT and OFFSET together.  NULL, here -1, means the same as none. */
static uint64
add_up(int64 count, int64 offset)
{
	int64		sum;

	if (count < 0 || pg_add_s64_overflow(count, Max(offset, 0), &sum))
		return 0;
	return (uint64) sum;
}

/* The value of a constant. */
static int64
const_value(const Const *value)
{
	return value == NULL ? 0 :
		value->constisnull ? -1 : DatumGetInt64(value->constvalue);
}

static inline bool
is_const(const Node *expr)
{
	return expr == NULL || IsA(expr, Const);
}

void
randpick_wanted_begin(RandpickWanted *wanted, List *exprs, PlanState *ps)
{
	Node	   *count;
	Node	   *offset;

	if (exprs == NIL)
		return;
	count = linitial(exprs);
	offset = lsecond(exprs);

	/* to compile constants would take a good part of the time of a pick */
	if (is_const(count) && is_const(offset))
	{
		wanted->rows = add_up(const_value((Const *) count),
							  const_value((Const *) offset));
		return;
	}
	wanted->count = ExecInitExpr((Expr *) count, ps);
	wanted->offset = ExecInitExpr((Expr *) offset, ps);
}

/* The value of LIMIT or OFFSET. */
static int64
compute(ExprState *expr, ExprContext *econtext)
{
	bool		isnull;
	Datum		value;

	if (expr == NULL)
		return 0;
	value = ExecEvalExprSwitchContext(expr, econtext, &isnull);
	return isnull ? -1 : DatumGetInt64(value);
}

uint64
randpick_rows_asked_for(const RandpickWanted *wanted, ExprContext *econtext)
{
	if (wanted->count == NULL)
		return wanted->rows;
	return add_up(compute(wanted->count, econtext),
				  compute(wanted->offset, econtext));
}
