/*
 * exec.c
 *	  The scan node: it runs the race and returns the rows as they ring.
 *
 *		row wanted -> recorded? -- yes --> replay it
 *		                 | no
 *		               spent? --- yes --> deal (once), take the next one dealt
 *		                 | no
 *		               ring, look --> miss: ring again
 *		                 | a new row that passes the filter
 *		               record it if asked to, set the key, project
 *
 * The key.  Every random() of the target list is exchanged for an executor
 * parameter of the node's own when the scan begins, since the list is final
 * only then; the parameter is set before each row is projected.  A target
 * list without random() would mean that something above the node computes
 * random() values unrelated to the order of its rows, so it is an error.
 *
 * EvalPlanQual.  When a row lock finds a newer version of a row, the executor
 * runs a copy of the plan on that version alone.  No race is run then:
 * PostgreSQL's own plan would compute random() anew, so does the recheck.
 *
 * Rescan follows Sort: if the plan above may read the same rows again (it
 * passed EXEC_FLAG_REWIND) and no parameter has changed, the same rows come
 * with the same keys, from a record that spills to disk; anything else is a
 * new race.  The record, not the seed, is what is replayed: the places may
 * have changed in between.
 *
 * The child plan, which deals, is initialized only when it is needed: the
 * common query is over before, and would pay for it each time.  For EXPLAIN it
 * is there from the start.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "deal.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "race.h"
#include "randpick.h"
#include "source.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

/*
 * However large the planner's budget: no more looks than this, and one for so
 * many places, which is two for a page of the heap.  They take less time than
 * reading the page in full.
 */
#define MIN_LOOKS_CAP		1000
#define PLACES_PER_LOOK		145

typedef struct RandpickScanState
{
	CustomScanState css;

	/* fixed at begin */
	bool		descending;		/* ORDER BY random() DESC? */
	uint64		max_looks;		/* the planner's budget */
	uint64		expected_looks; /* the planner's guess for the first row */
	int			key_param;		/* executor parameter that carries the key */
	ExprState  *filter;			/* conditions of the WHERE, or NULL */
	TupleTableSlot *ring;		/* a row as TID and time or key */
	Tuplestorestate *record;	/* rows returned, if they may be asked for
								 * again; in the per-query context */
	int			eflags;			/* for the child */
	MemoryContext race_cxt;		/* what lives as long as one race */

	/* changes from row to row */
	RandpickSource *source;		/* NULL until the first row is wanted */
	RandpickRace race;
	RandpickDeal *deal;			/* NULL while racing */
	bool		replaying;		/* reading the record? */

	/* for EXPLAIN, over all rescans */
	uint64		places;			/* as of the last look */
	uint64		looks;
	uint64		misses;
	uint64		dealt;			/* races that were finished by dealing */
} RandpickScanState;

static Node *create_state(CustomScan *scan);
static void scan_begin(CustomScanState *css, EState *estate, int eflags);
static TupleTableSlot *scan_exec(CustomScanState *css);
static void scan_end(CustomScanState *css);
static void scan_rescan(CustomScanState *css);
static void scan_explain(CustomScanState *css, List *ancestors,
						 ExplainState *es);

const CustomScanMethods randpick_scan_methods = {
	.CustomName = RANDPICK_SCAN_NAME,
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = RANDPICK_SCAN_NAME,
	.BeginCustomScan = scan_begin,
	.ExecCustomScan = scan_exec,
	.EndCustomScan = scan_end,
	.ReScanCustomScan = scan_rescan,
	.ExplainCustomScan = scan_explain,
};

/* The value of a slot of custom_private. */
static Datum
private_value(CustomScan *scan, RandpickPrivate slot)
{
	return list_nth_node(Const, scan->custom_private, slot)->constvalue;
}

/* CreateCustomScanState */
static Node *
create_state(CustomScan *scan)
{
	RandpickScanState *node = palloc0(sizeof(RandpickScanState));

	Assert(list_length(scan->custom_private) == RANDPICK_PRIVATE_COUNT);

	NodeSetTag(node, T_CustomScanState);
	node->css.methods = &exec_methods;
	randpick_choose_scan_slot(&node->css);

	node->descending =
		DatumGetBool(private_value(scan, RANDPICK_PRIVATE_DESCENDING));
	node->max_looks =
		DatumGetInt64(private_value(scan, RANDPICK_PRIVATE_MAX_LOOKS));
	node->expected_looks =
		DatumGetInt64(private_value(scan, RANDPICK_PRIVATE_EXPECTED_LOOKS));
	node->key_param =
		DatumGetInt32(private_value(scan, RANDPICK_PRIVATE_KEY_PARAM));
	return (Node *) node;
}

