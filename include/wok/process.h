/* SPDX-License-Identifier: MIT */
#ifndef WOK_PROCESS_H
#define WOK_PROCESS_H
#include <wok/base.h>
#include <wok/stream.h>

WOK_BEGIN_DECLS

/*
 * A child process: another program that runs beside this one. It begins with signals as a fresh
 * process has them and with no descriptors but those that it is given. Its handle owns it: freeing
 * that ends the process and reaps it, so that none is left behind, and no zombie.
 *
 * While a child runs the loop knows that something may come from it: there is no deadlock, and a
 * virtual clock stands still.
 */
typedef struct wok_process wok_process;

/* What one of the three standard descriptors of a process is. */
typedef enum {
	WOK_STDIO_INHERIT, /* this process's own; if that is closed, /dev/null */
	WOK_STDIO_PIPE,    /* a pipe, whose other end is a stream of the process */
	WOK_STDIO_NULL,    /* /dev/null */
	WOK_STDIO_FD,      /* a copy of fd, which stays the caller's */
	WOK_STDIO_FILE,    /* path: read from it, or make it anew and write to it */
	WOK_STDIO_APPEND,  /* path: write to its end; it is made if there is none */
	WOK_STDIO_OUTPUT,  /* for errors: where output goes */
} wok_stdio_kind;

/* One of them: .output = {.kind = WOK_STDIO_FILE, .path = "log"}. */
typedef struct {
	wok_stdio_kind kind;
	int fd;
	const char *path; /* from this process's working folder */
} wok_stdio;

/* Another descriptor that a process gets. */
typedef struct {
	int fd; /* here; it stays the caller's */
	int as; /* its number there, 3 and more */
} wok_process_fd;

/* How to start a process. Zero in a field means the default. */
typedef struct {
	wok_stdio input, output, errors; /* its descriptors 0, 1 and 2 */
	const char *program;    /* what to execute; argv[0]. Without a '/' it is looked for in PATH,
				   that of env if it has one */
	const char *const *env; /* "NAME=value" and NULL at the end; this process's */
	const char *cwd; /* its working folder; also what a relative program is relative to */
	const wok_process_fd *fds;
	size_t n_fds;
	/*
	 * It leads a process group of its own: a terminal's Ctrl-C does not reach it, and what it
	 * has started is ended together with it.
	 */
	bool new_group;
	bool new_session; /* the same, and it has no controlling terminal */
	/*
	 * It has a terminal of its own (a pseudo-terminal), in a new session: what of input, output
	 * and errors is at its default becomes that. See wok_process_terminal().
	 */
	bool terminal;
	unsigned columns, rows; /* of the terminal; 80, 24 */
	wok_time grace;         /* between SIGTERM and SIGKILL when it is freed; the run's */
	size_t max_output; /* bytes that wok_process_communicate() takes of each stream; 64 MiB */
} wok_process_options;

