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
 * Where the results are to go.  It is opened before anything is measured, so
 * that one learns of a mistyped folder in time.
 */
FILE *
report_open(const Options *options)
{
	FILE	   *file = stdout;

	if (options->output != NULL)
		file = fopen(options->output, "w");
	if (file == NULL)
		pg_fatal("could not open file \"%s\": %m", options->output);
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

/* What was measured, even if it is not all that should have been. */
void
report_run(FILE *file, const Run *run)
{
	switch (run->options->format)
	{
		case FORMAT_TEXT:
			report_text(file, run, false);
			break;
		case FORMAT_MARKDOWN:
			report_text(file, run, true);
			break;
		case FORMAT_CSV:
			report_csv(file, run);
			break;
		case FORMAT_JSON:
			report_json(file, run);
			break;
	}
}
