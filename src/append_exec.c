/*
 * append_exec.c
 *	  The node that runs a joint race over the members of an append.
 *
 * append_race.c runs the race; here its rows are returned, dealt, recorded and
 * rechecked.
 *
 * When the race does not pay, the rows that are left of all members are dealt
 * together: one sort has them all.  Where the race was not even begun, or has not
 * come to a member, the member's scan is not initialized, only the ordinary plan
 * that reads its rows; and where no row comes of that, there is no sort.  So
 * hundreds of members without a row that matches cost hardly more than in
 * PostgreSQL's own plan.
 *
 * Rescan.  If the same rows may be asked for again, they are recorded here: of
 * which member, with which key.
 *
 * When EvalPlanQual rechecks a row of a member, the members are read one after
 * the other, like those of any Append: all but the row's own are empty.
 */
#include "postgres.h"

#include "append_exec.h"
#include "compat.h"
#include "cost.h"
#include "executor/executor.h"
#include "explain.h"
#include "member.h"
#include "miscadmin.h"
#include "past.h"
#include "private.h"
#include "randpick.h"
#include "utils/memutils.h"

static Node *create_state(CustomScan *scan);
static void append_begin(CustomScanState *css, EState *estate, int eflags);
static TupleTableSlot *append_exec(CustomScanState *css);
static void append_end(CustomScanState *css);
static void append_rescan(CustomScanState *css);
static void append_explain(CustomScanState *css, List *ancestors,
						   ExplainState *es);

const CustomScanMethods randpick_append_methods = {
	.CustomName = RANDPICK_APPEND_NAME,
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = RANDPICK_APPEND_NAME,
	.BeginCustomScan = append_begin,
	.ExecCustomScan = append_exec,
	.EndCustomScan = append_end,
	.ReScanCustomScan = append_rescan,
	.ExplainCustomScan = append_explain,
};

/* CreateCustomScanState */
static Node *
create_state(CustomScan *scan)
{
	RandpickAppendState *node = palloc0(sizeof(RandpickAppendState));

	NodeSetTag(node, T_CustomScanState);
	node->css.methods = &exec_methods;
	return (Node *) node;
}

PlanState *
randpick_append_member(RandpickAppendState *node, RandpickAppendMember *member)
{
	EState	   *estate = node->css.ss.ps.state;
	MemoryContext oldcxt;

	if (member->state != NULL)
		return member->state;
	oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	member->state = ExecInitNode((Plan *) member->plan, estate, node->eflags);
	node->css.custom_ps = lappend(node->css.custom_ps, member->state);
	MemoryContextSwitchTo(oldcxt);
	randpick_member_enter(member->state);
	node->spending.other += randpick_open_race_cost();
	node->ninits++;
	return member->state;
}

/*
 * The plan that reads the member's rows, initialized if that has not been done.
 * It hangs on the member's state only if that is there: else it is initialized by
 * itself.
 */
static PlanState *
init_rows(RandpickAppendState *node, RandpickAppendMember *member)
{
	if (member->rows != NULL)
		return member->rows;
	if (member->state != NULL)
		member->rows = randpick_scan_child((RandpickScanState *) member->state);
	else
	{
		member->rows = ExecInitNode(linitial(member->plan->custom_plans),
									node->css.ss.ps.state, node->eflags);
		node->css.custom_ps = lappend(node->css.custom_ps, member->rows);
	}
	return member->rows;
}

/* Take the members from the plan. */
static void
list_members(RandpickAppendState *node, CustomScan *scan)
{
	Plan	   *ordinary = randpick_ordinary_plan(scan);
	ListCell   *lc;

	node->has_ordinary = ordinary != NULL;
	node->members = palloc0(list_length(scan->custom_plans) * sizeof(RandpickAppendMember));
	foreach(lc, scan->custom_plans)
	{
		RandpickAppendMember *member;
		RandpickPrices prices;

		if (lfirst(lc) == ordinary)
			continue;
		member = &node->members[node->nmembers++];

		member->plan = lfirst_node(CustomScan, lc);
		member->is_heap = randpick_member_is_heap(member->plan);
		node->has_index |= !member->is_heap;
		prices = randpick_private_prices(member->plan->custom_private);
		randpick_prices_add(&node->prices, &prices);
	}
}

