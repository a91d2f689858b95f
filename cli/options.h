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
#include "fe_utils/simple_list.h"

#define EXIT_USAGE			1	/* bad options, no connection, no set-up */
#define EXIT_RUN_FAILED		2	/* errors in mid-run; results are partial */
#define EXIT_NOT_RANDOM		3	/* --check: a contender is not what it claims */
#define EXIT_WORSE			4	/* --fail-if: worse than an earlier run */
#define EXIT_INTERRUPTED	130 /* SIGINT; results are partial */

#define DEFAULT_TABLE	"mymodel"
#define DEFAULT_SIZE	"1m"
#define DEFAULT_TIME	"10s"
#define DEFAULT_BUFFERS	"1000"

/* How statements are sent; see picker.c. */
typedef enum Protocol
{
	PROTOCOL_SIMPLE,
	PROTOCOL_EXTENDED,
	PROTOCOL_PREPARED
} Protocol;

typedef enum Format
{
	FORMAT_TEXT,
	FORMAT_MARKDOWN,
	FORMAT_CSV,
	FORMAT_JSON
} Format;

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
	const char *table;			/* as SQL: perhaps qualified, perhaps quoted;
								 * NULL if not given */
	const char *filter;			/* a boolean expression, or NULL */
	int			rows;			/* how many to pick in a call */
	const char *contenders;		/* their names, or NULL for the usual ones */
	SimpleStringList queries;	/* more of them, as NAME=SQL */

	/* what to make */
	const struct Shape *shape;	/* NULL if nothing */
	int64		size;			/* its rows */
	int64	   *sizes;			/* those of the tables of a sweep, or NULL */
	int			nsizes;
	bool		sweep;			/* compare on a table of each size? */

	/* how */
	int			clients;		/* each with its own connections */
	int			threads;
	Protocol	protocol;
	double		seconds;		/* how long to measure */
	int64		calls;			/* of each contender in each client; 0: by time */
	double		rate;			/* calls a second on a schedule; 0: no schedule */
	double		limit_ms;		/* a call that takes longer is late; 0: none */
	double		warmup;			/* seconds before measuring */
	double		progress;		/* seconds from one line to the next; 0: none */
	uint64		seed;			/* of all random choices made on this side */

	/* what else to find out */
	int			buffers;		/* calls to count buffers in */
	bool		reach;			/* measure which rows can come back? */
	int			check;			/* rows to pick for each row, to check how often
								 * it comes; 0: none */

	/* output */
	Format		format;
	const char *output;			/* a file's name, or NULL */
	const char *page;			/* the same, for a page with charts */
	const char *log;			/* the same, for all calls */
	const char *baseline;		/* the same, of an earlier run's results */
	struct Limit *limits;		/* what must not become worse, and how much */
	bool		quiet;			/* nothing on standard error but errors */
	bool		list;			/* list the contenders, and that is all */
} Options;

extern const char *progname;
extern const char *const protocol_names[];

extern void parse_options(Options *options, int argc, char **argv);
extern void free_options(Options *options);

#endif							/* OPTIONS_H */
