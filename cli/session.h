/*-------------------------------------------------------------------------
 *
 * session.h
 *	  one connection to the server, which Ctrl-C can interrupt
 *
 *-------------------------------------------------------------------------
 */
#ifndef SESSION_H
#define SESSION_H

#include "libpq-fe.h"

#include "options.h"

typedef struct Session
{
	PGconn	   *conn;
	PGcancel   *cancel;			/* for the interrupt handler */
	struct Session *next;		/* in the handler's list */
} Session;

extern Session *session_open(const Options *options);
extern void session_close(Session *session);
extern void session_exit_if_interrupted(void);

extern char *session_error(Session *session, const PGresult *res);
extern PGresult *session_query(Session *session, const char *sql,
							   const char *param, char **error);
extern bool session_command(Session *session, const char *sql, char **error);
extern bool session_prepare(Session *session, const char *name,
							const char *sql, char **error);

#endif							/* SESSION_H */
