/* SPDX-License-Identifier: MIT */
/*
 * The end of a process: see exec/process_pool.h.
 *
 * A process leads a group of its own, and what it leaves behind there dies with it. The group is
 * killed after the leader's death and before it is reaped: until then its number is nobody else's.
 * A handler of the application that reaps every child may come first; the pidfd still tells of the
 * death then, only not always of its cause.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <wok/error.h>

#include "base/time.h"
#include "exec/process_pool.h"
#include "platform/process.h"
#include "platform/sys.h"

static void close_fd(int *fd)
{
	if (*fd < 0)
		return;
	if (wok__loop)
		(void) wok__io_close(wok__loop, *fd);
	else
		wok__sys_close(*fd);
	*fd = -1;
}

/* It is dead, or dying by SIGKILL: clear away what is left. */
static void bury(struct wok__process *process)
{
	siginfo_t info;

	if (process->pidfd >= 0) {
		int r = wok__sys_pidfd_wait(process->pidfd, true, false, &info);
		if (r > 0) {
			wok__sys_kill_group(process->pid, SIGKILL);
			(void) wok__sys_pidfd_wait(process->pidfd, true, true, &process->ended);
		} else {
			process->ended = info;
		}
	}
	wok__process_end_output(process);
	close_fd(&process->socket);
	close_fd(&process->pidfd);
	if (process->mark)
		munmap(process->mark, sizeof(*process->mark));
	process->mark = NULL;
	process->ended_pid = process->pid;
	process->pid = 0;
	process->pool->info.workers--;
}

/* Wait for the death, for a while, taking output meanwhile. True if it has come. */
static bool wait_for_death(struct wok__process *process, wok_time span)
{
	const int wanted = WOK__EVENT_DEATH | WOK__EVENT_OUTPUT | WOK__EVENT_ERRORS;
	wok_time deadline = wok__time_add(wok_now(), span);

	if (!wok__current())
		return false;
	for (;;) {
		int events = wok__process_wait(process, wanted, deadline, true,
					       "the end of a worker process");
		if (events < 0)
			return false;
		if (events & (WOK__EVENT_OUTPUT | WOK__EVENT_ERRORS))
			wok__process_take_output(process);
		if (events & WOK__EVENT_DEATH)
			return true;
		if (events & WOK__EVENT_TIME)
			return false;
	}
}

/* To it and to what it has started; the group's number is its own as long as it is not reaped. */
static void signal_all(const struct wok__process *process, int number)
{
	siginfo_t info;

	(void) wok__sys_pidfd_signal(process->pidfd, number);
	if (wok__sys_pidfd_wait(process->pidfd, false, false, &info) >= 0)
		wok__sys_kill_group(process->pid, number);
}

void wok__process_end(struct wok__process *process, enum wok__end how)
{
	wok_time grace = process->pool->options.kill_grace;
	bool dead = false;

	process->forced = false;
	if (how == WOK__END_ASK) {
		close_fd(&process->socket);
		dead = wait_for_death(process, grace);
	}
	if (!dead && how <= WOK__END_TERM && wok__current()) {
		process->forced = true;
		signal_all(process, SIGTERM);
		dead = wait_for_death(process, grace);
	}
	if (!dead) {
		process->forced = true;
		signal_all(process, SIGKILL);
		(void) wait_for_death(process, WOK_FOREVER);
	}
	bury(process);
}

bool wok__process_alive(struct wok__process *process)
{
	siginfo_t info;

	if (process->pid == 0)
		return false;
	if (wok__sys_pidfd_wait(process->pidfd, false, false, &info) == 0)
		return true;
	process->forced = false;
	bury(process);
	process->pool->info.died++;
	return false;
}

static const char *signal_text(int number)
{
#ifdef __GLIBC__
	const char *text = sigdescr_np(number);
#else
	const char *text = strsignal(number);
#endif
	return text ? text : "unknown";
}

const char *wok__process_epitaph(const struct wok__process *process, char text[160])
{
	const siginfo_t *ended = &process->ended;
	int pid = (int) process->ended_pid;

	if (ended->si_code == CLD_EXITED)
		snprintf(text, 160, "worker %d exited with status %d", pid, ended->si_status);
	else if (ended->si_code == CLD_KILLED && ended->si_status == SIGKILL)
		snprintf(text, 160,
			 "worker %d was killed by signal %d (%s; perhaps the system was out of "
			 "memory)",
			 pid, SIGKILL, signal_text(SIGKILL));
	else if (ended->si_code == CLD_KILLED || ended->si_code == CLD_DUMPED)
		snprintf(text, 160, "worker %d was killed by signal %d (%s)", pid, ended->si_status,
			 signal_text(ended->si_status));
	else
		snprintf(text, 160, "worker %d died, and somebody else took its status", pid);
	return text;
}
