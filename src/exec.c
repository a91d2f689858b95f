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
 * TABLESAMPLE randpick(n) is a race, too, that ends after n rows; sample.c says
 * what else is different.
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
#include "compat.h"
#include "deal.h"
#include "exec.h"
#include "explain.h"
#include "key.h"
#include "miscadmin.h"
#include "private.h"
#include "racing.h"
#include "randpick.h"
#include "sample.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

static Node *create_state(CustomScan *scan);
static void scan_begin(CustomScanState *css, EState *estate, int eflags);
static TupleTableSlot *scan_exec(CustomScanState *css);
static void scan_end(CustomScanState *css);
static void scan_rescan(CustomScanState *css);
static void scan_explain(CustomScanState *css, List *ancestors,
						 ExplainState *es);
static void start_over(RandpickScanState *node);

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

/* CreateCustomScanState */
static Node *
create_state(CustomScan *scan)
{
	RandpickScanState *node = palloc0(sizeof(RandpickScanState));

	NodeSetTag(node, T_CustomScanState);
	node->css.methods = &exec_methods;
	randpick_choose_scan_slot(&node->css);

	randpick_read_private(scan, &node->racing);
	node->sample.sampling =
		DatumGetInt32(randpick_scan_value(scan, RANDPICK_PRIVATE_SAMPLING));
	if (!randpick_is_sample(&node->sample))
		node->racing.conditions = scan->custom_exprs;
	node->key_param =
		DatumGetInt32(randpick_scan_value(scan, RANDPICK_PRIVATE_KEY_PARAM));
	return (Node *) node;
}

/*
 * Make the slot for rows as TID and time or key, if that has not been done.
 * In the common case, where rows are neither dealt nor recorded, it would be a
 * large part of what it takes to begin.
 */
static void
init_ring(RandpickScanState *node)
{
	EState	   *estate = node->css.ss.ps.state;
	MemoryContext oldcxt;

	if (node->ring != NULL)
		return;
	oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	node->ring = ExecInitExtraTupleSlot(estate, randpick_ring_desc(),
										&TTSOpsMinimalTuple);
	MemoryContextSwitchTo(oldcxt);
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

/*
 * Compile what is evaluated for each row.  PostgreSQL has done that before the
 * scan began, but perhaps for another slot, and not knowing of the key.
 */
static void
init_expressions(RandpickScanState *node, bool slot_is_new)
{
	ScanState  *ss = &node->css.ss;
	PlanState  *ps = &ss->ps;

	if (slot_is_new)
		ps->qual = ExecInitQual(ps->plan->qual, ps);
	if (!randpick_is_sample(&node->sample))
	{
		/* the race evaluates it, not ExecScan */
		node->racing.filter = ps->qual;
		ps->qual = NULL;
	}

	if (node->key_param != RANDPICK_NO_KEY_PARAM)
		ps->ps_ProjInfo = randpick_key_projection(ss, node->key_param);
	else if (slot_is_new)
		ExecAssignScanProjectionInfo(ss);
}

/* BeginCustomScan */
static void
scan_begin(CustomScanState *css, EState *estate, int eflags)
{
	RandpickScanState *node = (RandpickScanState *) css;

	init_expressions(node, randpick_init_scan_slot(css, estate));
	node->racing.ss = &css->ss;
	if (randpick_is_sample(&node->sample))
		randpick_sample_begin(&node->sample, &css->ss);

	node->eflags = eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD |
							  EXEC_FLAG_MARK);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) || estate->es_instrument)
		init_child(node);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	if ((eflags & EXEC_FLAG_REWIND) ||
		node->sample.sampling == RANDPICK_SAMPLING_AGAIN)
	{
		init_ring(node);
		node->record = tuplestore_begin_heap(false, false, work_mem);
		tuplestore_set_eflags(node->record, EXEC_FLAG_REWIND);
	}
	randpick_racing_open(&node->racing);
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

/* Deal the next row, all of them being read at the first call. */
static bool
deal_row(RandpickScanState *node, TupleTableSlot *slot)
{
	ItemPointerData tid;

	if (node->deal == NULL)
	{
		PlanState  *child = init_child(node);
		MemoryContext oldcxt;

		init_ring(node);

		/* what the child allocates when it starts lives longer than a race */
		oldcxt = MemoryContextSwitchTo(node->css.ss.ps.state->es_query_cxt);

		/* a child that ran for an earlier race starts over */
		if (node->ndeals++ > 0 && child->chgParam == NULL)
			ExecReScan(child);
		node->racing.stats->deals++;
		node->deal = randpick_deal_begin(child, &node->racing.race, node->ring,
										 randpick_sample_wants(&node->sample));
		MemoryContextSwitchTo(oldcxt);
	}
	if (!randpick_deal_next(node->deal, &node->racing.race, node->ring, &tid))
		return false;
	fetch_row(node, &tid, slot);
	node->racing.stats->picks++;
	node->racing.stats->dealt++;
	return true;
}

