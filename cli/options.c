/*-------------------------------------------------------------------------
 *
 * options.c
 *	  the command line: its syntax and its limits
 *
 * Letters mean what they mean in psql and pgbench.  Whatever this file lets
 * through is sound by itself; whether it fits the database is found out
 * later, by the part that uses it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <limits.h>
#include <sys/time.h>

#include "common/logging.h"
#include "common/pg_prng.h"
#include "getopt_long.h"

#include "baseline.h"
#include "help.h"
#include "numbers.h"
#include "options.h"
#include "shapes.h"

#define MAX_SECONDS		86400
#define MAX_CLIENTS		1000
#define MAX_ROWS		1000000
#define MAX_CALLS		1000000000
#define MAX_RATE		10000000
#define DEFAULT_CHECK	"20"
#define MIN_CHECK		20		/* so many are picked without it */
#define MAX_CHECK		100000
#define MIN_SIZE		1
#define MAX_SIZE		100000000
#define MAX_SIZES		10		/* enough for each power of ten */

/* Options without a letter. */
enum
{
	OPT_BUFFERS = CHAR_MAX + 1,
	OPT_CHECK,
	OPT_COMPARE,
	OPT_CONTENDERS,
	OPT_FAIL_IF,
	OPT_FILTER,
	OPT_FORMAT,
	OPT_HELP,
	OPT_INIT,
	OPT_LIST,
	OPT_LOG,
	OPT_NO_REACH,
	OPT_QUERY,
	OPT_REPORT,
	OPT_SEED,
	OPT_SIZE,
	OPT_SWEEP,
	OPT_TABLE,
	OPT_WARMUP
};

static const char short_options[] = "c:d:h:j:k:L:M:o:p:P:qR:t:T:U:VwW";

static const struct option long_options[] = {
	{"buffers", required_argument, NULL, OPT_BUFFERS},
	{"check", optional_argument, NULL, OPT_CHECK},
	{"client", required_argument, NULL, 'c'},
	{"compare", required_argument, NULL, OPT_COMPARE},
	{"contenders", required_argument, NULL, OPT_CONTENDERS},
	{"dbname", required_argument, NULL, 'd'},
	{"fail-if", required_argument, NULL, OPT_FAIL_IF},
	{"filter", required_argument, NULL, OPT_FILTER},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"help", no_argument, NULL, OPT_HELP},
	{"host", required_argument, NULL, 'h'},
	{"init", required_argument, NULL, OPT_INIT},
	{"jobs", required_argument, NULL, 'j'},
	{"latency-limit", required_argument, NULL, 'L'},
	{"list", no_argument, NULL, OPT_LIST},
	{"log", required_argument, NULL, OPT_LOG},
	{"no-password", no_argument, NULL, 'w'},
	{"no-reach", no_argument, NULL, OPT_NO_REACH},
	{"output", required_argument, NULL, 'o'},
	{"password", no_argument, NULL, 'W'},
	{"port", required_argument, NULL, 'p'},
	{"progress", required_argument, NULL, 'P'},
	{"protocol", required_argument, NULL, 'M'},
	{"query", required_argument, NULL, OPT_QUERY},
	{"quiet", no_argument, NULL, 'q'},
	{"rate", required_argument, NULL, 'R'},
	{"report", required_argument, NULL, OPT_REPORT},
	{"rows", required_argument, NULL, 'k'},
	{"seed", required_argument, NULL, OPT_SEED},
	{"size", required_argument, NULL, OPT_SIZE},
	{"sweep", required_argument, NULL, OPT_SWEEP},
	{"table", required_argument, NULL, OPT_TABLE},
	{"time", required_argument, NULL, 'T'},
	{"transactions", required_argument, NULL, 't'},
	{"username", required_argument, NULL, 'U'},
	{"version", no_argument, NULL, 'V'},
	{"warmup", required_argument, NULL, OPT_WARMUP},
	{NULL, 0, NULL, 0}
};

const char *progname;

const char *const protocol_names[] = {"simple", "extended", "prepared", NULL};
static const char *const format_names[] = {"text", "markdown", "csv", "json", NULL};

/* The number of a word in a list of words. */
static int
word_option(const char *text, const char *option, const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
	{
		if (strcmp(text, words[i]) == 0)
			return i;
	}
	refuse_value(text, option, NULL);
}

static const Shape *
shape_option(const char *value)
{
	const Shape *shape = find_shape(value);

	if (shape == NULL)
	{
		pg_log_error("there is no shape \"%s\"", value);
		pg_log_error_hint("The shapes are: %s.", shape_names());
		exit(EXIT_USAGE);
	}
	return shape;
}

/* Let there be tables of low, 10 low, 100 low rows and so on, up to high. */
static void
set_sizes(Options *options, int64 low, int64 high)
{
	pg_free(options->sizes);
	options->sizes = pg_malloc(MAX_SIZES * sizeof(int64));
	options->nsizes = 0;
	for (int64 size = low; size < high; size *= 10)
		options->sizes[options->nsizes++] = size;
	options->sizes[options->nsizes++] = high;
}

