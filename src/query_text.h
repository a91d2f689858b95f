/*
 * query_text.h
 *	  The query behind a call of a randpick function, as text and as parsed.
 */
#ifndef RANDPICK_QUERY_TEXT_H
#define RANDPICK_QUERY_TEXT_H

#include "nodes/parsenodes.h"
#include "query.h"

/* The query for a call, in the current memory context. */
extern char *randpick_build_query(const RandpickCall *call, int64 limit);

/*
 * Parse the query; the filter must come out of it as it went in.  *text is set
 * to what is being parsed.
 */
extern RawStmt *randpick_parse_query(const RandpickCall *call,
									 const char *query_string,
									 const char **text);

extern uint32 randpick_parser_settings(void);
extern void randpick_push_text_context(ErrorContextCallback *callback,
									   const char **text);

#endif							/* RANDPICK_QUERY_TEXT_H */
