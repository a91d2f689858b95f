/*
 * key.h
 *	  The key of a row, in the place of each random() of the target list.
 */
#ifndef RANDPICK_KEY_H
#define RANDPICK_KEY_H

#include "nodes/execnodes.h"

/* The executor parameter, if there is no random() in the target list. */
#define RANDPICK_NO_KEY_PARAM	(-1)

/* An expression_tree_walker: is there a random() in the expression? */
extern bool randpick_contains_random(Node *node, void *context);

/*
 * The projection of a scan whose target list has random() in it, compiled so
 * that each random() reads the executor parameter instead.  An error if there
 * is no random().
 */
extern ProjectionInfo *randpick_key_projection(ScanState *ss, int key_param);

/* Set what the next projection gives for random(), if anybody reads it. */
extern void randpick_key_set(EState *estate, int key_param, double key);

#endif							/* RANDPICK_KEY_H */