/* Exchange every random() of an expression for the parameter. */
static Node *
replace_random(Node *node, void *context)
{
	Param	   *key = (Param *) context;

	if (node == NULL)
		return NULL;
	if (IsA(node, FuncExpr) &&
		((FuncExpr *) node)->funcid == RANDPICK_RANDOM_OID)
	{
		key->location = 0;		/* found one */
		return (Node *) copyObject(key);
	}
	return expression_tree_mutator(node, replace_random, context);
}

/* The projection of the node, with the key for each random(). */
static ProjectionInfo *
build_projection(RandpickScanState *node)
{
	PlanState  *ps = &node->css.ss.ps;
	Param	   *key = makeNode(Param);
	List	   *tlist;

	key->paramkind = PARAM_EXEC;
	key->paramid = node->key_param;
	key->paramtype = FLOAT8OID;
	key->paramtypmod = -1;
	key->location = -1;

	tlist = (List *) replace_random((Node *) ps->plan->targetlist, key);
	if (key->location < 0)
		elog(ERROR, "no random() in the target list of a %s scan",
			 RANDPICK_SCAN_NAME);
	return ExecBuildProjectionInfo(tlist, ps->ps_ExprContext,
								   ps->ps_ResultTupleSlot, ps,
								   RelationGetDescr(node->css.ss.ss_currentRelation));
}

/* Initialize the child plan if that has not been done. */
static PlanState *
init_child(RandpickScanState *node)
{
	CustomScanState *css = &node->css;
	CustomScan *scan = castNode(CustomScan, css->ss.ps.plan);

	if (css->custom_ps == NIL)
	{
		EState	   *estate = css->ss.ps.state;
		MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);

		css->custom_ps = list_make1(ExecInitNode(linitial(scan->custom_plans),
												 estate, node->eflags));
		MemoryContextSwitchTo(oldcxt);
	}
	return linitial(css->custom_ps);
}

/* BeginCustomScan */
static void
scan_begin(CustomScanState *css, EState *estate, int eflags)
{
	RandpickScanState *node = (RandpickScanState *) css;

	randpick_init_scan_slot(css, estate);
	node->filter = ExecInitQual(css->ss.ps.plan->qual, &css->ss.ps);

	/*
	 * The race evaluates the filter, not ExecScan: only it knows whether a
	 * row needs it, and a row that fails it is a miss.
	 */
	css->ss.ps.qual = NULL;
	css->ss.ps.ps_ProjInfo = build_projection(node);

	node->ring = ExecInitExtraTupleSlot(estate, randpick_ring_desc(),
										&TTSOpsMinimalTuple);
	node->eflags = eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD |
							  EXEC_FLAG_MARK);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) || estate->es_instrument)
		init_child(node);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	if (eflags & EXEC_FLAG_REWIND)
	{
		node->record = tuplestore_begin_heap(false, false, work_mem);
		tuplestore_set_eflags(node->record, EXEC_FLAG_REWIND);
	}
	node->race_cxt = AllocSetContextCreate(estate->es_query_cxt,
										   "randpick race",
										   ALLOCSET_SMALL_SIZES);
}

/* A seed from SQL random(), so that setseed() makes picks repeatable. */
static uint64
draw_seed(void)
{
	double		high = DatumGetFloat8(OidFunctionCall0(RANDPICK_RANDOM_OID));
	double		low = DatumGetFloat8(OidFunctionCall0(RANDPICK_RANDOM_OID));

	return ((uint64) (high * 4294967296.0) << 32) |
		(uint64) (low * 4294967296.0);
}

/*
 * Start a race.  Also bounds the budget by the table's real size: statistics
 * may be wrong about that, and a filter may be declared absurdly costly.
 */