/* BeginCustomScan */
static void
append_begin(CustomScanState *css, EState *estate, int eflags)
{
	RandpickAppendState *node = (RandpickAppendState *) css;
	CustomScan *scan = castNode(CustomScan, css->ss.ps.plan);

	list_members(node, scan);
	randpick_wanted_begin(&node->asked_for,
						  randpick_scan_limit(node->members[0].plan),
						  &css->ss.ps);
	node->eflags = eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD |
							  EXEC_FLAG_MARK);

	/* rows are returned in the members' slots, of whatever kind these are */
	css->ss.ps.resultopsset = true;
	css->ss.ps.resultopsfixed = false;

	for (int i = 0; i < node->nmembers; i++)
	{
		RandpickAppendMember *member = &node->members[i];

		/* what is to be shown must be there, and indexes are to be open */
		if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) || estate->es_instrument ||
			!member->is_heap)
			randpick_append_member(node, member);
		else
			(void) randpick_range_table_relation(estate,
												 member->plan->scan.scanrelid);
	}

	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) || estate->es_instrument)
		randpick_init_ordinary(&node->ordinary, css,
							   node->eflags | (eflags & EXEC_FLAG_REWIND));

	if ((eflags & EXEC_FLAG_REWIND) && !(eflags & EXEC_FLAG_EXPLAIN_ONLY))
	{
		node->ring = randpick_make_ring_slot(estate);
		node->record = tuplestore_begin_heap(false, false, work_mem);
		tuplestore_set_eflags(node->record, EXEC_FLAG_REWIND);
	}
}

/* Note down a row that may be asked for again. */
static void
record_row(RandpickAppendState *node, int member)
{
	if (node->record == NULL)
		return;
	randpick_store_ring(node->ring, member,
						randpick_member_tid(node->members[member].state),
						node->race.key);
	tuplestore_puttupleslot(node->record, node->ring);
}

/* RandpickReadTables: all members, one after the other */
static void
read_members(void *arg, RandpickDeal *deal)
{
	RandpickAppendState *node = (RandpickAppendState *) arg;

	for (int i = 0; i < node->nmembers; i++)
	{
		RandpickAppendMember *member = &node->members[i];
		PlanState  *rows = init_rows(node, member);

		CHECK_FOR_INTERRUPTS();
		if (member->has_dealt && rows->chgParam == NULL)
			ExecReScan(rows);
		member->has_dealt = true;
		randpick_deal_read(deal, rows, i, member->state == NULL ? NULL :
						   randpick_member_race(member->state));
	}
}

/* RandpickGetTable */
static Relation
get_table(void *arg, int member)
{
	RandpickAppendState *node = (RandpickAppendState *) arg;

	return randpick_range_table_relation(node->css.ss.ps.state,
										 node->members[member].plan->scan.scanrelid);
}

/* How many rows will probably be dealt; 0 if that is not known. */
static uint64
rows_to_deal(RandpickAppendState *node)
{
	if (node->wanted == 0)
		return 0;
	return node->wanted > node->spending.rows ?
		node->wanted - node->spending.rows : 1;
}

/* The race is lost, if it was not for want of memory. */
static void
give_up(RandpickAppendState *node)
{
	if (node->spending.rows < node->race.max_seen &&
		(node->spending.looks > 0 || !randpick_past_allows(node->nlost)))
		randpick_past_lost(node->kind, node->nlost);
}

/* Use PostgreSQL's own plan, if it is there, for a race that was not begun. */
static bool
use_ordinary(RandpickAppendState *node)
{
	return node->has_ordinary &&
		randpick_member_is_raced(node->members[0].plan) &&
		randpick_order_by_random != RANDPICK_ORDER_FORCE &&
		randpick_use_ordinary(&node->ordinary, &node->css, node->wanted,
							  node->eflags | (node->record != NULL ?
											  EXEC_FLAG_REWIND : 0));
}

/* Begin to deal. */
static void
start_deal(RandpickAppendState *node)
{
	MemoryContext oldcxt =
	MemoryContextSwitchTo(node->css.ss.ps.state->es_query_cxt);

	if (node->ring == NULL)
		node->ring = randpick_make_ring_slot(node->css.ss.ps.state);
	node->deal = randpick_deal_create(&node->race, node->ring,
									  rows_to_deal(node), read_members,
									  get_table, node);
	MemoryContextSwitchTo(oldcxt);
	node->stats->deals++;
	node->deals++;
}

/* The next dealt row.  NULL after the last. */
static TupleTableSlot *
deal_on(RandpickAppendState *node)
{
	RandpickRequest request = {.race = &node->race,.is_dealt = true};
	const RandpickDealtRow *row;

	while ((row = randpick_deal_next(node->deal)) != NULL)
	{
		TupleTableSlot *slot;

		request.target = row->target;
		request.must_remember = randpick_deal_left_some(node->deal);
		slot = randpick_member_ask(randpick_append_member(node,
											   &node->members[row->member]),
								   &request);
		if (TupIsNull(slot))
			continue;
		record_row(node, row->member);
		return slot;
	}
	return NULL;
}

