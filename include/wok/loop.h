/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_H
#define WOK_LOOP_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/* The event loop of a thread: ready tasks and callbacks, timers, and the kernel's events. */
typedef struct wok_loop wok_loop;

/* How to run. Zero in a field means the default. */
typedef struct {
	/*
	 * "epoll" or "io_uring"; or several, as "io_uring,epoll": the first that works here. If
	 * none does, that is an error which says why. NULL: the environment's WOK_BACKEND, or else
	 * epoll.
	 */
	const char *backend;
	/* Bytes of stack for each task; 128 KiB. Rounded up to pages. */
	size_t stack_size;
	/* Bytes of the stack of wok_on_big_stack(); 8 MiB, mapped on first use. */
	size_t big_stack_size;
	/* How long a clean-up may wait after a cancel before its own waits fail; 5 s. */
	wok_time grace;
	/* Leave SIGINT alone. */
	bool no_sigint;
	/* Leave SIGSEGV alone: a stack overflow then dies without naming its task. */
	bool no_overflow_report;
	/*
	 * Also report what is suspicious but not wrong; the environment's WOK_DEBUG=1 does so, too.
	 */
	bool debug;
	/* In debug mode, how long a step may hold the loop before that is reported; 100 ms. */
	wok_time slow_step;
} wok_run_options;

/**
 * Run fn as the main task of a new loop, until it has returned. Then everything that still runs is
 * cancelled and joined. SIGINT, where its disposition is the default, cancels the main task and all
 * others once; a second one kills the process as usual.
 *
 * Inside of a run there is no need for another one: call the function itself, for a task can wait
 * anywhere.
 *
 * fn, arg:    the main task; arg is borrowed
 * Returns:    what fn returned; -EINTR if SIGINT or wok_loop_stop() cancelled it; -EDEADLK if
 *             nothing could ever wake any task (the message lists who waits for what), or if this
 *             thread runs a loop already; -EINVAL for options that make no sense; -ENOMEM, -EMFILE
 *             ... if the loop cannot start
 * Checkpoint: never; from a task it is an error
 * Threads:    any; each thread may run a loop of its own
 */
int wok_run(wok_fn *fn, void *arg) WOK_MUST_CHECK;

/**
 * wok_run() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_run()
 * Checkpoint: never
 * Threads:    any
 */
int wok_run_with(wok_fn *fn, void *arg, const wok_run_options *options) WOK_MUST_CHECK;

/**
 * Make a loop to hold in one's hand: to run one function after another on it, or to put it into a
 * foreign loop. It is this thread's current loop until it is freed: tasks and callbacks can be made
 * at once, and run when it does. A thread has one loop at a time.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; -EDEADLK if the thread has a loop; as wok_run()
 * Checkpoint: never
 * Threads:    any; all else that is done with the loop is done in the same one
 */
int wok_loop_new(const wok_run_options *options, wok_loop **ret_loop) WOK_MUST_CHECK;

/**
 * Run fn(arg) as a task until it has ended. What else runs on the loop is left as it is, and goes
 * on with the next run.
 *
 * arg:        borrowed until fn has ended, which after -EINPROGRESS is in a later run, or in
 *             wok_loop_close()
 * Returns:    what fn returned; -EINTR if SIGINT cancelled it; -EINPROGRESS if wok_loop_stop() was
 *             called: the task goes on with the next run; -EDEADLK if nothing could ever wake any
 *             task, or if the loop runs already; -ENOMEM; -EINVAL for another thread's loop, or a
 *             closed one
 * Checkpoint: never; from a task it is an error
 * Threads:    the loop's
 */
int wok_loop_run(wok_loop *loop, wok_fn *fn, void *arg) WOK_MUST_CHECK;

/**
 * Run what is on the loop until wok_loop_stop() is called.
 *
 * Returns:    0 when it was stopped; -EINTR if SIGINT came: all tasks were cancelled, and have
 *             ended; -EDEADLK if nothing can happen on the loop any more; -EINVAL as wok_loop_run()
 * Checkpoint: never; from a task it is an error
 * Threads:    the loop's
 */
int wok_loop_run_forever(wok_loop *loop) WOK_MUST_CHECK;

/**
 * End the run that is under way, when all has run that is in this tick. If none is, the next run
 * makes one pass that does not wait. In a wok_run(), what still runs is cancelled and joined.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's; from another one through a remote
 */
void wok_loop_stop(wok_loop *loop);

/**
 * Do what can be done on the loop without waiting, and return: for games and foreign loops. SIGINT
 * is left alone, and a deadlock is not looked for, since the host may start more at any time.
 *
 * Returns:    1 if tasks, callbacks or timers are left; 0 if there is nothing to come; -EDEADLK,
 *             -EINVAL as wok_loop_run()
 * Checkpoint: never; from a task it is an error
 * Threads:    the loop's
 */
int wok_loop_step(wok_loop *loop) WOK_MUST_CHECK;

