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
	PARAM_KEY,					/* random ones of the target's keys */
	PARAM_OFFSET,				/* a random number below the count */
	PARAM_ROWS					/* how many rows to pick */
} PickParam;

/* What key the table must have. */
typedef enum KeyNeed
{
	KEY_NOT_NEEDED,
	KEY_ANY,					/* of one column */
	KEY_INTEGER,
	KEY_UUID_TYPE
} KeyNeed;

/*
 * A way of picking a row, or a floor that ways are compared with.  All its SQL
 * is a template; see template.h for the placeholders.
 */
typedef struct Contender
{
	const char *name;
	const char *description;	/* for --list */
	bool		is_floor;		/* does not pick a random row */
	bool		is_base;		/* what the others are compared with */
	bool		is_exact;		/* claims that all rows are equally likely */
	bool		is_opaque;		/* no telling which rows it returned */
	bool		on_request;		/* runs only if named, or with all */
	bool		one_row;		/* gives one row a call, never more */
	KeyNeed		key;
	bool		probes_keys;	/* draws integer keys that may not exist */
	const char *extension;		/* that must be installed, or NULL */
	const char *setup[MAX_SETUP];	/* run once a connection */
	const char *count;			/* first statement of a pick, or NULL */
	const char *pick;			/* the statement that returns the rows */
	const char *pick_rows;		/* the same for more than one, or NULL */
	PickParam	param;			/* what the pick's parameter is */
	bool		null_is_none;	/* a row of NULLs means that there is none */

	/* what differs when it is measured which rows can come back */
	const char *reach_setup;	/* run after the setup, or NULL */
	const char *reach_pick;		/* the pick, if {columns} does not do it */
} Contender;

extern const Contender contenders[];
extern const int ncontenders;

extern int	find_contender(const char *name);
extern char *contender_names(void);

#endif							/* CONTENDERS_H */
