/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  telling the user what goes on
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROGRESS_H
#define PROGRESS_H

extern bool progress_quiet;		/* say nothing */

extern void progress_say(const char *fmt,...) pg_attribute_printf(1, 2);
extern void progress_bar(const char *what, double done, double total);
extern void progress_end(void);

#endif							/* PROGRESS_H */
