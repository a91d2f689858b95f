/*-------------------------------------------------------------------------
 *
 * tally.c
 *	  what the calls of a contender came to
 *
 * Each client keeps a tally of its own; they are merged when all have ended, so
 * that nothing is shared while the clock runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "tally.h"

/* Append a round.  The array grows in powers of two. */
void
tally_add_round(Tally *tally, const Round *round)
{
	int			n = tally->nrounds;

	if ((n & (n - 1)) == 0)
		tally->rounds = pg_realloc(tally->rounds, Max(1, 2 * n) * sizeof(Round));
	tally->rounds[n] = *round;
	tally->nrounds = n + 1;
}

/* Merge in the rounds of another client; both are in order. */
static void
merge_rounds(Tally *tally, const Tally *more)
{
	Tally		merged = {0};
	int			i = 0;
	int			j = 0;

	while (i < tally->nrounds || j < more->nrounds)
	{
		bool		ours = j == more->nrounds ||
			(i < tally->nrounds && tally->rounds[i].number <= more->rounds[j].number);
		const Round *next = ours ? &tally->rounds[i++] : &more->rounds[j++];
		Round	   *last = merged.nrounds > 0 ? &merged.rounds[merged.nrounds - 1] : NULL;

		if (last == NULL || last->number != next->number)
		{
			tally_add_round(&merged, next);
			continue;
		}
		last->calls += next->calls;
		last->ns += next->ns;
		last->cpu_calls += next->cpu_calls;
		last->cpu_ns += next->cpu_ns;
	}
	pg_free(tally->rounds);
	tally->rounds = merged.rounds;
	tally->nrounds = merged.nrounds;
}

/* Merge in the tally of one client. */
void
tally_merge(Tally *tally, const Tally *more)
{
	samples_append(&tally->latency, &more->latency);
	samples_append(&tally->service, &more->service);
	samples_append(&tally->lag, &more->lag);
	tally->full += more->full;
	tally->late += more->late;
	tally->skipped += more->skipped;
	tally->unsent += more->unsent;
	if (more->wall_ns > 0)
		tally->rate += more->full * 1e9 / more->wall_ns;
	merge_rounds(tally, more);
}

/* Make percentiles possible. */
void
tally_sort(Tally *tally)
{
	samples_sort(&tally->latency);
	samples_sort(&tally->service);
	samples_sort(&tally->lag);
}

/* Forget everything. */
void
tally_reset(Tally *tally)
{
	samples_free(&tally->latency);
	samples_free(&tally->service);
	samples_free(&tally->lag);
	pg_free(tally->rounds);
	memset(tally, 0, sizeof(Tally));
}
