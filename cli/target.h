/*-------------------------------------------------------------------------
 *
 * target.h
 *	  the table that rows are picked from
 *
 *-------------------------------------------------------------------------
 */
#ifndef TARGET_H
#define TARGET_H

#include "session.h"

/* All of it is found out once, before anything is measured. */
typedef struct Target
{
	char	   *server_version; /* as the server says it */
	char	   *name;			/* as SQL: quoted and qualified as need be */
	char	   *qualified;		/* the same, with the schema in any case */
	char	   *relname;		/* the same, without it */
	char		kind;			/* pg_class.relkind */
	int			block_size;		/* of the server */
	const char *filter;			/* a boolean expression, or NULL */
	int64		pages;			/* with its partitions; 0 for a view */
	bool		counted;		/* are the next two exact? */
	double		rows;			/* how many there are */
	double		matching;		/* how many of them meet the filter */

	/* for looking rows up by key */
	char	   *key;			/* the key column, as SQL; NULL if none */
	Oid			key_type;
	const char *no_key;			/* why there is none */
	PGresult   *keys;			/* keys of rows all over the table */
} Target;

extern void target_inspect(Target *target, Session *session,
						   const Options *options, const char *table);
extern void target_free(Target *target);
extern bool target_has_pages(const Target *target);

#endif							/* TARGET_H */