static void
start_race(RandpickScanState *node)
{
	EState	   *estate = node->css.ss.ps.state;
	MemoryContext oldcxt = MemoryContextSwitchTo(node->race_cxt);
	uint64		cap;

	node->source = randpick_heap_source_open(node->css.ss.ss_currentRelation,
											 estate->es_snapshot);
	node->places = node->source->methods->places(node->source);
	cap = MIN_LOOKS_CAP + node->places / PLACES_PER_LOOK;
	randpick_race_start(&node->race, draw_seed(), node->descending,
						Min(node->max_looks, cap), work_mem * (Size) 1024);
	MemoryContextSwitchTo(oldcxt);
}

/* Fetch a row that is known by its TID. */
static void
fetch_row(RandpickScanState *node, ItemPointer tid, TupleTableSlot *slot)
{
	if (!table_tuple_fetch_row_version(node->css.ss.ss_currentRelation, tid,
									   node->css.ss.ps.state->es_snapshot,
									   slot))
		elog(ERROR, "could not find row (%u,%u) of relation \"%s\" again",
			 ItemPointerGetBlockNumber(tid),
			 ItemPointerGetOffsetNumber(tid),
			 RelationGetRelationName(node->css.ss.ss_currentRelation));
}

/* Does the row in the slot pass the filter? */
static bool
passes_filter(RandpickScanState *node, TupleTableSlot *slot)
{
	ExprContext *econtext = node->css.ss.ps.ps_ExprContext;

	if (node->filter == NULL)
		return true;
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	if (ExecQual(node->filter, econtext))
		return true;
	InstrCountFiltered1(node, 1);
	return false;
}

/*
 * The next ring.  Where many looks are to be expected, several rings are drawn
 * ahead: because the planner says so, or because after m misses about m more
 * will come.  A part of them only, since those not needed cost something too.
 */
static const RandpickRing *
next_ring(RandpickScanState *node, uint64 misses)
{
	const RandpickSourceMethods *methods = node->source->methods;
	uint64		places = methods->places(node->source);

	if (places != node->places)
	{
		randpick_race_forget_drawn(&node->race);
		node->places = places;
	}
	if (!randpick_race_has_drawn(&node->race))
	{
		uint64		expected = Max(node->expected_looks, misses);
		int			n = Max(1, Min(expected / 4, RANDPICK_MAX_AHEAD));
		RandpickRing *rings = randpick_race_draw(&node->race, places, n);

		if (n > 1)
			methods->prefetch(node->source, rings, n);
	}
	return randpick_race_take(&node->race);
}

/* Is there a row at this ring that passes the filter and is not returned yet? */
static bool
look(RandpickScanState *node, const RandpickRing *ring, TupleTableSlot *slot)
{
	MemoryContext oldcxt;

	if (!node->source->methods->look(node->source, ring, slot) ||
		randpick_race_was_seen(&node->race, &slot->tts_tid) ||
		!passes_filter(node, slot))
		return false;

	oldcxt = MemoryContextSwitchTo(node->race_cxt);
	randpick_race_mark_seen(&node->race, &slot->tts_tid);
	MemoryContextSwitchTo(oldcxt);
	return true;
}

/* Race to the next row.  False when the race is spent, or has no place. */
static bool
race_to_row(RandpickScanState *node, TupleTableSlot *slot)
{
	uint64		misses;

	for (misses = 0;
		 node->places > 0 && !randpick_race_is_spent(&node->race);
		 misses++)
	{
		CHECK_FOR_INTERRUPTS();
		node->looks++;
		if (look(node, next_ring(node, misses), slot))
			return true;
		node->misses++;
	}
	return false;
}

/* Deal the next row, all of them being read at the first call. */
static bool
deal_row(RandpickScanState *node, TupleTableSlot *slot)
{
	ItemPointerData tid;

	if (node->deal == NULL)
	{
		PlanState  *child = init_child(node);
		MemoryContext oldcxt;

		/* what the child allocates when it starts lives longer than a race */
		oldcxt = MemoryContextSwitchTo(node->css.ss.ps.state->es_query_cxt);

		/* a child that ran for an earlier race starts over */
		if (node->dealt++ > 0 && child->chgParam == NULL)
			ExecReScan(child);
		node->deal = randpick_deal_begin(child, &node->race, node->ring);
		MemoryContextSwitchTo(oldcxt);
	}
	if (!randpick_deal_next(node->deal, &node->race, node->ring, &tid))
		return false;
	fetch_row(node, &tid, slot);
	return true;
}

