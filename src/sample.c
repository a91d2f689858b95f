/*
 * sample.c
 *	  How large the sample of a scan is, and from which seed it comes.
 *
 * TABLESAMPLE randpick(n) REPEATABLE (seed) is the first n rows of a race.
 * Here are its arguments; exec.c runs the race as it runs any other, except
 * that a sample comes before the WHERE: no filter decides which rows ring, and
 * ExecScan applies it to those that did.
 *
 * One query, one race.  PostgreSQL's own methods choose one seed when the scan
 * begins, however often it is read again and with whatever arguments.  So the
 * same here: a scan that is read again shows the same rows, and if n has
 * grown (LATERAL), the same and more.  Only another seed is another race.
 *
 * One table, one race.  The seed of REPEATABLE is mixed with the table's OID.
 * Otherwise two partitions of equal size would be sampled at the same places,
 * and rows would depend on each other across the partitions.
 */
#include "postgres.h"

#include "compat.h"
#include "executor/executor.h"
#include "private.h"
#include "sample.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

void
randpick_sample_begin(RandpickSample *sample, ScanState *ss)
{
	PlanState  *ps = &ss->ps;
	List	   *args = randpick_scan_exprs(castNode(CustomScan, ps->plan));

	sample->size = ExecInitExpr(linitial(args), ps);
	if (list_length(args) > 1)
		sample->seed_arg = ExecInitExpr(lsecond(args), ps);
}

/* n, with the errors of PostgreSQL's own methods. */
static uint64
compute_size(RandpickSample *sample, ExprContext *econtext)
{
	bool		isnull;
	int64		size;

	size = DatumGetInt64(ExecEvalExprSwitchContext(sample->size, econtext,
												   &isnull));
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLESAMPLE_ARGUMENT),
				 errmsg("TABLESAMPLE parameter cannot be null")));
	if (size < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLESAMPLE_ARGUMENT),
				 errmsg("sample size must not be negative")));
	return (uint64) size;
}

/* The seed of REPEATABLE, for this table. */
static uint64
compute_seed(RandpickSample *sample, ExprContext *econtext, Oid relid)
{
	bool		isnull;
	Datum		value;

	value = ExecEvalExprSwitchContext(sample->seed_arg, econtext, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLESAMPLE_REPEAT),
				 errmsg("TABLESAMPLE REPEATABLE parameter cannot be null")));
	return DatumGetUInt64(DirectFunctionCall2(hashfloat8extended, value,
											  Int64GetDatum((int64) relid)));
}

bool
randpick_sample_start(RandpickSample *sample, RandpickRacing *racing)
{
	ScanState  *ss = racing->ss;
	ExprContext *econtext = ss->ps.ps_ExprContext;
	uint64		seed = sample->seed;

	sample->is_started = true;
	sample->left = sample->nrows = compute_size(sample, econtext);
	if (sample->seed_arg == NULL)
		return true;

	sample->seed = compute_seed(sample, econtext,
								RelationGetRelid(ss->ss_currentRelation));
	racing->seed = &sample->seed;
	return sample->seed == seed;
}

void
randpick_sample_explain(const RandpickSample *sample, Plan *plan,
						List *ancestors, ExplainState *es)
{
	List	   *args = randpick_scan_exprs(castNode(CustomScan, plan));
	List	   *context = set_deparse_context_plan(es->deparse_cxt, plan,
												   ancestors);
	bool		prefix = list_length(es->rtable) > 1;
	char	   *size = deparse_expression(linitial(args), context, prefix, false);
	char	   *seed = NULL;

	if (list_length(args) > 1)
		seed = deparse_expression(lsecond(args), context, prefix, false);

	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText("Sampling",
							seed == NULL ?
							psprintf("randpick (%s)", size) :
							psprintf("randpick (%s) REPEATABLE (%s)", size, seed),
							es);
		return;
	}
	ExplainPropertyText("Sampling Method", "randpick", es);
	ExplainPropertyList("Sampling Parameters", list_make1(size), es);
	if (seed != NULL)
		ExplainPropertyText("Repeatable Seed", seed, es);
}
