/* SPDX-License-Identifier: MIT */
/*
 * The life of a child process: see wok/process.h.
 *
 * From its start to its end an operation waits for its pidfd. So the loop reaps it as soon as it is
 * dead, whether a task waits for that or not, and knows meanwhile that something may come. Nothing
 * is done by its number, which could be somebody else's by then, but for its group: and a group is
 * signalled only as long as its leader has not been reaped, since until then its number is taken.
 *
 * To free a process is to send it SIGTERM and, when the grace is over, SIGKILL: a timer's business.
 * A task that frees it waits for that to have worked; where no task can wait the process becomes an
 * orphan, and its end releases it. At the loop's end there is no more time for grace.
 */
#include "io/process.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <wok/error.h>
#include <wok/fd.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/time.h"
#include "loop/report.h"
#include "platform/child.h"
#include "platform/process.h"
#include "platform/sys.h"
#include "task/park.h"

/* --- the end ---------------------------------------------------------------------------------- */

/* The process is no more: whoever waits may know. */
static void settle(wok_process *process, const siginfo_t *info)
{
	process->ended = true;
	if (info->si_code == CLD_EXITED)
		process->status = info->si_status;
	else if (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED)
		process->status = -info->si_status;
	else
		process->error = -ECHILD;
}

/* Reap it, if it is dead; true if so. */
static bool bury(wok_process *process, bool block)
{
	siginfo_t info;

	int r = wok__sys_pidfd_wait(process->pidfd, block, false, &info);
	if (r == 0)
		return false;
	if (r > 0 && process->forced && process->leads_group)
		(void) wok__sys_signal_group(process->pid, SIGKILL);
	if (r > 0)
		(void) wok__sys_pidfd_wait(process->pidfd, false, true, &info);
	settle(process, &info);
	return true;
}

void wok__process_release(wok_process *process)
{
	for (int i = 0; i < 3; i++)
		wok_stream_free(process->streams[i]);
	wok_stream_free(process->terminal);
	if (process->pidfd >= 0)
		wok__sys_close(process->pidfd);
	wok__list_remove(&process->ending.link);
	if (!process->loop_ended) {
		wok__timer_stop(process->loop, &process->killer);
		wok__timer_unreserve(process->loop);
	}
	wok__mailbox_unref(process->mailbox);
	wok_free(process);
}

/* Tell of the end; who was waiting may still look at it. */
static void announce(wok_process *process)
{
	wok__timer_stop(process->loop, &process->killer);
	(void) wok__io_close(process->loop, process->pidfd);
	process->pidfd = -1;
	while (wok__wake_first(&process->waiters, 0))
		;
	if (process->orphan && process->users == 0)
		wok__process_release(process);
}

static void on_death(struct wok__io *io)
{
	wok_process *process = WOK__CONTAINER(io, wok_process, death);

	if (process->loop_ended)
		return;
	if (io->result < 0) { /* somebody closed our descriptor */
		process->ended = true;
		process->error = -ECHILD;
	}
	announce(process);
}

/*
 * Its descriptor may be readable before it can be reaped: one that is traced belongs to the tracer
 * until that has looked. Then the next edge is waited for.
 */
static ssize_t try_to_bury(const struct wok__io *io)
{
	return bury(io->arg, false) ? 1 : -EAGAIN;
}

/* 0: its end will be heard of, or has come; else an error. */
static int watch(wok_process *process)
{
	process->death = (struct wok__io){
		.kind = WOK__IO_CALL_TO_READ,
		.fd = process->pidfd,
		.call = try_to_bury,
		.arg = process,
		.done = on_death,
	};
	if (!wok__io_start(process->loop, &process->death))
		return 0;
	if (process->death.result < 0)
		return (int) process->death.result;
	announce(process);
	return 0;
}

/* --- signals ---------------------------------------------------------------------------------- */

static int check_here(const wok_process *process, const char *call)
{
	if (wok__loop == process->loop && !process->loop_ended)
		return 0;
	return wok_fail(-EINVAL, "%s: the process belongs to another loop: use a wok_remote", call);
}

