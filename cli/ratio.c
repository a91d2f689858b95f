/*-------------------------------------------------------------------------
 *
 * ratio.c
 *	  means and ratios, with intervals of confidence
 *
 * How many times does a call of one contender take what a call of another
 * takes?  Their means over the whole run would tell, but not how sure that is:
 * calls that follow each other meet the same cache, clock rate and neighbours,
 * so they are not independent, and an interval that took them for so many
 * measurements would be far too narrow.
 *
 * What is nearly independent is the rounds.  In each of them both contenders
 * have a turn, some milliseconds apart, so that what slows down the machine
 * slows down both.  Each round in which both made calls gives one number, the
 * logarithm of the ratio of the mean time of their calls in this round, and
 * what is reported is the mean m of these numbers with Student's interval:
 * exp(m), from exp(m - t s) to exp(m + t s), where s is the standard error.
 * So a round that was disturbed weighs as much as any other.  Means, not
 * medians, are compared inside of a round: ways of picking differ by how often
 * they must look again, which a median hides.
 *
 * The numbers of a contender that takes longer than its slice come from the
 * few rounds that it had a turn in, of one call each.  Its ratio is right to
 * within the interval, which is wide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "ratio.h"

#define MIN_NUMBERS	5			/* do not infer from fewer */

/*
 * The quantile of Student's distribution that leaves out 2.5 % on each side.
 *
 * This is the expansion of Cornish and Fisher around the normal quantile
 * (Abramowitz and Stegun, 26.7.5); from 4 degrees of freedom on, which is what
 * MIN_NUMBERS makes sure of, it is within 0.2 % of the true one.
 */
static double
student_t_95(int freedom)
{
	const double z = 1.959963984540054;
	double		n = freedom;

	return z + (pow(z, 3) + z) / (4 * n)
		+ (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * n * n)
		+ (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / (384 * pow(n, 3));
}

Figure
figure_unknown(void)
{
	Figure		figure = {NAN, NAN, NAN};

	return figure;
}

void
moments_add(Moments *moments, double number)
{
	moments->sum += number;
	moments->squares += number * number;
	moments->count++;
}

/* The mean of the numbers. */
Figure
moments_mean(const Moments *moments)
{
	Figure		figure = figure_unknown();
	int			n = moments->count;

	if (n > 0)
		figure.value = moments->sum / n;
	if (n >= MIN_NUMBERS)
	{
		double		variance = Max(0, moments->squares - moments->sum * figure.value) / (n - 1);
		double		margin = student_t_95(n - 1) * sqrt(variance / n);

		figure.low = figure.value - margin;
		figure.high = figure.value + margin;
	}
	return figure;
}

/* The ratio whose logarithms in single rounds these are. */
static Figure
moments_ratio(const Moments *moments)
{
	Figure		figure = moments_mean(moments);

	figure.value = exp(figure.value);
	figure.low = exp(figure.low);
	figure.high = exp(figure.high);
	return figure;
}

/* Add what one round tells, if it tells anything. */
static void
add_ratio(Moments *moments, int64 ns, int64 calls, int64 base_ns, int64 base_calls)
{
	if (ns > 0 && calls > 0 && base_ns > 0 && base_calls > 0)
		moments_add(moments, log((double) ns / calls / ((double) base_ns / base_calls)));
}

/* Compare the contender with another by the rounds in which both had a turn. */
void
compare_rounds(const Result *result, const Result *base,
			   Figure *time_ratio, Figure *cpu_ratio)
{
	Moments		time = {0};
	Moments		cpu = {0};
	int			j = 0;

	for (int i = 0; i < result->tally.nrounds; i++)
	{
		const Round *ours = &result->tally.rounds[i];
		const Round *theirs;

		while (j < base->tally.nrounds && base->tally.rounds[j].number < ours->number)
			j++;
		if (j == base->tally.nrounds)
			break;
		theirs = &base->tally.rounds[j];
		if (theirs->number > ours->number)
			continue;
		add_ratio(&time, ours->ns, ours->calls, theirs->ns, theirs->calls);
		add_ratio(&cpu, ours->cpu_ns, ours->cpu_calls, theirs->cpu_ns, theirs->cpu_calls);
	}
	*time_ratio = moments_ratio(&time);
	*cpu_ratio = moments_ratio(&cpu);
}
