/*-------------------------------------------------------------------------
 *
 * stats.h
 *	  the clock, and latency samples with exact percentiles
 *
 *-------------------------------------------------------------------------
 */
#ifndef STATS_H
#define STATS_H

/* Latencies of one contender in one client, or of all clients merged. */
typedef struct Samples
{
	int64	   *ns;				/* the latencies, in nanoseconds */
	size_t		count;			/* how many there are */
	size_t		size;			/* how many there is room for */
} Samples;

extern int64 clock_ns(void);

extern void samples_add(Samples *samples, int64 ns);
extern void samples_append(Samples *samples, const Samples *more);
extern void samples_sort(Samples *samples);
extern void samples_free(Samples *samples);
extern int64 samples_sum(const Samples *samples);
extern int64 samples_percentile(const Samples *sorted, double percent);

#endif							/* STATS_H */
