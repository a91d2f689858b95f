/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  the numbers that are reported, as data
 *
 * What cannot be known is not written as a number: it is "-" for people, and
 * nothing for programs.  A share that is not quite 0 or 100 % is never rounded
 * to it: that is the difference that matters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>
#include <stddef.h>

#include "columns.h"
#include "fairness.h"

#define AT(member) offsetof(Result, member)

const Column columns[] = {
	{"calls", "calls", TABLE_LATENCY, WRITE_COUNT, AT(calls), 0},
	{"mean_ms", "mean ms", TABLE_LATENCY, WRITE_TIME, AT(mean), 0},
	{"p50_ms", "p50 ms", TABLE_LATENCY, WRITE_TIME, AT(p50), COLUMN_SWEEP | COLUMN_CHANGE},
	{"p90_ms", "p90 ms", TABLE_LATENCY, WRITE_TIME, AT(p90), 0},
	{"p99_ms", "p99 ms", TABLE_LATENCY, WRITE_TIME, AT(p99), COLUMN_CHANGE},
	{"p99_9_ms", "p99.9 ms", TABLE_LATENCY, WRITE_TIME, AT(p999), 0},
	{"max_ms", "max ms", TABLE_LATENCY, WRITE_TIME, AT(max), 0},
	{"picks_per_s", "picks/s", TABLE_LATENCY, WRITE_COUNT, AT(rate), COLUMN_CHANGE},
	{"time_ratio", "x key", TABLE_LATENCY, WRITE_NUMBER, AT(time_ratio), COLUMN_INTERVAL | COLUMN_SWEEP | COLUMN_CHANGE},
	{"service_p50_ms", "service p50 ms", TABLE_SCHEDULE, WRITE_TIME, AT(service_p50), 0},
	{"service_p99_ms", "p99 ms", TABLE_SCHEDULE, WRITE_TIME, AT(service_p99), 0},
	{"lag_p50_ms", "lag p50 ms", TABLE_SCHEDULE, WRITE_TIME, AT(lag_p50), 0},
	{"lag_p99_ms", "p99 ms", TABLE_SCHEDULE, WRITE_TIME, AT(lag_p99), 0},
	{"late_calls", "late", TABLE_SCHEDULE, WRITE_COUNT, AT(late), 0},
	{"skipped_calls", "skipped", TABLE_SCHEDULE, WRITE_COUNT, AT(skipped_calls), 0},
	{"unsent_calls", "not sent", TABLE_SCHEDULE, WRITE_COUNT, AT(unsent_calls), 0},
	{"cpu_us", "CPU us", TABLE_SERVER, WRITE_NUMBER, AT(cpu), COLUMN_SWEEP | COLUMN_CHANGE},
	{"cpu_ratio", "CPU x key", TABLE_SERVER, WRITE_NUMBER, AT(cpu_ratio), COLUMN_INTERVAL | COLUMN_CHANGE},
	{"buffers", "buffers", TABLE_SERVER, WRITE_NUMBER, AT(buffers), COLUMN_INTERVAL | COLUMN_SWEEP | COLUMN_CHANGE},
	{"buffers_hit", "hit", TABLE_SERVER, WRITE_NUMBER, AT(buffers_hit), 0},
	{"buffers_read", "read", TABLE_SERVER, WRITE_NUMBER, AT(buffers_read), 0},
	{"workers", "workers", TABLE_SERVER, WRITE_NUMBER, AT(workers), 0},
	{"temp_bytes", "temp bytes", TABLE_SERVER, WRITE_COUNT, AT(temp_bytes), 0},
	{"short_share", "short", TABLE_ROWS, WRITE_SHARE, AT(short_share), 0},
	{"reachable_share", "reachable", TABLE_ROWS, WRITE_SHARE, AT(reach), 0},
	{"p_rows", "p rows", TABLE_ROWS, WRITE_P, AT(by_row), 0},
	{"p_pages", "p pages", TABLE_ROWS, WRITE_P, AT(by_page), 0},
	{"p_places", "p places", TABLE_ROWS, WRITE_P, AT(by_place), 0},
	{"p_pairs", "p pairs", TABLE_ROWS, WRITE_P, AT(by_pair), 0},
};

const int	ncolumns = lengthof(columns);

/* Is there anything to say in the table? */
bool
table_applies(TableNumber number, const Options *options)
{
	return number != TABLE_SCHEDULE || options->rate > 0 || options->limit_ms > 0;
}

double
column_value(const Column *column, const Result *result)
{
	/* a Figure begins with its value, and a ChiSquare with its p */
	return *(const double *) ((const char *) result + column->offset);
}

const Figure *
column_figure(const Column *column, const Result *result)
{
	Assert((column->flags & COLUMN_INTERVAL));
	return (const Figure *) ((const char *) result + column->offset);
}

/* A whole number with its thousands set apart. */
char *
count_text(double number)
{
	char		digits[64];
	int			length = snprintf(digits, sizeof(digits), "%.0f", number);
	char	   *result = pg_malloc(length + length / 3 + 1);
	char	   *to = result;

	for (int i = 0; i < length; i++)
	{
		if (i > 0 && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return result;
}

static char *
number_text(double number)
{
	if (number == 0)
		return pg_strdup("0");
	if (number < 9.995)
		return psprintf("%.2f", number);
	if (number < 99.95)
		return psprintf("%.1f", number);
	return count_text(number);
}

static char *
share_text(double share)
{
	double		percent = 100 * share;

	if (share == 0 || share == 1)
		return pg_strdup(share == 0 ? "0 %" : "100 %");
	if (percent < 0.1)
		return pg_strdup("<0.1 %");
	if (percent > 99.9)
		return pg_strdup(">99.9 %");
	return psprintf("%.1f %%", percent);
}

/* What is too small to be chance needs no digits. */
static char *
p_text(double p)
{
	if (p == 0)
		return pg_strdup("0");
	if (p < ALARM_P)
		return psprintf("<%g", ALARM_P);
	return psprintf(p < 0.001 ? "%.0e" : "%.3f", p);
}

/* The number of the column as people read it, as a new string. */
char *
column_text(const Column *column, const Result *result)
{
	double		value = column_value(column, result);
	char	   *text = NULL;

	if (isnan(value))
		return pg_strdup("-");
	switch (column->notation)
	{
		case WRITE_COUNT:
			return count_text(value);
		case WRITE_TIME:
			return psprintf("%.4f", value);
		case WRITE_SHARE:
			return share_text(value);
		case WRITE_P:
			return p_text(value);
		case WRITE_NUMBER:
			text = number_text(value);
			break;
	}

	if ((column->flags & COLUMN_INTERVAL))
	{
		const Figure *figure = column_figure(column, result);

		/* the contender that the others are compared with */
		if (!isnan(figure->low) && figure->low < figure->high)
		{
			char	   *low = number_text(figure->low);
			char	   *high = number_text(figure->high);
			char	   *interval = psprintf("%s (%s-%s)", text, low, high);

			pg_free(text);
			pg_free(low);
			pg_free(high);
			text = interval;
		}
	}
	return text;
}
