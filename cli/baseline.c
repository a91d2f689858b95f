/*-------------------------------------------------------------------------
 *
 * baseline.c
 *	  an earlier run that this one is compared with
 *
 * It comes from a file that --format=json has written.  Numbers are compared
 * contender by contender, on the table of the same size.  What either of the
 * two does not know is not compared.
 *
 * Latencies depend on the machine and on what else it does; numbers that do not,
 * or hardly, make better limits: buffers, time_ratio, cpu_ratio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>
#include <jansson.h>

#include "common/logging.h"

#include "baseline.h"
#include "numbers.h"
#include "report.h"

struct Baseline
{
	json_t	   *root;
};

static const Column *
find_column(const char *name, size_t length)
{
	for (int c = 0; c < ncolumns; c++)
	{
		const char *id = columns[c].id;

		/* the unit may be left out */
		if (strncmp(id, name, length) == 0 &&
			(id[length] == '\0' || strcmp(id + length, "_ms") == 0 ||
			 strcmp(id + length, "_us") == 0))
			return &columns[c];
	}
	return NULL;
}

/* Read NAME>+N% or NAME<-N%, and put it before the next limit. */
Limit *
limit_parse(const char *text, Limit *next)
{
	size_t		length = strcspn(text, "<>");
	const Column *column = find_column(text, length);
	char		sign = text[length] == '>' ? '+' : '-';
	char	   *end = NULL;
	double		percent = 0;
	Limit	   *limit;

	if (column != NULL && text[length] != '\0' && text[length + 1] == sign)
		percent = strtod(text + length + 1, &end);
	if (end == NULL || strcmp(end, "%") != 0 || !isfinite(percent))
		refuse_value(text, "--fail-if",
					 "It is a column of --format=csv and a change, such as p99>+10% or picks_per_s<-10%.");

	limit = pg_malloc(sizeof(Limit));
	limit->column = column;
	limit->change = percent / 100;
	if (sign == '-')
		limit->change = -fabs(limit->change);
	limit->next = next;
	return limit;
}

void
limits_free(Limit *limits)
{
	while (limits != NULL)
	{
		Limit	   *next = limits->next;

		pg_free(limits);
		limits = next;
	}
}

/* Read the file.  Does not return if it is not what it should be. */
Baseline *
baseline_read(const char *name)
{
	Baseline   *baseline = pg_malloc(sizeof(Baseline));
	json_error_t error;
	json_int_t	version;

	baseline->root = json_load_file(name, 0, &error);
	if (baseline->root == NULL)
		pg_fatal("could not read file \"%s\": %s", name, error.text);
	version = json_integer_value(json_object_get(baseline->root, "schema_version"));
	if (version != JSON_SCHEMA_VERSION)
		pg_fatal("file \"%s\" is not what --format=json of this version writes", name);
	return baseline;
}

void
baseline_free(Baseline *baseline)
{
	if (baseline == NULL)
		return;
	json_decref(baseline->root);
	pg_free(baseline);
}

/* What the number was then, or NAN. */
double
baseline_value(const Baseline *baseline, const Run *run, const Result *result,
			   const Column *column)
{
	json_t	   *old_run;
	size_t		r;

	json_array_foreach(json_object_get(baseline->root, "runs"), r, old_run)
	{
		const json_t *table = json_object_get(old_run, "table");
		json_t	   *contender;
		size_t		i;

		if (run->options->sweep &&
			json_number_value(json_object_get(table, "rows")) != run->target.rows)
			continue;
		json_array_foreach(json_object_get(old_run, "contenders"), i, contender)
		{
			const char *name = json_string_value(json_object_get(contender, "name"));
			json_t	   *value = json_object_get(contender, column->id);

			if (name == NULL || strcmp(name, result->contender->name) != 0)
				continue;
			if (json_is_object(value))
				value = json_object_get(value, "value");
			return json_is_number(value) ? json_number_value(value) : NAN;
		}
	}
	return NAN;
}

/* Tell what has become worse than a limit allows.  Returns whether anything. */
bool
baseline_tell_failures(const Baseline *baseline, const Run *run, const Limit *limits)
{
	bool		any = false;

	for (; limits != NULL; limits = limits->next)
	{
		for (int i = 0; i < run->nresults; i++)
		{
			const Result *result = &run->results[i];
			double		now = column_value(limits->column, result);
			double		then = baseline_value(baseline, run, result, limits->column);
			double		change = now / then - 1;
			bool		worse = limits->change < 0 ? change < limits->change
				: change > limits->change;

			/* from nothing to something is more than any limit */
			if (isnan(now) || isnan(then) || now == then || !worse)
				continue;
			pg_log_error("%s of contender \"%s\" is %g, was %g: %+.1f %%",
						 limits->column->id, result->contender->name, now, then,
						 100 * change);
			any = true;
		}
	}
	return any;
}
