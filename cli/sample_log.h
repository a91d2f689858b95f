/*-------------------------------------------------------------------------
 *
 * sample_log.h
 *	  a file of every call that was measured
 *
 *-------------------------------------------------------------------------
 */
#ifndef SAMPLE_LOG_H
#define SAMPLE_LOG_H

#include "tally.h"

extern FILE *sample_log_open(const char *name);
extern void sample_log_write(FILE *file, double table_rows,
							 const char *contender, int client,
							 const Tally *tally);

#endif							/* SAMPLE_LOG_H */
