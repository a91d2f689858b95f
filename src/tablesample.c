/*
 * tablesample.c
 *	  TABLESAMPLE randpick(n) [REPEATABLE (seed)]: the method and its path.
 *
 * PostgreSQL's interface for sampling methods asks a method for blocks and for
 * line pointers, and looks into them itself.  A sample of exactly n rows, all
 * equally likely, could be had in that way too, but it would take a second
 * implementation of what the scan node does: what is visible, which rows have
 * come before, when to give up and deal.  So there is none: the hook puts a race
 * in the place of the sample scan, always and whatever randpick.order_by_random
 * says, and the method's own callbacks only estimate.  They cannot be reached
 * without the hook, since calling the handler loads the library; if the path was
 * replaced once more, by somebody else, the query must fail and not sample
 * wrongly.  For the same reason it fails on what cannot be raced: foreign
 * partitions, which PostgreSQL would read in full, and tables of another format.
 *
 * A sample is taken before the WHERE.  So everything is planned for a copy of
 * the relation that has no conditions, and in which the numbers of rows and
 * pages are the table's: in the relation they have been set to the sample's.
 *
 * REPEATABLE promises the same rows while the table stays the same, and that
 * means its rows and pages: not its statistics, its indexes, or somebody's
 * settings (but randpick.method, which is for tests).  So these samples race
 * over the heap alone, with a budget that depends on its size alone, and what
 * is left is dealt in the order of TIDs: a sequential scan may start in the
 * middle of the table, or run in parallel.
 *
 * What this does not promise: an order of the rows.  They come in that of
 * the race, which is random, but SQL gives TABLESAMPLE none.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/tsmapi.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "cost.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "optimizer/restrictinfo.h"
#include "path.h"
#include "private.h"
#include "utils/float.h"
#include "utils/rel.h"

/* rows that a size unknown to the planner is taken to ask for */
#define ASSUMED_SIZE	10.0

PG_FUNCTION_INFO_V1(randpick_tablesample);

/* How many of the rows will a sample have? */
static double
guess_size(PlannerInfo *root, Node *size, double rows)
{
	double		guess = ASSUMED_SIZE;

	size = estimate_expression_value(root, size);
	if (IsA(size, Const) && !((Const *) size)->constisnull)
		guess = (double) DatumGetInt64(((Const *) size)->constvalue);
	return clamp_row_est(Min(guess, rows));
}

/* SampleScanGetSampleSize */
static void
estimate_sample(PlannerInfo *root, RelOptInfo *rel, List *args,
				BlockNumber *pages, double *tuples)
{
	*tuples = guess_size(root, linitial(args), rel->tuples);
	*pages = (BlockNumber) Min((double) rel->pages, *tuples);
}

static void
fail_without_hook(void)
{
	elog(ERROR, "TABLESAMPLE randpick was planned without its scan node");
}

/* BeginSampleScan */
static void
begin_sample(SampleScanState *node, Datum *params, int nparams, uint32 seed)
{
	fail_without_hook();
}

/* NextSampleTuple */
static OffsetNumber
next_sample_tuple(SampleScanState *node, BlockNumber block, OffsetNumber last)
{
	fail_without_hook();
	return InvalidOffsetNumber;
}

/* randpick(internal): the handler */
Datum
randpick_tablesample(PG_FUNCTION_ARGS)
{
	TsmRoutine *routine = makeNode(TsmRoutine);

	routine->parameterTypes = list_make1_oid(INT8OID);
	routine->repeatable_across_queries = true;
	routine->repeatable_across_scans = true;
	routine->SampleScanGetSampleSize = estimate_sample;
	routine->BeginSampleScan = begin_sample;
	routine->NextSampleTuple = next_sample_tuple;
	PG_RETURN_POINTER(routine);
}


/*
 * Does PostgreSQL itself sample the table?  If not, another extension reads it in
 * a way of its own.
 */
static bool
has_sample_path(RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->pathlist)
	{
		if (((Path *) lfirst(lc))->pathtype == T_SampleScan)
			return true;
	}
	return false;
}

