/*
 * append_exec.c
 *	  The node that runs a joint race over the members of an append.
 *
 * The places of all members (the scan nodes of partitions, say) are numbered one
 * after the other, and one race is run over all of them: a ring goes to the
 * member that has its place.  race.c says why that is the race of the union.
 * So a row is found after as many looks as in a table of the same size, however
 * many members there are; and a member that is never looked at is not even
 * initialized, only asked for its size.  (All their tables are opened, though, so
 * that this session cannot change one in the middle of a cursor.)
 *
 * When the budget of all members together is spent, every member deals what it
 * has left, from the race's clock on, and the dealt rows are merged by their
 * keys.
 *
 * Rescan.  If the same rows may be asked for again, members record theirs, as
 * scan nodes do; here only the order is noted in which members returned them.
 *
 * When EvalPlanQual rechecks a row of a member, the members are read one after
 * the other, like those of any Append: all but the row's own are empty.
 */
#include "postgres.h"

#include "append.h"
#include "compat.h"
#include "executor/executor.h"
#include "explain.h"
#include "member.h"
#include "merge.h"
#include "miscadmin.h"
#include "past.h"
#include "racing.h"
#include "randpick.h"
#include "utils/memutils.h"

typedef struct AppendMember
{
	CustomScan *plan;
	PlanState  *state;			/* NULL until it is needed */
	bool		is_heap;		/* keeps its number of places */
	uint64		places;
	uint64		end;			/* its places and those of all before it */
} AppendMember;

typedef struct RandpickAppendState
{
	CustomScanState css;

	/* fixed at begin */
	int			nmembers;
	AppendMember *members;
	bool		is_recorded;	/* may the same rows be asked for again? */
	int			eflags;			/* for members */
	uint64		kind;			/* of its races, for past.c */

	/* changes from row to row */
	bool		is_started;
	RandpickRace race;
	uint32		nlost;			/* races like it that were lost before it */
	uint64		budget;			/* of the race, in looks */
	uint64		places;
	RandpickMerge *merge;		/* NULL while racing */
	List	   *record;			/* integers: whose rows were returned */
	int			nreplayed;		/* how many of these were, since a rescan */
	bool		was_dealing;	/* before that rescan? */
	int			epq_member;		/* the next one to read, under EvalPlanQual */

	/* for EXPLAIN, over all races */
	uint64		looks;
	uint64		misses;
	uint64		deals;
} RandpickAppendState;

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

/* The member's state, initialized if that has not been done. */
static PlanState *
init_member(RandpickAppendState *node, AppendMember *member)
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
	return member->state;
}

/* BeginCustomScan */
static void
append_begin(CustomScanState *css, EState *estate, int eflags)
{
	RandpickAppendState *node = (RandpickAppendState *) css;
	CustomScan *scan = castNode(CustomScan, css->ss.ps.plan);
	ListCell   *lc;

	node->members = palloc0(list_length(scan->custom_plans) * sizeof(AppendMember));
	foreach(lc, scan->custom_plans)
	{
		AppendMember *member = &node->members[node->nmembers++];

		member->plan = lfirst_node(CustomScan, lc);
		member->is_heap = randpick_member_is_heap(member->plan);
	}
	node->kind = randpick_kind_of_joint_race(scan->custom_plans, estate);
	node->is_recorded = (eflags & EXEC_FLAG_REWIND) != 0;
	node->eflags = eflags & ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK);

	/* rows are returned in the members' slots, of whatever kind these are */
	css->ss.ps.resultopsset = true;
	css->ss.ps.resultopsfixed = false;

	for (int i = 0; i < node->nmembers; i++)
	{
		AppendMember *member = &node->members[i];

		/* what is to be shown must be there, and indexes are to be open */
		if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) || estate->es_instrument ||
			!member->is_heap)
			init_member(node, member);
		else
			(void) randpick_range_table_relation(estate,
												 member->plan->scan.scanrelid);
	}
}

/* Number the places of all members.  What they may cost goes to *max_looks. */
static void
number_places(RandpickAppendState *node, uint64 *max_looks)
{
	node->places = 0;
	for (int i = 0; i < node->nmembers; i++)
	{
		AppendMember *member = &node->members[i];

		if (!member->is_heap)
			member->places = randpick_member_places(init_member(node, member),
													max_looks);
		else if (!node->is_started)
			member->places =
				randpick_heap_member_places(member->plan,
											node->css.ss.ps.state, max_looks);
		node->places += member->places;
		member->end = node->places;
	}
}

static void
start_race(RandpickAppendState *node)
{
	CustomScan *first = node->members[0].plan;
	uint64		max_looks = 0;

	number_places(node, &max_looks);
	node->nlost = randpick_past_losses(node->kind);
	node->budget = randpick_past_budget(node->nlost, max_looks);
	randpick_race_start(&node->race, randpick_draw_seed(),
						randpick_member_is_descending(first), node->budget, 0);
	node->is_started = true;
}

