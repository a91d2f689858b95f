/*
 * query_ctid.h
 *	  Whether a row's ctid tells which row of a relation it is.
 */
#ifndef RANDPICK_QUERY_CTID_H
#define RANDPICK_QUERY_CTID_H

#include "nodes/plannodes.h"

extern void randpick_check_ctid_relation(Oid relid, const char *relname);
extern void randpick_check_ctid_plan(PlannedStmt *stmt, Oid relid);

#endif							/* RANDPICK_QUERY_CTID_H */