/* Set the parameter that the projection reads as random(). */
static void
set_key(RandpickScanState *node, double key)
{
	ParamExecData *param =
	&node->css.ss.ps.state->es_param_exec_vals[node->key_param];

	param->execPlan = NULL;
	param->value = Float8GetDatum(key);
	param->isnull = false;
}

/* Return a row that has been returned before.  False after the last. */
static bool
replay_row(RandpickScanState *node, TupleTableSlot *slot)
{
	ItemPointerData tid;

	if (!tuplestore_gettupleslot(node->record, true, false, node->ring))
		return false;
	set_key(node, randpick_read_ring(node->ring, &tid));
	fetch_row(node, &tid, slot);
	return true;
}

/* Note down a row that may be asked for again. */
static void
record_row(RandpickScanState *node, TupleTableSlot *slot, double key)
{
	randpick_store_ring(node->ring, &slot->tts_tid, key);
	tuplestore_puttupleslot(node->record, node->ring);
}

/* ExecScan's access method: the next row, its key in the parameter */
static TupleTableSlot *
next_row(ScanState *ss)
{
	RandpickScanState *node = (RandpickScanState *) ss;
	TupleTableSlot *slot = ss->ss_ScanTupleSlot;
	double		key;

	if (node->source == NULL)
		start_race(node);

	if (node->replaying)
	{
		if (replay_row(node, slot))
			return slot;
		node->replaying = false;
	}

	if (node->deal != NULL || !race_to_row(node, slot))
	{
		if (node->places == 0 || !deal_row(node, slot))
			return ExecClearTuple(slot);
	}
	key = randpick_race_take_key(&node->race);
	if (node->record)
		record_row(node, slot, key);
	set_key(node, key);
	return slot;
}

/* ExecScan's recheck method: another version of a row, under EvalPlanQual */
static bool
recheck_row(ScanState *ss, TupleTableSlot *slot)
{
	RandpickScanState *node = (RandpickScanState *) ss;

	set_key(node, DatumGetFloat8(OidFunctionCall0(RANDPICK_RANDOM_OID)));
	return passes_filter(node, slot);
}

/* ExecCustomScan */
static TupleTableSlot *
scan_exec(CustomScanState *css)
{
	return ExecScan(&css->ss, next_row, recheck_row);
}

/* Forget the race, but not what was recorded of it. */
static void
end_race(RandpickScanState *node)
{
	if (node->deal)
		randpick_deal_end(node->deal);
	node->deal = NULL;
	node->source = NULL;
	if (node->race_cxt)
		MemoryContextReset(node->race_cxt);
}

/* ReScanCustomScan */
static void
scan_rescan(CustomScanState *css)
{
	RandpickScanState *node = (RandpickScanState *) css;

	if (node->record != NULL && css->ss.ps.chgParam == NULL)
	{
		tuplestore_rescan(node->record);
		node->replaying = true;
	}
	else
	{
		end_race(node);
		if (node->record)
			tuplestore_clear(node->record);
		node->replaying = false;
	}

	if (css->custom_ps != NIL && css->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(linitial(css->custom_ps), css->ss.ps.chgParam);
	ExecScanReScan(&css->ss);
}

/* EndCustomScan */
static void
scan_end(CustomScanState *css)
{
	RandpickScanState *node = (RandpickScanState *) css;

	end_race(node);
	if (node->record)
		tuplestore_end(node->record);
	if (css->custom_ps != NIL)
		ExecEndNode(linitial(css->custom_ps));
}

/* ExplainCustomScan */
static void
scan_explain(CustomScanState *css, List *ancestors, ExplainState *es)
{
	RandpickScanState *node = (RandpickScanState *) css;

	(void) ancestors;
	ExplainPropertyText("Source", node->max_looks > 0 ? "heap" : "deal", es);
	if (!es->analyze)
		return;
	ExplainPropertyInteger("Places", NULL, node->places, es);
	ExplainPropertyInteger("Looks", NULL, node->looks, es);
	ExplainPropertyInteger("Misses", NULL, node->misses, es);
	ExplainPropertyInteger("Deals", NULL, node->dealt, es);
}
