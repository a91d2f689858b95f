/*-------------------------------------------------------------------------
 *
 * report.h
 *	  what the user gets to see
 *
 *-------------------------------------------------------------------------
 */
#ifndef REPORT_H
#define REPORT_H

#include "baseline.h"
#include "run.h"

#define JSON_SCHEMA_VERSION	1

/* report.c */
extern FILE *report_open(const char *name);
extern void report_contenders(void);
extern void report_runs(FILE *file, const Options *options,
						const Run *runs, int nruns, const Baseline *baseline);
extern bool report_close(FILE *file, const char *name);

/* report_text.c */
extern void report_text(FILE *file, const Run *run, bool markdown,
						const Baseline *baseline);
extern void report_text_sweep(FILE *file, const Run *runs, int nruns, bool markdown);

/* report_html.c */
extern bool report_html(FILE *file, const Run *runs, int nruns);

/* report_csv.c */
extern void csv_string(FILE *file, const char *string);
extern void report_csv(FILE *file, const Run *runs, int nruns);

/* report_json.c */
extern void report_json(FILE *file, const Run *runs, int nruns);

#endif							/* REPORT_H */
