/*-------------------------------------------------------------------------
 *
 * param.h
 *	  the parameter of a pick
 *
 *-------------------------------------------------------------------------
 */
#ifndef PARAM_H
#define PARAM_H

#include "picker.h"

extern char *param_check_key(KeyNeed need, const Target *target);
extern void param_draw(Picker *picker);
extern bool param_draw_offset(Picker *picker, const PGresult *counted);
extern char *param_quote(const Picker *picker);
extern char *param_insert(const Picker *picker, const char *param);

#endif							/* PARAM_H */
