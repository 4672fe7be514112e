/* SPDX-License-Identifier: MIT */
/*
 * Process pools: see wok/process_pool.h and exec/process_pool.h.
 *
 * A pool has as many places as there may be processes. A task that wants a job done takes a place,
 * or waits in the queue until one is handed to it, and so jobs begin in their order. It gives the
 * place on when it is through, with the process in it or without.
 *
 * Freeing asks everybody who is in a call to leave it, and waits for that. Whoever leaves last may
 * find that nobody waits any more, and then releases the pool himself.
 */
#include <stdio.h>
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "exec/process_pool.h"
#include "loop/report.h"
#include "platform/cpus.h"

enum { ATTEMPTS = 3 }; /* processes that may die before they begin a job */

/* A task in the queue, and the place that it was given. */
struct turn {
	struct wok__parker parker;
	struct wok__process *process;
};

/* --- places ----------------------------------------------------------------------------------- */

/* A free place: one with a process, if there is one. */
static struct wok__process *find_free(wok_process_pool *pool)
{
	struct wok__process *empty = NULL;

	for (size_t i = 0; i < pool->n; i++) {
		struct wok__process *process = &pool->processes[i];
		if (process->held)
			continue;
		if (process->pid != 0)
			return process;
		if (!empty)
			empty = process;
	}
	return empty;
}

static int queue_up(wok_process_pool *pool, struct wok__process **ret_process)
{
	struct turn turn = {.parker = WOK__PARKER_INIT("a worker of a process pool")};

	if (pool->n_queued >= pool->options.max_queued)
		return wok_fail(-EAGAIN, "%zu jobs wait for a worker already", pool->n_queued);
	pool->n_queued++;
	int r = wok__park(&turn.parker, &pool->queue);
	pool->n_queued--;
	if (r == -ESHUTDOWN)
		return wok_fail(r, "the process pool was freed");
	*ret_process = turn.process;
	return r;
}

static int take_place(wok_process_pool *pool, struct wok__process **ret_process)
{
	struct wok__process *process = pool->queue.first ? NULL : find_free(pool);

	if (!process)
		return queue_up(pool, ret_process);
	process->held = true;
	pool->n_held++;
	*ret_process = process;
	return 0;
}

static void wake_all(wok_waiters *queue, int result)
{
	while (wok__wake_first(queue, result))
		;
}

static void give_place_on(struct wok__process *process)
{
	wok_process_pool *pool = process->pool;
	struct wok__parker *next = pool->queue.first;

	if (next) {
		WOK__CONTAINER(next, struct turn, parker)->process = process;
		wok__wake(next, 0);
		return;
	}
	process->held = false;
	if (--pool->n_held == 0)
		wake_all(&pool->closing, 0);
}

/* --- who is in a call ------------------------------------------------------------------------- */

static void release(wok_process_pool *pool)
{
	for (size_t i = 0; i < pool->n; i++) {
		wok_free(pool->processes[i].body);
		wok_free(pool->processes[i].pipes);
	}
	wok__list_remove(&pool->ending.link);
	wok__mailbox_unref(pool->mailbox);
	wok__process_options_clear(&pool->options);
	wok_free(pool);
}

static void end_all(wok_process_pool *pool, enum wok__end how)
{
	for (size_t i = 0; i < pool->n; i++)
		if (pool->processes[i].pid != 0)
			wok__process_end(&pool->processes[i], how);
}

static int check_loop(const wok_process_pool *pool, const char *call)
{
	/* In this order: the rest of the pool is its own loop's. */
	if (wok__loop != pool->loop)
		return wok_fail(-EINVAL, "%s: the process pool belongs to another loop", call);
	if (pool->ended)
		return wok_fail(-EINVAL, "%s: the loop of the process pool has ended", call);
	return 0;
}

static int enter(wok_process_pool *pool, const char *call)
{
	WOK_TRY(check_loop(pool, call));
	WOK_TRY(wok__check());
	pool->users++;
	return 0;
}

static void leave(wok_process_pool *pool)
{
	if (--pool->users > 0)
		return;
	wake_all(&pool->leaving, 0);
	if (!pool->orphan)
		return;
	end_all(pool, WOK__END_KILL);
	release(pool);
}

/* --- jobs ------------------------------------------------------------------------------------- */

