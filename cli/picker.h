/*-------------------------------------------------------------------------
 *
 * picker.h
 *	  one contender, ready to pick rows in one session
 *
 *-------------------------------------------------------------------------
 */
#ifndef PICKER_H
#define PICKER_H

#include "common/pg_prng.h"

#include "contenders.h"
#include "target.h"

typedef enum PickOutcome
{
	PICK_ROW,					/* a row came back */
	PICK_NONE,					/* none did, which is no error */
	PICK_FAILED					/* see the picker's error */
} PickOutcome;

/* Used by one thread at a time. */
typedef struct Picker
{
	const Contender *contender;
	const PGresult *keys;		/* for PARAM_KEY; the target's */
	Session    *session;		/* its own */
	pg_prng_state prng;			/* for its parameters */
	char	   *error;			/* what the latest failure was */
} Picker;

extern void sql_names_init(SqlNames *names, Session *session,
						   const char *table, const char *filter,
						   double matching, double pages);
extern void sql_names_free(SqlNames *names);

extern bool picker_open(Picker *picker, const Contender *contender,
						const Target *target, const Options *options,
						uint64 stream);
extern bool picker_prepare(Picker *picker, SqlNames *names, bool for_reach);
extern PickOutcome picker_pick(Picker *picker, PGresult **res);
extern void picker_close(Picker *picker);

#endif							/* PICKER_H */
