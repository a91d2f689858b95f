/*
 * private.c
 *	  What the planner half tells the executor half: custom_private.
 *
 * A path, a plan and a kept plan are copied and, in principle, written out and
 * read again, so they may have nothing but nodes.  So it is a list of Consts,
 * by number; what is written by a number and what is read by it stand here
 * together.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "private.h"

static Const *
make_bool(bool value)
{
	return castNode(Const, makeBoolConst(value, false));
}

static Const *
make_int(int value)
{
	return makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
					 Int32GetDatum(value), false, true);
}

static Const *
make_oid(Oid value)
{
	return makeConst(OIDOID, -1, InvalidOid, sizeof(Oid),
					 ObjectIdGetDatum(value), false, true);
}

static Const *
make_looks(double looks)
{
	return makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
					 Int64GetDatum((int64) Min(looks, 1e15)),
					 false, FLOAT8PASSBYVAL);
}

/* In the order of RandpickPrivate. */
List *
randpick_make_private(const RandpickMatch *match, const RandpickRaceCost *cost,
					  Path *scan)
{
	List	   *result = list_make5(make_bool(match->descending),
									make_int(match->sampling),
									make_bool(cost->max_looks > 0),
									make_looks(cost->first_looks),
									make_int(cost->method));

	result = lappend(result, make_oid(cost->index));
	result = lappend(result, make_int(cost->capacity.places_a_page));
	result = lappend(result, make_bool(cost->capacity.place_is_tuple));
	result = lappend(result, make_int(cost->capacity.since));
	result = lappend(result, cost->conditions.columns);
	result = lappend(result, make_int((int) cost->nmembers));
	result = lappend(result, randpick_prices_to_list(&cost->prices));
	result = lappend(result, make_int(RANDPICK_NO_KEY_PARAM));
	result = lappend(result,
					 list_make2(match->sampling != RANDPICK_SAMPLING_NONE ?
								match->sample_args : cost->conditions.clauses,
								match->limit));
	return lappend(result, scan);
}

void
randpick_set_key_param(CustomScan *scan, int key_param)
{
	lfirst(list_nth_cell(scan->custom_private, RANDPICK_PRIVATE_KEY_PARAM)) =
		make_int(key_param);
}

RandpickCapacity
randpick_scan_capacity(const CustomScan *scan)
{
	RandpickCapacity capacity;

	capacity.places_a_page =
		DatumGetInt32(randpick_scan_value(scan, RANDPICK_PRIVATE_PLACES_A_PAGE));
	capacity.place_is_tuple =
		DatumGetBool(randpick_scan_value(scan, RANDPICK_PRIVATE_PLACE_IS_TUPLE));
	capacity.since =
		(TransactionId) DatumGetInt32(randpick_scan_value(scan, RANDPICK_PRIVATE_SINCE));
	return capacity;
}

RandpickPrices
randpick_private_prices(const List *custom_private)
{
	return randpick_prices_from_list(list_nth_node(List, custom_private,
												   RANDPICK_PRIVATE_PRICES));
}

void
randpick_read_private(const CustomScan *scan, RandpickRacing *racing)
{
	Assert(list_length(scan->custom_private) == RANDPICK_PRIVATE_COUNT);

	racing->descending =
		DatumGetBool(randpick_scan_value(scan, RANDPICK_PRIVATE_DESCENDING));
	racing->is_raced =
		DatumGetBool(randpick_scan_value(scan, RANDPICK_PRIVATE_IS_RACED));
	racing->prices = randpick_private_prices(scan->custom_private);
	racing->expected_looks =
		DatumGetInt64(randpick_scan_value(scan, RANDPICK_PRIVATE_EXPECTED_LOOKS));
	racing->method =
		DatumGetInt32(randpick_scan_value(scan, RANDPICK_PRIVATE_METHOD));
	racing->index_oid =
		DatumGetObjectId(randpick_scan_value(scan, RANDPICK_PRIVATE_INDEX));
	racing->capacity = randpick_scan_capacity(scan);
	racing->columns = (List *) list_nth(scan->custom_private,
										RANDPICK_PRIVATE_COLUMNS);
}