/**
 * A descriptor that is readable when wok_loop_step() has something to do: for the poll of a foreign
 * loop. Timers, other threads, and what the host itself does with the loop are in it.
 *
 * Returns:    a descriptor, the loop's for as long as it lives; -EMFILE, -ENOMEM; -EINVAL as
 *             wok_loop_run()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_loop_fd(wok_loop *loop) WOK_MUST_CHECK;

/**
 * Cancel and join what is left on the loop, and release everything but the handle itself; the
 * thread may make another loop.
 *
 * Returns:    0; -EDEADLK if some of it could not end before all was cancelled for a deadlock;
 *             -EINVAL, -EDEADLK as wok_loop_run()
 * Checkpoint: never; from a task it is an error
 * Threads:    the loop's
 */
int wok_loop_close(wok_loop *loop);

/**
 * Close a loop, if it was not, and release it.
 *
 * loop:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: never; from a task it is reported, and the loop stays
 * Threads:    the loop's
 */
void wok_loop_free(wok_loop *loop);
WOK_DEFINE_AUTO(wok_loop)

/**
 * The loop of this thread.
 *
 * Returns:    the loop; NULL outside of wok_run(), and of the life of one from wok_loop_new()
 * Checkpoint: never
 * Threads:    any
 */
wok_loop *wok_current_loop(void);

/**
 * The loop's clock, read afresh: monotonic, or virtual under wok/test.h. Outside of a loop the
 * monotonic clock.
 *
 * Returns:    nanoseconds since a point in the past
 * Checkpoint: never
 * Threads:    any
 */
wok_time wok_now(void);

/* What a loop says of itself. */
typedef struct {
	const char *backend;     /* "epoll", "io_uring" */
	const char *backend_why; /* why it is not the one that was asked for first, as a sentence;
				    NULL if it is */
	const char *stack_guard; /* "guard pages", "mprotect", "canary" */
	size_t stack_size;       /* bytes that a task may use */
	size_t tasks;            /* alive now */
	size_t stacks;           /* bound to tasks now */
	size_t stacks_mapped;    /* bound, or kept for reuse */
	size_t timers;           /* armed */
	uint64_t ticks;          /* batches run */
	uint64_t polls;          /* visits to the kernel */
} wok_loop_info;

/**
 * Describe the current loop.
 *
 * Returns:    0; -EINVAL outside of a loop
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_loop_get_info(wok_loop_info *ret_info) WOK_MUST_CHECK;

/* A scheduled callback: a value to copy freely. Cancelling one that has run does nothing. */
typedef struct {
	uint64_t id; /* 0: it was not scheduled; see wok_call_soon() */
	uint32_t slot;
} wok_callback;

/**
 * Call fn(arg) in the next tick, after what is ready already. A callback runs on the loop and may
 * not wait: a wait in it is -EDEADLK. A negative result that it returns is reported.
 *
 * arg:        borrowed until the call, or until the callback is cancelled
 * Returns:    a handle for wok_callback_cancel(), to keep or to ignore; its id is 0 if the callback
 *             was not scheduled: no loop in this thread, or no memory (which is reported)
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_callback wok_call_soon(wok_fn *fn, void *arg);

/**
 * Call fn(arg) once, after delay. A delay of zero or less is due at once: it comes after what is
 * ready already, when the loop next looks at its clock, which is after 64 ticks or 50 microseconds
 * at the latest. Among due ones the earlier deadline goes first, and of equal ones the older.
 *
 * delay:      nanoseconds from now
 * Returns:    as wok_call_soon()
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_callback wok_call_later(wok_time delay, wok_fn *fn, void *arg);

/**
 * Call fn(arg) once, when wok_now() reaches a point in time.
 *
 * when:       nanoseconds on wok_now()'s clock
 * Returns:    as wok_call_soon()
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_callback wok_call_at(wok_time when, wok_fn *fn, void *arg);

/**
 * wok_call_at() with an argument that is given away: arg_free(arg) runs after fn, or when the
 * callback is cancelled, or at the end of the run, or at once if it could not be scheduled.
 *
 * Returns:    as wok_call_soon()
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_callback wok_call_at_owned(wok_time when, wok_fn *fn, void *arg, wok_free_fn *arg_free);

/**
 * Forget a callback. One that has run, was cancelled, or belongs to another loop stays what it is.
 *
 * Returns:    true if it will not run because of this call
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_callback_cancel(wok_callback callback);

/* A thing that went wrong with nobody there to take the error. */
typedef struct {
	int code;             /* the error; 0 where there is none */
	const char *message;  /* whole, without a line end */
	const char *task;     /* the task's name; NULL if it is not about one */
	const wok_site *site; /* where it was started; NULL if unknown */
} wok_report;

/* Takes a report; what it points to lives for the call. */
typedef void wok_report_fn(const wok_report *report, void *arg);

/**
 * Say where reports go; by default a line each on stderr. Process-wide, and settled once a loop has
 * run. The hook may be called from any thread that runs a loop, and from wok's own threads; it must
 * not wait.
 *
 * hook:       NULL for the default
 * Returns:    0; -EBUSY after the first run
 * Checkpoint: never
 * Threads:    any, before the first run
 */
int wok_set_report_hook(wok_report_fn *hook, void *arg);

/**
 * The library's version, as "0.1.0".
 *
 * Returns:    a text that lives for ever
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_version(void);

WOK_END_DECLS
#endif
