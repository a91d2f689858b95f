/*-------------------------------------------------------------------------
 *
 * report.c
 *	  what the user gets to see
 *
 * The results go to standard output or a file, in one of four formats: one for
 * people, one for people who keep their notes in Markdown, and two for
 * programs.  All say the same; see columns.c for what there is to say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"

#include "report.h"

/*
 * Where the results are to go; NULL is standard output.  It is opened before
 * anything is measured, so that one learns of a mistyped folder in time.
 */
FILE *
report_open(const char *name)
{
	FILE	   *file = stdout;

	if (name != NULL)
		file = fopen(name, "w");
	if (file == NULL)
		pg_fatal("could not open file \"%s\": %m", name);
	return file;
}

/* What --list asks for. */
void
report_contenders(void)
{
	for (int i = 0; i < ncontenders; i++)
		printf("%-25s %s%s\n", contenders[i].name, contenders[i].description,
			   contenders[i].on_request ? " (on request)" : "");
}

/*
 * What was measured, even if it is not all that should have been.  For people
 * the runs of a sweep are put side by side.
 */
void
report_runs(FILE *file, const Options *options, const Run *runs, int nruns,
			const Baseline *baseline)
{
	bool		markdown = (options->format == FORMAT_MARKDOWN);

	switch (options->format)
	{
		case FORMAT_TEXT:
		case FORMAT_MARKDOWN:
			if (options->sweep)
				report_text_sweep(file, runs, nruns, markdown);
			else
				report_text(file, &runs[0], markdown, baseline);
			break;
		case FORMAT_CSV:
			report_csv(file, runs, nruns);
			break;
		case FORMAT_JSON:
			report_json(file, runs, nruns);
			break;
	}
}

/* See to it that all is written.  Returns false, having said so, if it is not. */
bool
report_close(FILE *file, const char *name)
{
	bool		ok = fflush(file) == 0 && !ferror(file);

	if (file != stdout)
		ok = fclose(file) == 0 && ok;
	if (!ok && file == stdout)
		pg_log_error("could not write to standard output: %m");
	else if (!ok)
		pg_log_error("could not write file \"%s\": %m", name);
	return ok;
}
