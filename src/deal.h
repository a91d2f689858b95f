/*
 * deal.h
 *	  Finishing a race by dealing: all rows that are left, sorted.
 */
#ifndef RANDPICK_DEAL_H
#define RANDPICK_DEAL_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "race.h"

typedef struct RandpickDeal RandpickDeal;

/*
 * A row as the race knows it: its TID and a time or a key.  The form in which
 * rows are sorted here, and recorded by exec.c.
 */
extern TupleDesc randpick_ring_desc(void);
extern void randpick_store_ring(TupleTableSlot *slot, ItemPointer tid,
								double value);
extern double randpick_read_ring(TupleTableSlot *slot, ItemPointer tid);

/*
 * Read every row of the plan, whose only column is the TID, and give those
 * that the race has not returned their times.  slot is of the form above.
 * If it is known how many will be wanted, no more need be kept; else that is 0.
 * Runs the plan, so the current memory context must live as long as it does.
 */
extern RandpickDeal *randpick_deal_begin(PlanState *rows, RandpickRace *race,
										 TupleTableSlot *slot, int64 wanted);

/* The next row: moves the race's clock to it.  False if there is none. */
extern bool randpick_deal_next(RandpickDeal *deal, RandpickRace *race,
							   TupleTableSlot *slot, ItemPointer tid);

/* Release its memory and files. */
extern void randpick_deal_end(RandpickDeal *deal);

#endif							/* RANDPICK_DEAL_H */