static int check_job(const wok_process_pool *pool, const struct wok__job *job)
{
	size_t size = strlen(job->name);

	if (pool->closed)
		return wok_fail(-ESHUTDOWN, "%s: the process pool takes no more jobs", job->name);
	if (size == 0 || size > WOK__PACKET_NAME)
		return wok_fail(-EINVAL, "a job's name has 1 to %d bytes", WOK__PACKET_NAME);
	if ((!job->input && job->input_size > 0) || (!job->output && job->output_size > 0))
		return wok_fail(-EINVAL, "%s: NULL has no bytes", job->name);
	if (job->input_size > pool->options.max_input)
		return wok_fail(WOK_ELIMIT, "%s: an argument of %zu bytes, where %zu are allowed",
				job->name, job->input_size, pool->options.max_input);
	return 0;
}

/*
 * A process may die between two jobs, and the next one be sent to it before anybody knows. As long
 * as it had not begun the job, another one can do it.
 */
static int run_in_place(struct wok__process *process, struct wok__job *job)
{
	int r = 0;

	for (int i = 0; i < ATTEMPTS; i++) {
		if (process->aborted)
			return wok_fail(-ESHUTDOWN, "the process pool was freed");
		process->try_again = false;
		r = wok__process_ready(process);
		if (r == 0)
			r = wok__process_run(process, job);
		if (r >= 0 || !process->try_again)
			break;
	}
	return r;
}

static int run(wok_process_pool *pool, struct wok__job *job)
{
	struct wok__process *process;

	int r = enter(pool, "wok_run_in_executor");
	if (r < 0)
		return r;
	r = check_job(pool, job);
	if (r == 0)
		r = take_place(pool, &process);
	if (r == 0) {
		/* It may have been cancelled after a place was handed to it. */
		r = wok__is_canceled() ? -ECANCELED : run_in_place(process, job);
		give_place_on(process);
	}
	leave(pool);
	return r;
}

int wok_run_in_executor(wok_process_pool *pool, const char *name, const void *input,
			size_t input_size, void *ret_output, size_t output_size)
{
	struct wok__job job = {
		.name = name,
		.input = input,
		.input_size = input_size,
		.max_output = pool->options.max_output,
		.timeout = pool->options.job_timeout,
		.output = ret_output,
		.output_size = output_size,
	};

	return run(pool, &job);
}

int wok_run_in_executor_with(wok_process_pool *pool, const char *name, const void *input,
			     size_t input_size, const wok_process_job_options *options,
			     void **ret_output, size_t *ret_size)
{
	const wok_process_job_options defaults = {0};
	const wok_process_job_options *o = options ? options : &defaults;
	struct wok__job job = {
		.name = name,
		.input = input,
		.input_size = input_size,
		.max_output = o->max_output ? o->max_output : pool->options.max_output,
		.timeout = o->timeout ? o->timeout : pool->options.job_timeout,
		.allocate = true,
	};

	int r = run(pool, &job);
	if (r >= 0) {
		*ret_output = job.output;
		*ret_size = job.output_size;
	}
	return r;
}

/* --- the pool --------------------------------------------------------------------------------- */

/* The loop ends, and nobody has freed the pool: no task is left that could be in a call. */
static void loop_ended(struct wok__ending *ending)
{
	wok_process_pool *pool = WOK__CONTAINER(ending, wok_process_pool, ending);

	end_all(pool, WOK__END_KILL);
	pool->closed = pool->ended = true;
}

static void mail_came(struct wok__mail *mail, bool lost);

int wok_process_pool_new(const wok_process_pool_options *options, wok_process_pool **ret_pool)
{
	const wok_process_pool_options defaults = {0};
	const wok_process_pool_options *o = options ? options : &defaults;

	int r = wok__process_options_check(o);
	if (r < 0)
		return r;
	size_t n = o->workers ? o->workers : wok__cpus();
	wok_process_pool *pool = wok__alloc_zeroed(sizeof(*pool) + n * sizeof(pool->processes[0]));
	if (!pool)
		return -ENOMEM;
	pool->n = n;
	for (size_t i = 0; i < n; i++) {
		pool->processes[i].pool = pool;
		pool->processes[i].socket = pool->processes[i].pidfd = -1;
	}
	pool->loop = wok__loop;
	pool->mailbox = wok__mailbox_ref(wok__loop->mailbox);
	pool->mail.deliver = mail_came;
	pool->ending.end = loop_ended;
	wok__loop_at_end(&pool->ending);
	r = wok__process_options_copy(&pool->options, o);
	if (r < 0) {
		release(pool);
		return r;
	}
	*ret_pool = pool;
	return 0;
}

