/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  telling the user what goes on
 *
 * It goes to the standard error, which on a terminal shows a bar that moves,
 * and elsewhere just a line for each thing that is done.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <unistd.h>

#include "progress.h"
#include "stats.h"

#define BAR_WIDTH	30
#define REDRAW_NS	INT64CONST(100000000)

bool		progress_quiet = false;

static bool is_drawn = false;	/* is the cursor behind a bar? */

/* Say a line. */
void
progress_say(const char *fmt,...)
{
	va_list		args;

	if (progress_quiet)
		return;
	progress_end();
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/* Draw how much is done, if there is somebody to see it.  Call it often. */
void
progress_bar(const char *what, double done, double total)
{
	static int64 drawn_ns = 0;
	int64		now = clock_ns();
	double		share = total > 0 ? Min(1, done / total) : 1;
	int			filled = (int) (share * BAR_WIDTH);

	if (progress_quiet || now - drawn_ns < REDRAW_NS || !isatty(STDERR_FILENO))
		return;
	drawn_ns = now;
	is_drawn = true;

	/* the bar's end must erase what a longer one left */
	fprintf(stderr, "\r%s [%.*s%*s] %3.0f %%  ", what,
			filled, "##############################", BAR_WIDTH - filled, "",
			100 * share);
	fflush(stderr);
}

/* Take the bar away. */
void
progress_end(void)
{
	if (is_drawn)
		fputs("\r\033[K", stderr);
	is_drawn = false;
}
