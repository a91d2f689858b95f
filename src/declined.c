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
 *
 * The plan may be thrown away.  To Citus a distributed table is an ordinary, empty
 * one, which it has planned for purposes of its own and never reads; the rows are
 * on other servers.  So all that is found out waits until the finished plan is
 * known, and is dropped if that plan scans no table.
 */
#include "postgres.h"

#include "declined.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "randpick.h"
#include "utils/lsyscache.h"

/* Something to log. */
typedef struct Remark
{
	char	   *message;
	char	   *detail;
	char	   *hint;			/* or NULL */
} Remark;

/* on the query that is being planned, or NULL */
static RandpickRemarks *current = NULL;

/* The race offered last, until its query's paths are complete. */
static struct
{
	PlannerInfo *root;			/* NULL if there is none; for comparison only */
	bool		is_whole;		/* for the table, not for a partition of it? */
	Cost		startup_cost;
	Cost		total_cost;
	double		rows;
}			offer;

/* True if a query reads a table, also in a sub-select; a tree walker. */
static bool
has_table(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;
		ListCell   *lc;

		foreach(lc, query->rtable)
		{
			if (lfirst_node(RangeTblEntry, lc)->rtekind == RTE_RELATION &&
				foreach_current_index(lc) + 1 != query->resultRelation)
				return true;
		}
		return query_tree_walker(query, has_table, context, 0);
	}
	return expression_tree_walker(node, has_table, context);
}

/*
 * Collect remarks on a query from now on, in the current memory context.  The
 * caller calls randpick_end_remarks() when it is planned, also after an error.
 *
 * An offer that is left from a query whose planning failed must not be taken for
 * one to a query that happens to stand at the same address.
 */
void
randpick_begin_remarks(RandpickRemarks *remarks, Query *query)
{
	offer.root = NULL;
	remarks->has_table = has_table((Node *) query, NULL);
	remarks->cxt = CurrentMemoryContext;
	remarks->list = NIL;
	remarks->outer = current;
	current = remarks;
}

/* End collecting, and go on with the query around it, if there is one. */
void
randpick_end_remarks(RandpickRemarks *remarks)
{
	current = remarks->outer;
}

/* True if the plan is a scan of a table. */
static bool
is_table_scan(Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_ForeignScan:
			return true;
		case T_CustomScan:
			return ((Scan *) plan)->scanrelid > 0;
		default:
			return false;
	}
}

static bool scans_table_in_any(List *plans);

/* True if there is a scan of a table in the plan. */
static bool
scans_table(Plan *plan)
{
	if (plan == NULL)
		return false;
	if (is_table_scan(plan) ||
		scans_table(outerPlan(plan)) || scans_table(innerPlan(plan)))
		return true;
	switch (nodeTag(plan))
	{
		case T_Append:
			return scans_table_in_any(((Append *) plan)->appendplans);
		case T_MergeAppend:
			return scans_table_in_any(((MergeAppend *) plan)->mergeplans);
		case T_SubqueryScan:
			return scans_table(((SubqueryScan *) plan)->subplan);
		case T_CustomScan:
			return scans_table_in_any(((CustomScan *) plan)->custom_plans);
		default:
			return false;
	}
}

static bool
scans_table_in_any(List *plans)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		if (scans_table(lfirst(lc)))
			return true;
	}
	return false;
}

static void
log_remark(const Remark *remark)
{
	ereport(LOG,
			(errmsg_internal("%s", remark->message),
			 errdetail_internal("%s", remark->detail),
			 remark->hint ? errhint("%s", remark->hint) : 0));
}

/* Log the remarks on a query whose finished plan is known. */
void
randpick_log_remarks(RandpickRemarks *remarks, PlannedStmt *stmt)
{
	ListCell   *lc;

	if (remarks->list == NIL)
		return;
	if (remarks->has_table && !scans_table(stmt->planTree) &&
		!scans_table_in_any(stmt->subplans))
		return;
	foreach(lc, remarks->list)
		log_remark(lfirst(lc));
}

/*
 * Add a remark, which is logged at once if the query is not planned through our
 * hook.  The strings are copied.
 */
static void
add_remark(const char *message, const char *detail, const char *hint)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(current ? current->cxt :
												 CurrentMemoryContext);
	Remark	   *remark = palloc(sizeof(Remark));

	remark->message = pstrdup(message);
	remark->detail = pstrdup(detail);
	remark->hint = hint ? pstrdup(hint) : NULL;
	if (current != NULL)
		current->list = lappend(current->list, remark);
	else
		log_remark(remark);
	MemoryContextSwitchTo(oldcxt);
}

/*
 * Say why the rows of a relation are not raced, if the setting wants that.  The
 * reason completes a sentence.  Said once for each query, although each table in
 * a join is asked.
 */
void
randpick_report_declined(PlannerInfo *root, RelOptInfo *rel, const char *reason)
{
	if (!randpick_log_declined)
		return;
	if (rel->reloptkind == RELOPT_OTHER_MEMBER_REL)
	{
		Oid			relid = planner_rt_fetch(rel->relid, root)->relid;
		const char *name = get_rel_name(relid);

		add_remark(get_rel_relispartition(relid) ?
				   psprintf(_("randpick left partition \"%s\" of a query sorted by random() to PostgreSQL"), name) :
				   psprintf(_("randpick left table \"%s\" of a query sorted by random() to PostgreSQL"), name),
				   psprintf(_("It is not taken because %s."), reason), NULL);
	}
	else if (bms_next_member(root->all_baserels, -1) == (int) rel->relid)
		add_remark(_("randpick left a query sorted by random() to PostgreSQL"),
				   psprintf(_("The query is not taken because %s."), reason),
				   NULL);
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

/* Note that a race is being offered to the planner for a relation. */
void
randpick_note_offer(PlannerInfo *root, RelOptInfo *rel, const Path *path)
{
	if (!randpick_log_declined)
		return;
	offer.root = root;
	offer.is_whole = rel->reloptkind == RELOPT_BASEREL;
	offer.startup_cost = path->startup_cost;
	offer.total_cost = path->total_cost;
	offer.rows = path->rows;
}

/*
 * When all paths of a query are there, say that a race was offered and lost, if so
 * and if the setting wants that.
 */
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
	add_remark(_("randpick left a query sorted by random() to PostgreSQL"),
			   offer.is_whole ?
			   psprintf(_("The random row scan was estimated to cost %.2f, PostgreSQL's own plan %.2f."),
						cost_of_offer(rows), choice->total_cost) :
			   psprintf(_("Random row scans of the partitions were estimated to cost more than PostgreSQL's own plan, %.2f."),
						choice->total_cost),
			   _("EXPLAIN ANALYZE shows what the scan does if randpick.order_by_random is set to \"force\"."));
}
