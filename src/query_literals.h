/*
 * query_literals.h
 *	  The literals of a filter that can mean something else another time.
 */
#ifndef RANDPICK_QUERY_LITERALS_H
#define RANDPICK_QUERY_LITERALS_H

#include "utils/plancache.h"
#include "utils/palloc.h"

/* The literals of a kept query.  All zeros if they have not been looked for. */
typedef struct RandpickLiterals
{
	CachedPlanSource *source;	/* the query, or NULL */
	List	   *list;			/* of Literal, in the query's memory */
	bool		are_complete;	/* false if one of them cannot be read again */
	MemoryContextCallback forget;	/* called when that memory goes */
} RandpickLiterals;

extern void randpick_find_literals(RandpickLiterals *literals,
								   CachedPlanSource *source);
extern bool randpick_literals_hold(const RandpickLiterals *literals);
extern bool *randpick_watch_inlining(bool *found);
extern void randpick_end_watch(bool *outer);

#endif							/* RANDPICK_QUERY_LITERALS_H */
