/*
 * race_test.c
 *	  Unit test of the race, without a server.
 *
 * Races are run over a made-up table: 6 rows scattered over 40 places.  With
 * so few rows every order of them is a cell of a chi-square test, and every
 * key has a known distribution.  The same tests are then run on races that
 * are wrong on purpose, which they must find.
 *
 * The seed is fixed, so a run is repeatable and raises no false alarm; another
 * one can be given as the only argument.  Thresholds are such that even then
 * a false alarm comes less than once in a million runs.  The output is TAP.
 */
#include "postgres.h"			/* storage/itemptr.h needs it */

#include <math.h>

#include "race.h"

#define NROWS		6
#define NORDERS		720			/* 6! */
#define NPLACES		40
#define NRACES		36000		/* 50 for each order */

/* A standard deviation of 8 is a chance below 1e-9, even skewed as this. */
#define MAX_Z		8.0

/* Kolmogorov: 2 exp(-2 * 3^2) = 3e-8 */
#define MAX_KS		3.0

/* What is wrong with a race. */
typedef enum Mutant
{
	RIGHT,
	BOUND_TOO_SMALL,			/* the last row's place is seldom drawn */
	CLOCK_STOPS_ON_MISS,		/* a miss takes no time */
	KEYS_OF_ANOTHER_RACE,		/* random() values unrelated to the order */
	DEAL_FORGETS_CLOCK,			/* dealt rows start at time 0 */
	DEAL_IN_ORDER,				/* dealt rows are not shuffled */
	ROW_HAS_TWO_PLACES,			/* row 0 can be found twice */
	PLACES_CHANGE_RATE_DOES_NOT,	/* the rate is that of the first ring */
	VOID_RING_TAKES_TIME		/* time goes on at a ring that is unmade */
} Mutant;

/* How a race is run. */
typedef struct Course
{
	Mutant		mutant;
	bool		descending;
	uint64		max_looks;		/* then the rest is dealt */
	bool		growing;		/* places are added between rings */
} Course;

static int	ntests = 0;
static int	nfailed = 0;

static void
ok(bool passed, const char *name)
{
	ntests++;
	if (!passed)
		nfailed++;
	printf("%sok %d - %s\n", passed ? "" : "not ", ntests, name);
}

/* Which row is at a place?  -1: none. */
static int
row_at(uint64 place, const Course *course)
{
	static const uint64 places[NROWS] = {0, 1, 7, 8, 30, NPLACES - 1};

	if (course->mutant == ROW_HAS_TWO_PLACES && place == 12)
		return 0;
	for (int row = 0; row < NROWS; row++)
		if (places[row] == place)
			return row;
	return -1;
}

static ItemPointerData
tid_of(int row)
{
	ItemPointerData tid;

	ItemPointerSet(&tid, row / 3, row % 3 + 1);
	return tid;
}

/* Deal the rows not returned yet into order[n..] and keys[n..]. */
static void
deal(RandpickRace *race, const Course *course, int n, int *order, double *keys)
{
	double		times[NROWS];
	double		start = race->clock;

	for (int row = 0; row < NROWS; row++)
	{
		ItemPointerData tid = tid_of(row);

		times[row] = HUGE_VAL;
		if (randpick_race_was_seen(race, &tid))
			continue;
		times[row] = randpick_race_time_of(race, randpick_race_draw_number(race));
		if (course->mutant == DEAL_FORGETS_CLOCK)
			times[row] -= start;
		if (course->mutant == DEAL_IN_ORDER)
			times[row] = start + 0.1 * row;
	}
	for (; n < NROWS; n++)
	{
		int			next = 0;

		for (int row = 1; row < NROWS; row++)
			if (times[row] < times[next])
				next = row;
		if (times[next] < race->clock)
			race->clock = times[next];	/* only a mutant gets here */
		randpick_race_advance(race, times[next]);
		order[n] = next;
		keys[n] = randpick_race_take_key(race);
		times[next] = HUGE_VAL;
	}
}

