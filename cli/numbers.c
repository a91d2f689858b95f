/*-------------------------------------------------------------------------
 *
 * numbers.c
 *	  numbers as people write them on a command line
 *
 * A count may be 1000, 1e3 or 1k, with k, m and g for a thousand, a million
 * and a billion.  A time is in seconds, or has a unit: us, ms, s, m, h.
 *
 * The functions named for an option end the program when its value is wrong;
 * whatever they let through is within its bounds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "common/logging.h"

#include "numbers.h"
#include "options.h"

typedef struct Unit
{
	const char *name;
	double		factor;
} Unit;

static const Unit count_units[] = {
	{"", 1}, {"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {NULL, 0}
};

static const Unit time_units[] = {
	{"", 1}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {NULL, 0}
};

void
hint_at_help(void)
{
	pg_log_error_hint("Try \"%s --help\" for more information.", progname);
	exit(EXIT_USAGE);
}

/* Read a number with a unit.  Returns false if it is not one. */
static bool
read_with_unit(const char *text, const Unit *units, double *number)
{
	char	   *end;
	double		value = strtod(text, &end);

	if (end == text || !isfinite(value))
		return false;
	for (; units->name != NULL; units++)
	{
		if (pg_strcasecmp(end, units->name) == 0)
		{
			*number = value * units->factor;
			return true;
		}
	}
	return false;
}

bool
read_count(const char *text, double *count)
{
	return read_with_unit(text, count_units, count);
}

bool
read_seconds(const char *text, double *seconds)
{
	return read_with_unit(text, time_units, seconds);
}

/* Say that the value is wrong; the hint, if there is one, says why. */
void
refuse_value(const char *text, const char *option, const char *hint)
{
	pg_log_error("invalid value \"%s\" for option %s", text, option);
	if (hint == NULL)
		hint_at_help();
	pg_log_error_hint("%s", hint);
	exit(EXIT_USAGE);
}

/* A whole number within bounds. */
int64
count_option(const char *text, const char *option, int64 low, int64 high)
{
	double		count;

	if (!read_count(text, &count) || count != floor(count))
		refuse_value(text, option, NULL);
	if (count < low || count > high)
		pg_fatal("%s must be in range " INT64_FORMAT ".." INT64_FORMAT,
				 option, low, high);
	return (int64) count;
}

/* A number within bounds, of which the lower one is excluded. */
double
number_option(const char *text, const char *option, double low, double high)
{
	double		number;

	if (!read_count(text, &number))
		refuse_value(text, option, NULL);
	if (number <= low || number > high)
		pg_fatal("%s must be more than %g and at most %.15g", option, low, high);
	return number;
}

/* A time within bounds, of which the lower one is excluded. */
double
seconds_option(const char *text, const char *option, double low, double high)
{
	double		seconds;

	if (!read_seconds(text, &seconds))
		refuse_value(text, option, NULL);
	if (seconds <= low || seconds > high)
		pg_fatal("%s must be more than %g and at most %g seconds", option, low, high);
	return seconds;
}

uint64
seed_option(const char *text, const char *option)
{
	char	   *end;
	uint64		seed;

	errno = 0;
	seed = strtou64(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || strchr(text, '-'))
		refuse_value(text, option, NULL);
	return seed;
}
