/* SPDX-License-Identifier: MIT */
#ifndef WOK_EXEC_PROCESS_POOL_H
#define WOK_EXEC_PROCESS_POOL_H
/*
 * A process pool from the inside. There is no task behind it: whoever runs a job holds a place of
 * the pool meanwhile, starts a process there if there is none, talks to it, and ends it if need be.
 * So a pool that nobody uses does nothing, costs nothing, and keeps nobody waiting.
 *
 * process_pool.c   places, the queue for them, closing
 * process_options.c
 * process_start.c  a new process, until it is ready
 * process_job.c    one job, from its argument to its result
 * process_wait.c   waiting for a process: for packets, output, its death, a time
 * process_end.c    ending it, and saying how it ended
 * process_output.c the lines that it writes
 */
#include <wok/process_pool.h>

#include "exec/process_packet.h"
#include "loop/loop.h"
#include "task/park.h"

/* Lines from a pipe. */
struct wok__line_pipe {
	int fd; /* -1: not captured, or at its end */
	size_t size;
	char text[4096];
};

/* A place for a process. */
struct wok__process {
	wok_process_pool *pool;
	bool held;      /* by a task: nobody else touches it */
	bool forced;    /* the last process did not end by itself: it was signalled */
	bool try_again; /* its process died before it could begin the job */
	bool aborted;   /* the pool is being freed: whoever holds it gives up */
	pid_t pid;      /* 0: there is no process */
	int pidfd;
	int socket;      /* -1 when it is closed */
	uint64_t n_jobs; /* that this process has done */
	uint64_t serial; /* of the last job */
	struct wok__worker_mark *mark;
	struct wok__parker *waiting;  /* who waits for it now */
	struct wok__line_pipe *pipes; /* two, if output is captured */
	char *body;                   /* a packet's */
	siginfo_t ended;              /* how the last process did; si_code 0: unknown */
	pid_t ended_pid;
};

struct wok_process_pool {
	wok_process_pool_options options; /* with the defaults filled in, and texts copied */
	wok_loop *loop;
	struct wok__ending ending;
	struct wok__mailbox *mailbox; /* for a free in another thread */
	struct wok__mail mail;
	wok_waiters queue;   /* who waits for a place: struct turn */
	wok_waiters closing; /* who waits until no job is left */
	wok_waiters leaving; /* who waits until no task is in a call */
	size_t n_queued, n_held;
	size_t users; /* tasks in calls */
	bool closed;  /* no more jobs */
	bool freed;   /* and those that are there must go */
	bool orphan;  /* freed where nobody could wait: the last user releases it */
	bool ended;   /* its loop has ended */
	uint64_t serial;
	/* Deaths in a row, in jobs and at the start; see process_start.c. */
	unsigned n_deaths, n_bad_starts;
	wok_time died_at;
	char bad_start[256]; /* what the last one said */
	int bad_end;         /* of a process that was asked to end: the first is kept */
	char bad_end_text[256];
	wok_process_pool_info info;
	size_t n;
	struct wok__process processes[];
};

/* --- process_options.c --- */

int wok__process_options_check(const wok_process_pool_options *options);

/* With the defaults filled in, and texts copied; to be cleared, also after -ENOMEM. */
int wok__process_options_copy(wok_process_pool_options *copy,
			      const wok_process_pool_options *options);
void wok__process_options_clear(wok_process_pool_options *copy);

/* --- process_wait.c --- */

/* What a wait ended with, by bits. */
enum {
	WOK__EVENT_PACKET = 1, /* or the socket's end */
	WOK__EVENT_DEATH = 2,
	WOK__EVENT_OUTPUT = 4,
	WOK__EVENT_ERRORS = 8,
	WOK__EVENT_TIME = 16,
	WOK__EVENT_ABORT = 32,
};

/*
 * Wait for any of these, wanted by bits. Events; or -ECANCELED, unless shielded; or another error.
 */
int wok__process_wait(struct wok__process *process, int wanted, wok_time deadline, bool shielded,
		      const char *what);

/*
 * Wait for a packet; whatever ends the wait, a packet that is there goes first. -EPIPE: the process
 * has died, or has closed its socket; -EPROTO; -ETIMEDOUT; -ECANCELED; -ESHUTDOWN: aborted.
 */
int wok__process_receive(struct wok__process *process, wok_time deadline, const char *what,
			 struct wok__received *ret_packet);

/* --- process_start.c --- */

/* See that a place has a process that is ready. */
int wok__process_ready(struct wok__process *process);

/* A process has ended that should not have. */
void wok__process_note_death(struct wok__process *process);

/* --- process_job.c --- */

struct wok__job {
	const char *name;
	const void *input;
	size_t input_size;
	size_t max_output;
	wok_time timeout;
	void *output;       /* where the result goes, if its size is known: */
	size_t output_size; /* this */
	bool allocate;      /* else both are set */
	int result;         /* what the worker said: a code, or its error */
	int memory;         /* its argument, if that is passed as memory; -1 */
};

int wok__process_run(struct wok__process *process, struct wok__job *job);

/* --- process_end.c --- */

enum wok__end {
	WOK__END_ASK,  /* it may go when it likes, for a while */
	WOK__END_TERM, /* SIGTERM, and SIGKILL after a while */
	WOK__END_KILL, /* SIGKILL */
};

/*
 * End a process and wait until it is gone, shielded; outside of tasks it is killed, and the thread
 * waits. Then how it ended is in process->ended.
 */
void wok__process_end(struct wok__process *process, enum wok__end how);

/* "worker 1234 was killed by signal 11 (Segmentation fault)", of the last process. */
const char *wok__process_epitaph(const struct wok__process *process, char text[160]);

/* Whether a process is alive; what is left of a dead one is cleared away. */
bool wok__process_alive(struct wok__process *process);

/* --- process_output.c --- */

/* Take what there is of a process's output, up to a limit. */
void wok__process_take_output(struct wok__process *process);

/* The process is gone: take the rest, and end the lines. */
void wok__process_end_output(struct wok__process *process);
#endif