/* Run a race to its end: the order of the rows and their keys. */
static void
run_race(uint64 seed, const Course *course, int *order, double *keys)
{
	RandpickRace race = {0};
	uint64		nplaces = NPLACES - (course->mutant == BOUND_TOO_SMALL);
	int			n = 0;

	randpick_race_start(&race, seed, course->descending, course->max_looks,
						1024);
	while (n < NROWS && !randpick_race_is_spent(&race))
	{
		double		before = race.clock;
		uint64		place;
		int			row;
		ItemPointerData tid;

		if (!randpick_race_has_drawn(&race))
			randpick_race_draw(&race, nplaces, 1 + seed % RANDPICK_MAX_AHEAD);
		place = randpick_race_take(&race)->place;
		if (course->growing && nplaces < 4 * NPLACES && race.looks % 3 == 0)
		{
			double		late = race.clock;

			/* found out too late for this ring */
			nplaces += 5;
			randpick_race_void(&race);
			if (course->mutant == VOID_RING_TAKES_TIME)
				race.clock = late;
			continue;
		}
		if (course->mutant == PLACES_CHANGE_RATE_DOES_NOT)
			race.clock = before + (race.clock - before) * nplaces / NPLACES;
		row = row_at(place, course);
		tid = tid_of(Max(row, 0));
		if (row < 0 || randpick_race_was_seen(&race, &tid))
		{
			if (course->mutant == CLOCK_STOPS_ON_MISS)
				race.clock = before;
			continue;
		}
		randpick_race_mark_seen(&race, &tid);
		order[n] = row;
		keys[n++] = randpick_race_take_key(&race);
	}
	deal(&race, course, n, order, keys);
	if (course->mutant == KEYS_OF_ANOTHER_RACE)
		for (n = 0; n < NROWS; n++)
			keys[n] = (n + pg_prng_double(&race.prng)) / NROWS;
}

