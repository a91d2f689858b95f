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

/* What a query that is ours wants of a relation. */
typedef struct RandpickMatch
{
	bool		descending;		/* ORDER BY random() DESC? */
	RandpickSampling sampling;
	List	   *sample_args;	/* of TABLESAMPLE: size, and seed if any */
	List	   *limit;			/* LIMIT and OFFSET, as limit.c has it */
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
extern bool randpick_has_race(Path *path);

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
