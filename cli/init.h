/*-------------------------------------------------------------------------
 *
 * init.h
 *	  making a table to pick from
 *
 *-------------------------------------------------------------------------
 */
#ifndef INIT_H
#define INIT_H

#include "session.h"
#include "shapes.h"

extern void init_table(Session *session, const char *table, const Shape *shape,
					   int64 rows);
extern void init_drop(Session *session, const char *table);

#endif							/* INIT_H */
