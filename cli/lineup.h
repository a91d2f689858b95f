/*-------------------------------------------------------------------------
 *
 * lineup.h
 *	  which contenders take part
 *
 *-------------------------------------------------------------------------
 */
#ifndef LINEUP_H
#define LINEUP_H

#include "contenders.h"
#include "options.h"

typedef struct Lineup
{
	const Contender **contenders;
	int			count;
	Contender  *own;			/* those of --query; it owns their strings */
	int			nown;
} Lineup;

extern void lineup_create(Lineup *lineup, const Options *options);
extern void lineup_free(Lineup *lineup);

#endif							/* LINEUP_H */
