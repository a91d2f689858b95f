/*-------------------------------------------------------------------------
 *
 * fairness.c
 *	  which rows a contender returns, and how often
 *
 * A contender may be fast because most rows can never come back.  Here each
 * one picks from so few rows, so often, that every row which can come back
 * does: a share below 100 % is then not bad luck.  The statements are those that
 * are timed; they run on a copy of some of the table, see copy.c, and only the
 * columns they return differ.
 *
 * Picking ends as soon as every row has come, or after PICKS_PER_ROW rows
 * picked for each.  If all rows are equally likely, one that has not come by
 * then is a matter of 2 in a billion; so 99.9 % out of 1000 rows speaks against
 * the contender.  But 100 % does not say that all rows are equally likely.
 *
 * That is what --check is for.  It makes all these picks, or more, counts how
 * often each row came, and tests whether chance explains the differences: row by
 * row; page by page, against ways that prefer rows with few neighbours; by the
 * place in the page, against ways that prefer the first one; and, if several rows
 * are picked at a time, how often the first two come from which parts of the
 * table and from the same page, against ways that pick a page and not rows.
 * That the same row comes twice in a call, or one that does not meet the filter,
 * needs no test.
 *
 * The alarm is raised below ALARM_P.  Chance is there more often than the
 * chi-square distribution has it, which is for many picks of each row: with 20
 * of each, ten times as often if there are a thousand rows, and up to a thousand
 * times if there are three.  With four tests for each of some twenty contenders
 * that makes less than one false alarm in ten million runs, and hardly ever more
 * than one in a billion.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "common/logging.h"
#include "fe_utils/cancel.h"

#include "copy.h"
#include "fairness.h"
#include "progress.h"

#define MAX_REACH_NS	INT64CONST(10000000000) /* time for one contender */
#define MAX_CHECK_NS	INT64CONST(300000000000)	/* the same with --check */
#define PARTS			10		/* parts of the table that pairs come from */

/* What was picked from the copy. */
typedef struct Picked
{
	const Copy *copy;
	double	   *counts;			/* of each row, by its number */
	int64	   *latest_call;	/* that each row came in */
	int64		calls;
	double		rows;			/* how many came */
	int			seen;			/* how many different ones */
	bool		strays;			/* did one come that must not? */
	bool		twins;			/* did one come twice in a call? */
	double		pairs[PARTS * PARTS + PARTS];	/* see pair_cell() */
	char	   *unknown;		/* why there is nothing to tell, or NULL */
} Picked;

static int
part_of(const Copy *copy, int row)
{
	return (int) ((int64) copy->rows[row].page * PARTS / copy->npages);
}

/*
 * Which pairs of rows are counted together: those of the same two parts, but
 * apart from them those that are in the same page.
 */
static int
pair_cell(const Copy *copy, int first, int second)
{
	if (copy->rows[first].page == copy->rows[second].page)
		return PARTS * PARTS + part_of(copy, first);
	return part_of(copy, first) * PARTS + part_of(copy, second);
}

/* Count the rows of one call. */
static void
count_rows(Picked *picked, const PGresult *res)
{
	const Copy *copy = picked->copy;
	int			first = 0;

	picked->calls++;
	for (int i = 0; i < PQntuples(res); i++)
	{
		int			row = PQgetisnull(res, i, 0) ? 0 : atoi(PQgetvalue(res, i, 0));

		if (row == 0)
			continue;			/* a NULL that stands for no row */
		if (row < 1 || row > copy->nrows || !copy->rows[row].matches)
		{
			picked->strays = true;
			continue;
		}
		picked->rows++;
		picked->seen += (picked->counts[row] == 0);
		picked->counts[row]++;
		picked->twins |= (picked->latest_call[row] == picked->calls);
		picked->latest_call[row] = picked->calls;
		if (i == 0)
			first = row;
		else if (i == 1 && first > 0)
			picked->pairs[pair_cell(copy, first, row)]++;
	}
}

