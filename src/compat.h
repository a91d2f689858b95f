/*
 * compat.h
 *	  What differs between the PostgreSQL majors, and nothing else.
 *
 * The code is written against PostgreSQL 15; each difference of a later major
 * is bridged here under a name of its own, so that no other file looks at
 * PG_VERSION_NUM.
 */
#ifndef RANDPICK_COMPAT_H
#define RANDPICK_COMPAT_H

#include "access/heapam.h"
#include "access/nbtree.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/pathnode.h"
#include "parser/parser.h"
#include "utils/selfuncs.h"
#include "storage/bufmgr.h"
#include "storage/proc.h"
#include "utils/plancache.h"
#include "utils/rel.h"

#if PG_VERSION_NUM >= 180000
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_constraint.h"
#include "utils/fmgroids.h"
#endif

#if PG_VERSION_NUM < 150000
#error "randpick needs PostgreSQL 15 or later"
#endif

/*
 * random() without arguments.  Its macro in fmgroids.h changed its name when
 * random(min, max) came (17), its OID never did.
 */
#define RANDPICK_RANDOM_OID 1598

/* 18 moved the property functions of EXPLAIN to a header of their own. */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#else
#include "commands/explain.h"
#endif

/* 18 gave pathkeys a comparison type of their own. */
static inline bool
randpick_pathkey_is_descending(PathKey *pathkey)
{
#if PG_VERSION_NUM >= 180000
	return pathkey->pk_cmptype == COMPARE_GT;
#else
	return pathkey->pk_strategy == BTGreaterStrategyNumber;
#endif
}

/* 18 dropped the argument that says whether the plan runs only once. */
static inline void
randpick_executor_run(QueryDesc *query, uint64 count)
{
#if PG_VERSION_NUM >= 180000
	ExecutorRun(query, ForwardScanDirection, count);
#else
	ExecutorRun(query, ForwardScanDirection, count, true);
#endif
}

/* A table that a scan reads; 18 wants to know whether it is written. */
static inline Relation
randpick_range_table_relation(EState *estate, Index rti)
{
#if PG_VERSION_NUM >= 180000
	return ExecGetRangeTableRelation(estate, rti, false);
#else
	return ExecGetRangeTableRelation(estate, rti);
#endif
}

/*
 * What a scan, or a Gather of one, costs without what its enable_* setting adds
 * if it is off.  Up to 17 that is in the cost; from 18 on it is counted apart.
 */
static inline Cost
randpick_cost_without_disable(Path *path)
{
#if PG_VERSION_NUM < 180000
	NodeTag		scan = IsA(path, GatherPath) ?
	((GatherPath *) path)->subpath->pathtype : path->pathtype;

	if ((scan == T_SeqScan && !enable_seqscan) ||
		(scan == T_IndexScan && !enable_indexscan) ||
		(scan == T_BitmapHeapScan && !enable_bitmapscan) ||
		((scan == T_TidScan || scan == T_TidRangeScan) && !enable_tidscan))
		return path->total_cost - disable_cost;
#endif
	return path->total_cost;
}

/*
 * Was a plan that is kept, and valid, made under the present search path?  17
 * renamed the question.
 */
static inline bool
randpick_is_search_path_of(const CachedPlanSource *source)
{
#if PG_VERSION_NUM >= 170000
	return SearchPathMatchesCurrentEnvironment(source->search_path);
#else
	return OverrideSearchPathMatchesCurrent(source->search_path);
#endif
}

/* Is a backslash in a plain string a character like others?  Always since 19. */
static inline bool
randpick_strings_conform(void)
{
#if PG_VERSION_NUM >= 190000
	return true;
#else
	return standard_conforming_strings;
#endif
}

/*
 * The relation that an entry of a query's FROM names.  That of a view, which
 * the rewriter has made a sub-select, keeps its OID from some minor release of
 * 15 on; before, only the entry of the view's rule has it.
 */
static inline Oid
randpick_entry_relation(const RangeTblEntry *entry)
{
	if (entry->rtekind == RTE_SUBQUERY && !OidIsValid(entry->relid))
		entry = linitial_node(RangeTblEntry, entry->subquery->rtable);
	return entry->relid;
}

/*
 * A custom scan whose scan slot holds tuples of a heap page.  From 16 on the
 * state says so when it is created; 15 knows only virtual slots there, which
 * have no system columns, so the slot is made anew when the scan begins.  Then
 * what was compiled for the virtual slot (projection, qual) is void, and true
 * is returned.
 */
static inline void
randpick_choose_scan_slot(CustomScanState *css)
{
#if PG_VERSION_NUM >= 160000
	css->slotOps = &TTSOpsBufferHeapTuple;
#else
	(void) css;
#endif
}

static inline bool
randpick_init_scan_slot(CustomScanState *css, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	(void) css;
	(void) estate;
	return false;
#else
	ExecInitScanTupleSlot(estate, &css->ss,
						  RelationGetDescr(css->ss.ss_currentRelation),
						  &TTSOpsBufferHeapTuple);
	return true;
#endif
}

/* 16 renamed what identifies a relation's file. */
static inline uint32
randpick_file_number(Relation rel)
{
#if PG_VERSION_NUM >= 160000
	return rel->rd_locator.relNumber;
#else
	return rel->rd_node.relNode;
#endif
}

static inline bool
randpick_read_recent_buffer(Relation rel, BlockNumber block, Buffer buffer)
{
#if PG_VERSION_NUM >= 160000
	return ReadRecentBuffer(rel->rd_locator, MAIN_FORKNUM, block, buffer);
#else
	return ReadRecentBuffer(rel->rd_node, MAIN_FORKNUM, block, buffer);
#endif
}