static int has_ended(const wok_process *process)
{
	return wok_fail(-ESRCH, "the process %d has ended", (int) process->pid);
}

/*
 * By the pidfd. Where that is forbidden (containers' filters) or unknown (emulators), by its
 * number, which nobody else can have as long as it has not been reaped.
 */
static int send_signal(const wok_process *process, int number)
{
	siginfo_t info;
	int r = wok__sys_pidfd_signal(process->pidfd, number);

	if ((r != -ENOSYS && r != -EPERM) ||
	    wok__sys_pidfd_wait(process->pidfd, false, false, &info) < 0)
		return r;
	return wok__sys_signal_child(process->pid, number);
}

int wok_process_signal(wok_process *process, int number)
{
	WOK_TRY(check_here(process, "wok_process_signal"));
	if (process->ended)
		return has_ended(process);
	return send_signal(process, number);
}

int wok_process_signal_group(wok_process *process, int number)
{
	WOK_TRY(check_here(process, "wok_process_signal_group"));
	if (!process->leads_group)
		return wok_fail(-EINVAL, "wok_process_signal_group: the process was not started "
					 "with new_group, new_session or terminal");
	if (process->ended)
		return has_ended(process);
	return wok__sys_signal_group(process->pid, number);
}

int wok_process_terminate(wok_process *process)
{
	return wok_process_signal(process, SIGTERM);
}

int wok_process_kill(wok_process *process)
{
	return wok_process_signal(process, SIGKILL);
}

/* Its group has the number of a process that is not reaped: nobody else's. */
static void signal_all(const wok_process *process, int number)
{
	int r = process->leads_group ? wok__sys_signal_group(process->pid, number) : -ESRCH;

	/* It may have left its group, which others may be in still. */
	if (r < 0 || number == SIGKILL)
		(void) send_signal(process, number);
}

/* --- stopping --------------------------------------------------------------------------------- */

static void on_grace_over(struct wok__timer *timer)
{
	signal_all(WOK__CONTAINER(timer, wok_process, killer), SIGKILL);
}

/* Its end will come, now or when the grace is over. */
static void ask_to_end(wok_process *process, wok_time grace)
{
	process->forced = true;
	wok__timer_stop(process->loop, &process->killer);
	if (grace < 0) {
		signal_all(process, SIGKILL);
		return;
	}
	signal_all(process, SIGTERM);
	signal_all(process, SIGCONT); /* one that was stopped would not hear it */
	wok__timer_start(process->loop, &process->killer,
			 wok__time_add(wok_now(), grace ? grace : process->grace));
}

static int outcome(const wok_process *process, int *ret_status)
{
	if (process->error < 0)
		return wok_fail(process->error,
				"the process %d has ended, and somebody else took its status: a "
				"handler of SIGCHLD, or SIGCHLD is ignored",
				(int) process->pid);
	if (ret_status)
		*ret_status = process->status;
	return 0;
}

static int wait_for_end(wok_process *process, bool shielded)
{
	struct wok__parker parker = {.what = "the end of a process", .shielded = shielded};

	process->users++;
	int r = wok__park(&parker, &process->waiters);
	if (--process->users > 0)
		return r;
	wok__wake_first(&process->leaving, 0);
	return r;
}

/* The last who waited for one that was freed meanwhile releases it. */
static int leave(wok_process *process, int result)
{
	if (process->orphan && process->ended && process->users == 0)
		wok__process_release(process);
	return result;
}

int wok_process_stop(wok_process *process, wok_time grace, int *ret_status)
{
	WOK_TRY(check_here(process, "wok_process_stop"));
	WOK_TRY(wok__may_wait());
	while (!process->ended) {
		ask_to_end(process, grace);
		WOK_TRY(wait_for_end(process, true));
	}
	return leave(process, outcome(process, ret_status));
}

int wok_process_wait(wok_process *process, int *ret_status)
{
	WOK_TRY(check_here(process, "wok_process_wait"));
	WOK_TRY(wok__check());
	if (process->ended) {
		wok__spend();
		return outcome(process, ret_status);
	}
	int r = wait_for_end(process, false);
	if (r == 0)
		r = outcome(process, ret_status);
	return leave(process, r);
}

