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

/* Tell each error of a run once.  Returns whether there are any. */
static bool
tell_errors(const Run *run)
{
	bool		any = false;

	for (int i = 0; i < run->nresults; i++)
	{
		const char *error = run->results[i].error;
		bool		told = false;

		if (error == NULL)
			continue;
		for (int j = 0; j < i; j++)
			told |= run->results[j].error != NULL &&
				strcmp(error, run->results[j].error) == 0;
		if (!told)
			pg_log_error("contender \"%s\" failed: %s",
						 run->results[i].contender->name, error);
		any = true;
	}
	return any;
}

/* Tell what should have been checked, but was not.  Returns whether any. */
static bool
tell_unchecked(const Run *run)
{
	bool		any = false;

	for (int i = 0; i < run->nresults; i++)
	{
		const Result *result = &run->results[i];

		if (run->options->check <= 0 || run->interrupted || !result->contender->is_exact ||
			result->reach_unknown == NULL)
			continue;
		pg_log_error("contender \"%s\" could not be checked: %s",
					 result->contender->name, result->reach_unknown);
		any = true;
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
		bool		failed = tell_errors(&runs[i]);

		failed |= tell_unchecked(&runs[i]);
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
