/*-------------------------------------------------------------------------
 *
 * options.c
 *	  the command line: its syntax, its limits and its help
 *
 * Letters mean what they mean in psql and pgbench.  Whatever this file lets
 * through is sound by itself; whether it fits the database is found out
 * later, by the part that uses it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <limits.h>
#include <math.h>
#include <sys/time.h>

#include "common/logging.h"
#include "common/pg_prng.h"
#include "fe_utils/option_utils.h"
#include "getopt_long.h"

#include "contenders.h"
#include "options.h"

#define DEFAULT_TABLE	"mymodel"
#define DEFAULT_SECONDS 10
#define MAX_SECONDS		86400
#define MAX_CLIENTS		1000

/* Options without a letter. */
enum
{
	OPT_CONTENDERS = CHAR_MAX + 1,
	OPT_FILTER,
	OPT_HELP,
	OPT_LIST,
	OPT_NO_REACH,
	OPT_SEED,
	OPT_TABLE
};

static const struct option long_options[] = {
	{"client", required_argument, NULL, 'c'},
	{"contenders", required_argument, NULL, OPT_CONTENDERS},
	{"dbname", required_argument, NULL, 'd'},
	{"filter", required_argument, NULL, OPT_FILTER},
	{"help", no_argument, NULL, OPT_HELP},
	{"host", required_argument, NULL, 'h'},
	{"list", no_argument, NULL, OPT_LIST},
	{"no-password", no_argument, NULL, 'w'},
	{"no-reach", no_argument, NULL, OPT_NO_REACH},
	{"password", no_argument, NULL, 'W'},
	{"port", required_argument, NULL, 'p'},
	{"seed", required_argument, NULL, OPT_SEED},
	{"table", required_argument, NULL, OPT_TABLE},
	{"time", required_argument, NULL, 'T'},
	{"username", required_argument, NULL, 'U'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0}
};

const char *progname;

static void
usage(void)
{
	printf("%s compares ways of picking a random row of a table:\n"
		   "what a pick costs, and whether every row can come back.\n\n"
		   "Usage:\n"
		   "  %s [OPTION]... [DBNAME]\n\n"
		   "Benchmark options:\n"
		   "  -c, --client=NUM         number of concurrent clients (default: 1)\n"
		   "      --contenders=LIST    what to compare, separated by commas (default: all)\n"
		   "      --filter=CONDITION   pick among the rows that meet this SQL condition\n"
		   "      --no-reach           do not measure which rows can come back\n"
		   "      --seed=NUM           seed of keys, offsets and order (default: random)\n"
		   "      --table=NAME         table to pick from (default: " DEFAULT_TABLE ")\n"
		   "  -T, --time=SECONDS       time to measure, all contenders together\n"
		   "                           (default: %d)\n\n"
		   "Connection options:\n"
		   "  -d, --dbname=DBNAME      database to connect to\n"
		   "  -h, --host=HOSTNAME      database server host or socket directory\n"
		   "  -p, --port=PORT          database server port number\n"
		   "  -U, --username=USERNAME  connect as specified database user\n"
		   "  -w, --no-password        never prompt for password\n"
		   "  -W, --password           force password prompt (should happen automatically)\n\n"
		   "Other options:\n"
		   "      --list               list the contenders, then exit\n"
		   "  -V, --version            output version information, then exit\n"
		   "  -?, --help               show this help, then exit\n\n"
		   "The table is only read.  A temporary copy of some of its rows is made to\n"
		   "measure which rows can come back.\n\n"
		   "Exit status: 0 if all went well, 1 if the run could not start, 2 if there were\n"
		   "errors during it, 130 if it was interrupted; in the last two cases the results\n"
		   "up to then are printed.\n",
		   progname, progname, DEFAULT_SECONDS);
	exit(0);
}

static void
hint_at_help(void)
{
	pg_log_error_hint("Try \"%s --help\" for more information.", progname);
	exit(EXIT_USAGE);
}

