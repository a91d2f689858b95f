/*-------------------------------------------------------------------------
 *
 * numbers.h
 *	  numbers as people write them on a command line
 *
 *-------------------------------------------------------------------------
 */
#ifndef NUMBERS_H
#define NUMBERS_H

extern bool read_count(const char *text, double *count);
extern bool read_seconds(const char *text, double *seconds);
extern int64 count_option(const char *text, const char *option,
						  int64 low, int64 high);
extern double seconds_option(const char *text, const char *option,
							 double low, double high);
extern double number_option(const char *text, const char *option,
							double low, double high);
extern uint64 seed_option(const char *text, const char *option);
extern _Noreturn void hint_at_help(void);
extern _Noreturn void refuse_value(const char *text, const char *option,
								   const char *hint);

#endif							/* NUMBERS_H */
