/*
 * query.c
 *	  The planned query behind a call of a randpick function.
 *
 * A call becomes a query that anybody could have written (query_text.c), so
 * privileges, row security, views and partitions are PostgreSQL's matter, and
 * the planner chooses how to answer it.
 *
 * Plans are kept for the session by PostgreSQL's plan cache, which plans anew
 * after DDL and, where it matters, for another role or row security setting.
 * What is kept here is a bounded list of them, the least recently used one
 * falling out.  Another search path has plans of its own, because the types of
 * values without a type are found once, when an entry is made.
 *
 * The query names the table, but the caller gave its OID.  So the table is
 * locked first, and keeps its name from then on; and a plan that DDL made
 * invalid, a renaming perhaps, is built again from the OID.  The name of its
 * schema is not kept by any lock, and the plan cache goes by names where it
 * plans anew.  So what counts is that the plan that is to run reads that very
 * table.
 *
 * A plan is good for another call only if the filter's text still means the same.
 * The parser looks at three settings, which are part of what an entry is found
 * by.  Names are looked up by the search path, which the plan cache watches.
 * Literals are read by input functions and bodies of SQL functions by the
 * planner; query_literals.c watches both.  Values that come as text are read for
 * each call.  All else that depends on the session does so when the query runs.
 *
 * LIMIT is a constant, so that no plan has to guess it.  It is rounded up to a
 * power of two, so that there are few plans; the first rows of more rows in
 * random order are as random as any.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "compat.h"
#include "lib/ilist.h"
#include "nodes/nodeFuncs.h"
#include "port/pg_bitutils.h"
#include "query.h"
#include "query_ctid.h"
#include "query_literals.h"
#include "query_text.h"
#include "randpick.h"
#include "storage/lmgr.h"
#include "tcop/cmdtag.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* how many plans a session keeps */
#define MAX_PLANS	64

/* how often a plan is made for a table whose name is another's meanwhile */
#define MAX_TRIES	3

/* A plan that is kept, with what it was made for. */
typedef struct KeptPlan
{
	dlist_node	node;			/* in kept_plans */
	MemoryContext cxt;			/* holds this struct and its members */
	Oid			relid;
	Oid			result_type;	/* of the query's column */
	bool		wants_tid;
	char	   *filter;			/* or NULL */
	int64		limit;			/* as planned */
	int			order_by_random;	/* settings it was planned under */
	int			method;
	uint32		parser_settings;	/* and parsed under */
	int			nvalues;
	Oid		   *value_types;	/* as called, UNKNOWNOID included */
	Oid		   *param_types;	/* as the filter's context has it */
	char	   *query_string;
	CachedPlanSource *source;
	RandpickLiterals literals;	/* of the query, if it was used again */
	bool		is_for_one_call;	/* the next one may read it differently */
} KeptPlan;

/* most recently used first */
static dlist_head kept_plans = DLIST_STATIC_INIT(kept_plans);
static int	nkept_plans = 0;

/*
 * How many calls are between finding their plan and holding it.  Meanwhile
 * the planner, or a type's input function, may run a function that picks in
 * its turn, so no entry is dropped.
 */
static int	ncalls_planning = 0;

/* The limit to plan for: the next power of two, if there is one. */
static int64
planned_limit(int64 limit)
{
	if (limit > PG_INT64_MAX / 2)
		return PG_INT64_MAX;
	return (int64) pg_nextpower2_64((uint64) limit);
}

/*
 * Analyze the query of a new entry and hand it to the plan cache, which need not
 * see to it that the result type stays the same: reads_relation does.
 */
static void
complete_plan(KeptPlan *kept, RawStmt *raw)
{
	int			nparams = kept->nvalues;
	List	   *queries;

	kept->source = CreateCachedPlan(raw, kept->query_string, CMDTAG_SELECT);
	queries = pg_analyze_and_rewrite_varparams(raw, kept->query_string,
											   &kept->param_types, &nparams,
											   NULL);
	CompleteCachedPlan(kept->source, queries, NULL, kept->param_types,
					   nparams, NULL, NULL, CURSOR_OPT_PARALLEL_OK, false);
}

