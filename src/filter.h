/*
 * filter.h
 *	  The filter argument of the randpick functions, as SQL.
 */
#ifndef RANDPICK_FILTER_H
#define RANDPICK_FILTER_H

#include "nodes/nodes.h"

/*
 * Parse a filter: one expression, whose parameters are $1 to $nvalues, each
 * used at least once.  Returns its raw parse tree.  Anything else is an error.
 */
extern Node *randpick_parse_filter(const char *filter, int nvalues);

#endif							/* RANDPICK_FILTER_H */
