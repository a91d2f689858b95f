/*
 * exec.h
 *	  The state of the scan node, for those who work on it.
 */
#ifndef RANDPICK_EXEC_H
#define RANDPICK_EXEC_H

#include "deal.h"
#include "nodes/execnodes.h"
#include "racing.h"
#include "randpick.h"
#include "sample.h"
#include "utils/tuplestore.h"

typedef struct RandpickScanState
{
	CustomScanState css;

	/* fixed at begin */
	int			key_param;		/* executor parameter that carries the key */
	Tuplestorestate *record;	/* rows returned, if they may be asked for
								 * again */
	int			eflags;			/* for the child */

	/* changes from row to row */
	RandpickRacing racing;
	RandpickSample sample;		/* if it is one */
	RandpickDeal *deal;			/* NULL while racing */
	TupleTableSlot *ring;		/* a row as TID and time or key; NULL until
								 * one is dealt or recorded */
	bool		replaying;		/* reading the record? */
	RandpickRace *joint;		/* as a member: the race while it looks */
	uint64		joint_place;	/* and where */

	uint64		ndeals;			/* races finished by dealing, for EXPLAIN */
} RandpickScanState;

#endif							/* RANDPICK_EXEC_H */
