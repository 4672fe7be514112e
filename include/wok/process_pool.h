/* SPDX-License-Identifier: MIT */
#ifndef WOK_PROCESS_POOL_H
#define WOK_PROCESS_POOL_H
#include <sys/types.h>
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Processes that run functions by name: for work that would keep the loop's thread busy, and for
 * work that may crash, leak or never end. Each process is a program started anew that calls
 * wok_worker() first (wok/worker.h): nothing is forked, so threads and memory of this one do not
 * matter. They are started when there is work for them.
 *
 * A process runs one job at a time, and jobs begin in the order in which they were asked for. If
 * one dies, only the job that it was running fails, with WOK_EWORKER; it is replaced at the next
 * job, after a pause if that happens again and again. To cancel a task that waits for a job
 * ends the process that runs it.
 *
 * A pool belongs to the loop that made it; any of its tasks may use it.
 */
typedef struct wok_process_pool wok_process_pool;

/* A line that a worker wrote to its standard output or error. */
typedef struct {
	wok_view text; /* without the end; longer ones come in pieces of 4 KiB */
	pid_t pid;
	bool is_error; /* from standard error */
} wok_worker_line;

/* Takes a line; it lives for the call, which must not wait, and must leave the pool alone. */
typedef void wok_worker_line_fn(const wok_worker_line *line, void *arg);

/* How to make a pool. Zero in a field means the default. */
typedef struct {
	/* Processes at most; as many as there are CPUs for this one. */
	size_t workers;
	/* The program that calls wok_worker(); the one that runs here. */
	const char *program;
	/* The program was built apart: do not insist on the build of this one. */
	bool other_build;
	/* A job that each new process runs first, and what it gets; an error of it goes to whoever
	 * has asked for a job. At most 32 KiB. */
	const char *initializer;
	const void *initializer_input;
	size_t initializer_size;
	/* Jobs after which a process is replaced; no limit. */
	uint64_t max_tasks_per_child;
	/* Jobs that wait for a process; more are refused with -EAGAIN. No limit. */
	size_t max_queued;
	/* Bytes of a job's argument and result; 1 GiB each. */
	size_t max_input;
	size_t max_output;
	/* How long a job may run; for ever. */
	wok_time job_timeout;
	/* How long a process has from SIGTERM, or from being done, until SIGKILL; 2 s. */
	wok_time kill_grace;
	/* How long a process has until it is ready, its initializer included; 30 s. */
	wok_time start_timeout;
	/* Limits of each process: bytes of address space, CPU time in whole seconds, descriptors.
	 * As they are here. */
	size_t max_memory;
	wok_time max_cpu;
	size_t max_fds;
	/* Added to the nice value of each process. */
	int nice;
	/*
	 * What the processes write goes where this one's does. With this, it comes as lines: to
	 * on_line, or as reports if that is NULL. Each stream's lines stay whole and in order.
	 */
	bool capture_output;
	wok_worker_line_fn *on_line;
	void *on_line_arg;
} wok_process_pool_options;

/**
 * Make a pool. No process is started yet.
 *
 * options:    NULL for the defaults; borrowed for the call, and copied
 * Returns:    0; -EINVAL outside of a loop, for options that make no sense, or if main() has not
 *             called wok_worker(); -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_process_pool_new(const wok_process_pool_options *options, wok_process_pool **ret_pool)
	WOK_MUST_CHECK;

/**
 * Run a registered function in a process of the pool, and wait for its result. If the caller is
 * cancelled, a job that waits for a process is dropped, and one that runs is ended with its process
 * (SIGTERM, then SIGKILL), before the call returns.
 *
 * job:        the name that wok_worker_register() gave it
 * input:      input_size bytes that the job gets; borrowed for the call; NULL if there are none
 * ret_output: the result, which must have exactly output_size bytes; NULL if output_size is 0
 * Returns:    what the function returned, 0 or more, or its error with its message;
 *             WOK_ETASKCANCELED if that was -ECANCELED; WOK_EWORKER if the process died (the
 *             message says how), broke the protocol, or none can be started; -ENOENT if the job's
 *             name is unknown there; -EMSGSIZE if the result has another size; WOK_ELIMIT if
 *             argument or result are too large; -ETIMEDOUT after the pool's job_timeout; -EAGAIN
 *             if too many jobs wait; -ESHUTDOWN if the pool is being closed; -ECANCELED; -EINVAL
 *             on another loop; -ENOMEM
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_run_in_executor(wok_process_pool *pool, const char *job, const void *input,
			size_t input_size, void *ret_output, size_t output_size) WOK_MUST_CHECK;

/* How to run one job. Zero in a field means the pool's. */
typedef struct {
	wok_time timeout;
	size_t max_output;
} wok_process_job_options;

/**
 * wok_run_in_executor() for a result of unknown size.
 *
 * options:    NULL for the defaults; borrowed for the call
 * ret_output: the result; release it with wok_free(). NULL if it is empty
 * ret_size:   its bytes
 * Returns:    as wok_run_in_executor()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_run_in_executor_with(wok_process_pool *pool, const char *job, const void *input,
			     size_t input_size, const wok_process_job_options *options,
			     void **ret_output, size_t *ret_size) WOK_MUST_CHECK;

/* What a pool says of itself. */
typedef struct {
	size_t workers;     /* processes alive */
	size_t running;     /* jobs that have a process, or one that is being started for them */
	size_t queued;      /* jobs that wait for one */
	uint64_t completed; /* jobs that came back, with a result or an error */
	uint64_t failed;    /* jobs whose process died or had to be ended */
	uint64_t started;   /* processes, in all */
	uint64_t died;      /* processes that ended without being asked to */
} wok_process_pool_info;

/**
 * Describe a pool. Processes that died while they were idle are noticed here, too.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_process_pool_get_info(wok_process_pool *pool, wok_process_pool_info *ret_info);

/**
 * Close a pool: take no more jobs, wait for those that are there, and end the processes. If the
 * caller is cancelled, the pool stays as far closed as it is; the jobs go on, and the call may be
 * made again.
 *
 * Returns:    0; WOK_EWORKER if a process did not end well, with a message; -ECANCELED; -ESHUTDOWN
 *             if the pool is freed meanwhile; -EINVAL on another loop
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_process_pool_close(wok_process_pool *pool) WOK_MUST_CHECK;

/**
 * End a pool: its jobs fail with -ESHUTDOWN, its processes are ended and waited for. Where waiting
 * is impossible, in a callback or another thread, the processes are killed, which is reported.
 *
 * pool:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's; another one hands it over
 */
void wok_process_pool_free(wok_process_pool *pool);
WOK_DEFINE_AUTO(wok_process_pool)

WOK_END_DECLS
#endif
