/*-------------------------------------------------------------------------
 *
 * columns.h
 *	  the numbers that are reported, as data
 *
 *-------------------------------------------------------------------------
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "result.h"

/* How a number is written for people. */
typedef enum Notation
{
	WRITE_COUNT,				/* whole, with its thousands set apart */
	WRITE_TIME,					/* four decimals */
	WRITE_NUMBER,				/* three digits or so */
	WRITE_SHARE,				/* in percent; all and nothing are exact */
	WRITE_P						/* a probability */
} Notation;

/* For people the columns are split into tables that fit a screen. */
typedef enum TableNumber
{
	TABLE_LATENCY,
	TABLE_SCHEDULE,				/* only with a rate or a limit */
	TABLE_SERVER,
	TABLE_ROWS,
	TABLE_COUNT
} TableNumber;

#define COLUMN_INTERVAL 1		/* is a Figure, with an interval */
#define COLUMN_SWEEP	2		/* shown against the size of the table */
#define COLUMN_CHANGE	4		/* shown with its change since an earlier run */

typedef struct Column
{
	const char *id;				/* for programs */
	const char *title;			/* for people */
	TableNumber table;
	Notation	notation;
	size_t		offset;			/* where the number is in a Result */
	int			flags;			/* see above */
} Column;

extern const Column columns[];
extern const int ncolumns;

extern bool table_applies(TableNumber number, const Options *options);
extern double column_value(const Column *column, const Result *result);
extern const Figure *column_figure(const Column *column, const Result *result);
extern char *column_text(const Column *column, const Result *result);
extern char *count_text(double number);

#endif							/* COLUMNS_H */
