/*-------------------------------------------------------------------------
 *
 * template.h
 *	  SQL with placeholders, and what they stand for
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "session.h"

/* What the placeholders stand for; NULL leaves a placeholder as it is. */
typedef struct SqlNames
{
	char	   *columns;		/* what the pick returns of the row */
	char	   *table;
	char	   *name;			/* the table as a string literal */
	char	   *where;			/* the WHERE clause, or empty */
	char	   *and;			/* more for a WHERE clause, or empty */
	char	   *filter;			/* the filter as an argument, or empty */
	char	   *key;			/* the key column, or NULL */
	char	   *rows;			/* how many rows a pick shall give */
	char	   *percent;		/* for TABLESAMPLE SYSTEM */
	char	   *schema;			/* of the contender's extension, or NULL */
	const char *param;			/* the pick's parameter; the caller's */
} SqlNames;

extern void sql_names_init(SqlNames *names, Session *session,
						   const char *table, const char *filter,
						   int rows, double matching, double pages);
extern void sql_names_free(SqlNames *names);
extern char *expand_sql(const char *template, const SqlNames *names);

#endif							/* TEMPLATE_H */
