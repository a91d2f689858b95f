/*-------------------------------------------------------------------------
 *
 * report_json.c
 *	  the results for programs, with all that is known of the run
 *
 * doc/randpick-bench.schema.json describes what comes out.  The schema_version
 * changes when a program that reads the old form could misread the new one;
 * new members do not count.  What is not known is null.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>
#include <jansson.h>

#include "columns.h"
#include "report.h"

static json_t *
number_or_null(double number)
{
	if (isnan(number))
		return json_null();
	if (number == floor(number) && fabs(number) < 1e15)
		return json_integer((json_int_t) number);
	return json_real(number);
}

/*
 * A string that must be UTF-8, but may come from a server or a command line that
 * has another encoding.  What that loses are the letters that are not ASCII.
 */
static json_t *
text_or_null(const char *text)
{
	json_t	   *value;
	char	   *plain;

	if (text == NULL)
		return json_null();
	value = json_string(text);
	if (value != NULL)
		return value;
	plain = pg_strdup(text);
	for (char *c = plain; *c != '\0'; c++)
	{
		if (IS_HIGHBIT_SET(*c))
			*c = '?';
	}
	value = json_string(plain);
	pg_free(plain);
	return value;
}

static json_t *
server_object(const Run *run)
{
	return json_pack("{s:s, s:i, s:s?}",
					 "version", run->target.server_version,
					 "block_size", run->target.block_size,
					 "cpu_unknown", run->cpu_unknown);
}

static json_t *
table_object(const Target *target)
{
	return json_pack("{s:o, s:o, s:b, s:o, s:o, s:I}",
					 "name", text_or_null(target->name),
					 "filter", text_or_null(target->filter),
					 "counted", target->counted,
					 "rows", number_or_null(target->rows),
					 "matching_rows", number_or_null(target->matching),
					 "pages", (json_int_t) target->pages);
}

static json_t *
load_object(const Run *run)
{
	const Options *options = run->options;
	char		started[32];
	char		seed[32];

	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", gmtime(&run->started));

	/* as a string, because many programs read numbers as double precision */
	snprintf(seed, sizeof(seed), UINT64_FORMAT, options->seed);

	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:b}",
					 "started", started,
					 "seed", seed,
					 "clients", options->clients,
					 "threads", options->threads,
					 "rows_per_pick", options->rows,
					 "protocol", protocol_names[options->protocol],
					 "seconds", number_or_null(options->calls > 0 ? NAN : options->seconds),
					 "calls", number_or_null(options->calls > 0 ? options->calls : NAN),
					 "rate", number_or_null(options->rate > 0 ? options->rate : NAN),
					 "latency_limit_ms", number_or_null(options->limit_ms > 0 ? options->limit_ms : NAN),
					 "warmup_seconds", number_or_null(options->warmup),
					 "interrupted", run->interrupted);
}

static json_t *
chi_square_object(const ChiSquare *test)
{
	if (isnan(test->p))
		return json_null();
	return json_pack("{s:o, s:o, s:o}",
					 "p", number_or_null(test->p),
					 "chi_square", number_or_null(test->statistic),
					 "degrees_of_freedom", number_or_null(test->freedom));
}

/* Pairs of numbers, for each place in the page: rows, picks. */
static json_t *
places_array(const Result *result)
{
	json_t	   *array = json_array();

	for (int i = 0; i < result->nplaces; i++)
		json_array_append_new(array, json_pack("[o, o]",
											   number_or_null(result->places[i].rows),
											   number_or_null(result->places[i].picks)));
	return array;
}

static json_t *
contender_object(const Result *result)
{
	json_t	   *object = json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}",
								   "name", text_or_null(result->contender->name),
								   "description", result->contender->description,
								   "is_floor", result->contender->is_floor,
								   "sql", text_or_null(result->sql),
								   "skipped", text_or_null(result->skipped),
								   "error", text_or_null(result->error),
								   "buffers_unknown", text_or_null(result->buffers_unknown),
								   "reach_unknown", text_or_null(result->reach_unknown),
								   "explained_calls", number_or_null(result->explained),
								   "claims_exactness", result->contender->is_exact,
								   "check_picks", number_or_null(result->check_picks),
								   "by_row", chi_square_object(&result->by_row),
								   "by_page", chi_square_object(&result->by_page),
								   "by_place", chi_square_object(&result->by_place),
								   "by_pair", chi_square_object(&result->by_pair),
								   "places", places_array(result));

	for (int c = 0; c < ncolumns; c++)
	{
		const Column *column = &columns[c];
		json_t	   *value = number_or_null(column_value(column, result));

		if (column->flags & COLUMN_INTERVAL)
		{
			const Figure *figure = column_figure(column, result);

			value = json_pack("{s:o, s:o, s:o}",
							  "value", value,
							  "low", number_or_null(figure->low),
							  "high", number_or_null(figure->high));
		}
		json_object_set_new(object, column->id, value);
	}
	return object;
}

static json_t *
run_object(const Run *run)
{
	json_t	   *contenders = json_array();

	for (int i = 0; i < run->nresults; i++)
		json_array_append_new(contenders, contender_object(&run->results[i]));
	return json_pack("{s:o, s:o, s:o, s:o}",
					 "server", server_object(run),
					 "table", table_object(&run->target),
					 "load", load_object(run),
					 "contenders", contenders);
}

void
report_json(FILE *file, const Run *runs, int nruns)
{
	json_t	   *array = json_array();
	json_t	   *root;

	for (int i = 0; i < nruns; i++)
		json_array_append_new(array, run_object(&runs[i]));
	root = json_pack("{s:i, s:s, s:o}",
					 "schema_version", JSON_SCHEMA_VERSION,
					 "program_version", RANDPICK_VERSION,
					 "runs", array);
	json_dumpf(root, file, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putc('\n', file);
	json_decref(root);
}