void wok_process_pool_get_info(wok_process_pool *pool, wok_process_pool_info *ret_info)
{
	for (size_t i = 0; i < pool->n && wok__loop == pool->loop && !pool->ended; i++)
		if (!pool->processes[i].held)
			(void) wok__process_alive(&pool->processes[i]);
	*ret_info = pool->info;
	ret_info->running = pool->n_held;
	ret_info->queued = pool->n_queued;
}

/* --- closing ---------------------------------------------------------------------------------- */

/* Keep the first thing that went wrong with a process that was asked to end. */
static void judge_end(wok_process_pool *pool, const struct wok__process *process)
{
	bool well = process->ended.si_code == CLD_EXITED && process->ended.si_status == 0;
	char text[160];

	/* Who has taken the status has taken the responsibility. */
	if (well || process->ended.si_code == 0 || pool->bad_end < 0)
		return;
	pool->bad_end = WOK_EWORKER;
	snprintf(pool->bad_end_text, sizeof(pool->bad_end_text), "%s when it was asked to end",
		 wok__process_epitaph(process, text));
}

/* All at once are told; then one after another is waited for. */
static void end_idle(wok_process_pool *pool)
{
	for (size_t i = 0; i < pool->n; i++) {
		struct wok__process *process = &pool->processes[i];
		if (!process->held && wok__process_alive(process) && process->socket >= 0) {
			(void) wok__io_close(wok__loop, process->socket);
			process->socket = -1;
		}
	}
	for (size_t i = 0; i < pool->n; i++) {
		struct wok__process *process = &pool->processes[i];
		if (process->held || process->pid == 0)
			continue;
		process->held = true; /* the other tasks run meanwhile */
		pool->n_held++;
		wok__process_end(process, WOK__END_ASK);
		judge_end(pool, process);
		process->held = false;
		if (--pool->n_held == 0)
			wake_all(&pool->closing, 0);
	}
}

static int close_pool(wok_process_pool *pool)
{
	struct wok__parker parker = WOK__PARKER_INIT("the jobs of a process pool");

	pool->closed = true;
	while (pool->n_held > 0) {
		int r = wok__park(&parker, &pool->closing);
		if (r == -ESHUTDOWN)
			return wok_fail(r, "wok_process_pool_close: the pool was freed");
		if (r < 0)
			return r;
	}
	end_idle(pool);
	wok__spend();
	return pool->bad_end < 0 ? wok_fail(pool->bad_end, "%s", pool->bad_end_text) : 0;
}

int wok_process_pool_close(wok_process_pool *pool)
{
	int r = enter(pool, "wok_process_pool_close");
	if (r < 0)
		return r;
	r = close_pool(pool);
	leave(pool);
	return r;
}

/* Ask everybody who is in a call to leave it. */
static void abort_calls(wok_process_pool *pool)
{
	pool->closed = pool->freed = true;
	wake_all(&pool->queue, -ESHUTDOWN);
	wake_all(&pool->closing, -ESHUTDOWN);
	for (size_t i = 0; i < pool->n; i++) {
		struct wok__process *process = &pool->processes[i];
		process->aborted = true;
		if (process->held && process->waiting && !process->waiting->shielded)
			wok__wake(process->waiting, 0);
	}
}

static void free_without_waiting(wok_process_pool *pool, const char *where)
{
	wok__report(-EINVAL, NULL, NULL,
		    "a process pool was freed %s: its workers are killed, its jobs cancelled",
		    where);
	abort_calls(pool);
	pool->orphan = true;
	if (pool->users > 0)
		return;
	end_all(pool, WOK__END_KILL);
	release(pool);
}

static void mail_came(struct wok__mail *mail, bool lost)
{
	wok_process_pool *pool = WOK__CONTAINER(mail, wok_process_pool, mail);

	if (lost)
		release(pool); /* the loop's end has ended the processes */
	else
		free_without_waiting(pool, "by another thread");
}

static void free_in_task(wok_process_pool *pool)
{
	struct wok__parker parker = {.what = "the jobs of a process pool", .shielded = true};

	abort_calls(pool);
	while (pool->users > 0)
		WOK_IGNORE(wok__park(&parker, &pool->leaving));
	end_idle(pool);
	release(pool);
}

void wok_process_pool_free(wok_process_pool *pool)
{
	if (!pool)
		return;
	struct wok__saved_error saved = wok__error_save();
	if (wok__loop != pool->loop || pool->ended) {
		/* Refused: its loop has ended, and the processes with it. */
		if (wok__mailbox_post(pool->mailbox, &pool->mail) < 0)
			release(pool);
	} else if (wok__current()) {
		free_in_task(pool);
	} else {
		free_without_waiting(pool, "where no task can wait");
	}
	wok__error_restore(saved);
}