/* Return a row that has been returned before.  False after the last. */
static bool
replay_row(RandpickScanState *node, TupleTableSlot *slot)
{
	ItemPointerData tid;

	if (!tuplestore_gettupleslot(node->record, true, false, node->ring))
		return false;
	randpick_key_set(node->css.ss.ps.state, node->key_param,
					 randpick_read_ring(node->ring, &tid));
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

/* Is one more row of the sample to be returned? */
static bool
take_from_sample(RandpickScanState *node)
{
	if (!node->sample.is_started &&
		!randpick_sample_start(&node->sample, &node->racing))
		start_over(node);
	return randpick_sample_take(&node->sample);
}

/* As a member of a joint race: the row at a place, if one is to return. */
static bool
look_for_row(RandpickScanState *node, TupleTableSlot *slot, double *key)
{
	if (!randpick_racing_look(&node->racing, node->joint_place, slot))
		return false;
	*key = randpick_race_take_key(node->joint);
	return true;
}

/* By itself: the next row, raced or dealt. */
static bool
find_row(RandpickScanState *node, TupleTableSlot *slot, double *key)
{
	if (node->deal != NULL || !randpick_racing_next(&node->racing, slot))
	{
		if (randpick_racing_has_no_place(&node->racing) || !deal_row(node, slot))
			return false;
	}
	*key = randpick_race_take_key(&node->racing.race);
	return true;
}

/* ExecScan's access method: the next row, its key in the parameter */
static TupleTableSlot *
next_row(ScanState *ss)
{
	RandpickScanState *node = (RandpickScanState *) ss;
	TupleTableSlot *slot = ss->ss_ScanTupleSlot;
	double		key = 0;

	if (randpick_is_sample(&node->sample) && !take_from_sample(node))
		return ExecClearTuple(slot);
	if (!node->racing.is_started)
		randpick_racing_start(&node->racing, false);

	if (node->replaying)
	{
		if (node->joint == NULL && replay_row(node, slot))
			return slot;
		node->replaying = false;
	}

	if (node->joint != NULL ? !look_for_row(node, slot, &key) :
		!find_row(node, slot, &key))
		return ExecClearTuple(slot);
	if (node->record)
		record_row(node, slot, key);
	randpick_key_set(node->css.ss.ps.state, node->key_param, key);
	return slot;
}

/* ExecScan's recheck method: another version of a row, under EvalPlanQual */
static bool
recheck_row(ScanState *ss, TupleTableSlot *slot)
{
	RandpickScanState *node = (RandpickScanState *) ss;

	/* the version is of a row that is in the sample */
	if (randpick_is_sample(&node->sample))
		return true;
	randpick_key_set(node->css.ss.ps.state, node->key_param,
					 DatumGetFloat8(OidFunctionCall0(RANDPICK_RANDOM_OID)));
	return randpick_racing_passes(&node->racing, slot);
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
	randpick_racing_end(&node->racing);
}

/* Forget all; what comes next is another race. */
static void
start_over(RandpickScanState *node)
{
	end_race(node);
	if (node->record)
		tuplestore_clear(node->record);
	node->replaying = false;
}

/* ReScanCustomScan */
static void
scan_rescan(CustomScanState *css)
{
	RandpickScanState *node = (RandpickScanState *) css;

	node->sample.is_started = false;
	if (node->record != NULL &&
		(css->ss.ps.chgParam == NULL || randpick_is_sample(&node->sample)))
	{
		tuplestore_rescan(node->record);
		node->replaying = true;
	}
	else
		start_over(node);

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
	randpick_racing_close(&node->racing);
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
	RandpickRaceCounts counts = {
		.places = node->racing.places,
		.looks = node->racing.looks,
		.misses = node->racing.misses,
		.deals = node->ndeals,
	};

	if (randpick_is_sample(&node->sample))
		randpick_sample_explain(&node->sample, css->ss.ps.plan, ancestors, es);
	randpick_explain_source(&node->racing, ancestors, es);
	randpick_explain_counts(&css->ss.ps, &counts, es);
}