/* Why to stop picking now, as a new string, or NULL. */
static char *
reason_to_stop(const Picker *picker, PickOutcome outcome, int64 deadline)
{
	/* the server may have crashed, and the timed sessions with it */
	if (outcome == PICK_FAILED &&
		PQstatus(picker->session->conn) == CONNECTION_BAD && !CancelRequested)
		pg_fatal("contender \"%s\" lost its connection: %s",
				 picker->contender->name, picker->error);

	if (outcome == PICK_FAILED)
		return pg_strdup(picker->error);
	if (CancelRequested)
		return pg_strdup("interrupted");
	if (clock_ns() > deadline)
		return pg_strdup("it would take too long");
	return NULL;
}

/*
 * Pick until every row has come or, if they are to be checked, has had its
 * chance to come often.  A contender that often gives no row gets more calls,
 * but not without end.
 */
static void
pick_all(Picker *picker, Picked *picked, const Options *options)
{
	const Copy *copy = picked->copy;
	int64		deadline = clock_ns() + (options->check > 0 ? MAX_CHECK_NS : MAX_REACH_NS);
	double		per_row = Max(PICKS_PER_ROW, options->check);

	while ((options->check > 0 || picked->seen < copy->nmatching) &&
		   picked->rows < per_row * copy->nmatching &&
		   picked->calls < per_row * copy->nrows &&
		   picked->unknown == NULL)
	{
		PGresult   *res;
		PickOutcome outcome = picker_pick(picker, &res);

		count_rows(picked, res);
		PQclear(res);
		picked->unknown = reason_to_stop(picker, outcome, deadline);
		if (options->check > 0)
			progress_bar(picker->contender->name, picked->rows, per_row * copy->nmatching);
	}
}

/* Test the counts of groups of rows, of which there are n. */
static ChiSquare
test_groups(const Picked *picked, int n, int (*group) (const CopyRow *row), double scale)
{
	const Copy *copy = picked->copy;
	double	   *counts = pg_malloc0(n * sizeof(double));
	double	   *weights = pg_malloc0(n * sizeof(double));
	ChiSquare	result;

	for (int row = 1; row <= copy->nrows; row++)
	{
		if (!copy->rows[row].matches)
			continue;
		counts[group(&copy->rows[row])] += picked->counts[row];
		weights[group(&copy->rows[row])]++;
	}
	result = chi_square_test(counts, weights, n, scale);
	pg_free(counts);
	pg_free(weights);
	return result;
}

static int
page_of(const CopyRow *row)
{
	return row->page;
}

static int
place_of(const CopyRow *row)
{
	return row->place;
}

/* Test the first two rows of each call. */
static ChiSquare
test_pairs(const Picked *picked)
{
	const Copy *copy = picked->copy;
	double		weights[PARTS * PARTS + PARTS] = {0};
	double	   *in_page = pg_malloc0(copy->npages * sizeof(double));
	double		in_part[PARTS] = {0};
	ChiSquare	result;

	for (int row = 1; row <= copy->nrows; row++)
	{
		if (!copy->rows[row].matches)
			continue;
		in_page[copy->rows[row].page]++;
		in_part[part_of(copy, row)]++;
	}
	for (int i = 0; i < PARTS * PARTS; i++)
		weights[i] = in_part[i / PARTS] * in_part[i % PARTS];
	for (int page = 0; page < copy->npages; page++)
	{
		int			part = (int) ((int64) page * PARTS / copy->npages);

		weights[part * PARTS + part] -= in_page[page] * in_page[page];
		weights[PARTS * PARTS + part] += in_page[page] * (in_page[page] - 1);
	}
	result = chi_square_test(picked->pairs, weights, lengthof(weights), 1);
	pg_free(in_page);
	return picked->twins ? chi_square_impossible() : result;
}

