/*-------------------------------------------------------------------------
 *
 * plot.c
 *	  drawing by gnuplot
 *
 * gnuplot gets a script and gives an SVG, which becomes part of a page.  There
 * it must look well on a light and on a dark ground.  gnuplot knows only fixed
 * colours, so lines and text are drawn in two that nothing else has, and these
 * are replaced by what the page defines.
 *
 * Names come from the user, and gnuplot runs what stands in backquotes, except
 * in strings between single quotes.  So plot_string() is the only way for a
 * string into a script.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <sys/wait.h>
#include <unistd.h>

#include "common/logging.h"

#include "options.h"
#include "plot.h"

#define INK		"#010203"		/* what gnuplot is told, like PLOT_GRID, ... */

/* ... how it writes that, and what it becomes. */
static const char *const colours[][2] = {
	{"rgb(  1,   2,   3)", "currentColor"},
	{"rgb(1,2,3)", "currentColor"},
	{"rgb(  3,   2,   1)", "var(--grid)"},
	{"\"black\"", "\"currentColor\""},
};

/*
 * Run gnuplot on a script.  Returns what it prints as a new string, or NULL if
 * it cannot be run or does not like the script.
 */
static char *
run_gnuplot(FILE *script)
{
	PQExpBufferData output;
	FILE	   *errors = tmpfile();
	char		buf[8192];
	int			fds[2];
	int			status;
	ssize_t		n;
	pid_t		pid;

	if (errors == NULL || pipe(fds) != 0 || (pid = fork()) < 0)
		pg_fatal("could not start gnuplot: %m");
	if (pid == 0)
	{
		dup2(fileno(script), STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		dup2(fileno(errors), STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		execlp("gnuplot", "gnuplot", (char *) NULL);
		_exit(127);
	}
	close(fds[1]);
	initPQExpBuffer(&output);
	while ((n = read(fds[0], buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
	{
		if (n > 0)
			appendBinaryPQExpBuffer(&output, buf, n);
	}
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
	{
		/* only now is it worth reading what it says */
		rewind(errors);
		while (fgets(buf, sizeof(buf), errors) != NULL)
			fputs(buf, stderr);
		fclose(errors);
		termPQExpBuffer(&output);
		return NULL;
	}
	fclose(errors);
	return output.data;
}

/* The same for a script in memory. */
static char *
run_script(const char *text)
{
	FILE	   *script = tmpfile();
	char	   *output;

	if (script == NULL || fputs(text, script) == EOF || fflush(script) != 0)
		pg_fatal("could not write a temporary file: %m");
	rewind(script);
	output = run_gnuplot(script);
	fclose(script);
	return output;
}

/* Exits if there is no gnuplot, which is better known before all is measured. */
void
plot_check(void)
{
	char	   *output = run_script("set terminal svg\n");

	if (output == NULL)
	{
		pg_log_error("could not run gnuplot, which draws the charts of --report");
		pg_log_error_hint("On Debian it is in the package gnuplot-nox.");
		exit(EXIT_USAGE);
	}
	pg_free(output);
}

/* Begin a script: what all charts have in common. */
void
plot_begin(PQExpBuffer script, int height)
{
	appendPQExpBuffer(script,
					  "set terminal svg size 900,%d dynamic noenhanced font 'sans-serif,14'\n"
					  "set border 3 linecolor rgb '" INK "'\n"
					  "set tics nomirror textcolor rgb '" INK "'\n"
					  "set xlabel textcolor rgb '" INK "'\n"
					  "set ylabel textcolor rgb '" INK "'\n"
					  "set key textcolor rgb '" INK "'\n"
					  "set title textcolor rgb '" INK "'\n"
					  "set colorbox noborder\n"
					  "set cblabel textcolor rgb '" INK "'\n"
					  "set grid linecolor rgb '" PLOT_GRID "' linetype 1 linewidth 0.5\n"
					  "set style fill solid noborder\n",
					  height);
}

/* A string as gnuplot reads it, on one line. */
void
plot_string(PQExpBuffer script, const char *string)
{
	appendPQExpBufferChar(script, '\'');
	for (; *string != '\0'; string++)
	{
		if (*string == '\'')
			appendPQExpBufferChar(script, '\'');
		appendPQExpBufferChar(script, (unsigned char) *string < ' ' ? ' ' : *string);
	}
	appendPQExpBufferChar(script, '\'');
}

/* Draw.  Returns the <svg> element as a new string, or NULL if that fails. */
char *
plot_svg(const char *script)
{
	char	   *output = run_script(script);
	const char *from = output ? strstr(output, "<svg") : NULL;
	PQExpBufferData svg;

	if (from == NULL)
	{
		pg_free(output);
		return NULL;
	}
	initPQExpBuffer(&svg);
	while (*from != '\0')
	{
		size_t		length = 0;

		for (size_t i = 0; i < lengthof(colours) && length == 0; i++)
		{
			if (strncmp(from, colours[i][0], strlen(colours[i][0])) == 0)
			{
				appendPQExpBufferStr(&svg, colours[i][1]);
				length = strlen(colours[i][0]);
			}
		}
		if (length == 0)
		{
			appendPQExpBufferChar(&svg, *from);
			length = 1;
		}
		from += length;
	}
	pg_free(output);
	return svg.data;
}