/*
 * Make the entry for a call.  It hangs on the current memory context until
 * everything that can fail is done.
 */
static KeptPlan *
build_plan(const RandpickCall *call)
{
	ErrorContextCallback errcallback;
	const char *text = NULL;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "randpick plan",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	Size		types_size = sizeof(Oid) * Max(call->nvalues, 1);
	KeptPlan   *kept = palloc0(sizeof(KeptPlan));
	RawStmt    *raw;

	kept->cxt = cxt;
	kept->relid = call->relid;
	kept->result_type = call->wants_tid ? TIDOID : get_rel_type_id(call->relid);
	kept->wants_tid = call->wants_tid;
	kept->filter = call->filter ? pstrdup(call->filter) : NULL;
	kept->limit = planned_limit(call->limit);
	kept->order_by_random = randpick_order_by_random;
	kept->method = randpick_method;
	kept->parser_settings = randpick_parser_settings();
	kept->nvalues = call->nvalues;
	kept->value_types = palloc0(types_size);
	kept->param_types = palloc0(types_size);
	if (call->nvalues > 0)
	{
		memcpy(kept->value_types, call->types, types_size);
		memcpy(kept->param_types, call->types, types_size);
	}
	kept->query_string = randpick_build_query(call, kept->limit);

	randpick_push_text_context(&errcallback, &text);
	raw = randpick_parse_query(call, kept->query_string, &text);
	complete_plan(kept, raw);
	error_context_stack = errcallback.previous;

	MemoryContextSwitchTo(oldcxt);
	SaveCachedPlan(kept->source);
	MemoryContextSetParent(cxt, CacheMemoryContext);
	return kept;
}

/* Drop an entry, unless another call may be about to use it. */
static void
drop_plan(KeptPlan *kept)
{
	if (ncalls_planning > 0)
		return;
	dlist_delete(&kept->node);
	nkept_plans--;
	DropCachedPlan(kept->source);
	MemoryContextDelete(kept->cxt);
}

/* Drop the least recently used entries that are too many. */
static void
drop_surplus_plans(void)
{
	while (nkept_plans > MAX_PLANS && ncalls_planning == 0)
		drop_plan(dlist_tail_element(KeptPlan, node, &kept_plans));
}

static bool
is_for_call(const KeptPlan *kept, const RandpickCall *call, int64 limit)
{
	return kept->relid == call->relid &&
		kept->wants_tid == call->wants_tid &&
		kept->limit == limit &&
		kept->order_by_random == randpick_order_by_random &&
		kept->method == randpick_method &&
		kept->parser_settings == randpick_parser_settings() &&
		kept->nvalues == call->nvalues &&
		(kept->filter == NULL) == (call->filter == NULL) &&
		(kept->filter == NULL || strcmp(kept->filter, call->filter) == 0) &&
		(call->nvalues == 0 ||
		 memcmp(kept->value_types, call->types,
				sizeof(Oid) * call->nvalues) == 0);
}

/* Does the query read the table that it was made for, and return its rows? */
static bool
reads_relation(const KeptPlan *kept)
{
	Query	   *query;
	TargetEntry *column;

	/* it is not there after an attempt to plan anew that failed */
	if (kept->source->query_list == NIL)
		return false;
	query = linitial_node(Query, kept->source->query_list);
	column = linitial_node(TargetEntry, query->targetList);
	return randpick_entry_relation(linitial_node(RangeTblEntry,
												 query->rtable)) == kept->relid &&
		exprType((Node *) column->expr) == kept->result_type;
}

/*
 * Return the entry that was made for such calls, or NULL.  An entry that is no
 * longer valid is passed over, and grows old.
 */
static KeptPlan *
find_kept_plan(const RandpickCall *call)
{
	int64		limit = planned_limit(call->limit);
	dlist_iter	iter;

	dlist_foreach(iter, &kept_plans)
	{
		KeptPlan   *kept = dlist_container(KeptPlan, node, iter.cur);

		if (is_for_call(kept, call, limit) && CachedPlanIsValid(kept->source) &&
			randpick_is_search_path_of(kept->source) && reads_relation(kept))
			return kept;
	}
	return NULL;
}