/* Test the counts of the rows themselves. */
static ChiSquare
test_rows(const Picked *picked, double scale)
{
	const Copy *copy = picked->copy;
	double	   *weights = pg_malloc0((copy->nrows + 1) * sizeof(double));
	ChiSquare	result;

	for (int row = 1; row <= copy->nrows; row++)
		weights[row] = copy->rows[row].matches;
	result = chi_square_test(picked->counts, weights, copy->nrows + 1, scale);
	pg_free(weights);
	return picked->strays ? chi_square_impossible() : result;
}

/* Leave in the result where in the pages the picked rows stood. */
static void
count_places(Result *result, const Picked *picked)
{
	const Copy *copy = picked->copy;

	result->nplaces = copy->max_place + 1;
	result->places = pg_malloc0(result->nplaces * sizeof(Place));
	for (int row = 1; row <= copy->nrows; row++)
	{
		Place	   *place = &result->places[copy->rows[row].place];

		if (!copy->rows[row].matches)
			continue;
		place->rows++;
		place->picks += picked->counts[row];
	}
}

/* Leave in the result what the picks tell. */
static void
conclude(Result *result, const Picked *picked, const Options *options)
{
	const Copy *copy = picked->copy;
	double		n = copy->nmatching;
	double		k = Min(options->rows, n);

	result->reach = picked->seen / n;
	result->reach_rows = n;
	count_places(result, picked);
	if (options->check <= 0)
		return;

	/* rows that come together cannot be the same, so counts vary less */
	result->check_picks = picked->rows;
	if (k < n)
	{
		double		scale = (n - 1) / (n - k);

		result->by_row = test_rows(picked, scale);
		result->by_page = test_groups(picked, copy->npages, page_of, scale);
		result->by_place = test_groups(picked, copy->max_place + 1, place_of, scale);
	}
	if (options->rows > 1)
		result->by_pair = test_pairs(picked);
}

/*
 * Measure which rows the contender returns.  What prevents it is no error, but
 * a reason that the report gives.
 */
void
fairness_measure(Result *result, const Target *target, const Options *options)
{
	Picker		picker;
	SqlNames	names;
	Copy		copy = {0};
	Picked		picked = {.copy = &copy};

	if (!picker_open(&picker, result->contender, target, options, 0))
		picked.unknown = pg_strdup(picker.error);
	else if (!copy_make(&copy, picker.session, target, options,
						result->contender->probes_keys ? COPY_KEYS : COPY_PAGES))
		picked.unknown = psprintf("no copy of the table could be made: %s", copy.error);
	else if (copy.nmatching == 0)
		picked.unknown = pg_strdup(copy.nrows == 0 ? "there are no rows to try it with"
								   : "none of the rows tried meets the filter");
	else
	{
		sql_names_init(&names, picker.session, copy.name, target->filter,
					   options->rows, copy.nmatching, copy.blocks);
		pg_free(names.columns);
		names.columns = pg_strdup(ROW_NUMBER);
		if (target->key != NULL)
			names.key = pg_strdup(target->key);
		picked.counts = pg_malloc0((copy.nrows + 1) * sizeof(double));
		picked.latest_call = pg_malloc0((copy.nrows + 1) * sizeof(int64));
		if (picker_prepare(&picker, &names, true))
			pick_all(&picker, &picked, options);
		else
			picked.unknown = pg_strdup(picker.error);
	}

	if (picked.unknown == NULL)
		conclude(result, &picked, options);
	else if (CancelRequested)
	{
		/* why it failed is our own doing */
		pg_free(picked.unknown);
		picked.unknown = pg_strdup("interrupted");
	}
	result->reach_unknown = picked.unknown;
	picker_close(&picker);
	copy_free(&copy);
	pg_free(picked.counts);
	pg_free(picked.latest_call);
}

/* Does the contender claim what is not so? */
bool
fairness_alarm(const Result *result)
{
	const ChiSquare *tests[] = {
		&result->by_row, &result->by_page, &result->by_place, &result->by_pair
	};

	if (!result->contender->is_exact)
		return false;
	for (size_t i = 0; i < lengthof(tests); i++)
	{
		if (tests[i]->p < ALARM_P)
			return true;
	}
	return false;
}
