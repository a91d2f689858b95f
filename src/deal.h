/*
 * deal.h
 *	  Finishing a race by dealing: all rows that are left, sorted.
 */
#ifndef RANDPICK_DEAL_H
#define RANDPICK_DEAL_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "race.h"
#include "source.h"

typedef struct RandpickDeal RandpickDeal;

/*
 * A row as the race knows it: the number of its table among those that race
 * together, its TID there, and a time or a key.  The form in which rows are
 * sorted here, and recorded by the nodes.
 */
extern TupleTableSlot *randpick_make_ring_slot(EState *estate);
extern void randpick_store_ring(TupleTableSlot *slot, int member,
								ItemPointer tid, double value);
extern double randpick_read_ring(TupleTableSlot *slot, int *member,
								 ItemPointer tid);

/* A row that is dealt. */
typedef struct RandpickDealtRow
{
	int			member;
	RandpickTarget target;		/* where to find it */
	double		time;
} RandpickDealtRow;

/* Reads the rows of all tables, by randpick_deal_read() for each. */
typedef void (*RandpickReadTables) (void *arg, RandpickDeal *deal);

/* Returns the relation that a member scans, which is open. */
typedef Relation (*RandpickGetTable) (void *arg, int member);

/*
 * Begins to deal for a race.  slot is of the form above.  wanted is the number
 * of rows that will probably be asked for, or 0 if that is not known; more may
 * be.  Nothing is read yet.  Lives in the current memory context, as does what
 * the plans allocate that are read.
 */
extern RandpickDeal *randpick_deal_create(RandpickRace *race,
										  TupleTableSlot *slot, uint64 wanted,
										  RandpickReadTables read,
										  RandpickGetTable get_table,
										  void *arg);

/*
 * Reads every row of a plan of one table, and gives those that the table's own
 * race has not returned their times.  The plan's only column is the TID; or it
 * is an index-only scan, whose entries lead to the rows.
 */
extern void randpick_deal_read(RandpickDeal *deal, PlanState *rows, int member,
							   const RandpickRace *returned);

/* Does a plan give entries of an index, which may lead to rows returned? */
extern bool randpick_gives_entries(const Plan *plan);

/*
 * The next row: moves the race's clock to it.  NULL if there is none.  The caller
 * passes over rows that were returned, which entries may lead to.
 */
extern const RandpickDealtRow *randpick_deal_next(RandpickDeal *deal);

/* Must rows that are returned be remembered, as more may be read? */
extern bool randpick_deal_left_some(const RandpickDeal *deal);

/* Releases its memory and files. */
extern void randpick_deal_end(RandpickDeal *deal);

#endif							/* RANDPICK_DEAL_H */