/**
 * Start a program. The call returns when the program runs, or cannot.
 *
 * argv:       its arguments, and NULL at the end; the first one is its name. For a line of shell:
 *             {"sh", "-c", line, NULL}
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; -ENOENT, -EACCES, -ENOEXEC, -E2BIG ...: there is no process, and the message says
 *             what of program, folder or file is wrong; -EMFILE, -EAGAIN; -ENOMEM; -ECANCELED, and
 *             then nothing was started; -EINVAL for options that make no sense
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_process_spawn(const char *const *argv, const wok_process_options *options,
		      wok_process **ret_process) WOK_MUST_CHECK;

/**
 * Wait for the end of a process. Any number of tasks may, also after it.
 *
 * ret_status: what it exited with, 0 to 255; minus N if signal N killed it; may be NULL
 * Returns:    0; -ECANCELED, and the process goes on; -ECHILD if somebody else has taken its
 *             status: a handler of SIGCHLD, or SIGCHLD being ignored; -EINVAL for another loop's
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_process_wait(wok_process *process, int *ret_status) WOK_MUST_CHECK;

/**
 * Whether a process has ended, as far as the loop has heard.
 *
 * ret_status: as wok_process_wait(), untouched if it has not, or nobody knows; may be NULL
 * Returns:    true if it has
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_process_ended(const wok_process *process, int *ret_status);

/**
 * Send a signal to a process. It cannot hit another one that got the same number later.
 *
 * number:     SIGHUP ...
 * Returns:    0; -ESRCH if it has ended; -EINVAL if there is no such signal; -EPERM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_process_signal(wok_process *process, int number);

/**
 * Send a signal to a process that leads a group, and to all in its group.
 *
 * Returns:    as wok_process_signal(); -EINVAL if it has no group of its own
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_process_signal_group(wok_process *process, int number);

/**
 * Ask a process to end: SIGTERM.
 *
 * Returns:    as wok_process_signal()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_process_terminate(wok_process *process);

/**
 * End a process at once: SIGKILL.
 *
 * Returns:    as wok_process_signal()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_process_kill(wok_process *process);

/**
 * End a process in good order: SIGTERM, and SIGKILL when the grace is over; and wait for its end.
 * One that was stopped goes on for that. If it leads a group, the group gets the signals, and if it
 * had to be asked, all that is left of the group is killed after its end. Under a virtual clock
 * (wok/test.h) the grace is over when wok_test_advance() says so.
 *
 * grace:      nanoseconds; 0 for the process's own; less for none: SIGKILL at once
 * ret_status: as wok_process_wait(); may be NULL
 * Returns:    as wok_process_wait(), but for -ECANCELED
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_process_stop(wok_process *process, wok_time grace, int *ret_status);

/**
 * Stop a process if it has not ended, as wok_process_stop(), reap it, and release its handle and
 * streams. No task may be in a call on these. Where nobody can wait (in a callback) the loop does
 * the rest, and it is reported; in another thread the call is handed to the loop.
 *
 * process:    NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    any
 */
void wok_process_free(wok_process *process);
WOK_DEFINE_AUTO(wok_process)

/**
 * The number of a process.
 *
 * Returns:    it; once the process has ended, another one may have it
 * Checkpoint: never
 * Threads:    the loop's
 */
pid_t wok_process_pid(const wok_process *process);

/**
 * What is written to a process: the other end of its input, if that is a pipe. Closing or shutting
 * it down ends the input.
 *
 * Returns:    a stream that belongs to the process; NULL if there is none
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_stream *wok_process_input(wok_process *process);

/**
 * What a process writes to its standard output, if that is a pipe: to read while it runs, and after
 * its end. A process that writes more than a pipe holds waits for its reader.
 *
 * Returns:    as wok_process_input()
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_stream *wok_process_output(wok_process *process);

/**
 * The same of its standard error.
 *
 * Returns:    as wok_process_input()
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_stream *wok_process_errors(wok_process *process);

/**
 * The near end of a process's terminal: what is typed is written, what it shows is read. It ends
 * when nobody has the terminal open any more.
 *
 * Returns:    as wok_process_input()
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_stream *wok_process_terminal(wok_process *process);

/**
 * Change the size of a process's terminal; its foreground processes get SIGWINCH.
 *
 * Returns:    0; -EINVAL if it has no terminal
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_process_resize(wok_process *process, unsigned columns, unsigned rows);

/* What a process has put out until its end. */
typedef struct {
	int status;      /* as wok_process_wait() */
	wok_view output; /* a zero byte follows; data is NULL if output was no pipe */
	wok_view errors; /* the same */
} wok_process_result;

/**
 * Write input to a process, read all its output, and wait for its end: all at once, so that nobody
 * waits for a full pipe. Only pipes take part. A process that does not read its input to the end is
 * no error.
 *
 * input:      size bytes, after which the input ends; NULL to end it at once
 * ret_result: to be released by wok_process_result_clear()
 * Returns:    0, whatever the status; WOK_ELIMIT if there was more output than max_output;
 *             -ECANCELED, and -ENOMEM: what was read is gone, and the process goes on; as
 *             wok_process_wait() and wok_stream_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_process_communicate(wok_process *process, const void *input, size_t size,
			    wok_process_result *ret_result) WOK_MUST_CHECK;

/**
 * Start a program, communicate, and free it: what one wants of a tool that is soon done.
 *
 * input:      size bytes; unless it is NULL, .input need not be set, and is a pipe
 * Returns:    as wok_process_spawn() and wok_process_communicate(); on failure the process is
 *             stopped
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_process_run(const char *const *argv, const void *input, size_t size,
		    const wok_process_options *options, wok_process_result *ret_result)
	WOK_MUST_CHECK;

/**
 * Release what a result points to.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_process_result_clear(wok_process_result *result);

WOK_END_DECLS
#endif