/* True if the filter of an entry means what it meant when it was analyzed. */
static bool
means_the_same(KeptPlan *kept)
{
	ErrorContextCallback errcallback;
	const char *text = kept->query_string;
	bool		result;

	if (kept->is_for_one_call)
		return false;
	randpick_find_literals(&kept->literals, kept->source);
	if (kept->literals.list == NIL || !kept->literals.are_complete)
		return kept->literals.are_complete;

	randpick_push_text_context(&errcallback, &text);
	ncalls_planning++;
	PG_TRY();
	{
		result = randpick_literals_hold(&kept->literals);
	}
	PG_FINALLY();
	{
		ncalls_planning--;
	}
	PG_END_TRY();
	error_context_stack = errcallback.previous;
	return result;
}

/* Return the entry for a call, kept or made; it becomes the most recently used. */
static KeptPlan *
find_plan(const RandpickCall *call)
{
	KeptPlan   *kept = find_kept_plan(call);

	if (kept != NULL && means_the_same(kept))
	{
		dlist_move_head(&kept_plans, &kept->node);
		return kept;
	}
	if (kept != NULL)
		drop_plan(kept);

	kept = build_plan(call);
	dlist_push_head(&kept_plans, &kept->node);
	nkept_plans++;
	drop_surplus_plans();
	return kept;
}

/* The values of a call as parameters of its plan. */
static ParamListInfo
make_params(const RandpickCall *call, const KeptPlan *kept)
{
	ParamListInfo params;

	if (call->nvalues == 0)
		return NULL;

	params = makeParamList(call->nvalues);
	for (int i = 0; i < call->nvalues; i++)
	{
		ParamExternData *param = &params->params[i];

		param->ptype = kept->param_types[i];
		param->pflags = PARAM_FLAG_CONST;
		param->isnull = call->nulls[i];
		param->value = call->values[i];
		if (call->types[i] == UNKNOWNOID)
		{
			Oid			input;
			Oid			ioparam;

			/* call it for NULL too: a domain may refuse that */
			getTypeInputInfo(param->ptype, &input, &ioparam);
			param->value = OidInputFunctionCall(input,
												param->isnull ? NULL :
												DatumGetCString(call->values[i]),
												ioparam, -1);
		}
	}
	return params;
}

/* Get the plan of an entry, and the call's values as its parameters. */
static CachedPlan *
get_plan(KeptPlan *kept, const RandpickCall *call, ParamListInfo *params)
{
	CachedPlan *volatile plan;
	bool	   *outer = randpick_watch_inlining(&kept->is_for_one_call);

	ncalls_planning++;
	PG_TRY();
	{
		*params = make_params(call, kept);
		plan = GetCachedPlan(kept->source, *params, CurrentResourceOwner,
							 NULL);
	}
	PG_FINALLY();
	{
		ncalls_planning--;
		randpick_end_watch(outer);
	}
	PG_END_TRY();
	return plan;
}

CachedPlan *
randpick_query_plan(const RandpickCall *call, const char **query_string,
					ParamListInfo *params)
{
	LockRelationOid(call->relid, AccessShareLock);

	for (int i = 0; i < MAX_TRIES; i++)
	{
		KeptPlan   *kept = find_plan(call);
		CachedPlan *plan;

		/* the entry may be dropped while the query runs */
		*query_string = pstrdup(kept->query_string);
		plan = get_plan(kept, call, params);
		if (reads_relation(kept))
		{
			if (call->wants_tid)
				randpick_check_ctid_plan(linitial_node(PlannedStmt,
													   plan->stmt_list),
										 call->relid);
			return plan;
		}
		ReleaseCachedPlan(plan, CurrentResourceOwner);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("could not plan a query of the relation with OID %u",
					call->relid),
			 errdetail("Its name became that of another relation meanwhile."),
			 errhint("Try again.")));
}

bool
randpick_is_planning_call(void)
{
	return ncalls_planning > 0;
}
