/*
 * member.c
 *	  Scan nodes as members of a joint race.
 *
 * append_exec.c runs the race; here is what it does to a member.  A look goes
 * through ExecProcNode as every row does, so that projection, EXPLAIN's
 * counters and recorded rows are the scan node's own.
 */
#include "postgres.h"

#include "compat.h"
#include "exec.h"
#include "executor/executor.h"
#include "member.h"
#include "past.h"
#include "private.h"

static RandpickScanState *
get_member(PlanState *member)
{
	return (RandpickScanState *) castNode(CustomScanState, member);
}

void
randpick_member_enter(PlanState *member)
{
	get_member(member)->racing.is_member = true;
}

uint64
randpick_kind_of_joint_race(const List *members, EState *estate)
{
	const CustomScan *first = linitial_node(CustomScan, members);
	uint64		max_looks = 0;
	uint64		expected_looks = 0;
	ListCell   *lc;

	foreach(lc, members)
	{
		const CustomScan *member = lfirst_node(CustomScan, lc);

		max_looks +=
			DatumGetInt64(randpick_scan_value(member, RANDPICK_PRIVATE_MAX_LOOKS));
		expected_looks +=
			DatumGetInt64(randpick_scan_value(member, RANDPICK_PRIVATE_EXPECTED_LOOKS));
	}
	return randpick_kind_of_race(exec_rt_fetch(first->scan.scanrelid, estate)->relid,
								 InvalidOid, max_looks, expected_looks);
}

uint64
randpick_member_places(PlanState *member, uint64 *max_looks)
{
	RandpickRacing *racing = &get_member(member)->racing;
	const RandpickSourceMethods *methods;

	if (!racing->is_started)
		randpick_racing_start(racing, false);
	methods = racing->source->methods;
	racing->places = methods->places(racing->source);
	*max_looks += Min(racing->max_looks, methods->max_looks(racing->source, 0));
	return racing->places;
}

bool
randpick_member_is_descending(const CustomScan *member)
{
	return DatumGetBool(randpick_scan_value(member, RANDPICK_PRIVATE_DESCENDING));
}

bool
randpick_member_is_heap(const CustomScan *member)
{
	return DatumGetInt32(randpick_scan_value(member, RANDPICK_PRIVATE_METHOD)) ==
		RANDPICK_METHOD_HEAP;
}

uint64
randpick_heap_member_places(const CustomScan *member, EState *estate,
							uint64 *max_looks)
{
	RandpickCapacity capacity = randpick_scan_capacity(member);
	RandpickSource *source =
	randpick_heap_source_open(randpick_range_table_relation(estate,
															member->scan.scanrelid),
							  estate->es_snapshot, &capacity);
	uint64		places = source->methods->places(source);
	uint64		budget =
	DatumGetInt64(randpick_scan_value(member, RANDPICK_PRIVATE_MAX_LOOKS));

	*max_looks += Min(budget, source->methods->max_looks(source, 0));
	pfree(source);
	return places;
}

TupleTableSlot *
randpick_member_look(PlanState *member, RandpickRace *race, uint64 place)
{
	RandpickScanState *node = get_member(member);
	TupleTableSlot *slot;

	node->joint = race;
	node->joint_place = place;
	slot = ExecProcNode(member);
	node->joint = NULL;
	return slot;
}

bool
randpick_member_is_full(PlanState *member)
{
	return randpick_race_is_full(&get_member(member)->racing.race);
}

void
randpick_member_leave(PlanState *member, const RandpickRace *race)
{
	RandpickRacing *racing = &get_member(member)->racing;

	if (!racing->is_started)
		randpick_racing_start(racing, true);
	randpick_race_join(&racing->race, race);
	racing->race.max_looks = 0;
}

double
randpick_member_key(PlanState *member)
{
	return get_member(member)->racing.race.key;
}