/* The backend's own number of its transaction; 17 put it elsewhere. */
static inline LocalTransactionId
randpick_local_transaction(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/* 17 removed old_snapshot_threshold. */
static inline void
randpick_test_for_old_snapshot(Snapshot snapshot, Relation rel, Page page)
{
#if PG_VERSION_NUM < 170000
	TestForOldSnapshot(snapshot, rel, page);
#else
	(void) snapshot;
	(void) rel;
	(void) page;
#endif
}

/* 19 lets the planner's hook know of an EXPLAIN. */
#if PG_VERSION_NUM >= 190000
#define RANDPICK_PLANNER_PARAMS \
	Query *parse, const char *query_string, int cursor_options, \
	ParamListInfo params, ExplainState *es
#define RANDPICK_PLANNER_ARGS parse, query_string, cursor_options, params, es
#else
#define RANDPICK_PLANNER_PARAMS \
	Query *parse, const char *query_string, int cursor_options, \
	ParamListInfo params
#define RANDPICK_PLANNER_ARGS parse, query_string, cursor_options, params
#endif

/* All columns have been described; 19 wants to know that. */
static inline void
randpick_finish_desc(TupleDesc desc)
{
#if PG_VERSION_NUM >= 190000
	TupleDescFinalize(desc);
#else
	(void) desc;
#endif
}

/*
 * Prune a heap page that is pinned, as index scans do.  19 may set its bits in
 * the visibility map, and pins a page of that.
 */
static inline void
randpick_heap_prune(Relation rel, Buffer buffer)
{
#if PG_VERSION_NUM >= 190000
	Buffer		map = InvalidBuffer;

	heap_page_prune_opt(rel, buffer, &map, false);
	if (BufferIsValid(map))
		ReleaseBuffer(map);
#else
	heap_page_prune_opt(rel, buffer);
#endif
}

/* A scan of the rows in a range of TIDs; 19 knows parallel ones, too. */
static inline Path *
randpick_tid_range_path(PlannerInfo *root, RelOptInfo *rel, List *conditions)
{
#if PG_VERSION_NUM >= 190000
	return (Path *) create_tidrangescan_path(root, rel, conditions, NULL, 0);
#else
	return (Path *) create_tidrangescan_path(root, rel, conditions, NULL);
#endif
}

/* All rows of several paths, one after the other. */
static inline Path *
randpick_append_path(PlannerInfo *root, RelOptInfo *rel, List *paths)
{
	return (Path *) create_append_path(root, rel, paths, NIL, NIL, NULL, 0,
									   false, -1);
}

/* Exchange a partitioned table's columns for those of its partition. */
static inline Node *
randpick_adjust_to_child(PlannerInfo *root, Node *node, RelOptInfo *child)
{
#if PG_VERSION_NUM >= 160000
	return adjust_appendrel_attrs_multilevel(root, node, child,
											 child->top_parent);
#else
	return adjust_appendrel_attrs_multilevel(root, node, child->relids,
											 child->top_parent_relids);
#endif
}

/* How many elements an array may have; 17 wants to know the query, too. */
static inline double
randpick_estimate_array_length(PlannerInfo *root, Node *array)
{
#if PG_VERSION_NUM >= 170000
	return estimate_array_length(root, array);
#else
	(void) root;
	return estimate_array_length(array);
#endif
}

/*
 * Let the position that a key means be before a pivot of which nothing is left
 * but the key's columns, as the end of a range is.  17 gave the member another
 * name and scans that go backward another use of it.
 */
static inline void
randpick_btree_stop_at_pivot(BTScanInsert key)
{
#if PG_VERSION_NUM >= 170000
	key->backward = true;
#else
	key->pivotsearch = true;
#endif
}

/*
 * Does every live row of a table store a value of this column?  18 sets
 * attnotnull for constraints that have not been validated, too, and has
 * generated columns that are not stored.
 */
static inline bool
randpick_column_is_stored(Relation rel, AttrNumber column)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(rel),
												column - 1);

	if (attribute->attisdropped || attribute->atthasmissing)
		return false;
#if PG_VERSION_NUM >= 180000
	return attribute->attgenerated != ATTRIBUTE_GENERATED_VIRTUAL &&
		TupleDescCompactAttr(RelationGetDescr(rel),
							 column - 1)->attnullability == ATTNULLABLE_VALID;
#else
	return attribute->attnotnull;
#endif
}

/*
 * Since when have the NOT NULL constraints of a table been what they are?  From
 * 18 on they may be validated later than the column is marked; that changes the
 * constraint's own row alone.
 */
static inline TransactionId
randpick_not_null_since(Relation rel)
{
	TransactionId since = InvalidTransactionId;
#if PG_VERSION_NUM >= 180000
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(RelationGetRelid(rel)));
	scan = systable_beginscan(catalog, ConstraintRelidTypidNameIndexId, true,
							  NULL, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		TransactionId xmin = HeapTupleHeaderGetXmin(row->t_data);

		if (((Form_pg_constraint) GETSTRUCT(row))->contype == CONSTRAINT_NOTNULL &&
			TransactionIdIsNormal(xmin) &&
			(!TransactionIdIsValid(since) || TransactionIdFollows(xmin, since)))
			since = xmin;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
#else
	(void) rel;
#endif
	return since;
}

/* Bring memory into the CPU's cache, where the compiler knows how. */
static inline void
randpick_prefetch_memory(const void *address)
{
#if defined(__GNUC__)
	__builtin_prefetch(address);
#else
	(void) address;
#endif
}

#endif							/* RANDPICK_COMPAT_H */
