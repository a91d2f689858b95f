/*
 * ordinary.c
 *	  PostgreSQL's own plan beside a race, for when the number of rows is known.
 *
 * A generic plan is made for any LIMIT $1, and a LIMIT that is a sub-select is
 * known only when the query runs.  limit.c assumes few rows then.  If many are
 * wanted, a race is no good; and to deal them means to fetch each, where a sort
 * has them at hand.  So a race whose LIMIT is not known carries PostgreSQL's own
 * plan with it, the sort of the cheapest scan, and when execution begins and the
 * number of rows is known, the node runs one or the other.  What cannot be known
 * before is decided then; what is not run costs a few nodes of the plan.
 *
 * Both return the same columns.  But what nobody reads has been left out of the
 * node's own target list (unread.c), and a sort needs its column; so rows of the
 * ordinary plan go through a slot that has the node's columns alone.
 */
#include "postgres.h"

#include "compat.h"
#include "executor/executor.h"
#include "limit.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "ordinary.h"
#include "parser/parsetree.h"
#include "private.h"
#include "randpick.h"

/*
 * The ordinary scan of the rows that a path races over, with these columns.
 *
 * It comes from the race, which has kept it.  The planner's lists of paths cannot
 * be asked: a path that needs no sort is in the list of the ordered result, too,
 * and may have been freed there.
 */
static Path *
scan_of_race(PlannerInfo *root, Path *race, PathTarget *target)
{
	CustomPath *path = (CustomPath *) race;
	Path	   *scan;

	if (IsA(race, ProjectionPath))
		path = (CustomPath *) ((ProjectionPath *) race)->subpath;
	scan = list_nth(castNode(CustomPath, path)->custom_private,
					RANDPICK_PRIVATE_SCAN);
	return (Path *) create_projection_path(root, path->path.parent, scan, target);
}

Path *
randpick_sort_path(PlannerInfo *root, RelOptInfo *input, RelOptInfo *ordered,
				   List *races)
{
	bool		is_append = planner_rt_fetch(input->relid, root)->inh;
	List	   *scans = NIL;
	Path	   *path;
	ListCell   *lc;

	foreach(lc, races)
	{
		Path	   *race = (Path *) lfirst(lc);

		scans = lappend(scans, scan_of_race(root, race, is_append ?
											race->pathtarget :
											input->reltarget));
	}
	path = is_append ? randpick_append_path(root, input, scans) :
		linitial(scans);
	return (Path *) create_sort_path(root, ordered, path, root->sort_pathkeys,
									 root->limit_tuples);
}

void
randpick_add_ordinary_path(PlannerInfo *root, RelOptInfo *input,
						   RelOptInfo *ordered, CustomPath *race, List *races,
						   PathTarget *target)
{
	Path	   *path;

	if (!randpick_is_limit_unknown(root))
		return;
	path = randpick_sort_path(root, input, ordered, races);
	if (path->pathtarget != target)
		path = apply_projection_to_path(root, ordered, path, target);
	race->custom_paths = lappend(list_copy(race->custom_paths), path);
}

void
randpick_add_ordinary_paths(PlannerInfo *root, RelOptInfo *input,
							RelOptInfo *ordered)
{
	ListCell   *lc;

	foreach(lc, ordered->pathlist)
	{
		Path	   *path = (Path *) lfirst(lc);
		PathTarget *target = path->pathtarget;

		/* the node projects by itself */
		if (IsA(path, ProjectionPath))
			path = ((ProjectionPath *) path)->subpath;
		if (IsA(path, CustomPath) && randpick_is_path((CustomPath *) path))
			randpick_add_ordinary_path(root, input, ordered,
									   (CustomPath *) path, list_make1(path),
									   target);
	}
}

Plan *
randpick_ordinary_plan(const CustomScan *scan)
{
	Plan	   *last = (Plan *) llast(scan->custom_plans);

	/* it is the last one, after what deals, or after the members */
	if (list_length(scan->custom_plans) < 2 ||
		(IsA(last, CustomScan) &&
		 ((CustomScan *) last)->methods == &randpick_scan_methods))
		return NULL;
	return last;
}

void
randpick_init_ordinary(RandpickOrdinary *ordinary, CustomScanState *css,
					   int eflags)
{
	EState	   *estate = css->ss.ps.state;
	Plan	   *plan = randpick_ordinary_plan((CustomScan *) css->ss.ps.plan);
	MemoryContext oldcxt;

	if (plan == NULL || ordinary->state != NULL)
		return;
	oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	ordinary->state = ExecInitNode(plan, estate, eflags);
	css->custom_ps = lappend(css->custom_ps, ordinary->state);
	ordinary->slot = ExecInitExtraTupleSlot(estate, css->ss.ps.ps_ResultTupleDesc,
											&TTSOpsVirtual);
	MemoryContextSwitchTo(oldcxt);
}

bool
randpick_use_ordinary(RandpickOrdinary *ordinary, CustomScanState *css,
					  uint64 wanted, int eflags)
{
	int64		bound;

	randpick_init_ordinary(ordinary, css, eflags);
	if (ordinary->state == NULL)
		return false;
	ordinary->is_used = true;

	/* as no row of a scan is at hand, WHERE CURRENT OF must not find the scan */
	ordinary->relation = css->ss.ss_currentRelation;
	css->ss.ss_currentRelation = NULL;

	/* row locks, which may be between, skip rows */
	bound = css->ss.ps.state->es_rowmarks == NULL && wanted > 0 &&
		wanted <= PG_INT64_MAX ? (int64) wanted : -1;
	ExecSetTupleBound(bound, ordinary->state);
	return true;
}

TupleTableSlot *
randpick_ordinary_row(RandpickOrdinary *ordinary, CustomScanState *css)
{
	TupleTableSlot *row = ExecProcNode(ordinary->state);
	TupleTableSlot *slot = ordinary->slot;
	int			ncolumns = slot->tts_tupleDescriptor->natts;

	ExecClearTuple(slot);
	if (TupIsNull(row))
		return slot;
	slot_getsomeattrs(row, ncolumns);
	memcpy(slot->tts_values, row->tts_values, ncolumns * sizeof(Datum));
	memcpy(slot->tts_isnull, row->tts_isnull, ncolumns * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

void
randpick_rescan_ordinary(RandpickOrdinary *ordinary, CustomScanState *css,
						 bool replays)
{
	if (ordinary->state == NULL)
		return;
	if (css->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(ordinary->state, css->ss.ps.chgParam);
	if (ordinary->state->chgParam == NULL)
		ExecReScan(ordinary->state);
	if (replays || !ordinary->is_used)
		return;
	css->ss.ss_currentRelation = ordinary->relation;
	ordinary->is_used = false;
}
