/*
 * match.c
 *	  Is this query one of ours?
 *
 * The scan node returns the rows of one relation in the order of their
 * random() values.  That is what the query asks for when the planner wants
 * its result sorted by random() first, and when nothing between the scan and
 * the sort looks at the rows or at their random() values: no join, which
 * would repeat a row for each partner while keeping the order; no grouping,
 * window or DISTINCT; no second row source in the same FROM.
 *
 * This file only looks.  Its guards come in the order of their price: nearly
 * every query ends at the first, for want of an ORDER BY.  What passes is
 * exact whatever the statistics say; whether it is worth it is path.c's.
 *
 * The query's own parse tree is not where the sort column is found: constant
 * sort keys are gone from query_pathkeys but not from the parse tree
 * (WHERE f = 3 ORDER BY f, random()), so the first path key leads to it.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "declined.h"
#include "key.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "query.h"
#include "randpick.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/*
 * Does the query want its rows sorted by random() first?  Every float8 order
 * but the usual one, and every function of random(), is another query.
 */
static bool
sorts_by_random(PlannerInfo *root, RandpickMatch *match)
{
	PathKey    *pathkey;
	EquivalenceClass *eclass;
	TargetEntry *tle;
	FuncExpr   *func;

	if (root->query_pathkeys == NIL)
		return false;

	pathkey = linitial_node(PathKey, root->query_pathkeys);
	eclass = pathkey->pk_eclass;
	if (!eclass->ec_has_volatile || eclass->ec_sortref == 0)
		return false;

	tle = get_sortgroupref_tle(eclass->ec_sortref, root->processed_tlist);
	func = (FuncExpr *) tle->expr;
	if (!IsA(func, FuncExpr) || func->funcid != RANDPICK_RANDOM_OID ||
		get_opfamily_member(pathkey->pk_opfamily, FLOAT8OID, FLOAT8OID,
							BTLessStrategyNumber) != Float8LessOperator)
		return false;

	match->descending = randpick_pathkey_is_descending(pathkey);
	return true;
}

/* Is there a random() in the expression that a path key sorts by? */
static bool
has_random(PlannerInfo *root, PathKey *pathkey)
{
	EquivalenceClass *eclass = pathkey->pk_eclass;

	if (!eclass->ec_has_volatile || eclass->ec_sortref == 0)
		return false;
	return randpick_contains_random((Node *) get_sortgroupref_tle(eclass->ec_sortref,
																  root->processed_tlist)->expr,
									NULL);
}

/*
 * Does the query, which sorts by random() first, sort by a second one, too?
 * PostgreSQL computes each column that it sorts by apart from the others, and
 * we have one key.
 */
static bool
sorts_by_random_again(PlannerInfo *root)
{
	ListCell   *lc;

	for_each_from(lc, root->sort_pathkeys, 1)
	{
		if (has_random(root, lfirst_node(PathKey, lc)))
			return true;
	}
	return false;
}

/* Why the query as a whole is not ours, or NULL. */
static const char *
decline_query(PlannerInfo *root)
{
	Query	   *parse = root->parse;

	/* nothing else is sorted by an expression over the columns of a table */
	Assert(parse->commandType == CMD_SELECT && parse->setOperations == NULL);

	if (parse->distinctClause != NIL)
		return "it has DISTINCT";
	if (parse->groupClause != NIL || parse->groupingSets != NIL ||
		parse->hasAggs || parse->havingQual != NULL)
		return "it has grouping or aggregates";
	if (parse->hasWindowFuncs || root->query_pathkeys != root->sort_pathkeys)
		return "it has window functions";
	if (parse->hasTargetSRFs)
		return "its select list has a set-returning function";
	if (parse->limitOption == LIMIT_OPTION_WITH_TIES)
		return "it has FETCH FIRST WITH TIES";
	if (sorts_by_random_again(root))
		return "it sorts by more than one random() value";
	return NULL;
}

/*
 * Why a query that does not want its rows sorted by random() first is not ours,
 * if there is a random() in its ORDER BY; else NULL.
 */
static const char *
decline_order(PlannerInfo *root)
{
	ListCell   *lc;

	foreach(lc, root->sort_pathkeys)
	{
		if (!has_random(root, lfirst_node(PathKey, lc)))
			continue;
		if (foreach_current_index(lc) > 0)
			return "it sorts by something else before random()";
		if (root->query_pathkeys != root->sort_pathkeys)
			return decline_query(root);
		return "it sorts by an expression of random(), not by its value";
	}
	return NULL;
}

/* Is the table, already locked by the planner, in heap format? */
static bool
is_heap(Oid relid)
{
	Relation	rel = table_open(relid, NoLock);
	bool		result = rel->rd_rel->relam == HEAP_TABLE_AM_OID;

	table_close(rel, NoLock);
	return result;
}

