/*
 * declined.h
 *	  Saying why a query in random order was left to PostgreSQL.
 */
#ifndef RANDPICK_DECLINED_H
#define RANDPICK_DECLINED_H

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

/* What there is to say about a query that is being planned. */
typedef struct RandpickRemarks
{
	bool		has_table;		/* true if the query reads one */
	MemoryContext cxt;
	List	   *list;			/* of Remark, in cxt */
	struct RandpickRemarks *outer;	/* if another query is being planned, too */
} RandpickRemarks;

extern void randpick_begin_remarks(RandpickRemarks *remarks, Query *query);
extern void randpick_end_remarks(RandpickRemarks *remarks);
extern void randpick_log_remarks(RandpickRemarks *remarks, PlannedStmt *stmt);

extern void randpick_report_declined(PlannerInfo *root, RelOptInfo *rel,
									 const char *reason);
extern void randpick_note_offer(PlannerInfo *root, RelOptInfo *rel,
								const Path *path);
extern void randpick_report_lost(PlannerInfo *root, RelOptInfo *final);

#endif							/* RANDPICK_DECLINED_H */
