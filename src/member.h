/*
 * member.h
 *	  Scan nodes as members of a joint race.
 *
 * A member is a scan node that does nothing by itself: the node above it draws
 * the rings, deals, and records, and asks the member for one row after the
 * other.
 */
#ifndef RANDPICK_MEMBER_H
#define RANDPICK_MEMBER_H

#include "exec.h"
#include "nodes/execnodes.h"
#include "race.h"
#include "source.h"

/*
 * The number of places of the member as of now, and its pages, in *pages.  Both
 * forms give the same; the first wants the member to be initialized.
 *
 * The second is for members whose places are those of a heap: they keep their
 * number, and are told without the member.
 */
extern uint64 randpick_member_places(PlanState *member, double *pages);
extern bool randpick_member_is_heap(const CustomScan *member);
extern uint64 randpick_heap_member_places(const CustomScan *member,
										  EState *estate, double *pages);

/* Let the node be a member, whose race is run by another one. */
extern void randpick_member_enter(PlanState *member);

/* The kind of a joint race, by its members; past.h says what that is. */
extern uint64 randpick_kind_of_joint_race(const List *members, EState *estate,
										  const RandpickPrices *prices,
										  uint64 wanted);

/* ORDER BY random() DESC? */
extern bool randpick_member_is_descending(const CustomScan *member);

/* Are its rows raced, or all dealt?  And over which source? */
extern bool randpick_member_is_raced(const CustomScan *member);
extern RandpickMethod randpick_member_method(const CustomScan *member);

/*
 * Returns the row that is asked for, as the node projects it, or an empty slot.
 */
extern TupleTableSlot *randpick_member_ask(PlanState *member,
										   RandpickRequest *request);

/* The TID of the row that the member has returned last. */
extern ItemPointer randpick_member_tid(PlanState *member);

/* The race in which the member remembers its rows, or NULL if it has none. */
extern const RandpickRace *randpick_member_race(PlanState *member);

#endif							/* RANDPICK_MEMBER_H */