/* Check that a table can be sampled. */
static void
check_table(RelOptInfo *rel, Relation table)
{
	const char *detail;

	if (table->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		detail = gettext_noop("It is a foreign table.");
	else if (table->rd_rel->relam != HEAP_TABLE_AM_OID)
		detail = gettext_noop("Its access method is not heap.");
	else if (!has_sample_path(rel))
		detail = gettext_noop("Another extension reads it in a way of its own.");
	else
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot sample table \"%s\" with TABLESAMPLE randpick",
					RelationGetRelationName(table)),
			 errdetail("%s", _(detail)),
			 errhint("Use ORDER BY random() LIMIT instead.")));
}

/* Those indexes that lead to every row, as no condition were there. */
static List *
whole_indexes(List *indexes)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		IndexOptInfo *index = lfirst_node(IndexOptInfo, lc);
		IndexOptInfo *copy;

		if (index->indpred != NIL)
			continue;
		copy = makeNode(IndexOptInfo);
		memcpy(copy, index, sizeof(IndexOptInfo));
		copy->indrestrictinfo = NIL;
		result = lappend(result, copy);
	}
	return result;
}

/* The relation without its WHERE and as large as its table. */
static RelOptInfo *
make_whole_relation(RelOptInfo *rel, Relation table)
{
	RelOptInfo *whole = makeNode(RelOptInfo);

	memcpy(whole, rel, sizeof(RelOptInfo));
	whole->reloptkind = RELOPT_BASEREL; /* each partition races by itself */
	estimate_rel_size(table, whole->attr_widths - whole->min_attr,
					  &whole->pages, &whole->tuples, &whole->allvisfrac);
	whole->rows = clamp_row_est(whole->tuples);
	whole->baserestrictinfo = NIL;
	whole->baserestrictcost.startup = 0;
	whole->baserestrictcost.per_tuple = 0;
	whole->joininfo = NIL;
	whole->has_eclass_joins = false;
	whole->lateral_relids = NULL;
	whole->indexlist = whole_indexes(rel->indexlist);
	whole->pathlist = NIL;
	whole->partial_pathlist = NIL;
	return whole;
}

/*
 * The ordinary way to all rows: PostgreSQL's sample scan, which is there, reads
 * them as its sequential scan does.  A sample is not for parallel workers, but
 * the rows that it is dealt from are.
 */
static Path *
make_deal_path(PlannerInfo *root, RelOptInfo *whole, Relation table)
{
	int			nworkers;

	whole->pathlist = list_make1(create_seqscan_path(root, whole, NULL, 0));
	whole->consider_parallel = root->glob->parallelModeOK &&
		!RelationUsesLocalBuffers(table);
	if (whole->consider_parallel)
	{
		nworkers = compute_parallel_worker(whole, whole->pages, -1,
										   max_parallel_workers_per_gather);
		if (nworkers > 0)
			whole->partial_pathlist =
				list_make1(create_seqscan_path(root, whole, NULL, nworkers));
	}
	return randpick_deal_path(root, whole, NULL);
}

/* All rows in the order of their TIDs. */
static Path *
make_repeatable_deal_path(PlannerInfo *root, RelOptInfo *whole)
{
	ItemPointer first = palloc0(sizeof(ItemPointerData));
	Expr	   *ctid = (Expr *) makeVar(whole->relid,
										SelfItemPointerAttributeNumber,
										TIDOID, -1, InvalidOid, 0);
	Expr	   *lowest;
	Expr	   *condition;
	Path	   *path;

	ItemPointerSet(first, 0, 0);
	lowest = (Expr *) makeConst(TIDOID, -1, InvalidOid, sizeof(ItemPointerData),
								PointerGetDatum(first), false, false);
	condition = make_opclause(TIDGreaterEqOperator, BOOLOID, false,
							  ctid, lowest, InvalidOid, InvalidOid);
	set_opfuncid((OpExpr *) condition);
	whole->consider_parallel = false;
	path = randpick_tid_range_path(root, whole,
								   list_make1(make_simple_restrictinfo(root,
																	   condition)));
	path->pathtarget = randpick_tid_target(root, whole);
	return path;
}

/*
 * Choose how to race for k rows of the table; or to deal them at once, if
 * that costs less.  Returns what it costs.
 */
