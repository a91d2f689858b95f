/*
 * unread.h
 *	  Leaving the random() values that nobody reads out of a finished plan.
 */
#ifndef RANDPICK_UNREAD_H
#define RANDPICK_UNREAD_H

#include "nodes/plannodes.h"

/*
 * If the plan is one of our scans, below a LIMIT or not, and its random()
 * values are not among the query's columns, then they are dropped from its
 * target lists, and the scan is told.  Any other plan is left alone.
 */
extern void randpick_drop_unread_keys(PlannedStmt *stmt);

#endif							/* RANDPICK_UNREAD_H */
