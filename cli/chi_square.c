/*-------------------------------------------------------------------------
 *
 * chi_square.c
 *	  do counts agree with what was to be expected?
 *
 * Pearson's test.  The p value is the regularized incomplete gamma function
 * Q(df / 2, x / 2), by its series for small x and its continued fraction (that
 * of Lentz) for large x, as in Numerical Recipes and Abramowitz and Stegun, 6.5.
 * There are libraries that have it, but those that Debian has for C are under
 * the GPL, which this program is not.  The tests compare it with finite sums.
 *
 * The statistic only has that distribution if not too little is expected of any
 * cell: a single row where a hundredth of one was expected looks like a miracle.
 * So a cell of which less than MIN_EXPECTED is expected is taken together with its
 * neighbours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <float.h>
#include <math.h>

#include "chi_square.h"

#define MAX_TERMS		100000
#define MIN_EXPECTED	5

ChiSquare
chi_square_unknown(void)
{
	ChiSquare	unknown = {NAN, NAN, NAN};

	return unknown;
}

/* What happened cannot happen by chance. */
ChiSquare
chi_square_impossible(void)
{
	ChiSquare	impossible = {0, NAN, NAN};

	return impossible;
}

/* 1 - Q(a, x), for x < a + 1. */
static double
gamma_series(double a, double x)
{
	double		term = 1 / a;
	double		sum = term;

	for (int n = 1; n < MAX_TERMS && term > sum * DBL_EPSILON; n++)
	{
		term *= x / (a + n);
		sum += term;
	}
	return sum * exp(-x + a * log(x) - lgamma(a));
}

/* Q(a, x), for x >= a + 1. */
static double
gamma_fraction(double a, double x)
{
	double		b = x + 1 - a;
	double		c = 1 / DBL_MIN;
	double		d = 1 / b;
	double		fraction = d;

	for (int n = 1; n < MAX_TERMS; n++)
	{
		double		an = n * (a - n);
		double		change;

		b += 2;
		d = an * d + b;
		c = b + an / c;
		d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
		c = fabs(c) < DBL_MIN ? DBL_MIN : c;
		change = c * d;
		fraction *= change;
		if (fabs(change - 1) < DBL_EPSILON)
			break;
	}
	return fraction * exp(-x + a * log(x) - lgamma(a));
}

static double
chi_square_p(double statistic, double freedom)
{
	double		a = freedom / 2;
	double		x = statistic / 2;

	if (x <= 0)
		return 1;
	return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

typedef struct Cell
{
	double		count;
	double		expected;
} Cell;

static void
merge_cell(Cell *to, const Cell *from)
{
	to->count += from->count;
	to->expected += from->expected;
}

static void
add_cell(ChiSquare *result, const Cell *cell, double scale)
{
	double		excess = cell->count - cell->expected;

	result->statistic += scale * excess * excess / cell->expected;
	result->freedom++;
}

/*
 * Test whether the counts are in proportion to the weights.  The scale corrects
 * the statistic where the counts vary less than those of single draws do.
 * Something that must not occur, but does, is impossible.
 */
ChiSquare
chi_square_test(const double *counts, const double *weights, int n, double scale)
{
	ChiSquare	result = {1, 0, -1};
	double		count = 0;
	double		weight = 0;
	Cell		cell = {0};		/* grows until it is large enough, ... */
	Cell		before = {0};	/* ... and this one is, unless it is empty */
	int			ncells = 0;

	for (int i = 0; i < n; i++)
	{
		count += counts[i];
		weight += weights[i];
		if (weights[i] <= 0 && counts[i] > 0)
			return chi_square_impossible();
	}
	if (count <= 0 || weight <= 0)
		return chi_square_unknown();

	for (int i = 0; i < n; i++)
	{
		Cell		next = {counts[i], count * weights[i] / weight};

		ncells += (weights[i] > 0);
		merge_cell(&cell, &next);
		if (cell.expected < MIN_EXPECTED)
			continue;
		if (before.expected > 0)
			add_cell(&result, &before, scale);
		before = cell;
		memset(&cell, 0, sizeof(Cell));
	}
	merge_cell(&before, &cell);
	add_cell(&result, &before, scale);
	if (result.freedom > 0)
		result.p = chi_square_p(result.statistic, result.freedom);
	else if (ncells > 1)
		return chi_square_unknown();	/* too few counts to tell anything */
	return result;
}