/* LOW..HIGH */
static void
sweep_option(Options *options, const char *value)
{
	static const char hint[] = "It is LOW..HIGH, such as 1e3..1e6.";
	const char *dots = strstr(value, "..");
	char	   *first;
	int64		low;
	int64		high;

	if (dots == NULL || dots == value || dots[2] == '\0')
		refuse_value(value, "--sweep", hint);
	first = pnstrdup(value, dots - value);
	low = count_option(first, "--sweep", MIN_SIZE, MAX_SIZE);
	high = count_option(dots + 2, "--sweep", MIN_SIZE, MAX_SIZE);
	if (low > high)
		refuse_value(value, "--sweep", hint);
	set_sizes(options, low, high);
	options->sweep = true;
	pg_free(first);
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
			options->clients = count_option(value, "-c/--client", 1, MAX_CLIENTS);
			break;
		case 'd':
			options->dbname = value;
			break;
		case 'h':
			options->host = value;
			break;
		case 'j':
			options->threads = count_option(value, "-j/--jobs", 1, MAX_CLIENTS);
			break;
		case 'k':
			options->rows = count_option(value, "-k/--rows", 1, MAX_ROWS);
			break;
		case 'L':
			options->limit_ms = number_option(value, "-L/--latency-limit", 0, MAX_SECONDS * 1e3);
			break;
		case 'M':
			options->protocol = word_option(value, "-M/--protocol", protocol_names);
			break;
		case 'o':
			options->output = strcmp(value, "-") == 0 ? NULL : value;
			break;
		case 'p':
			options->port = value;
			break;
		case 'P':
			options->progress = seconds_option(value, "-P/--progress", 0, MAX_SECONDS);
			break;
		case 'q':
			options->quiet = true;
			break;
		case 'R':
			options->rate = number_option(value, "-R/--rate", 0, MAX_RATE);
			break;
		case 't':
			options->calls = count_option(value, "-t/--transactions", 1, MAX_CALLS);
			break;
		case 'T':
			options->seconds = seconds_option(value, "-T/--time", 0, MAX_SECONDS);
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
		case OPT_BUFFERS:
			options->buffers = count_option(value, "--buffers", 0, MAX_CALLS);
			break;
		case OPT_CHECK:
			options->check = count_option(value ? value : DEFAULT_CHECK, "--check",
										  MIN_CHECK, MAX_CHECK);
			break;
		case OPT_COMPARE:
			options->baseline = value;
			break;
		case OPT_CONTENDERS:
			options->contenders = value;
			break;
		case OPT_FAIL_IF:
			options->limits = limit_parse(value, options->limits);
			break;
		case OPT_FILTER:
			options->filter = value;
			break;
		case OPT_FORMAT:
			options->format = word_option(value, "--format", format_names);
			break;
		case OPT_HELP:
			print_help();
			exit(0);
		case OPT_INIT:
			options->shape = shape_option(value);
			break;
		case OPT_LIST:
			options->list = true;
			break;
		case OPT_LOG:
			options->log = value;
			break;
		case OPT_NO_REACH:
			options->reach = false;
			break;
		case OPT_QUERY:
			simple_string_list_append(&options->queries, value);
			break;
		case OPT_REPORT:
			options->page = value;
			break;
		case OPT_SEED:
			options->seed = seed_option(value, "--seed");
			break;
		case OPT_SIZE:
			options->size = count_option(value, "--size", MIN_SIZE, MAX_SIZE);
			break;
		case OPT_SWEEP:
			sweep_option(options, value);
			break;
		case OPT_TABLE:
			options->table = value;
			break;
		case OPT_WARMUP:
			options->warmup = seconds_option(value, "--warmup", 0, MAX_SECONDS);
			break;
		default:
			/* getopt_long has said what is wrong */
			hint_at_help();
	}
}

/* See that the options go together, and fill in what follows from others. */
static void
complete_options(Options *options)
{
	if (options->calls > 0 && options->seconds > 0)
	{
		pg_log_error("-t/--transactions and -T/--time cannot be used together");
		hint_at_help();
	}
	if (options->limits != NULL && options->baseline == NULL)
	{
		pg_log_error("--fail-if needs --compare");
		hint_at_help();
	}
	if (options->size > 0 && (options->sweep || options->shape == NULL))
	{
		pg_log_error(options->sweep ? "--size and --sweep cannot be used together" : "--size needs --init");
		hint_at_help();
	}
	if (options->seconds == 0)
		parse_option(options, 'T', DEFAULT_TIME);
	if (options->threads == 0)
		options->threads = options->clients;
	if (options->size == 0)
		parse_option(options, OPT_SIZE, DEFAULT_SIZE);
	if (options->sweep && options->shape == NULL)
		options->shape = shape_option("dense");
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
		parse_option(options, OPT_HELP, NULL);

	memset(options, 0, sizeof(Options));
	options->prompt_password = TRI_DEFAULT;
	options->rows = 1;
	options->clients = 1;
	options->protocol = PROTOCOL_PREPARED;
	options->seed = random_seed();
	options->buffers = count_option(DEFAULT_BUFFERS, "--buffers", 0, MAX_CALLS);
	options->reach = true;

	while ((c = getopt_long(argc, argv, short_options, long_options, NULL)) != -1)
		parse_option(options, c, optarg);

	complete_options(options);
	if (optind < argc && options->dbname == NULL)
		options->dbname = argv[optind++];
	if (optind < argc)
	{
		pg_log_error("too many command-line arguments (first is \"%s\")",
					 argv[optind]);
		hint_at_help();
	}
}

void
free_options(Options *options)
{
	simple_string_list_destroy(&options->queries);
	limits_free(options->limits);
	pg_free(options->sizes);
}
