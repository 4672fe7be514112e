/* SPDX-License-Identifier: MIT */
#ifndef WOK_ERROR_H
#define WOK_ERROR_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * wok's own error codes. All others are negated errno values; these lie below -4096, where no errno
 * reaches.
 */
enum {
	/*
	 * The task that was awaited had been cancelled. (-ECANCELED is something else: the caller.)
	 */
	WOK_ETASKCANCELED = -4097,
	/* The stream ended before what was asked for was complete. */
	WOK_EEOF = -4098,
	/* A limit that the application can set was exceeded: a line, a head, a body too long. */
	WOK_ELIMIT = -4099,
	/* A host name does not resolve; the message says what the resolver said. */
	WOK_ENAME = -4100,
	/* The peer broke the protocol: the message says how. */
	WOK_EPEER = -4101,
	/* The barrier was reset or aborted. */
	WOK_EBROKEN = -4102,
	/* A worker process died, or none can be started; the message says how. */
	WOK_EWORKER = -4103,
	/* The peer's certificate is not good: the message says how (wok/tls.h). */
	WOK_ECERTIFICATE = -4110,
	/* The server's answer says that the request failed: a status of 400 or above. */
	WOK_ESTATUS = -4111,
	/* The proxy does not connect to the host: the message has its reason, as 407. */
	WOK_EPROXY = -4112,
	/* The database refused the statement: the message and wok_db_last_error() say why. */
	WOK_EDB = -4120,
	/*
	 * The transaction lost to another one (a deadlock, a serialization failure, an old
	 * snapshot): roll it back and run it again from its start.
	 */
	WOK_ERETRY = -4121,
	/*
	 * The connection to the database broke off. Whether a statement that was under way took
	 * effect is not known.
	 */
	WOK_ECONNLOST = -4122,
};

/**
 * The meaning of a result, in a few words: a constant text for each of wok's codes and each errno.
 *
 * code:       a result of any wok function, negative; for 0 and more: "success"
 * Returns:    a text that lives for ever
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_strerror(int code);

/**
 * The name of a code as the source has it: "ECONNREFUSED", "WOK_EEOF"; "0" for 0 and more.
 *
 * Returns:    a text that lives for ever
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_errname(int code);

/**
 * What went wrong in the current task (outside of tasks: in this thread): what, where and why. The
 * message is kept with its code, so for another code than the last one that left a message this is
 * wok_strerror(code). It travels with a task's result to whoever awaits it, and out of wok_run().
 *
 * code:       the negative result that was just returned
 * Returns:    a text, valid until the next call fails in this task
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_errmsg(int code);

/**
 * Leave a message and return its code, for code that is built on wok:
 *     return wok_fail(-EINVAL, "%s: the port must be below 65536", address);
 * If there is no memory for the text, the code alone remains.
 *
 * code:       negative
 * format:     as printf's; the text may include the current wok_errmsg()
 * Returns:    code
 * Checkpoint: never
 * Threads:    any
 */
int wok_fail(int code, const char *format, ...) WOK_PRINTF(2, 3);

/* The same as a macro, so that compilers see that the result is the code, and negative. */
#define wok_fail(code, ...)                                                                        \
	(__extension__({                                                                           \
		const int wok__code = (code);                                                      \
		(void) (wok_fail) (wok__code, __VA_ARGS__);                                        \
		wok__code;                                                                         \
	}))

WOK_END_DECLS
#endif
