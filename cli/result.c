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
		result->cpu = NAN;
		result->time_ratio = result->cpu_ratio = figure_unknown();
		result->buffers = figure_unknown();
		result->buffers_hit = result->buffers_read = result->temp_bytes = NAN;
		result->workers = NAN;
		result->explained = 0;
		result->reach = result->reach_rows = NAN;
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
		samples_free(&results[i].samples);
		pg_free(results[i].rounds);
	}
	pg_free(results);
}

/* Append a round.  The array grows in powers of two. */
void
rounds_add(Round **rounds, int *nrounds, const Round *round)
{
	int			n = *nrounds;

	if ((n & (n - 1)) == 0)
		*rounds = pg_realloc(*rounds, Max(1, 2 * n) * sizeof(Round));
	(*rounds)[n] = *round;
	*nrounds = n + 1;
}

/* Merge in the rounds of another client; both are in order. */
void
rounds_merge(Round **rounds, int *nrounds, const Round *more, int nmore)
{
	Round	   *merged = NULL;
	int			n = 0;
	int			i = 0;
	int			j = 0;

	while (i < *nrounds || j < nmore)
	{
		bool		ours = j == nmore ||
			(i < *nrounds && (*rounds)[i].number <= more[j].number);
		const Round *next = ours ? &(*rounds)[i++] : &more[j++];

		if (n > 0 && merged[n - 1].number == next->number)
		{
			merged[n - 1].calls += next->calls;
			merged[n - 1].ns += next->ns;
			merged[n - 1].cpu_calls += next->cpu_calls;
			merged[n - 1].cpu_ns += next->cpu_ns;
		}
		else
			rounds_add(&merged, &n, next);
	}
	pg_free(*rounds);
	*rounds = merged;
	*nrounds = n;
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
	const Samples *samples = &result->samples;

	result->calls = samples->count;
	if (samples->count == 0)
		return;
	result->mean = (double) samples_sum(samples) / samples->count / 1e6;
	result->p50 = percentile_ms(samples, 50);
	result->p90 = percentile_ms(samples, 90);
	result->p99 = percentile_ms(samples, 99);
	result->p999 = percentile_ms(samples, 99.9);
	result->max = samples->ns[samples->count - 1] / 1e6;
}

static void
summarize_cpu(Result *result)
{
	int64		ns = 0;
	int64		calls = 0;

	for (int i = 0; i < result->nrounds; i++)
	{
		ns += result->rounds[i].cpu_ns;
		calls += result->rounds[i].cpu_calls;
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
