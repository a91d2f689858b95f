/*-------------------------------------------------------------------------
 *
 * backend_cpu.c
 *	  the CPU time of the server's process behind a session
 *
 * Latency says how long a client waits.  What a pick costs the server is the
 * time that its process is on a CPU, user and system: it does not depend on
 * the network, and hardly on what else runs.
 *
 * POSIX has a clock for the CPU time of any process of the machine, in
 * nanoseconds, readable by everybody (clock_getcpuclockid; on Linux it is the
 * first number of /proc/PID/schedstat).  But is the process with the number
 * that the server tells us the server's?  It may run on another machine, in
 * another container, or behind a pooler, and then the number means nothing, or
 * means somebody else here.  So a session is put to the test: the process must
 * use CPU time while the session computes something, and none while it rests.
 *
 * The clock stands still while the process runs, and is set forward when it
 * yields the CPU, at the latest at the next tick.  After its last answer a
 * process needs some microseconds to come to rest, hence the pause before the
 * clock is read.
 *
 * Not counted are the parallel workers of a query: they are processes that
 * come and go.  The report says which contenders have some.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <time.h>

#include "backend_cpu.h"
#include "stats.h"

#define SETTLE_US	50			/* for the process to come to rest */
#define REST_US		5000		/* how long it must rest in the test */

/* Let processes that have just sent an answer come to rest. */
void
backend_cpu_settle(void)
{
	pg_usleep(SETTLE_US);
}

/*
 * The CPU time that the process has used up to now, or -1 if not known.  It
 * should have come to rest.
 */
int64
backend_cpu_ns(const Session *session)
{
	clockid_t	clock;
	struct timespec used;

	if (clock_getcpuclockid(PQbackendPID(session->conn), &clock) != 0 ||
		clock_gettime(clock, &used) != 0)
		return -1;
	return (int64) used.tv_sec * 1000000000 + used.tv_nsec;
}

/* Is the session's process one of this machine?  NULL, or why not. */
const char *
backend_cpu_check(Session *session)
{
	static const char why[] = "the server does not run on this machine, or behind a pooler";
	int64		before;
	int64		used;
	int64		started;
	PGresult   *res;
	char	   *error;

	backend_cpu_settle();
	before = backend_cpu_ns(session);
	started = clock_ns();
	res = session_query(session,
						"SELECT pg_catalog.count(*) FROM pg_catalog.generate_series(1, 50000)",
						NULL, &error);
	PQclear(res);
	pg_free(error);
	backend_cpu_settle();
	used = backend_cpu_ns(session) - before;
	if (before < 0 || used <= 0 || used < (clock_ns() - started) / 10)
		return why;

	pg_usleep(REST_US);
	before = backend_cpu_ns(session);
	pg_usleep(REST_US);
	used = backend_cpu_ns(session) - before;
	return used > REST_US * INT64CONST(1000) / 2 ? why : NULL;
}
