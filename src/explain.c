/*
 * explain.c
 *	  What EXPLAIN shows of a race.
 *
 * Names and forms are those of PostgreSQL's own nodes where there is one alike,
 * so that programs which read plans understand them: "Index Cond", and
 * "Index Name" where the format is for programs.  In text the index is quoted
 * as an index scan's is.
 *
 * Looks, misses and deals are sums over all loops, as the hits and misses of a
 * Memoize node are, or the heap fetches of an index-only scan.  The rows
 * removed by the filter are, as always, a mean; they are the misses that held
 * a row.
 */
#include "postgres.h"

#include "executor/instrument.h"
#include "explain.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

/* The source's name, as randpick.method has it. */
static const char *
source_name(RandpickMethod method)
{
	const struct config_enum_entry *option = randpick_method_options;

	while (option->val != (int) method)
		option++;
	return option->name;
}

static void
explain_index(const RandpickRacing *racing, ExplainState *es)
{
	char	   *name;

	if (!OidIsValid(racing->index_oid))
		return;
	name = get_rel_name(racing->index_oid);
	if (name == NULL)
		elog(ERROR, "cache lookup failed for index %u", racing->index_oid);
	if (es->format == EXPLAIN_FORMAT_TEXT)
		ExplainPropertyText("Index", quote_identifier(name), es);
	else
		ExplainPropertyText("Index Name", name, es);
}

/* Show the conditions that the index answers, as an index scan does. */
static void
explain_conditions(const RandpickRacing *racing, List *ancestors,
				   ExplainState *es)
{
	List	   *context;
	char	   *text;

	if (racing->conditions == NIL)
		return;
	context = set_deparse_context_plan(es->deparse_cxt,
									   racing->ss->ps.plan, ancestors);
	text = deparse_expression((Node *) make_ands_explicit(racing->conditions),
							  context,
							  list_length(es->rtable) > 1 || es->verbose, false);
	ExplainPropertyText("Index Cond", text, es);
}

void
randpick_explain_source(const RandpickRacing *racing, List *ancestors,
						ExplainState *es)
{
	ExplainPropertyText("Source", source_name(racing->is_raced ?
											  racing->method :
											  RANDPICK_METHOD_DEAL), es);
	explain_index(racing, es);
	explain_conditions(racing, ancestors, es);
}

void
randpick_explain_counts(const PlanState *ps, const RandpickRaceCounts *counts,
						ExplainState *es)
{
	if (!es->analyze ||
		(es->format == EXPLAIN_FORMAT_TEXT && ps->instrument->nloops == 0))
		return;
	ExplainPropertyInteger("Places", NULL, counts->places, es);
	ExplainPropertyInteger("Looks", NULL, counts->looks, es);
	ExplainPropertyInteger("Misses", NULL, counts->misses, es);
	ExplainPropertyInteger("Deals", NULL, counts->deals, es);
}
