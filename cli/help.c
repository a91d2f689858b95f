/*-------------------------------------------------------------------------
 *
 * help.c
 *	  what --help prints
 *
 * It must fit a terminal of 80 columns; the man page says more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "help.h"
#include "options.h"

static const char *const help[] = {
	"What to compare:",
	"      --contenders=LIST    names of --list, separated by commas, or \"all\"",
	"                           (default: the usual ones)",
	"      --query=NAME=SQL     a contender of your own; may be given several times",
	"      --filter=CONDITION   pick among the rows that meet this SQL condition",
	"  -k, --rows=NUM           rows to pick in one call (default: 1)",
	"      --table=NAME         table to pick from (default: " DEFAULT_TABLE ")",
	"",
	"What to compare on, if not on a table of yours:",
	"      --init=SHAPE         make a table, or replace one that was made so, then",
	"                           exit; SHAPE: dense, gaps, bloated, wide, mixed,",
	"                           partitioned, skewed, uuid, text",
	"      --size=NUM           its rows (default: " DEFAULT_SIZE ")",
	"      --sweep=LOW..HIGH    compare on tables of LOW rows, ten times as many, and",
	"                           so on, which are made for it (--init: their shape)",
	"",
	"How:",
	"  -c, --client=NUM         number of concurrent clients (default: 1)",
	"  -M, --protocol=simple|extended|prepared",
	"                           how queries are sent (default: prepared)",
	"  -j, --jobs=NUM           number of threads (default: one for each client)",
	"  -L, --latency-limit=MS   count calls that take longer; with --rate, leave out",
	"                           those that are late already",
	"  -P, --progress=TIME      tell every so often how far it is",
	"  -R, --rate=NUM           calls a second by a schedule, all clients together;",
	"                           default: as soon as the last one is done",
	"      --seed=NUM           seed of keys, offsets and order (default: random)",
	"  -t, --transactions=NUM   calls of each contender in each client, instead of -T",
	"  -T, --time=TIME          time to measure, all contenders together",
	"                           (default: " DEFAULT_TIME ")",
	"      --warmup=TIME        time to run before measuring (default: none)",
	"",
	"What else to find out:",
	"      --buffers=NUM        count buffers in so many calls (default: " DEFAULT_BUFFERS ")",
	"      --check[=NUM]        check how often each row comes, in NUM picks a row",
	"                           (default: 20)",
	"      --no-reach           do not measure which rows can come back",
	"",
	"Output:",
	"      --compare=FILE       show changes since an earlier run, of --format=json",
	"      --fail-if=CHANGE     exit with 4 on a larger change since --compare, such",
	"                           as \"p99>+10%\"; may be given several times",
	"      --format=text|markdown|csv|json",
	"                           (default: text)",
	"      --log=FILE           write the time of every call to FILE, as CSV",
	"  -o, --output=FILE        write the results to FILE; -: standard output",
	"      --report=FILE        write a page with charts to FILE, as HTML",
	"  -q, --quiet              do not tell on standard error what goes on",
	"",
	"Connection options:",
	"  -d, --dbname=DBNAME      database to connect to",
	"  -h, --host=HOSTNAME      database server host or socket directory",
	"  -p, --port=PORT          database server port number",
	"  -U, --username=USERNAME  connect as specified database user",
	"  -w, --no-password        never prompt for password",
	"  -W, --password           force password prompt (should happen automatically)",
	"",
	"Other options:",
	"      --list               list the contenders, then exit",
	"  -V, --version            output version information, then exit",
	"  -?, --help               show this help, then exit",
	"",
	"A NUM may be written as 1e6 or 1m, a TIME as 500ms, 10s or 2m.",
	"",
	"A table is only read, unless it was made by --init.  A temporary copy of some",
	"of its rows is made to measure which rows can come back.",
	"",
	"Exit status: 0 if all went well, 1 if the run could not start, 2 if there were",
	"errors during it, 3 if --check found rows of a contender that should be random",
	"not to be so, 4 for --fail-if, 130 if it was interrupted.  After errors and",
	"interrupts what there is up to then is printed.",
};

void
print_help(void)
{
	printf("%s compares ways of picking a random row of a table:\n"
		   "what a pick costs, and whether every row can come back.\n\n"
		   "Usage:\n"
		   "  %s [OPTION]... [DBNAME]\n\n", progname, progname);
	for (size_t i = 0; i < lengthof(help); i++)
		puts(help[i]);
}
