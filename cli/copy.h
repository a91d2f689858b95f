/*-------------------------------------------------------------------------
 *
 * copy.h
 *	  a small copy of the table, whose rows can be told apart
 *
 *-------------------------------------------------------------------------
 */
#ifndef COPY_H
#define COPY_H

#include "target.h"

/* The column that numbers the rows. */
#define ROW_NUMBER	"randpick_bench_row"

/* Which rows are copied. */
typedef enum CopyKind
{
	COPY_PAGES,					/* those of pages from all over the table */
	COPY_KEYS,					/* those of a range of keys, which are integers */
	COPY_HEAD					/* the first ones */
} CopyKind;

/* What is known of a row of the copy. */
typedef struct CopyRow
{
	bool		matches;		/* does it meet the filter? */
	int			page;			/* which of the pages in use it is in, from 0 */
	int			place;			/* its line pointer number */
} CopyRow;

typedef struct Copy
{
	char	   *name;			/* as SQL */
	int			nrows;			/* their numbers are 1 to this */
	CopyRow    *rows;			/* by their numbers */
	int			nmatching;		/* how many meet the filter */
	int			npages;			/* pages with such rows */
	int			blocks;			/* pages altogether */
	bool		is_partitioned;
	int			max_place;
	char	   *error;			/* why there is no copy, or NULL */
} Copy;

extern bool copy_make(Copy *copy, Session *session, const Target *target,
					  const Options *options, CopyKind kind);
extern void copy_free(Copy *copy);

#endif							/* COPY_H */
