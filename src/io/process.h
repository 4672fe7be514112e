/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_PROCESS_H
#define WOK_IO_PROCESS_H
/*
 * A child process from the inside.
 *
 * process_spawn.c  from options to a process that runs
 * process.c        its life: signals, waiting, its end
 * process_talk.c   all that it says
 */
#include <wok/process.h>

#include "loop/io.h"
#include "loop/loop.h"
#include "loop/mailbox.h"

struct wok_process {
	wok_loop *loop;
	struct wok__ending ending;
	struct wok__mailbox *mailbox; /* for a free in another thread */
	struct wok__mail mail;
	struct wok__io death; /* on the pidfd, from the start to the end of the process */
	struct wok__timer killer;
	wok_waiters waiters; /* who waits for its end */
	wok_waiters leaving; /* who frees it, and waits until no task is in a wait */
	size_t users;        /* tasks in a wait */
	wok_stream *streams[3];
	wok_stream *terminal;
	pid_t pid;
	int pidfd; /* -1 when it has been reaped */
	int status;
	int error; /* if the status is not known */
	bool ended;
	bool leads_group;
	bool forced;     /* its end was asked for: what is left of its group goes with it */
	bool orphan;     /* freed where nobody could wait: its end releases it */
	bool loop_ended; /* before it was freed */
	wok_time grace;
	size_t max_output;
};

/* It runs: hear of its end. On failure it is killed and reaped. */
int wok__process_begin(wok_process *process);

/* Release what there is of one, if there is no process, or not any more. */
void wok__process_release(wok_process *process);
#endif
