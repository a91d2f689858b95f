/*
 * append_race.c
 *	  The joint race over the members of an append.
 *
 * The places of all members (the scan nodes of partitions, say) are numbered one
 * after the other, and one race is run over all of them: a ring goes to the
 * member that has its place.  race.c says why that is the race of the union.
 * So a row is found after as many looks as in a table of the same size, however
 * many members there are; and a member that is never looked at is not even
 * initialized, only asked for its size.  (All their tables are opened, though, so
 * that this session cannot change one in the middle of a cursor.)
 *
 * The race remembers so many rows, of all members, as fit into work_mem.
 */
#include "postgres.h"

#include "append_exec.h"
#include "compat.h"
#include "executor/executor.h"
#include "member.h"
#include "miscadmin.h"
#include "past.h"
#include "private.h"
#include "racing.h"
#include "randpick.h"

/* To initialize a member takes about as long as so many looks. */
#define LOOKS_PER_INIT		15

/* Number the places of all members. */
static void
number_places(RandpickAppendState *node)
{
	node->places = 0;
	for (int i = 0; i < node->nmembers; i++)
	{
		RandpickAppendMember *member = &node->members[i];

		if (!member->is_heap)
			member->places = randpick_member_places(randpick_append_member(node, member),
													&member->pages);
		else if (!node->is_started)
			member->places =
				randpick_heap_member_places(member->plan,
											node->css.ss.ps.state,
											&member->pages);
		node->places += member->places;
		member->end = node->places;
	}
}

/* How many looks the race may take in all, as of now. */
static uint64
looks_allowed(const RandpickAppendState *node)
{
	uint64		wanted = randpick_order_by_random == RANDPICK_ORDER_FORCE ? 0 :
	node->wanted;

	if (!randpick_member_is_raced(node->members[0].plan) ||
		wanted > node->race.max_seen ||
		node->spending.rows >= node->race.max_seen)
		return 0;
	return randpick_looks_allowed(&node->prices, &node->spending,
								  node->is_started ? node->places :
								  node->prices.places, wanted);
}

/* How many looks the pages of the members allow, whatever is in them. */
static void
count_page_looks(RandpickAppendState *node)
{
	double		heap_pages = 0;
	double		index_pages = 0;

	for (int i = 0; i < node->nmembers; i++)
	{
		if (node->members[i].is_heap)
			heap_pages += node->members[i].pages;
		else
			index_pages += node->members[i].pages;
	}
	node->page_looks = randpick_heap_looks(heap_pages, 0) +
		randpick_index_looks(index_pages, 0, false);
	if (randpick_order_by_random == RANDPICK_ORDER_FORCE)
		node->page_looks += RANDPICK_SMALL_TABLE_LOOKS * node->nmembers;
}

void
randpick_append_start_race(RandpickAppendState *node)
{
	CustomScan *first = node->members[0].plan;

	node->wanted = randpick_rows_asked_for(&node->asked_for,
										   node->css.ss.ps.ps_ExprContext);
	node->kind = randpick_kind_of_joint_race(((CustomScan *) node->css.ss.ps.plan)->custom_plans,
											 node->css.ss.ps.state,
											 &node->prices, node->wanted);
	node->nlost = randpick_past_losses(node->kind);
	node->spending = (RandpickSpending)
	{
		.is_stubborn = randpick_order_by_random == RANDPICK_ORDER_FORCE
	};
	node->nmet = 0;
	node->ninits = 0;
	randpick_race_start(&node->race, randpick_draw_seed(),
						randpick_member_is_descending(first), 0,
						work_mem * (Size) 1024);

	/* to number the places takes some time: first see if it pays */
	node->is_raced = randpick_past_allows(node->nlost) &&
		looks_allowed(node) > 0;
	if (node->is_raced)
	{
		randpick_count_pages(&node->spending, true);
		number_places(node);
		count_page_looks(node);
		randpick_count_pages(&node->spending, false);
	}
	node->is_started = true;
	node->stats = randpick_stats_of(node->is_raced ?
									randpick_member_method(first) :
									RANDPICK_METHOD_DEAL);
	node->stats->races++;
}

/* The member that has a place, which becomes one of its own. */
static RandpickAppendMember *
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

/* Let the race go on for some more looks, if it may, and then ask again. */
static bool
may_go_on(RandpickAppendState *node)
{
	RandpickRace *race = &node->race;
	double		rows = randpick_estimate_found(node->places, node->nmet,
											   race->looks);
	double		cap = node->page_looks + randpick_heap_looks(0, rows) -
	node->ninits * LOOKS_PER_INIT;
	uint64		allowed = Min(looks_allowed(node), (uint64) Max(cap, 0.0));

	race->max_looks = Min(allowed, race->looks + Max(race->looks / 4, 8));
	return !randpick_race_is_spent(race);
}

/* Take the next ring, and look into its place. */
static TupleTableSlot *
take_ring(RandpickAppendState *node, int *i)
{
	RandpickRequest request = {.race = &node->race};
	RandpickAppendMember *member;
	TupleTableSlot *slot;

	if (node->has_index)
		number_places(node);
	if (node->places == 0)
		return NULL;
	randpick_race_draw(&node->race, node->places, 1);
	request.place = randpick_race_take(&node->race)->place;
	member = find_member(node, &request.place);
	slot = randpick_member_ask(randpick_append_member(node, member), &request);
	node->spending.looks++;
	node->looks++;
	node->nmet += request.met_row;
	if (TupIsNull(slot))
	{
		node->misses++;
		return NULL;
	}
	node->spending.rows++;
	*i = member - node->members;

	/* unless it is lost later */
	randpick_past_won(node->kind, node->nlost);
	return slot;
}

TupleTableSlot *
randpick_append_race_on(RandpickAppendState *node, int *i)
{
	TupleTableSlot *slot = NULL;

	randpick_count_pages(&node->spending, true);
	while (slot == NULL && node->places > 0)
	{
		if (randpick_race_is_spent(&node->race))
		{
			randpick_count_pages(&node->spending, false);
			if (!may_go_on(node))
				break;
		}
		CHECK_FOR_INTERRUPTS();
		slot = take_ring(node, i);
	}
	randpick_count_pages(&node->spending, false);
	return slot;
}
