/*-------------------------------------------------------------------------
 *
 * contenders.h
 *	  the ways of picking a random row, as data
 *
 *-------------------------------------------------------------------------
 */
#ifndef CONTENDERS_H
#define CONTENDERS_H

#define MAX_SETUP	4

/* What the parameter $1 of a pick is. */
typedef enum PickParam
{
	PARAM_NONE,					/* there is none */
	PARAM_KEY,					/* a random one of the target's keys */
	PARAM_OFFSET				/* a random number below the count */
} PickParam;

/*
 * A way of picking a row, or a floor that ways are compared with.  All its SQL
 * is a template; see expand_sql() for the placeholders.
 */
typedef struct Contender
{
	const char *name;
	const char *description;	/* for --list */
	bool		is_floor;		/* does not pick a random row */
	const char *extension;		/* that must be installed, or NULL */
	const char *setup[MAX_SETUP];	/* run once a connection */
	const char *count;			/* first statement of a pick, or NULL */
	const char *pick;			/* the statement that returns the row */
	PickParam	param;			/* what the pick's parameter is */
	bool		null_is_none;	/* a row of NULLs means that there is none */

	/* what differs when it is measured which rows can come back */
	const char *reach_setup;	/* run after the setup, or NULL */
	const char *reach_pick;		/* the pick, if {columns} does not do it */
} Contender;

/* What the placeholders stand for. */
typedef struct SqlNames
{
	char	   *columns;		/* what the pick returns of the row */
	char	   *table;
	char	   *name;			/* the table as a string literal */
	char	   *where;			/* the WHERE clause, or empty */
	char	   *filter;			/* the filter as an argument, or empty */
	char	   *key;			/* the key column, or NULL */
	char	   *percent;		/* for TABLESAMPLE SYSTEM */
	char	   *schema;			/* of the contender's extension, or NULL */
} SqlNames;

extern const Contender contenders[];
extern const int ncontenders;

extern int	find_contender(const char *name);
extern char *contender_names(void);
extern char *expand_sql(const char *template, const SqlNames *names);

#endif							/* CONTENDERS_H */
