/*
 * member.h
 *	  Scan nodes as members of a joint race.
 *
 * A member is a scan node whose race is run, at first, by a node above it: that
 * draws the rings and tells the member into which of its places to look.
 * From some moment on the member may go on by itself.
 */
#ifndef RANDPICK_MEMBER_H
#define RANDPICK_MEMBER_H

#include "nodes/execnodes.h"
#include "race.h"
#include "source.h"

/*
 * The number of places of the member as of now, and, added to *max_looks, the
 * looks that its race may take.  Both forms give the same; the first wants the
 * member to be initialized.
 *
 * The second is for members whose places are those of a heap: they keep their
 * number, and are told without the member.
 */
extern uint64 randpick_member_places(PlanState *member, uint64 *max_looks);
extern bool randpick_member_is_heap(const CustomScan *member);
extern uint64 randpick_heap_member_places(const CustomScan *member,
										  EState *estate, uint64 *max_looks);

/* Let the node be a member, whose race is run by another one. */
extern void randpick_member_enter(PlanState *member);

/* The kind of a joint race, by its members; past.h says what that is. */
extern uint64 randpick_kind_of_joint_race(const List *members, EState *estate);

/* ORDER BY random() DESC? */
extern bool randpick_member_is_descending(const CustomScan *member);

/*
 * Look into a place of the member.  Returns the row that the node projects, or
 * an empty slot; its key comes from the race.
 */
extern TupleTableSlot *randpick_member_look(PlanState *member,
											RandpickRace *race, uint64 place);

/* Has it returned so many rows that no more of them can be remembered? */
extern bool randpick_member_is_full(PlanState *member);

/* Deal what is left of the member, from the race's clock on, when asked. */
extern void randpick_member_leave(PlanState *member, const RandpickRace *race);

/* The key of the member's last row. */
extern double randpick_member_key(PlanState *member);

#endif							/* RANDPICK_MEMBER_H */