/* Are all members of an append, however deep, tables of some kind? */
static bool
has_only_tables(PlannerInfo *root, Index parent)
{
	ListCell   *lc;

	foreach(lc, root->append_rel_list)
	{
		AppendRelInfo *member = lfirst_node(AppendRelInfo, lc);
		RangeTblEntry *rte = planner_rt_fetch(member->child_relid, root);

		if (member->parent_relid != parent ||
			(rte->rtekind == RTE_RELATION && rte->tablesample == NULL) ||
			(rte->inh && has_only_tables(root, member->child_relid)))
			continue;
		return false;
	}
	return true;
}

/* Why what the query reads from cannot be raced, or NULL. */
static const char *
decline_from(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	Relids		top = rel->top_parent_relids ? rel->top_parent_relids : rel->relids;

	if (!bms_equal(root->all_baserels, top) ||
		!bms_is_empty(rel->lateral_relids))
		return "it has a join";
	if (rte->rtekind == RTE_SUBQUERY && rte->inh)
		return has_only_tables(root, rel->relid) ? NULL :
			"it has UNION ALL of more than whole tables";
	if (rte->rtekind == RTE_SUBQUERY)
		return "it reads from a sub-select or view that is planned by itself";
	if (rte->rtekind == RTE_CTE)
		return "it reads from a WITH query that is planned by itself";
	if (rte->rtekind != RTE_RELATION)
		return "it reads no table";
	if (rte->tablesample != NULL)
		return "it has TABLESAMPLE";
	return NULL;
}

/* Why this relation's rows cannot be raced, or NULL. */
static const char *
decline_relation(RangeTblEntry *rte)
{
	if (rte->relkind == RELKIND_FOREIGN_TABLE)
		return "it is a foreign table";
	if (rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_MATVIEW)
		return "it reads neither a table nor a materialized view";
	if (!is_heap(rte->relid))
		return "the table's access method is not heap";
	return NULL;
}

/*
 * Is there a sub-select in this expression that may give other rows when it is
 * run again?
 *
 * contain_volatile_functions does not look into sub-selects once they have
 * been planned, so look at the queries that they were planned from.  And who
 * takes some rows without an order may get others, since scans need not begin
 * at the same page.  That is bad if the query would be run once for all rows;
 * if it is run for each row, they may differ anyway.
 */
static bool
contains_volatile_subselect(Node *node, PlannerInfo *root)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
	{
		SubPlan    *subplan = (SubPlan *) node;
		PlannerInfo *subroot = list_nth_node(PlannerInfo, root->glob->subroots,
											 subplan->plan_id - 1);
		Query	   *query = subroot->parse;

		if (contain_volatile_functions((Node *) query) ||
			contains_volatile_subselect((Node *) query, root) ||
			(subplan->parParam == NIL && query->limitCount != NULL &&
			 query->sortClause == NIL))
			return true;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, contains_volatile_subselect,
								 root, 0);
	return expression_tree_walker(node, contains_volatile_subselect, root);
}

/*
 * Why the filter is not for us, or NULL.
 *
 * A row may be filtered twice, once raced and once dealt, so the filter must
 * give the same answer twice.  A filter without any column becomes a gate
 * above the scan, and the gate would compute random() values of its own.
 */
static const char *
decline_filter(PlannerInfo *root, RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (rinfo->pseudoconstant)
			return "a condition of its WHERE is the same for all rows";
		if (contain_volatile_functions((Node *) rinfo) ||
			contains_volatile_subselect((Node *) rinfo->clause, root))
			return "its WHERE is volatile";
	}
	return NULL;
}

/*
 * Is this relation the one whose rows the query wants in random order, and may
 * the scan node provide them?  If so, fill in *match.  If the rows are wanted,
 * but by a query that is not ours, that is reported: once for a table or an
 * append, and for a member of one only what is true of it alone.
 *
 * The functions' own queries are always planned with the race in view;
 * anybody else's only if the setting allows.
 */
bool
randpick_match(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte,
			   RandpickMatch *match)
{
	bool		is_member = rel->reloptkind == RELOPT_OTHER_MEMBER_REL;
	const char *reason;

	memset(match, 0, sizeof(RandpickMatch));
	if (!sorts_by_random(root, match))
	{
		reason = randpick_log_declined && !is_member ? decline_order(root) : NULL;
		if (reason != NULL)
			randpick_report_declined(root, rel, reason);
		return false;
	}

	reason = decline_query(root);
	if (reason == NULL)
		reason = decline_from(root, rel, rte);
	if (reason == NULL)
		reason = decline_filter(root, rel);
	if (reason == NULL && randpick_order_by_random == RANDPICK_ORDER_OFF &&
		!randpick_is_planning_call())
		reason = "randpick.order_by_random is off";
	if (reason != NULL)
	{
		if (!is_member)
			randpick_report_declined(root, rel, reason);
		return false;
	}

	/* the members of an append are asked one by one, not the append */
	if (rte->inh)
		return false;
	reason = decline_relation(rte);
	if (reason != NULL)
		randpick_report_declined(root, rel, reason);
	return reason == NULL;
}
