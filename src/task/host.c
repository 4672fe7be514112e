/* SPDX-License-Identifier: MIT */
/*
 * Loops that somebody holds in his hand: see wok_loop_new(). A run (task/run.h) in pieces: it stays
 * open between them, and is the thread's all the time, so that tasks can be made before it runs.
 */
#include <wok/error.h>

#include "base/memory.h"
#include "loop/embed.h"
#include "loop/report.h"
#include "task/run.h"

int wok_loop_new(const wok_run_options *options, wok_loop **ret_loop)
{
	static const struct wok__run_mode mode;
	int r = wok__run_check("wok_loop_new");

	if (r < 0)
		return r;
	struct wok__run *run = wok__alloc_zeroed(sizeof(*run));
	if (!run)
		return -ENOMEM;
	r = wok__run_open(run, options, &mode);
	if (r < 0) {
		wok_free(run);
		return r;
	}
	*ret_loop = &run->loop;
	return 0;
}

/* Whether the loop may be turned here: 0, or an error. */
static int check(const wok_loop *loop, const char *function)
{
	if (loop->running)
		return wok_fail(-EDEADLK, "%s() cannot be called from a running event loop",
				function);
	if (wok__run_of((wok_loop *) loop)->over)
		return wok_fail(-EINVAL, "%s(): the loop was closed", function);
	if (wok__loop != loop)
		return wok_fail(-EINVAL, "%s(): the loop belongs to another thread", function);
	return 0;
}

/* What a run before has left behind: its deadlock, its SIGINT. Tasks that it cancelled stay so. */
static void start_afresh(struct wok__run *run)
{
	run->deadlock = 0;
	wok__message_unref(WOK_TAKE(run->deadlock_message));
	run->interrupted = false;
	run->root.canceled = run->root.effective = false;
	run->root.reason = NULL;
}

static void enter(struct wok__run *run, bool no_sigint)
{
	wok__loop_embed_enter(&run->loop);
	wok__run_enter(run, no_sigint);
}

static void leave(struct wok__run *run)
{
	run->loop.stopping = false;
	wok__run_leave(run);
	wok__loop_embed_leave(&run->loop);
}

int wok_loop_run(wok_loop *loop, wok_fn *fn, void *arg)
{
	struct wok__run *run = wok__run_of(loop);

	WOK_TRY(check(loop, "wok_loop_run"));
	start_afresh(run);
	struct wok_task *main_task = wok__run_spawn_main(run, fn, arg);
	if (!main_task)
		return -ENOMEM;
	enter(run, run->no_sigint);
	wok__run_until(run, main_task);
	leave(run);
	int r = wok__run_outcome(run, main_task);
	run->main_task = NULL;
	main_task->owners--; /* if it goes on, it is the run's */
	wok__task_drop(main_task);
	return r;
}

int wok_loop_run_forever(wok_loop *loop)
{
	struct wok__run *run = wok__run_of(loop);

	WOK_TRY(check(loop, "wok_loop_run_forever"));
	start_afresh(run);
	enter(run, run->no_sigint);
	wok__run_until(run, NULL);
	leave(run);
	if (run->interrupted)
		return wok_fail(-EINTR, "interrupted by SIGINT");
	if (!run->deadlock)
		return 0;
	if (run->deadlock_message)
		wok__message_adopt(run->deadlock_message);
	else
		WOK_IGNORE(wok_fail(-EDEADLK, "nothing is left that could stop the loop"));
	return -EDEADLK;
}

void wok_loop_stop(wok_loop *loop)
{
	if (wok__run_of(loop)->over)
		return;
	if (loop != wok__loop) {
		wok__report(-EINVAL, NULL, NULL,
			    "wok_loop_stop() did nothing: it was called by another thread: use a "
			    "wok_remote");
		return;
	}
	loop->stopping = true;
	if (loop->doorbell)
		wok__loop_ring(loop);
}

int wok_loop_step(wok_loop *loop)
{
	struct wok__run *run = wok__run_of(loop);

	WOK_TRY(check(loop, "wok_loop_step"));
	if (run->root.canceled)
		start_afresh(run);
	enter(run, true);
	wok__loop_step(loop);
	leave(run);
	return run->n_tasks > 0 || loop->timers.n > 0 || !wok__list_empty(&loop->ready);
}

int wok_loop_fd(wok_loop *loop)
{
	if (!loop->running)
		WOK_TRY(check(loop, "wok_loop_fd"));
	return wok__loop_embed(loop);
}

int wok_loop_close(wok_loop *loop)
{
	struct wok__run *run = wok__run_of(loop);

	WOK_TRY(check(loop, "wok_loop_close"));
	start_afresh(run);
	enter(run, run->no_sigint);
	wok__run_end_tasks(run);
	leave(run);
	int r = run->deadlock;
	if (r < 0)
		wok__message_adopt(run->deadlock_message);
	wok__run_close(run);
	return r;
}

void wok_loop_free(wok_loop *loop)
{
	if (!loop)
		return;
	struct wok__run *run = wok__run_of(loop);
	if (!run->over && check(loop, "wok_loop_free") < 0) {
		wok__report(-EDEADLK, NULL, NULL,
			    "a loop was freed while it ran, or by another thread: it stays");
		return;
	}
	if (!run->over)
		wok_loop_close(loop);
	wok_free(run);
}
