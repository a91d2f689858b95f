/*
 * append.h
 *	  A joint race over the members of an append.
 */
#ifndef RANDPICK_APPEND_H
#define RANDPICK_APPEND_H

#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

/* The node's name in EXPLAIN and in the registry of custom scans. */
#define RANDPICK_APPEND_NAME "RandPickAppend"

/* append_path.c */
extern void randpick_set_append_path(PlannerInfo *root, RelOptInfo *input,
									 RelOptInfo *ordered);
extern bool randpick_is_append_path(const CustomPath *path);

/* append_exec.c */
extern const CustomScanMethods randpick_append_methods;

#endif							/* RANDPICK_APPEND_H */
