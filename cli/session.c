/*-------------------------------------------------------------------------
 *
 * session.c
 *	  one connection to the server, which Ctrl-C can interrupt
 *
 * A call of a slow contender on a large table can take minutes, so SIGINT
 * must reach the server: the handler asks it to cancel what runs in any of
 * our sessions, and sets CancelRequested, upon which all loops end by
 * themselves.  The handler only reads the list of sessions, and PQcancel() is
 * made to be called from it.  Sessions are opened and closed by the main
 * thread, and only while there is no other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"
#include "fe_utils/cancel.h"

#include "session.h"

static Session *volatile sessions = NULL;

static void
cancel_sessions(void)
{
	char		message[256];

	for (Session *session = sessions; session != NULL; session = session->next)
	{
		if (session->cancel != NULL)
			(void) PQcancel(session->cancel, message, sizeof(message));
	}
}

/*
 * What functions in the filter may have to say would come with each call, and
 * what ends a connection comes as an error as well.
 */
static void
ignore_notice(void *arg pg_attribute_unused(),
			  const char *message pg_attribute_unused())
{
}

/*
 * Have text come and go in the encoding of the locale, as the names and SQL on
 * the command line do, unless the user has chosen one.
 */
static void
set_encoding(PGconn *conn)
{
	int			encoding = pg_get_encoding_from_locale(NULL, false);
	PQconninfoOption *options = PQconninfo(conn);
	bool		is_chosen = false;

	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		is_chosen |= strcmp(option->keyword, "client_encoding") == 0 && option->val != NULL;
	PQconninfoFree(options);

	/* where it fails, nobody needs it */
	if (!is_chosen && encoding > 0 && encoding != PQclientEncoding(conn))
		(void) PQsetClientEncoding(conn, pg_encoding_to_char(encoding));
}

/*
 * Open a session, asking for a password where need be.  Exits if that fails:
 * nothing has been measured yet.
 *
 * connectDatabase() follows psql's rules, but it also sets an empty
 * search_path.  Here it is the user's that counts, for the table's name, for
 * the functions in the filter, and because applications run with it.
 */
Session *
session_open(const Options *options)
{
	ConnParams	params = {0};
	Session    *session = pg_malloc0(sizeof(Session));
	char	   *error;

	params.dbname = options->dbname;
	params.pghost = options->host;
	params.pgport = options->port;
	params.pguser = options->user;
	params.prompt_password = options->prompt_password;

	session->conn = connectDatabase(&params, progname, false, false, true);
	set_encoding(session->conn);
	session->cancel = PQgetCancel(session->conn);
	PQsetNoticeProcessor(session->conn, ignore_notice, NULL);
	if (!session_command(session, "RESET search_path", &error))
		pg_fatal("could not reset the search path: %s", error);

	/* not earlier: while a password is typed in, SIGINT must just kill */
	if (sessions == NULL)
		setup_cancel_handler(cancel_sessions);
	session->next = sessions;
	sessions = session;
	return session;
}

void
session_close(Session *session)
{
	if (sessions == session)
		sessions = session->next;
	else
	{
		Session    *before = sessions;

		while (before->next != session)
			before = before->next;
		before->next = session->next;
	}
	PQfreeCancel(session->cancel);
	PQfinish(session->conn);
	pg_free(session);
}

void
session_exit_if_interrupted(void)
{
	if (CancelRequested)
		exit(EXIT_INTERRUPTED);
}

/*
 * What went wrong, on one line, as a new string.  Without a result, or when
 * it is libpq that complains, its message comes with several lines, of which
 * the first says what happened.
 */
char *
session_error(Session *session, const PGresult *res)
{
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	char	   *error;

	if (message == NULL)
	{
		message = PQerrorMessage(session->conn);
		if (strncmp(message, "FATAL:  ", 8) == 0)
			message += 8;
	}
	error = pg_strdup(message);
	error[strcspn(error, "\r\n")] = '\0';
	return error;
}

/* The result if it has the wanted status; else NULL, and what went wrong. */
static PGresult *
check_result(Session *session, PGresult *res, ExecStatusType wanted,
			 char **error)
{
	*error = NULL;
	if (PQresultStatus(res) == wanted)
		return res;
	*error = session_error(session, res);
	PQclear(res);
	return NULL;
}

/* Run a query of one parameter, or none if NULL, that returns rows. */
PGresult *
session_query(Session *session, const char *sql, const char *param,
			  char **error)
{
	return check_result(session,
						PQexecParams(session->conn, sql, param ? 1 : 0, NULL,
									 &param, NULL, NULL, 0),
						PGRES_TUPLES_OK, error);
}

/* Run a command that returns no rows. */
bool
session_command(Session *session, const char *sql, char **error)
{
	PGresult   *res = check_result(session, PQexec(session->conn, sql),
								   PGRES_COMMAND_OK, error);

	PQclear(res);
	return res != NULL;
}

bool
session_prepare(Session *session, const char *name, const char *sql,
				char **error)
{
	PGresult   *res = check_result(session,
								   PQprepare(session->conn, name, sql, 0, NULL),
								   PGRES_COMMAND_OK, error);

	PQclear(res);
	return res != NULL;
}