static Cost
choose_race(RandpickRaceCost *cost, PlannerInfo *root, RelOptInfo *whole,
			Path *deal, bool is_repeatable, double k)
{
	RandpickRaceCost dealt;
	Cost		race_cost;
	Cost		dealt_cost;

	if (is_repeatable)
		whole->indexlist = NIL;
	randpick_choose_source(cost, root, whole, deal, k);
	race_cost = randpick_cost_of_rows(cost, k);
	if (is_repeatable)
	{
		/* one that holds whatever other transactions there are */
		cost->capacity = randpick_any_heap_capacity();
		cost->prices.deal_cpu = get_float8_infinity();
		cost->first_looks = 0;
		return race_cost;
	}

	dealt = *cost;
	dealt.max_looks = 0;
	dealt_cost = randpick_cost_of_rows(&dealt, k);
	if (dealt_cost < race_cost &&
		randpick_order_by_random != RANDPICK_ORDER_FORCE)
		*cost = dealt;
	return Min(dealt_cost, race_cost);
}

/* What the query wants of the sample. */
static RandpickMatch
match_sample(PlannerInfo *root, const TableSampleClause *clause)
{
	RandpickMatch match = {0};

	match.sample_args = list_copy(clause->args);
	if (clause->repeatable != NULL)
		match.sample_args = lappend(match.sample_args, clause->repeatable);

	/* PostgreSQL's own rule of where a scan may be read again */
	match.sampling = root->query_level > 1 ||
		bms_membership(root->all_baserels) != BMS_SINGLETON ?
		RANDPICK_SAMPLING_AGAIN : RANDPICK_SAMPLING_ONCE;
	return match;
}

/* Let the path return the rows of a sample of k rows that pass the WHERE. */
static void
finish_path(PlannerInfo *root, RelOptInfo *rel, Path *path, Cost sample_cost,
			double k)
{
	path->param_info = get_baserel_parampathinfo(root, rel,
												 rel->lateral_relids);
	path->rows = path->param_info ? path->param_info->ppi_rows : rel->rows;
	path->startup_cost = rel->baserestrictcost.startup +
		path->pathtarget->cost.startup;
	path->total_cost = path->startup_cost + sample_cost +
		k * rel->baserestrictcost.per_tuple +
		path->rows * path->pathtarget->cost.per_tuple;
}

/*
 * set_rel_pathlist_hook for a relation with a TABLESAMPLE.  Of a table with
 * partitions or children each is sampled apart, as SQL has it.
 */
void
randpick_set_sample_pathlist(PlannerInfo *root, RelOptInfo *rel,
							 RangeTblEntry *rte)
{
	TableSampleClause *clause = rte->tablesample;
	RandpickMatch match;
	RandpickRaceCost cost;
	RelOptInfo *whole;
	Relation	table;
	CustomPath *path;
	Path	   *deal;
	Cost		sample_cost;
	double		k;

	if (rte->inh || IS_DUMMY_REL(rel) ||
		GetTsmRoutine(clause->tsmhandler)->BeginSampleScan != begin_sample)
		return;

	/* the planner has locked it */
	table = table_open(rte->relid, NoLock);
	check_table(rel, table);
	whole = make_whole_relation(rel, table);

	/* any of them may be read, not just as many as there are rows */
	root->total_table_pages += whole->pages - Min(rel->pages, whole->pages);
	deal = clause->repeatable != NULL ?
		make_repeatable_deal_path(root, whole) :
		make_deal_path(root, whole, table);
	table_close(table, NoLock);

	k = guess_size(root, linitial(clause->args), whole->rows);
	sample_cost = choose_race(&cost, root, whole, deal,
							  clause->repeatable != NULL, k);
	match = match_sample(root, clause);
	path = randpick_race_path(rel, &match, &cost, deal, NULL);
	finish_path(root, rel, &path->path, sample_cost, k);

	rel->pathlist = NIL;
	rel->partial_pathlist = NIL;
	add_path(rel, &path->path);
}

/*
 * ReparameterizeCustomPathByChild: the size or the seed come from a partitioned
 * table (LATERAL), of which the path is now joined to one partition.
 */
List *
randpick_adjust_sample(PlannerInfo *root, List *custom_private,
					   RelOptInfo *child)
{
	List	   *result = list_copy(custom_private);
	ListCell   *exprs = list_nth_cell(result, RANDPICK_PRIVATE_EXPRS);

	lfirst(exprs) = randpick_adjust_to_child(root, lfirst(exprs), child);
	return result;
}