/* Return a row that has been returned before.  NULL after the last. */
static TupleTableSlot *
replay_row(RandpickAppendState *node)
{
	RandpickRequest request = {.is_replayed = true};
	int			i;

	if (!tuplestore_gettupleslot(node->record, true, false, node->ring))
		return NULL;
	request.key = randpick_read_ring(node->ring, &i, &request.target.tid);
	return randpick_member_ask(randpick_append_member(node, &node->members[i]), &request);
}

/*
 * Is a row of a member rechecked?  Not so in a sub-select of the plan that is:
 * that is read as always.
 */
static bool
is_rechecked(RandpickAppendState *node)
{
	EPQState   *epq = node->css.ss.ps.state->es_epq_active;

	for (int i = 0; epq != NULL && i < node->nmembers; i++)
	{
		int			rel = node->members[i].plan->scan.scanrelid - 1;

		if (epq->relsubs_slot[rel] != NULL || epq->relsubs_rowmark[rel] != NULL ||
			epq->relsubs_done[rel])
			return true;
	}
	return false;
}

/* Return the rows of all members, one after the other. */
static TupleTableSlot *
recheck_members(RandpickAppendState *node)
{
	for (; node->epq_member < node->nmembers; node->epq_member++)
	{
		RandpickAppendMember *member = &node->members[node->epq_member];
		TupleTableSlot *slot = ExecProcNode(randpick_append_member(node, member));

		if (!TupIsNull(slot))
			return slot;
	}
	return NULL;
}

/* ExecCustomScan */
static TupleTableSlot *
append_exec(CustomScanState *css)
{
	RandpickAppendState *node = (RandpickAppendState *) css;
	TupleTableSlot *slot;
	int			i;

	if (is_rechecked(node))
		return recheck_members(node);
	if (!node->is_started)
	{
		randpick_append_start_race(node);
		if (!node->is_raced)
		{
			give_up(node);
			(void) use_ordinary(node);
		}
	}
	if (node->ordinary.is_used)
		return randpick_ordinary_row(&node->ordinary, css);

	if (node->replaying)
	{
		slot = replay_row(node);
		if (slot != NULL)
			return slot;
		node->replaying = false;
	}
	if (node->deal == NULL)
	{
		slot = NULL;
		if (node->is_raced)
			slot = randpick_append_race_on(node, &i);
		if (slot != NULL)
			record_row(node, i);
		if (slot != NULL || (node->is_raced && node->places == 0))
			return slot;
		if (node->is_raced)
			give_up(node);
		start_deal(node);
	}
	return deal_on(node);
}

/* Forget the race, but not what was recorded of it. */
static void
end_race(RandpickAppendState *node)
{
	if (node->deal != NULL)
		randpick_deal_end(node->deal);
	node->deal = NULL;
	node->is_started = false;
}

/* ReScanCustomScan */
static void
append_rescan(CustomScanState *css)
{
	RandpickAppendState *node = (RandpickAppendState *) css;
	bool		replays = node->record != NULL && css->ss.ps.chgParam == NULL;
	ListCell   *lc;

	randpick_rescan_ordinary(&node->ordinary, css, replays);
	node->epq_member = 0;
	if (replays)
	{
		/* members go on with the race as it is, or are asked again */
		tuplestore_rescan(node->record);
		node->replaying = true;
		return;
	}
	end_race(node);
	if (node->record != NULL)
		tuplestore_clear(node->record);
	node->replaying = false;

	foreach(lc, css->custom_ps)
	{
		PlanState  *state = (PlanState *) lfirst(lc);

		if (css->ss.ps.chgParam != NULL)
			UpdateChangedParamSet(state, css->ss.ps.chgParam);
		if (IsA(state, CustomScanState))
			ExecReScan(state);
	}
}

/* EndCustomScan */
static void
append_end(CustomScanState *css)
{
	RandpickAppendState *node = (RandpickAppendState *) css;
	ListCell   *lc;

	end_race(node);
	if (node->record != NULL)
		tuplestore_end(node->record);
	foreach(lc, css->custom_ps)
		ExecEndNode((PlanState *) lfirst(lc));
}

/* ExplainCustomScan */
static void
append_explain(CustomScanState *css, List *ancestors, ExplainState *es)
{
	RandpickAppendState *node = (RandpickAppendState *) css;
	RandpickRaceCounts counts = {
		.places = node->places,
		.looks = node->looks,
		.misses = node->misses,
		.deals = node->deals,
	};

	randpick_explain_counts(&css->ss.ps, &counts, es);
}
