/*-------------------------------------------------------------------------
 *
 * backend_cpu.h
 *	  the CPU time of the server's process behind a session
 *
 *-------------------------------------------------------------------------
 */
#ifndef BACKEND_CPU_H
#define BACKEND_CPU_H

#include "session.h"

extern const char *backend_cpu_check(Session *session);
extern void backend_cpu_settle(void);
extern int64 backend_cpu_ns(const Session *session);

#endif							/* BACKEND_CPU_H */