/* Mark the contenders of a comma-separated list as wanted. */
static void
parse_contenders(bool *wanted, const char *list)
{
	char	   *copy = pg_strdup(list);
	char	   *rest = copy;
	char	   *name;
	int			nwanted = 0;

	memset(wanted, 0, ncontenders * sizeof(bool));

	while ((name = strtok_r(rest, ", ", &rest)) != NULL)
	{
		int			i = find_contender(name);

		if (i < 0)
		{
			char	   *names = contender_names();

			pg_log_error("there is no contender \"%s\"", name);
			pg_log_error_hint("The contenders are: %s.", names);
			exit(EXIT_USAGE);
		}
		wanted[i] = true;
		nwanted++;
	}
	pg_free(copy);

	if (nwanted == 0)
	{
		pg_log_error("%s names no contender", "--contenders");
		hint_at_help();
	}
}

static double
parse_seconds(const char *value)
{
	char	   *end;
	double		seconds = strtod(value, &end);

	if (end == value || *end != '\0' || !isfinite(seconds))
	{
		pg_log_error("invalid value \"%s\" for option %s", value, "-T/--time");
		hint_at_help();
	}
	if (seconds <= 0 || seconds > MAX_SECONDS)
		pg_fatal("%s must be more than 0 and at most %d seconds",
				 "-T/--time", MAX_SECONDS);
	return seconds;
}

static uint64
parse_seed(const char *value)
{
	char	   *end;
	uint64		seed;

	errno = 0;
	seed = strtou64(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0 || strchr(value, '-'))
	{
		pg_log_error("invalid value \"%s\" for option %s", value, "--seed");
		hint_at_help();
	}
	return seed;
}

/*
 * A seed that is short enough to be copied by hand.  It comes from the time,
 * as pgbench's does: the strong source of random numbers would mean to link
 * with OpenSSL, for nothing that is secret.
 */
static uint64
random_seed(void)
{
	pg_prng_state prng;
	struct timeval now;

	gettimeofday(&now, NULL);
	pg_prng_seed(&prng, (uint64) now.tv_sec * 1000000 + now.tv_usec);
	return pg_prng_uint32(&prng);
}

static void
parse_option(Options *options, int c, const char *value)
{
	switch (c)
	{
		case 'c':
			if (!option_parse_int(value, "-c/--client", 1, MAX_CLIENTS,
								  &options->clients))
				exit(EXIT_USAGE);
			break;
		case 'd':
			options->dbname = value;
			break;
		case 'h':
			options->host = value;
			break;
		case 'p':
			options->port = value;
			break;
		case 'T':
			options->seconds = parse_seconds(value);
			break;
		case 'U':
			options->user = value;
			break;
		case 'V':
			puts("randpick-bench (randpick) " RANDPICK_VERSION);
			exit(0);
		case 'w':
			options->prompt_password = TRI_NO;
			break;
		case 'W':
			options->prompt_password = TRI_YES;
			break;
		case OPT_CONTENDERS:
			parse_contenders(options->wanted, value);
			break;
		case OPT_FILTER:
			options->filter = value;
			break;
		case OPT_HELP:
			usage();
			break;
		case OPT_LIST:
			options->list = true;
			break;
		case OPT_NO_REACH:
			options->reach = false;
			break;
		case OPT_SEED:
			options->seed = parse_seed(value);
			break;
		case OPT_TABLE:
			options->table = value;
			break;
		default:
			/* getopt_long has said what is wrong */
			hint_at_help();
	}
}

/*
 * Read the command line into *options.  Does not return if there is anything
 * wrong with it, or if it asks for help or the version.
 */
void
parse_options(Options *options, int argc, char **argv)
{
	int			c;

	/* Anywhere else on the line getopt could not tell it from a mistake. */
	if (argc > 1 && strcmp(argv[1], "-?") == 0)
		usage();

	memset(options, 0, sizeof(Options));
	options->prompt_password = TRI_DEFAULT;
	options->table = DEFAULT_TABLE;
	options->clients = 1;
	options->seconds = DEFAULT_SECONDS;
	options->reach = true;
	options->seed = random_seed();
	options->wanted = pg_malloc(ncontenders * sizeof(bool));
	memset(options->wanted, true, ncontenders * sizeof(bool));

	while ((c = getopt_long(argc, argv, "c:d:h:p:T:U:VwW", long_options, NULL)) != -1)
		parse_option(options, c, optarg);

	if (optind < argc && options->dbname == NULL)
		options->dbname = argv[optind++];
	if (optind < argc)
	{
		pg_log_error("too many command-line arguments (first is \"%s\")",
					 argv[optind]);
		hint_at_help();
	}
}
