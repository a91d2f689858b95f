/*-------------------------------------------------------------------------
 *
 * result.c
 *	  what was found out about a contender
 *
 * The parts that measure leave samples and rounds in the results; here these
 * become the numbers that are reported.  Nothing is computed later.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "ratio.h"

/* A result for each of the lineup, of which nothing is known yet. */
Result *
results_create(const Lineup *lineup)
{
	Result	   *results = pg_malloc0(lineup->count * sizeof(Result));

	for (int i = 0; i < lineup->count; i++)
	{
		Result	   *result = &results[i];

		result->contender = lineup->contenders[i];
		result->calls = 0;
		result->rate = result->short_share = NAN;
		result->mean = result->p50 = result->p90 = NAN;
		result->p99 = result->p999 = result->max = NAN;
		result->service_p50 = result->service_p99 = NAN;
		result->lag_p50 = result->lag_p99 = NAN;
		result->cpu = NAN;
		result->time_ratio = result->cpu_ratio = figure_unknown();
		result->buffers = figure_unknown();
		result->buffers_hit = result->buffers_read = result->temp_bytes = NAN;
		result->workers = NAN;
		result->explained = 0;
		result->reach = result->reach_rows = NAN;
		result->by_row = result->by_page = chi_square_unknown();
		result->by_place = result->by_pair = chi_square_unknown();
		result->check_picks = 0;
	}
	return results;
}

void
results_free(Result *results, int count)
{
	for (int i = 0; i < count; i++)
	{
		pg_free(results[i].sql);
		pg_free(results[i].skipped);
		pg_free(results[i].error);
		pg_free(results[i].buffers_unknown);
		pg_free(results[i].reach_unknown);
		pg_free(results[i].places);
		tally_reset(&results[i].tally);
	}
	pg_free(results);
}

static double
percentile_ms(const Samples *samples, double percent)
{
	int64		ns = samples_percentile(samples, percent);

	return ns < 0 ? NAN : ns / 1e6;
}

static void
summarize_latencies(Result *result)
{
	const Tally *tally = &result->tally;
	const Samples *latency = &tally->latency;

	result->calls = latency->count;
	result->late = tally->late;
	result->skipped_calls = tally->skipped;
	result->unsent_calls = tally->unsent;
	if (latency->count == 0)
		return;

	result->rate = tally->rate;
	result->short_share = 1 - (double) tally->full / latency->count;
	result->mean = (double) samples_sum(latency) / latency->count / 1e6;
	result->p50 = percentile_ms(latency, 50);
	result->p90 = percentile_ms(latency, 90);
	result->p99 = percentile_ms(latency, 99);
	result->p999 = percentile_ms(latency, 99.9);
	result->max = latency->ns[latency->count - 1] / 1e6;
	result->service_p50 = percentile_ms(&tally->service, 50);
	result->service_p99 = percentile_ms(&tally->service, 99);
	result->lag_p50 = percentile_ms(&tally->lag, 50);
	result->lag_p99 = percentile_ms(&tally->lag, 99);
}

static void
summarize_cpu(Result *result)
{
	int64		ns = 0;
	int64		calls = 0;

	for (int i = 0; i < result->tally.nrounds; i++)
	{
		ns += result->tally.rounds[i].cpu_ns;
		calls += result->tally.rounds[i].cpu_calls;
	}
	if (calls > 0)
		result->cpu = (double) ns / calls / 1e3;
}

/* Compute all that follows from samples and rounds. */
void
results_summarize(Result *results, int count)
{
	const Result *base = NULL;

	for (int i = 0; i < count; i++)
	{
		summarize_latencies(&results[i]);
		summarize_cpu(&results[i]);
		if (results[i].contender->is_base)
			base = &results[i];
	}
	for (int i = 0; i < count && base != NULL; i++)
		compare_rounds(&results[i], base,
					   &results[i].time_ratio, &results[i].cpu_ratio);
}
