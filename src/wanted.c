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

void
randpick_wanted_begin(RandpickWanted *wanted, List *exprs, PlanState *ps)
{
	if (exprs == NIL)
		return;
	wanted->count = ExecInitExpr((Expr *) linitial(exprs), ps);
	wanted->offset = ExecInitExpr((Expr *) lsecond(exprs), ps);
}

/* The value of LIMIT or OFFSET; -1 for NULL, which means the same as none. */
static int64
compute(ExprState *expr, ExprContext *econtext)
{
	bool		isnull;
	Datum		value = ExecEvalExprSwitchContext(expr, econtext, &isnull);

	return isnull ? -1 : DatumGetInt64(value);
}

uint64
randpick_rows_asked_for(const RandpickWanted *wanted, ExprContext *econtext)
{
	int64		count = wanted->count ? compute(wanted->count, econtext) : -1;
	int64		offset = wanted->offset ? compute(wanted->offset, econtext) : 0;
	int64		sum;

	if (count < 0 || pg_add_s64_overflow(count, Max(offset, 0), &sum))
		return 0;
	return (uint64) sum;
}
