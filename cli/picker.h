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
#include "pqexpbuffer.h"

#include "contenders.h"
#include "target.h"
#include "template.h"

typedef enum PickOutcome
{
	PICK_ROWS,					/* as many rows as were asked for */
	PICK_SHORT,					/* fewer, or none, which is no error */
	PICK_FAILED					/* see the picker's error */
} PickOutcome;

/* Used by one thread at a time. */
typedef struct Picker
{
	/* fixed once it is prepared */
	const Contender *contender;
	const PGresult *keys;		/* for PARAM_KEY; the target's */
	int			rows;			/* how many to pick in a call */
	Protocol	protocol;
	Session    *session;		/* its own */
	SqlNames	names;			/* owned; see picker_prepare() */
	char	   *count;			/* the first statement, or NULL */
	char	   *pick;			/* what returns the rows, with its {param} */
	char	   *statement;		/* the same, with a parameter $1 */

	/* changes with each call */
	pg_prng_state prng;			/* for its parameters */
	PQExpBufferData param;		/* of the pick; empty if it has none */
	bool		counting;		/* is the first of two statements under way? */
	bool		sent;			/* could it be sent? */
	PGresult   *res;			/* what came of it up to now */
	char	   *error;			/* what the latest failure was */
	bool		lost;			/* was that the loss of the connection? */
} Picker;

extern bool picker_open(Picker *picker, const Contender *contender,
						const Target *target, const Options *options,
						uint64 stream);
extern bool picker_prepare(Picker *picker, const SqlNames *names, bool for_reach);
extern void picker_start(Picker *picker);
extern bool picker_finish(Picker *picker, bool wait, PickOutcome *outcome,
						  PGresult **res);
extern PickOutcome picker_pick(Picker *picker, PGresult **res);
extern bool picker_explain(Picker *picker, void (*add) (void *arg, const char *plan),
						   void *arg);
extern void picker_close(Picker *picker);

#endif							/* PICKER_H */
