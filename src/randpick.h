/*
 * randpick.h
 *	  What the planner half, the executor half and the functions share.
 */
#ifndef RANDPICK_H
#define RANDPICK_H

#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
#include "utils/guc.h"

/* The node's name in EXPLAIN and in the registry of custom scans. */
#define RANDPICK_SCAN_NAME "RandPick"

/* randpick.order_by_random */
typedef enum RandpickOrderByRandom
{
	RANDPICK_ORDER_OFF,			/* leave such queries to PostgreSQL */
	RANDPICK_ORDER_AUTO,		/* let the planner choose by cost */
	RANDPICK_ORDER_FORCE		/* take whatever is eligible, for tests */
} RandpickOrderByRandom;

/* randpick.method: which source of places, for tests and benchmarks */
typedef enum RandpickMethod
{
	RANDPICK_METHOD_AUTO,		/* the cheapest one */
	RANDPICK_METHOD_HEAP,		/* race over the line pointers of the heap */
	RANDPICK_METHOD_LEAF,		/* race over the entries of a B-tree */
	RANDPICK_METHOD_RANGE,		/* race over those in a range of its keys */
	RANDPICK_METHOD_DEAL		/* no race: deal all rows */
} RandpickMethod;

/* Does the scan stand for a TABLESAMPLE? */
typedef enum RandpickSampling
{
	RANDPICK_SAMPLING_NONE,
	RANDPICK_SAMPLING_ONCE,		/* which is read once */
	RANDPICK_SAMPLING_AGAIN		/* which may be read several times */
} RandpickSampling;

/*
 * The contract between plan.c and exec.c: the slots of custom_private, Const
 * nodes unless said.  custom_exprs has the conditions that the index answers,
 * as expressions of the table's columns; or, of a sample, which needs none,
 * the arguments of TABLESAMPLE: the size, and the seed if there is one.
 */
typedef enum RandpickPrivate
{
	RANDPICK_PRIVATE_DESCENDING,	/* bool: ORDER BY random() DESC? */
	RANDPICK_PRIVATE_SAMPLING,	/* int4: a RandpickSampling */
	RANDPICK_PRIVATE_MAX_LOOKS, /* int8: the budget, in looks */
	RANDPICK_PRIVATE_EXPECTED_LOOKS,	/* int8: looks for the first row */
	RANDPICK_PRIVATE_METHOD,	/* int4: the source, a RandpickMethod */
	RANDPICK_PRIVATE_INDEX,		/* oid: its index, or InvalidOid */
	RANDPICK_PRIVATE_PLACES_A_PAGE, /* int4: the capacity of its pages */
	RANDPICK_PRIVATE_PLACE_IS_TUPLE,	/* bool */
	RANDPICK_PRIVATE_SINCE,		/* int4: a transaction ID */
	RANDPICK_PRIVATE_COLUMNS,	/* integer list: of each condition the index's
								 * column, from 0 */
	RANDPICK_PRIVATE_KEY_PARAM, /* int4: the exec parameter that is the key, or
								 * RANDPICK_NO_KEY_PARAM; set by plan.c */
	RANDPICK_PRIVATE_COUNT,

	/* the path has one more: the list of what goes to custom_exprs */
	RANDPICK_PRIVATE_EXPRS = RANDPICK_PRIVATE_COUNT
} RandpickPrivate;

/* There is no random() in the target list. */
#define RANDPICK_NO_KEY_PARAM	(-1)

/* What a query that is ours wants of a relation. */
typedef struct RandpickMatch
{
	bool		descending;		/* ORDER BY random() DESC? */
	RandpickSampling sampling;
	List	   *sample_args;	/* of TABLESAMPLE: size, and seed if any */
} RandpickMatch;

/* randpick.c: settings */
extern int	randpick_order_by_random;
extern int	randpick_method;
extern const struct config_enum_entry randpick_method_options[];
extern bool randpick_log_declined;

/* match.c */
extern bool randpick_match(PlannerInfo *root, RelOptInfo *rel,
						   RangeTblEntry *rte, RandpickMatch *match);

/* path.c */
extern void randpick_set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel,
									  Index rti, RangeTblEntry *rte);

extern bool randpick_is_path(const CustomPath *path);

/* tablesample.c */
extern void randpick_set_sample_pathlist(PlannerInfo *root, RelOptInfo *rel,
										 RangeTblEntry *rte);
extern List *randpick_adjust_sample(PlannerInfo *root, List *custom_private,
									RelOptInfo *child);

/* plan.c */
extern Plan *randpick_plan_path(PlannerInfo *root, RelOptInfo *rel,
								CustomPath *path, List *tlist, List *clauses,
								List *custom_plans);

/* exec.c */
extern const CustomScanMethods randpick_scan_methods;


#endif							/* RANDPICK_H */
