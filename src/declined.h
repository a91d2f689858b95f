/*
 * declined.h
 *	  Saying why a query in random order was left to PostgreSQL.
 */
#ifndef RANDPICK_DECLINED_H
#define RANDPICK_DECLINED_H

#include "nodes/pathnodes.h"

/*
 * Log why the rows of a relation are not raced, if the setting wants that.  The
 * reason completes a sentence.
 */
extern void randpick_report_declined(PlannerInfo *root, RelOptInfo *rel,
									 const char *reason);

/*
 * Planning begins.  What is left from a query whose planning failed must not be
 * taken for an offer to one that happens to stand at the same address.
 */
extern void randpick_forget_offer(void);

/* A race is being offered to the planner for a relation of the query. */
extern void randpick_note_offer(PlannerInfo *root, RelOptInfo *rel,
								const Path *path);

/*
 * When all paths of a query are there: log if a race was offered and lost, and
 * the setting wants that.
 */
extern void randpick_report_lost(PlannerInfo *root, RelOptInfo *final);

#endif							/* RANDPICK_DECLINED_H */