/* The number of a permutation. */
static int
order_number(const int *order)
{
	int			number = 0;

	for (int i = 0; i < NROWS; i++)
	{
		int			smaller = 0;

		for (int j = i + 1; j < NROWS; j++)
			smaller += order[j] < order[i];
		number = number * (NROWS - i) + smaller;
	}
	return number;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* sqrt(n) times the largest distance from the uniform distribution */
static double
kolmogorov(double *sample, int n)
{
	double		distance = 0;

	qsort(sample, n, sizeof(double), compare_doubles);
	for (int i = 0; i < n; i++)
	{
		distance = Max(distance, fabs(sample[i] - (double) i / n));
		distance = Max(distance, fabs(sample[i] - (i + 1.0) / n));
	}
	return distance * sqrt(n);
}

/*
 * Run many races of a course.  Right are: every order as often as any other,
 * each row's key uniform, the first key that of the first of NROWS uniform
 * ones, and the keys in order.
 */
static bool
is_right(uint64 seed, const Course *course, const char *name)
{
	static double keys_of[NROWS][NRACES];
	static double first_keys[NRACES];
	static int	counts[NORDERS];
	double		expected = (double) NRACES / NORDERS;
	double		chi2 = 0;
	double		z;
	double		worst_ks = 0;
	double		first_ks;
	bool		sorted = true;

	memset(counts, 0, sizeof(counts));
	for (int i = 0; i < NRACES; i++)
	{
		int			order[NROWS];
		double		keys[NROWS];

		run_race(seed + i, course, order, keys);
		counts[order_number(order)]++;
		/* P(all NROWS keys are above u) = (1 - u)^NROWS, also uniform */
		first_keys[i] = pow(course->descending ? keys[0] : 1 - keys[0], NROWS);
		for (int n = 0; n < NROWS; n++)
		{
			keys_of[order[n]][i] = keys[n];
			if (n > 0 && (course->descending ? keys[n] > keys[n - 1] :
						  keys[n] < keys[n - 1]))
				sorted = false;
		}
	}
	for (int i = 0; i < NORDERS; i++)
		chi2 += (counts[i] - expected) * (counts[i] - expected) / expected;
	z = (chi2 - (NORDERS - 1)) / sqrt(2.0 * (NORDERS - 1));
	for (int row = 0; row < NROWS; row++)
		worst_ks = Max(worst_ks, kolmogorov(keys_of[row], NRACES));
	first_ks = kolmogorov(first_keys, NRACES);

	printf("# %s: z of chi-square over orders %.2f, Kolmogorov-Smirnov of keys %.2f, of first keys %.2f%s\n",
		   name, z, worst_ks, first_ks, sorted ? "" : ", keys out of order");
	return z < MAX_Z && worst_ks < MAX_KS && first_ks < MAX_KS && sorted;
}

static void
test_courses(uint64 seed)
{
	static const struct
	{
		const char *name;
		Course		course;
	}			cases[] = {
		{"race to the end", {RIGHT, false, 100000, false}},
		{"race to the end, descending", {RIGHT, true, 100000, false}},
		{"deal from the start", {RIGHT, false, 0, false}},
		{"deal after 10 looks", {RIGHT, false, 10, false}},
		{"deal after 60 looks, descending", {RIGHT, true, 60, false}},
		{"race over a growing table", {RIGHT, false, 100000, true}},
		{"deal half of a growing table", {RIGHT, false, 40, true}},
		{"bound too small", {BOUND_TOO_SMALL, false, 60, false}},
		{"clock stops on a miss", {CLOCK_STOPS_ON_MISS, false, 100000, false}},
		{"keys of another race", {KEYS_OF_ANOTHER_RACE, false, 100000, false}},
		{"deal forgets the clock", {DEAL_FORGETS_CLOCK, false, 20, false}},
		{"deal in table order", {DEAL_IN_ORDER, false, 20, false}},
		{"row with two places", {ROW_HAS_TWO_PLACES, false, 100000, false}},
		{"void ring takes time", {VOID_RING_TAKES_TIME, false, 100000, true}},
		{"rate of another table", {PLACES_CHANGE_RATE_DOES_NOT, false, 100000, true}},
	};

	for (Size i = 0; i < lengthof(cases); i++)
	{
		bool		right = is_right(seed, &cases[i].course, cases[i].name);
		char		name[100];

		if (cases[i].course.mutant == RIGHT)
			ok(right, cases[i].name);
		else
		{
			snprintf(name, sizeof(name), "found wrong: %s", cases[i].name);
			ok(!right, name);
		}
	}
}

/* Keys stay in [0, 1) and in order, where rounding would have them leave. */
static void
test_key_bounds(bool descending)
{
	static const double clocks[] = {0.0, 5e-324, 1e-300, 1e-17, 1e-16, 1e-9,
	0.5, 1.0, 36.0, 37.5, 700.0, 1e4};
	RandpickRace race = {0};
	double		last = descending ? 1.0 : 0.0;
	bool		in_range = true;
	bool		in_order = true;

	randpick_race_start(&race, 1, descending, 0, 1024);
	for (Size i = 0; i < lengthof(clocks); i++)
	{
		double		key;

		randpick_race_advance(&race, clocks[i]);
		key = randpick_race_take_key(&race);
		in_range &= key >= 0.0 && key < 1.0;
		in_order &= descending ? key <= last : key >= last;
		last = key;
	}
	ok(in_range, descending ? "falling keys in range" : "rising keys in range");
	ok(in_order, descending ? "falling keys in order" : "rising keys in order");
}

/* One ring, as if nothing were drawn ahead. */
static uint64
ring(RandpickRace *race, uint64 places)
{
	randpick_race_draw(race, places, 1);
	return randpick_race_take(race)->place;
}

/* Places come from the whole range and no other, however large it is. */
static void
test_places(void)
{
	RandpickRace race = {0};
	uint64		huge = (uint64) 0xFFFFFFFE * 291;
	uint64		largest = 0;
	bool		in_range = true;

	randpick_race_start(&race, 7, false, PG_UINT64_MAX, 1024);
	for (int i = 0; i < 100000; i++)
	{
		uint64		place = ring(&race, huge);

		in_range &= place < huge;
		largest = Max(largest, place);
	}
	ok(in_range && largest > huge / 10000 * 9990, "places of the largest table");
	ok(race.clock > 0 && race.clock < 100000.0 / huge * 1.1,
	   "time passes at the rate of the largest table");
	ok(ring(&race, 1) == 0, "a single place");
}

/* The seen set knows what it was told, and asks to stop at its bound. */
static void
test_seen(void)
{
	RandpickRace race = {0};
	ItemPointerData tid;
	uint64		n = 0;
	bool		known = true;
	bool		unknown = true;

	randpick_race_start(&race, 1, false, PG_UINT64_MAX, 64 * 1024);
	while (!randpick_race_is_spent(&race) && n < 1000000)
	{
		ItemPointerSet(&tid, n / 100, n % 100 + 1);
		unknown &= !randpick_race_was_seen(&race, &tid);
		randpick_race_mark_seen(&race, &tid);
		n++;
	}
	for (uint64 i = 0; i < n; i++)
	{
		ItemPointerSet(&tid, i / 100, i % 100 + 1);
		known &= randpick_race_was_seen(&race, &tid);
	}
	ok(known && unknown, "rows are known once they are returned");
	ok(n > 1000 && n * 8 <= 64 * 1024, "the memory bound ends the race");

	randpick_race_start(&race, 1, false, 3, 1024);
	for (n = 0; !randpick_race_is_spent(&race) && n < 10; n++)
		ring(&race, 5);
	ok(n == 3, "the budget of looks ends the race");
}

/* Equal seeds, equal races; other seeds, other races. */
static void
test_seeds(void)
{
	const Course course = {RIGHT, false, 30, false};
	int			first[NROWS];
	int			second[NROWS];
	double		keys[NROWS];
	int			nequal = 0;

	run_race(42, &course, first, keys);
	run_race(42, &course, second, keys);
	ok(memcmp(first, second, sizeof(first)) == 0, "a seed repeats its race");
	for (int seed = 0; seed < 100; seed++)
	{
		run_race(seed, &course, second, keys);
		nequal += memcmp(first, second, sizeof(first)) == 0;
	}
	ok(nequal < 10, "other seeds give other races");
}

int
main(int argc, char **argv)
{
	uint64		seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20261123;

	printf("# seed " UINT64_FORMAT "\n", seed);
	test_courses(seed);
	test_key_bounds(false);
	test_key_bounds(true);
	test_places();
	test_seen();
	test_seeds();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
