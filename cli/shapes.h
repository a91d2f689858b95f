/*-------------------------------------------------------------------------
 *
 * shapes.h
 *	  the tables that can be made to pick from, as data
 *
 *-------------------------------------------------------------------------
 */
#ifndef SHAPES_H
#define SHAPES_H

#include "pqexpbuffer.h"

/* What the key column holds. */
typedef enum ShapeKey
{
	KEY_DENSE,					/* 1, 2, 3, ... */
	KEY_GAPS,					/* the same, but a million is left out ... */
	KEY_UUID,					/* random */
	KEY_TEXT					/* 20 random characters */
} ShapeKey;

/* How wide rows are. */
typedef enum ShapeWidth
{
	WIDTH_NARROW,				/* about 90 a page */
	WIDTH_WIDE,					/* one a page */
	WIDTH_MIXED					/* the first 1 % two a page, the others narrow */
} ShapeWidth;

typedef struct Shape
{
	const char *name;
	const char *description;
	ShapeKey	key;
	ShapeWidth	width;
	bool		skewed;			/* few categories have most of the rows */
	int			partitions;		/* 0 for a plain table */
	int			filled;			/* rows put in for each one that stays */
} Shape;

extern const Shape shapes[];
extern const int nshapes;

extern const Shape *find_shape(const char *name);
extern char *shape_names(void);
extern const char *shape_key_type(const Shape *shape);
extern void shape_row(const Shape *shape, int64 row, int64 nrows, PQExpBuffer line);

#endif							/* SHAPES_H */