bool wok_process_ended(const wok_process *process, int *ret_status)
{
	if (process->ended && process->error == 0 && ret_status)
		*ret_status = process->status;
	return process->ended;
}

/* --- freeing ---------------------------------------------------------------------------------- */

static void free_without_waiting(wok_process *process, const char *where)
{
	if (!process->ended) {
		wok__report(-EINVAL, NULL, NULL,
			    "the process %d was freed %s: it is ended, and nobody waits for that",
			    (int) process->pid, where);
		ask_to_end(process, 0);
	}
	if (!process->ended || process->users > 0)
		process->orphan = true;
	else
		wok__process_release(process);
}

static void free_in_task(wok_process *process)
{
	struct wok__parker parker = {.what = "who waits for a process", .shielded = true};

	WOK_IGNORE(wok_process_stop(process, 0, NULL));
	if (process->users > 0)
		WOK_IGNORE(wok__park(&parker, &process->leaving));
	wok__process_release(process);
}

static void mail_came(struct wok__mail *mail, bool lost)
{
	wok_process *process = WOK__CONTAINER(mail, wok_process, mail);

	if (lost)
		wok__process_release(process);
	else
		free_without_waiting(process, "by another thread");
}

void wok_process_free(wok_process *process)
{
	if (!process)
		return;
	struct wok__saved_error saved = wok__error_save();
	if (wok__loop != process->loop || process->loop_ended) {
		/* Refused: its loop has ended, and the process with it. */
		if (wok__mailbox_post(process->mailbox, &process->mail) < 0)
			wok__process_release(process);
	} else if (process->loop->forked) {
		wok__process_release(process); /* the process is the parent's */
	} else if (wok__may_wait() == 0) {
		free_in_task(process);
	} else {
		free_without_waiting(process, "where no task can wait");
	}
	wok__error_restore(saved);
}

/* The loop ends: so does the process, at once. */
static void at_loop_end(struct wok__ending *ending)
{
	wok_process *process = WOK__CONTAINER(ending, wok_process, ending);
	wok_loop *loop = process->loop;

	if (!process->ended) {
		if (!process->orphan)
			wok__report(-EINVAL, NULL, NULL,
				    "the process %d was not freed before the end of its loop: it "
				    "was killed",
				    (int) process->pid);
		process->forced = true;
		signal_all(process, SIGKILL);
		(void) bury(process, true);
	}
	process->loop_ended = true;
	if (process->pidfd >= 0)
		(void) wok__io_close(loop, process->pidfd);
	process->pidfd = -1;
	wok__timer_stop(loop, &process->killer);
	wok__timer_unreserve(loop);
	if (process->orphan)
		wok__process_release(process);
}

int wok__process_begin(wok_process *process)
{
	process->killer.fire = on_grace_over;
	process->mail.deliver = mail_came;
	process->ending.end = at_loop_end;
	int r = watch(process);
	if (r < 0) {
		process->forced = true;
		signal_all(process, SIGKILL);
		(void) bury(process, true);
		return r;
	}
	wok__loop_at_end(&process->ending);
	return 0;
}

/* --- what it is ------------------------------------------------------------------------------- */

pid_t wok_process_pid(const wok_process *process)
{
	return process->pid;
}

wok_stream *wok_process_input(wok_process *process)
{
	return process->streams[0];
}

wok_stream *wok_process_output(wok_process *process)
{
	return process->streams[1];
}

wok_stream *wok_process_errors(wok_process *process)
{
	return process->streams[2];
}

wok_stream *wok_process_terminal(wok_process *process)
{
	return process->terminal;
}

int wok_process_resize(wok_process *process, unsigned columns, unsigned rows)
{
	if (!process->terminal)
		return wok_fail(-EINVAL, "wok_process_resize: the process has no terminal");
	if (columns > UINT16_MAX || rows > UINT16_MAX)
		return wok_fail(-EINVAL,
				"wok_process_resize: %u columns and %u rows; 65535 at most",
				columns, rows);
	return wok__sys_resize_terminal(wok_stream_fd(process->terminal), columns, rows);
}
