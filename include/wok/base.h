/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_H
#define WOK_BASE_H
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What every other header needs: time, limits, the function that a task runs, and the handful of
 * macros that make C with wok read like C.
 *
 * Conventions of the whole library. A call returns 0 or more, or a negative error code: -errno, or
 * one of wok's own (wok/error.h). What a call hands out comes last, is named ret_x, and stays as it
 * was when the call fails. Options are structs by pointer, behind what the call is about: NULL, and
 * zero in a field, mean the default. A function is a checkpoint always, never, or shielded: an
 * "always" delivers cancellation and may let other tasks run; a "never" does neither; a "shielded"
 * one may let others run, and delivers no cancellation.
 *
 * Calls that start something are macros. A compound literal as their last argument needs nothing;
 * one before it (the argument of a _copy, _with, _abandon or _start) stands in parentheses if it
 * has a comma. Mind how long it lives: to the end of its block. In a loop, a task that borrows one
 * outlives it: there use _copy.
 */

/* clang-format off */
#ifdef __cplusplus
#define WOK_BEGIN_DECLS _Pragma("GCC visibility push(default)") extern "C" {
#define WOK_END_DECLS } _Pragma("GCC visibility pop")
#else
#define WOK_BEGIN_DECLS _Pragma("GCC visibility push(default)")
#define WOK_END_DECLS _Pragma("GCC visibility pop")
#endif
/* clang-format on */

#define WOK_MUST_CHECK __attribute__((warn_unused_result))
#define WOK_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Monotonic time, or a span of it, in nanoseconds. Sums saturate at WOK_FOREVER. */
typedef int64_t wok_time;

#define WOK_NS ((wok_time) 1)
#define WOK_US ((wok_time) 1000)
#define WOK_MS ((wok_time) 1000000)
#define WOK_SECOND ((wok_time) 1000000000)
#define WOK_MINUTE (60 * WOK_SECOND)
#define WOK_FOREVER INT64_MAX

/*
 * Where zero means the default of a limit, these mean that there is none: WOK_UNLIMITED for a
 * number, WOK_FOREVER for a time.
 */
#define WOK_UNLIMITED SIZE_MAX

/* Bytes that belong to somebody else: see where they are handed out how long they live. */
typedef struct {
	const char *data;
	size_t size;
} wok_view;

/* What a task runs. Returns 0 or more, or a negative error code. */
typedef int wok_fn(void *arg);

/* Releases an argument that was handed over. */
typedef void wok_free_fn(void *arg);

/* A place in the source, and the name of what was started there; kept by pointer, for ever. */
typedef struct {
	const char *name;
	const char *file;
	int line;
} wok_site;

/* The wok_site of this line, as a constant. Used by the macros that start something. */
#define WOK_SITE(what)                                                                             \
	(__extension__({                                                                           \
		static const wok_site wok__here = {what, __FILE__, __LINE__};                      \
		&wok__here;                                                                        \
	}))

/* A queue of parked tasks, first in, first out. Private; all zero is an empty one. */
typedef struct {
	struct wok__parker *first;
	struct wok__parker *last;
} wok_waiters;

/* Return the error if a call failed: WOK_TRY(wok_sleep(WOK_SECOND)); */
#define WOK_TRY(call)                                                                              \
	do {                                                                                       \
		__typeof__(call) wok__result = (call);                                             \
		if (wok__result < 0)                                                               \
			return (int) wok__result;                                                  \
	} while (0)

/* Drop a result that must be checked: (void) does not silence gcc. */
#define WOK_IGNORE(call)                                                                           \
	do {                                                                                       \
		__typeof__(call) wok__ignored = (call);                                            \
		(void) wok__ignored;                                                               \
	} while (0)

/* Hand over: the value of a pointer variable, which becomes NULL. */
#define WOK_TAKE(pointer)                                                                          \
	(__extension__({                                                                           \
		__typeof__(pointer) *wok__from = &(pointer), wok__taken = *wok__from;              \
		*wok__from = NULL;                                                                 \
		wok__taken;                                                                        \
	}))

/*
 * Declare a pointer that its type's free function releases when the block ends, the last declared
 * first. So declare what tasks use before the scope or the handle that ends them, and give each an
 * initial value, NULL at least:
 *     WOK_AUTO(wok_queue) *jobs = NULL;
 *     WOK_AUTO(wok_scope) *workers = NULL; // freed first: it joins, then jobs goes
 */
#define WOK_AUTO(type) __attribute__((cleanup(type##_auto), unused)) type

/* Give a type its WOK_AUTO: type##_free must take NULL. */
#define WOK_DEFINE_AUTO(type)                                                                      \
	static inline void type##_auto(type **pointer)                                             \
	{                                                                                          \
		type##_free(*pointer);                                                             \
	}

#define WOK__JOIN_(a, b) a##b
#define WOK__JOIN(a, b) WOK__JOIN_(a, b)
/* A name for a macro's hidden variable; the line keeps nested blocks from shadowing each other. */
#define WOK__HIDDEN(name) WOK__JOIN(wok__##name##_, __LINE__)
#endif
