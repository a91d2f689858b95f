/*
 * scan_deal.c
 *	  The scan node's part in dealing: what is read, and how a row is fetched.
 *
 * The child plan, which reads the rows, is initialized only when it is needed: the
 * common query is over before, and would pay for it each time.  For EXPLAIN it is
 * there from the start.
 *
 * Rows come out of the deal as TIDs, or as entries of an index where the child is
 * an index-only scan.  As a member of a joint race, the node is asked for one of
 * them at a time.
 */
#include "postgres.h"

#include "compat.h"
#include "exec.h"
#include "heap_check.h"
#include "utils/memutils.h"
#include "utils/rel.h"

PlanState *
randpick_scan_child(RandpickScanState *node)
{
	CustomScanState *css = &node->css;
	CustomScan *scan = castNode(CustomScan, css->ss.ps.plan);

	if (node->child == NULL)
	{
		EState	   *estate = css->ss.ps.state;
		MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);

		node->child = ExecInitNode(linitial(scan->custom_plans), estate,
								   node->eflags);
		css->custom_ps = lappend(css->custom_ps, node->child);
		MemoryContextSwitchTo(oldcxt);
	}
	return node->child;
}

/* Does the child return entries of an index, and not TIDs? */
static bool
deals_entries(RandpickScanState *node)
{
	CustomScan *scan = castNode(CustomScan, node->css.ss.ps.plan);

	return randpick_gives_entries(linitial(scan->custom_plans));
}

/*
 * Fetch the row that an entry leads to, along its HOT chain.  Only where an
 * index-only scan did not have to visit the heap page.
 */
static bool
follow_entry(RandpickScanState *node, const ItemPointerData *tid,
			 TupleTableSlot *slot)
{
	ItemPointerData moving = *tid;
	Buffer		buffer = InvalidBuffer;
	bool		found;

	found = randpick_fetch_row(node->css.ss.ss_currentRelation, &buffer, &moving,
							   node->css.ss.ps.state->es_snapshot, slot);
	if (BufferIsValid(buffer))
		ReleaseBuffer(buffer);
	return found;
}

/* Fetch a row that is known by its TID, or by an entry. */
void
randpick_scan_fetch(RandpickScanState *node, const RandpickTarget *target,
					TupleTableSlot *slot)
{
	Relation	rel = node->css.ss.ss_currentRelation;

	if (!randpick_heap_fetch(rel, node->css.ss.ps.state->es_snapshot, target,
							 slot) &&
		!(deals_entries(node) && follow_entry(node, &target->tid, slot)))
		elog(ERROR, "could not find row (%u,%u) of relation \"%s\" again",
			 ItemPointerGetBlockNumber(&target->tid),
			 ItemPointerGetOffsetNumber(&target->tid),
			 RelationGetRelationName(rel));
}

/*
 * Fetch a row that was dealt.  False if it has been returned, which is only then
 * known of an entry.
 */
bool
randpick_scan_fetch_dealt(RandpickScanState *node, const RandpickTarget *target,
						  bool must_remember, TupleTableSlot *slot)
{
	RandpickRacing *racing = &node->racing;

	randpick_scan_fetch(node, target, slot);
	if (deals_entries(node) &&
		randpick_race_was_seen(&racing->race, &slot->tts_tid))
		return false;
	if (must_remember)
		randpick_racing_remember(racing, &slot->tts_tid);
	racing->stats->picks++;
	racing->stats->dealt++;
	return true;
}

/* RandpickReadTables: the one table */
static void
read_table(void *arg, RandpickDeal *deal)
{
	RandpickScanState *node = (RandpickScanState *) arg;
	PlanState  *child = randpick_scan_child(node);

	/* a child that has run starts over */
	if (node->has_dealt && child->chgParam == NULL)
		ExecReScan(child);
	node->has_dealt = true;
	randpick_deal_read(deal, child, 0, &node->racing.race);
}

/* RandpickGetTable */
static Relation
get_table(void *arg, int member)
{
	return ((RandpickScanState *) arg)->css.ss.ss_currentRelation;
}

/* How many rows will probably be dealt; 0 if that is not known. */
static uint64
rows_to_deal(RandpickScanState *node)
{
	RandpickRacing *racing = &node->racing;
	uint64		rows;

	/* the size of a sample that depends on an outer row may grow */
	if (racing->wanted == 0 ||
		node->sample.sampling == RANDPICK_SAMPLING_AGAIN)
		return 0;
	rows = racing->wanted > racing->spending.rows ?
		racing->wanted - racing->spending.rows : 1;

	/* rows that have been returned take part */
	return deals_entries(node) ? rows + racing->spending.rows : rows;
}

/* Begin to deal. */
static void
start_deal(RandpickScanState *node)
{
	MemoryContext oldcxt;

	if (node->ring == NULL)
		node->ring = randpick_make_ring_slot(node->css.ss.ps.state);

	/* what the child allocates when it starts lives longer than a race */
	oldcxt = MemoryContextSwitchTo(node->css.ss.ps.state->es_query_cxt);
	node->deal = randpick_deal_create(&node->racing.race, node->ring,
									  rows_to_deal(node), read_table, get_table,
									  node);
	node->ndeals++;
	node->racing.stats->deals++;
	MemoryContextSwitchTo(oldcxt);
}

/* Deal the next row, all of them being read at the first call. */
bool
randpick_scan_deal(RandpickScanState *node, TupleTableSlot *slot)
{
	const RandpickDealtRow *row;

	if (node->deal == NULL)
		start_deal(node);
	while ((row = randpick_deal_next(node->deal)) != NULL)
	{
		if (randpick_scan_fetch_dealt(node, &row->target,
									  randpick_deal_left_some(node->deal), slot))
			return true;
	}
	return false;
}
