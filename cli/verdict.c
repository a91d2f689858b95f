/*-------------------------------------------------------------------------
 *
 * verdict.c
 *	  did all go well?
 *
 * The exit status is for scripts, so it must not say that all is well when
 * something was not looked at: what --check could not check is an error.  Each
 * reason for a status other than 0 is told on standard error, in one line.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"

#include "fairness.h"
#include "verdict.h"

/* What ended a contender in mid-run, or NULL. */
static const char *
failure(const Run *run pg_attribute_unused(), const Result *result)
{
	return result->error;
}

/* Why a contender could not be checked, if it should have been, or NULL. */
static const char *
obstacle(const Run *run, const Result *result)
{
	if (run->options->check <= 0 || run->interrupted || !result->contender->is_exact)
		return NULL;
	return result->reach_unknown;
}

/* Is the reason that a connection was lost? */
static bool
is_loss(const Result *result, const char *reason)
{
	return result->lost && reason == result->error;
}

/* Connections that are lost have one cause, however libpq finds out. */
static bool
is_same(const Result *a, const char *reason_a, const Result *b, const char *reason_b)
{
	return strcmp(reason_a, reason_b) == 0 || (is_loss(a, reason_a) && is_loss(b, reason_b));
}

/* Tell each reason there is in a run once.  Returns whether there are any. */
static bool
tell_once(const Run *run, const char *(*reason_of) (const Run *run, const Result *result),
		  const char *what)
{
	bool		any = false;

	for (int i = 0; i < run->nresults; i++)
	{
		const Result *result = &run->results[i];
		const char *reason = reason_of(run, result);
		char	   *others;
		int			nothers = 0;
		bool		told = false;

		for (int j = 0; j < run->nresults && reason != NULL; j++)
		{
			const char *other = j == i ? NULL : reason_of(run, &run->results[j]);

			if (other == NULL || !is_same(result, reason, &run->results[j], other))
				continue;
			told |= j < i;
			nothers++;
		}
		if (reason == NULL)
			continue;
		any = true;
		if (told)
			continue;
		others = nothers == 0 ? pg_strdup("") :
			psprintf(" and %d other%s", nothers, nothers == 1 ? "" : "s");
		pg_log_error("contender \"%s\"%s %s: %s", result->contender->name, others,
					 is_loss(result, reason) ? "lost the connection" : what, reason);
		pg_free(others);
	}
	return any;
}

/* Tell which contenders do not keep what they claim.  Returns whether any. */
static bool
tell_alarms(const Run *run)
{
	bool		any = false;

	for (int i = 0; i < run->nresults; i++)
	{
		if (!fairness_alarm(&run->results[i]))
			continue;
		pg_log_error("contender \"%s\" should pick at random, but does not",
					 run->results[i].contender->name);
		any = true;
	}
	return any;
}

/* Tell all that did not go well, and return the exit status. */
int
verdict(const Options *options, const Run *runs, int nruns, const Baseline *baseline)
{
	int			status = 0;

	for (int i = 0; i < nruns; i++)
	{
		bool		failed = tell_once(&runs[i], failure, "failed");

		failed |= tell_once(&runs[i], obstacle, "could not be checked");
		if (failed)
			status = EXIT_RUN_FAILED;
		if (tell_alarms(&runs[i]) && status != EXIT_RUN_FAILED)
			status = EXIT_NOT_RANDOM;
		if (baseline != NULL &&
			baseline_tell_failures(baseline, &runs[i], options->limits) && status == 0)
			status = EXIT_WORSE;
	}
	return status;
}
