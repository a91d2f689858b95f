/*
 * declined.c
 *	  Saying why a query in random order was left to PostgreSQL.
 *
 * That is for whoever asks why a query is not fast, and has set
 * randpick.log_declined.  There are two answers: that the query cannot be
 * taken, which match.c finds out; and that it could be, but was estimated to
 * cost more.  The second one is known only when the planner has all paths.  By
 * then the path that lost has been freed, even if its table still points to it:
 * the planner adds a path that needs no sort to the list of sorted paths as it
 * is, where add_path frees what it finds dominated.  So its costs are kept here
 * meanwhile.
 *
 * Of a sub-select the plan that costs least by itself is taken for the chosen
 * one.  Nothing is said where the plan has a node that is not known here, as
 * other extensions may add.
 */
#include "postgres.h"

#include "declined.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "randpick.h"
#include "utils/lsyscache.h"

/* The race offered last, until its query's paths are complete. */
static struct
{
	PlannerInfo *root;			/* NULL if there is none; for comparison only */
	bool		is_whole;		/* for the table, not for a partition of it? */
	Cost		startup_cost;
	Cost		total_cost;
	double		rows;
}			offer;

/* Once for each query, although each table in a join is asked. */
void
randpick_report_declined(PlannerInfo *root, RelOptInfo *rel, const char *reason)
{
	if (!randpick_log_declined)
		return;
	if (rel->reloptkind == RELOPT_OTHER_MEMBER_REL)
	{
		Oid			relid = planner_rt_fetch(rel->relid, root)->relid;

		ereport(LOG,
				(errmsg("randpick left %s \"%s\" of a query sorted by random() to PostgreSQL",
						get_rel_relispartition(relid) ? "partition" : "table",
						get_rel_name(relid)),
				 errdetail("It is not taken because %s.", reason)));
	}
	else if (bms_next_member(root->all_baserels, -1) == (int) rel->relid)
		ereport(LOG,
				(errmsg("randpick left a query sorted by random() to PostgreSQL"),
				 errdetail("The query is not taken because %s.", reason)));
}

static bool may_race_in_any(List *paths);

/* May the path have a race in it?  True of what is not known here, too. */
static bool
may_race(Path *path)
{
	switch (nodeTag(path))
	{
		case T_Path:
		case T_IndexPath:
		case T_BitmapHeapPath:
		case T_TidPath:
		case T_TidRangePath:
		case T_ForeignPath:
			return false;
		case T_LimitPath:
			return may_race(((LimitPath *) path)->subpath);
		case T_LockRowsPath:
			return may_race(((LockRowsPath *) path)->subpath);
		case T_ProjectionPath:
			return may_race(((ProjectionPath *) path)->subpath);
		case T_SortPath:
		case T_IncrementalSortPath:
			return may_race(((SortPath *) path)->subpath);
		case T_GatherPath:
			return may_race(((GatherPath *) path)->subpath);
		case T_GatherMergePath:
			return may_race(((GatherMergePath *) path)->subpath);
		case T_AppendPath:
			return may_race_in_any(((AppendPath *) path)->subpaths);
		case T_MergeAppendPath:
			return may_race_in_any(((MergeAppendPath *) path)->subpaths);
		default:
			return true;
	}
}

static bool
may_race_in_any(List *paths)
{
	ListCell   *lc;

	foreach(lc, paths)
	{
		if (may_race((Path *) lfirst(lc)))
			return true;
	}
	return false;
}

/* The path that the planner is going to choose. */
static Path *
find_choice(PlannerInfo *root, RelOptInfo *final)
{
	Path	   *choice = (Path *) linitial(final->pathlist);
	double		fraction = root->tuple_fraction;
	ListCell   *lc;

	/* the paths have the LIMIT in them, so all that they give is wanted */
	if (root->parse->limitCount != NULL || root->parse->limitOffset != NULL)
		fraction = 0;
	else if (fraction >= 1.0)
		fraction /= choice->rows;

	foreach(lc, final->pathlist)
	{
		Path	   *path = (Path *) lfirst(lc);

		if (compare_fractional_path_costs(path, choice, fraction) < 0)
			choice = path;
	}
	return choice;
}

/* What so many rows of the offer cost, as the planner reckons. */
static Cost
cost_of_offer(double rows)
{
	return offer.startup_cost + (offer.total_cost - offer.startup_cost) *
		Min(rows / Max(offer.rows, 1.0), 1.0);
}

void
randpick_forget_offer(void)
{
	offer.root = NULL;
}

void
randpick_note_offer(PlannerInfo *root, RelOptInfo *rel, const Path *path)
{
	offer.root = root;
	offer.is_whole = rel->reloptkind == RELOPT_BASEREL;
	offer.startup_cost = path->startup_cost;
	offer.total_cost = path->total_cost;
	offer.rows = path->rows;
}

void
randpick_report_lost(PlannerInfo *root, RelOptInfo *final)
{
	Path	   *choice;
	double		rows;

	if (offer.root != root)
		return;
	offer.root = NULL;
	choice = find_choice(root, final);
	if (!randpick_log_declined || may_race(choice))
		return;

	rows = root->limit_tuples > 0 ? root->limit_tuples : choice->rows;
	ereport(LOG,
			(errmsg("randpick left a query sorted by random() to PostgreSQL"),
			 offer.is_whole ?
			 errdetail("The random row scan was estimated to cost %.2f, PostgreSQL's own plan %.2f.",
					   cost_of_offer(rows), choice->total_cost) :
			 errdetail("Random row scans of the partitions were estimated to cost more than PostgreSQL's own plan, %.2f.",
					   choice->total_cost),
			 errhint("EXPLAIN ANALYZE shows what the scan does if randpick.order_by_random is set to \"force\".")));
}
