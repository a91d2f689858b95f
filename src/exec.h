/*
 * exec.h
 *	  The state of the scan node, for those who work on it.
 */
#ifndef RANDPICK_EXEC_H
#define RANDPICK_EXEC_H

#include "deal.h"
#include "nodes/execnodes.h"
#include "ordinary.h"
#include "racing.h"
#include "randpick.h"
#include "sample.h"
#include "utils/tuplestore.h"
#include "wanted.h"

/* What a scan node is asked for, as a member of a joint race. */
typedef struct RandpickRequest
{
	RandpickRace *race;			/* of which the row becomes a part */
	bool		is_dealt;
	uint64		place;			/* look here, if it is raced */
	RandpickTarget target;		/* return this row, if it was dealt */
	bool		must_remember;	/* and know it again */
	double		key;			/* the row's key if is_replayed */
	bool		is_replayed;	/* has it been returned before? */

	/* the answer's */
	bool		met_row;		/* did the look find a row, returned or not? */
} RandpickRequest;

typedef struct RandpickScanState
{
	CustomScanState css;

	/* fixed at begin */
	bool		has_ordinary;	/* is there a plan beside the race? */
	int			nmembers;		/* of its append, or 1 */
	int			key_param;		/* executor parameter that carries the key */
	Tuplestorestate *record;	/* rows returned, if they may be asked for
								 * again */
	int			eflags;			/* for the child */

	/* changes from row to row */
	RandpickRacing racing;
	RandpickSample sample;		/* if it is one */
	RandpickWanted wanted;		/* if it is none */
	RandpickDeal *deal;			/* NULL while racing */
	PlanState  *child;			/* the plan that deals; NULL until needed */
	bool		has_dealt;		/* has it run? */
	RandpickOrdinary ordinary;	/* the plan beside the race, if there is one */
	TupleTableSlot *ring;		/* a row as TID and time or key; NULL until
								 * one is dealt or recorded */
	bool		replaying;		/* reading the record? */
	RandpickRequest *request;	/* as a member, while it is asked */

	uint64		ndeals;			/* races finished by dealing, for EXPLAIN */
} RandpickScanState;

/*
 * scan_deal.c: the plan that deals, initialized if that has not been done
 */
extern PlanState *randpick_scan_child(RandpickScanState *node);

/*
 * Deals the next row, all of them being read at the first call.  False if there is
 * none.
 */
extern bool randpick_scan_deal(RandpickScanState *node, TupleTableSlot *slot);

/*
 * Fetches a row that was dealt, and remembers it if it must.  False if it has been
 * returned, which is only then known of an entry.
 */
extern bool randpick_scan_fetch_dealt(RandpickScanState *node,
									  const RandpickTarget *target,
									  bool must_remember,
									  TupleTableSlot *slot);

/* Fetches a row that is known by its TID, or by an entry. */
extern void randpick_scan_fetch(RandpickScanState *node,
								const RandpickTarget *target,
								TupleTableSlot *slot);

#endif							/* RANDPICK_EXEC_H */
