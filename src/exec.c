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
 * What deals is in scan_deal.c.
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
		node->racing.conditions = randpick_scan_exprs(scan);
	node->racing.tries_anyway = randpick_order_by_random == RANDPICK_ORDER_FORCE;
	node->has_ordinary = randpick_ordinary_plan(scan) != NULL;
	node->nmembers =
		DatumGetInt32(randpick_scan_value(scan, RANDPICK_PRIVATE_NMEMBERS));
	node->key_param =
		DatumGetInt32(randpick_scan_value(scan, RANDPICK_PRIVATE_KEY_PARAM));
	return (Node *) node;
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

/* Flags for the ordinary plan, which records what may be asked for again. */
static int
ordinary_eflags(RandpickScanState *node, int eflags)
{
	return node->eflags | (eflags & EXEC_FLAG_REWIND);
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
	else
		randpick_wanted_begin(&node->wanted,
							  randpick_scan_limit((CustomScan *) css->ss.ps.plan),
							  &css->ss.ps);

	node->eflags = eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD |
							  EXEC_FLAG_MARK);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) || estate->es_instrument)
	{
		(void) randpick_scan_child(node);
		randpick_init_ordinary(&node->ordinary, css, ordinary_eflags(node, eflags));
	}
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	if ((eflags & EXEC_FLAG_REWIND) ||
		node->sample.sampling == RANDPICK_SAMPLING_AGAIN)
	{
		node->ring = randpick_make_ring_slot(estate);
		node->record = tuplestore_begin_heap(false, false, work_mem);
		tuplestore_set_eflags(node->record, EXEC_FLAG_REWIND);
	}
	randpick_racing_open(&node->racing);
}

/* Return a row that has been returned before.  False after the last. */
static bool
replay_row(RandpickScanState *node, TupleTableSlot *slot)
{
	RandpickTarget target = {.hint = InvalidBuffer};
	int			member;

	if (!tuplestore_gettupleslot(node->record, true, false, node->ring))
		return false;
	randpick_key_set(node->css.ss.ps.state, node->key_param,
					 randpick_read_ring(node->ring, &member, &target.tid));
	randpick_scan_fetch(node, &target, slot);
	return true;
}

/* Note down a row that may be asked for again. */
static void
record_row(RandpickScanState *node, TupleTableSlot *slot, double key)
{
	randpick_store_ring(node->ring, 0, &slot->tts_tid, key);
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

/* As a member of a joint race: the row that it is asked for, if there is one. */
static bool
answer_request(RandpickScanState *node, TupleTableSlot *slot, double *key)
{
	RandpickRequest *request = node->request;

	if (request->is_replayed)
	{
		randpick_scan_fetch(node, &request->target, slot);
		*key = request->key;
		return true;
	}
	if (request->is_dealt ?
		!randpick_scan_fetch_dealt(node, &request->target,
								   request->must_remember, slot) :
		!randpick_racing_look(&node->racing, request->place, slot,
							  &request->met_row))
		return false;
	*key = randpick_race_take_key(request->race);
	return true;
}

/* By itself: the next row, raced or dealt. */
static bool
find_row(RandpickScanState *node, TupleTableSlot *slot, double *key)
{
	if (node->deal != NULL || !randpick_racing_next(&node->racing, slot))
	{
		if (randpick_racing_has_no_place(&node->racing) || !randpick_scan_deal(node, slot))
			return false;
	}
	*key = randpick_race_take_key(&node->racing.race);
	return true;
}

/* The number of rows that will be asked for, or 0 if it is not known. */
static uint64
rows_asked_for(RandpickScanState *node)
{
	uint64		rows;

	if (randpick_is_sample(&node->sample))
		return node->sample.nrows;

	/* where members are merged, each gives a part */
	rows = randpick_rows_asked_for(&node->wanted,
								   node->css.ss.ps.ps_ExprContext);
	return rows / node->nmembers + (rows % node->nmembers != 0);
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
		randpick_racing_start(&node->racing, rows_asked_for(node));

	if (node->replaying)
	{
		if (replay_row(node, slot))
			return slot;
		node->replaying = false;
	}

	if (node->request != NULL ? !answer_request(node, slot, &key) :
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

/*
 * Begin a race that has PostgreSQL's own plan beside it: that is run if the race
 * would not pay.
 */
static void
choose_plan(RandpickScanState *node)
{
	RandpickRacing *racing = &node->racing;

	randpick_racing_start(racing, rows_asked_for(node));
	if (randpick_racing_is_run(racing) || !racing->is_raced ||
		racing->tries_anyway ||
		!randpick_use_ordinary(&node->ordinary, &node->css, racing->wanted,
							   ordinary_eflags(node, node->record != NULL ?
											   EXEC_FLAG_REWIND : 0)))
		return;
	randpick_racing_give_up(racing);
}

/* ExecCustomScan */
static TupleTableSlot *
scan_exec(CustomScanState *css)
{
	RandpickScanState *node = (RandpickScanState *) css;

	if (node->has_ordinary && !node->racing.is_started &&
		css->ss.ps.state->es_epq_active == NULL)
		choose_plan(node);
	if (node->ordinary.is_used)
		return randpick_ordinary_row(&node->ordinary, css);
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

	bool		replays = node->record != NULL &&
	(css->ss.ps.chgParam == NULL || randpick_is_sample(&node->sample));

	randpick_rescan_ordinary(&node->ordinary, css, replays);
	node->sample.is_started = false;
	if (replays)
	{
		tuplestore_rescan(node->record);
		node->replaying = true;
	}
	else
		start_over(node);

	if (node->child != NULL && css->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(node->child, css->ss.ps.chgParam);
	ExecScanReScan(&css->ss);
}

/* EndCustomScan */
static void
scan_end(CustomScanState *css)
{
	RandpickScanState *node = (RandpickScanState *) css;
	ListCell   *lc;

	end_race(node);
	randpick_racing_close(&node->racing);
	if (node->record)
		tuplestore_end(node->record);
	foreach(lc, css->custom_ps)
		ExecEndNode((PlanState *) lfirst(lc));
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
