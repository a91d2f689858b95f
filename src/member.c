/*
 * member.c
 *	  Scan nodes as members of a joint race.
 *
 * append_exec.c runs the race; here is what it does to a member.  What it asks for
 * goes through ExecProcNode as every row does, so that projection and EXPLAIN's
 * counters are the scan node's own.
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
randpick_kind_of_joint_race(const List *members, EState *estate,
							const RandpickPrices *prices, uint64 wanted)
{
	const CustomScan *first = linitial_node(CustomScan, members);

	return randpick_kind_of_race(exec_rt_fetch(first->scan.scanrelid, estate)->relid,
								 InvalidOid, prices, wanted);
}

uint64
randpick_member_places(PlanState *member, double *pages)
{
	RandpickRacing *racing = &get_member(member)->racing;
	uint64		places;

	if (!racing->is_started)
		randpick_racing_start(racing, 0);
	places = randpick_racing_places(racing);
	*pages = racing->source->methods->pages(racing->source);
	return places;
}

bool
randpick_member_is_descending(const CustomScan *member)
{
	return DatumGetBool(randpick_scan_value(member, RANDPICK_PRIVATE_DESCENDING));
}

RandpickMethod
randpick_member_method(const CustomScan *member)
{
	return DatumGetInt32(randpick_scan_value(member, RANDPICK_PRIVATE_METHOD));
}

bool
randpick_member_is_heap(const CustomScan *member)
{
	return randpick_member_method(member) == RANDPICK_METHOD_HEAP;
}

uint64
randpick_heap_member_places(const CustomScan *member, EState *estate,
							double *pages)
{
	RandpickCapacity capacity = randpick_scan_capacity(member);
	RandpickSource *source =
	randpick_heap_source_open(randpick_range_table_relation(estate,
															member->scan.scanrelid),
							  estate->es_snapshot, &capacity);
	uint64		places = source->methods->places(source);

	*pages = source->methods->pages(source);
	pfree(source);
	return places;
}

bool
randpick_member_is_raced(const CustomScan *member)
{
	return DatumGetBool(randpick_scan_value(member, RANDPICK_PRIVATE_IS_RACED));
}

TupleTableSlot *
randpick_member_ask(PlanState *member, RandpickRequest *request)
{
	RandpickScanState *node = get_member(member);
	TupleTableSlot *slot;

	node->request = request;
	slot = ExecProcNode(member);
	node->request = NULL;
	return slot;
}

ItemPointer
randpick_member_tid(PlanState *member)
{
	return &get_member(member)->css.ss.ss_ScanTupleSlot->tts_tid;
}

const RandpickRace *
randpick_member_race(PlanState *member)
{
	RandpickRacing *racing = &get_member(member)->racing;

	return racing->is_started ? &racing->race : NULL;
}
