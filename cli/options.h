/*-------------------------------------------------------------------------
 *
 * options.h
 *	  what the command line asks for
 *
 *-------------------------------------------------------------------------
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "fe_utils/connect_utils.h"

#define EXIT_USAGE			1	/* bad options, no connection, no set-up */
#define EXIT_RUN_FAILED		2	/* errors in mid-run; results are partial */
#define EXIT_INTERRUPTED	130 /* SIGINT; results are partial */

/* Fixed once the command line has been read. */
typedef struct Options
{
	/* connection; what is NULL is left to libpq */
	const char *host;
	const char *port;
	const char *user;
	const char *dbname;			/* may be a URI or a conninfo string */
	enum trivalue prompt_password;

	/* what to compare */
	const char *table;			/* as SQL: perhaps qualified, perhaps quoted */
	const char *filter;			/* a boolean expression, or NULL */
	bool	   *wanted;			/* for each of contenders[], whether it runs */

	/* how */
	int			clients;		/* threads, each with its own connections */
	double		seconds;		/* how long to measure */
	bool		reach;			/* measure which rows can come back? */
	uint64		seed;			/* of all random choices made on this side */

	bool		list;			/* list the contenders, and that is all */
} Options;

extern const char *progname;

extern void parse_options(Options *options, int argc, char **argv);

#endif							/* OPTIONS_H */
