/*
 * wanted.h
 *	  How many rows will be asked for, known when the query runs.
 */
#ifndef RANDPICK_WANTED_H
#define RANDPICK_WANTED_H

#include "nodes/execnodes.h"

/* Embedded in a node's state; zeroed before use. */
typedef struct RandpickWanted
{
	uint64		rows;			/* if both are constants, or there is none */
	ExprState  *count;			/* LIMIT; NULL: rows is all that is known */
	ExprState  *offset;			/* OFFSET, or NULL */
} RandpickWanted;

/* Makes ready the expressions that limit.c found, for a node. */
extern void randpick_wanted_begin(RandpickWanted *wanted, List *exprs,
								  PlanState *ps);

/*
 * Returns LIMIT and OFFSET together, as of now, or 0 if there is no LIMIT.  More
 * rows may be asked for, where a node between skips some.
 */
extern uint64 randpick_rows_asked_for(const RandpickWanted *wanted,
									  ExprContext *econtext);

#endif							/* RANDPICK_WANTED_H */
