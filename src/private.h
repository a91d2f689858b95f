/*
 * private.h
 *	  What the planner half tells the executor half: custom_private.
 */
#ifndef RANDPICK_PRIVATE_H
#define RANDPICK_PRIVATE_H

#include "cost.h"
#include "key.h"
#include "nodes/plannodes.h"
#include "racing.h"
#include "randpick.h"

/*
 * The slots of custom_private, Const nodes unless said.  custom_exprs has two
 * lists.  The first is of the conditions that the index answers, as expressions
 * of the table's columns; or, of a sample, which needs none, of the arguments of
 * TABLESAMPLE: the size, and the seed if there is one.  The second tells how many
 * rows are wanted: the expressions of LIMIT and OFFSET, each of which may be
 * NULL; or it is NIL.
 */
typedef enum RandpickPrivate
{
	RANDPICK_PRIVATE_DESCENDING,	/* bool: ORDER BY random() DESC? */
	RANDPICK_PRIVATE_SAMPLING,	/* int4: a RandpickSampling */
	RANDPICK_PRIVATE_IS_RACED,	/* bool: or is all dealt? */
	RANDPICK_PRIVATE_EXPECTED_LOOKS,	/* int8: looks for the first row */
	RANDPICK_PRIVATE_METHOD,	/* int4: the source, a RandpickMethod */
	RANDPICK_PRIVATE_INDEX,		/* oid: its index, or InvalidOid */
	RANDPICK_PRIVATE_PLACES_A_PAGE, /* int4: the capacity of its pages */
	RANDPICK_PRIVATE_PLACE_IS_TUPLE,	/* bool */
	RANDPICK_PRIVATE_SINCE,		/* int4: a transaction ID */
	RANDPICK_PRIVATE_COLUMNS,	/* integer list: of each condition the index's
								 * column, from 0 */
	RANDPICK_PRIVATE_NMEMBERS,	/* int4: of the append, or 1 */
	RANDPICK_PRIVATE_PRICES,	/* list: prices.c has its form */
	RANDPICK_PRIVATE_KEY_PARAM, /* int4: the exec parameter that is the key, or
								 * RANDPICK_NO_KEY_PARAM; set by plan.c */
	RANDPICK_PRIVATE_COUNT,

	/* the path has two more: what goes to custom_exprs */
	RANDPICK_PRIVATE_EXPRS = RANDPICK_PRIVATE_COUNT,
	/* and the relation's cheapest ordinary scan, as it was; or NULL */
	RANDPICK_PRIVATE_SCAN
} RandpickPrivate;

/* The path's list: all that is known when the path is made. */
extern List *randpick_make_private(const RandpickMatch *match,
								   const RandpickRaceCost *cost, Path *scan);

/* The two lists of a plan's custom_exprs. */
static inline List *
randpick_scan_exprs(const CustomScan *scan)
{
	return (List *) linitial(scan->custom_exprs);
}

static inline List *
randpick_scan_limit(const CustomScan *scan)
{
	return (List *) lsecond(scan->custom_exprs);
}

/* Set the plan's executor parameter. */
extern void randpick_set_key_param(CustomScan *scan, int key_param);

/* The value of a slot that has a Const. */
static inline Datum
randpick_private_value(const List *custom_private, RandpickPrivate slot)
{
	return list_nth_node(Const, custom_private, slot)->constvalue;
}

static inline Datum
randpick_scan_value(const CustomScan *scan, RandpickPrivate slot)
{
	return randpick_private_value(scan->custom_private, slot);
}

/* The capacity of its pages that the planner found. */
extern RandpickCapacity randpick_scan_capacity(const CustomScan *scan);

/* What its race costs and may spend. */
extern RandpickPrices randpick_private_prices(const List *custom_private);

/* What the race has to know. */
extern void randpick_read_private(const CustomScan *scan, RandpickRacing *racing);

#endif							/* RANDPICK_PRIVATE_H */
