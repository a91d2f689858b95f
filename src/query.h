/*
 * query.h
 *	  The planned query behind a call of a randpick function.
 */
#ifndef RANDPICK_QUERY_H
#define RANDPICK_QUERY_H

#include "nodes/params.h"
#include "utils/plancache.h"

/*
 * What a call asks for.  Values of type unknown are C strings, to be read as
 * the type that the filter's context gives their parameter.
 */
typedef struct RandpickCall
{
	Oid			relid;			/* the table, view, ... */
	bool		wants_tid;		/* the row's TID, or the row itself? */
	const char *filter;			/* boolean expression, or NULL for all rows */
	int64		limit;			/* number of rows, at least 1 */
	int			nvalues;		/* values for $1, $2, ... of the filter */
	const Oid  *types;
	const Datum *values;
	const bool *nulls;
} RandpickCall;

/*
 * The plan for a call, from the session's cache if it is there.  It has one
 * column, the row as a composite value or its TID, and may return somewhat more rows
 * than asked for; in that case any number of its first rows is right.  *params
 * is set to the values of the call.  The plan belongs to the current resource
 * owner; release it with ReleaseCachedPlan.
 *
 * Errors: no such relation, wrong kind of relation, and all that is wrong with
 * the filter or its values.
 */
extern CachedPlan *randpick_query_plan(const RandpickCall *call,
									   const char **query_string,
									   ParamListInfo *params);

/* Is the query of such a call being planned just now? */
extern bool randpick_is_planning_call(void);

#endif							/* RANDPICK_QUERY_H */