/* The member that has a place, which becomes one of its own. */
static AppendMember *
find_member(RandpickAppendState *node, uint64 *place)
{
	int			low = 0;
	int			high = node->nmembers - 1;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (*place < node->members[middle].end)
			high = middle;
		else
			low = middle + 1;
	}
	if (low > 0)
		*place -= node->members[low - 1].end;
	return &node->members[low];
}

/* Note down whose row is returned, if that may be asked for again. */
static void
record_member(RandpickAppendState *node, int i)
{
	MemoryContext oldcxt;

	if (!node->is_recorded)
		return;
	oldcxt = MemoryContextSwitchTo(node->css.ss.ps.state->es_query_cxt);
	node->record = lappend_int(node->record, i);
	MemoryContextSwitchTo(oldcxt);
	node->nreplayed++;
}

/* Race to the next row.  NULL when the budget is spent, or there is no place. */
static TupleTableSlot *
race_on(RandpickAppendState *node)
{
	while (!randpick_race_is_spent(&node->race) && node->places > 0)
	{
		uint64		max_looks = 0;
		uint64		place;
		AppendMember *member;
		PlanState  *state;
		TupleTableSlot *slot;

		CHECK_FOR_INTERRUPTS();
		if (!randpick_race_has_drawn(&node->race))
		{
			number_places(node, &max_looks);
			randpick_race_draw(&node->race, node->places, 1);
		}
		place = randpick_race_take(&node->race)->place;
		member = find_member(node, &place);
		state = init_member(node, member);
		slot = randpick_member_look(state, &node->race, place);
		node->looks++;
		if (!TupIsNull(slot))
		{
			if (randpick_member_is_full(state))
				node->race.max_looks = 0;
			record_member(node, member - node->members);

			/* unless it is lost later */
			randpick_past_won(node->kind, node->nlost);
			return slot;
		}
		node->misses++;
	}
	return NULL;
}

/* Let all members deal. */
static void
start_deal(RandpickAppendState *node)
{
	MemoryContext oldcxt =
	MemoryContextSwitchTo(node->css.ss.ps.state->es_query_cxt);
	PlanState **states = palloc(node->nmembers * sizeof(PlanState *));

	for (int i = 0; i < node->nmembers; i++)
	{
		states[i] = init_member(node, &node->members[i]);
		randpick_member_leave(states[i], &node->race);
	}
	node->merge = randpick_merge_create(states, node->nmembers,
										node->race.descending);
	MemoryContextSwitchTo(oldcxt);

	randpick_merge_fill(node->merge);
	node->deals++;
}

/* The next dealt row.  NULL after the last. */
static TupleTableSlot *
deal_on(RandpickAppendState *node)
{
	int			i;
	TupleTableSlot *slot = randpick_merge_next(node->merge, &i);

	if (slot != NULL)
		record_member(node, i);
	return slot;
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
		AppendMember *member = &node->members[node->epq_member];
		TupleTableSlot *slot = ExecProcNode(init_member(node, member));

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

	if (is_rechecked(node))
		return recheck_members(node);
	if (!node->is_started)
		start_race(node);

	if (node->nreplayed < list_length(node->record))
	{
		int			i = list_nth_int(node->record, node->nreplayed++);

		return ExecProcNode(node->members[i].state);
	}
	if (node->merge == NULL)
	{
		slot = race_on(node);
		if (slot != NULL || node->places == 0)
			return slot;

		/* lost, if not for want of a member's memory */
		if (node->race.looks >= node->budget)
			randpick_past_lost(node->kind, node->nlost);
		start_deal(node);
	}
	else if (node->was_dealing)
		randpick_merge_fill(node->merge);
	node->was_dealing = false;
	return deal_on(node);
}

/* ReScanCustomScan */
static void
append_rescan(CustomScanState *css)
{
	RandpickAppendState *node = (RandpickAppendState *) css;
	bool		replay = node->is_recorded && css->ss.ps.chgParam == NULL;
	ListCell   *lc;

	node->nreplayed = 0;
	node->epq_member = 0;
	node->was_dealing = node->merge != NULL;
	if (!replay)
	{
		if (node->merge != NULL)
			randpick_merge_free(node->merge);
		list_free(node->record);
		node->record = NIL;
		node->is_started = false;
		node->merge = NULL;
	}

	foreach(lc, css->custom_ps)
	{
		PlanState  *state = (PlanState *) lfirst(lc);

		if (css->ss.ps.chgParam != NULL)
			UpdateChangedParamSet(state, css->ss.ps.chgParam);
		ExecReScan(state);
	}
}

/* EndCustomScan */
static void
append_end(CustomScanState *css)
{
	ListCell   *lc;

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
