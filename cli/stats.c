/*-------------------------------------------------------------------------
 *
 * stats.c
 *	  the clock, and latency samples with exact percentiles
 *
 * Every latency is kept, at eight bytes a call, and the percentiles are read
 * off the sorted array.  That is exact where a histogram would have to know
 * beforehand between which bounds the latencies lie (the contenders' differ
 * by a factor of 10,000), and it stays small: a client makes some ten
 * thousand calls a second at most.  A run of many hours wants a histogram.
 *
 * A percentile needs calls on its far side, or it is just the slowest call
 * under another name; samples_percentile() does not give those.
 *
 * Nothing in here knows of PostgreSQL, or of threads: each client adds to
 * samples of its own, which are merged when all have ended.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>
#include <time.h>

#include "stats.h"

#define INITIAL_SIZE	1024

/*
 * Nanoseconds on a clock that nobody sets.  (instr_time, as of PostgreSQL 15,
 * does not hand out anything finer than microseconds.)
 */
int64
clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
samples_reserve(Samples *samples, size_t count)
{
	if (count <= samples->size)
		return;

	samples->size = Max(Max(count, samples->size * 2), INITIAL_SIZE);
	samples->ns = pg_realloc(samples->ns, samples->size * sizeof(int64));
}

void
samples_add(Samples *samples, int64 ns)
{
	samples_reserve(samples, samples->count + 1);
	samples->ns[samples->count++] = ns;
}

void
samples_append(Samples *samples, const Samples *more)
{
	if (more->count == 0)
		return;

	samples_reserve(samples, samples->count + more->count);
	memcpy(samples->ns + samples->count, more->ns, more->count * sizeof(int64));
	samples->count += more->count;
}

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

void
samples_sort(Samples *samples)
{
	if (samples->count > 0)
		qsort(samples->ns, samples->count, sizeof(int64), compare_int64);
}

void
samples_free(Samples *samples)
{
	pg_free(samples->ns);
	memset(samples, 0, sizeof(Samples));
}

int64
samples_sum(const Samples *samples)
{
	int64		sum = 0;

	for (size_t i = 0; i < samples->count; i++)
		sum += samples->ns[i];
	return sum;
}

/*
 * The smallest latency that at least so many percent of the calls kept to, or
 * -1 if there are too few calls to tell: a percentile beyond the median must
 * have at least one call in a 1 / (100 - percent) part of them.
 */
int64
samples_percentile(const Samples *sorted, double percent)
{
	size_t		rank;

	if (sorted->count == 0 ||
		(percent > 50 && sorted->count * (100 - percent) < 100))
		return -1;

	rank = (size_t) ceil(sorted->count * percent / 100);
	return sorted->ns[Max(rank, 1) - 1];
}
