/* SPDX-License-Identifier: MIT */
/*
 * What processes write: see exec/process_pool.h. Who waits for a process takes its output
 * meanwhile, so a process that writes much is held up, but never stuck. A line is handed out when
 * it is whole, so lines of several processes do not mix.
 */
#include <string.h>

#include "exec/process_pool.h"
#include "loop/report.h"
#include "platform/sys.h"

enum { ROUNDS = 16 }; /* reads at a time: another worker's turn comes, too */

static void hand_out(struct wok__process *process, const char *text, size_t size, bool is_error)
{
	const wok_process_pool_options *options = &process->pool->options;
	const wok_worker_line line = {
		.text = {text, size}, .pid = process->pid, .is_error = is_error};

	if (!options->on_line) {
		wok__report(0, NULL, NULL, "worker %d: %.*s", (int) process->pid, (int) size, text);
		return;
	}
	/* As a report's hook: without a current task, so that a wait in it is an error. */
	void *current = wok__loop ? wok__loop->current : NULL;
	if (wok__loop)
		wok__loop->current = NULL;
	options->on_line(&line, options->on_line_arg);
	if (wok__loop)
		wok__loop->current = current;
}

/* Hand out the whole lines that have been read; and the rest, if no more fits. */
static void cut_lines(struct wok__process *process, struct wok__line_pipe *pipe, bool is_error)
{
	char *start = pipe->text, *end = pipe->text + pipe->size, *line_end;

	while ((line_end = memchr(start, '\n', (size_t) (end - start)))) {
		hand_out(process, start, (size_t) (line_end - start), is_error);
		start = line_end + 1;
	}
	pipe->size = (size_t) (end - start);
	if (pipe->size == sizeof(pipe->text)) {
		hand_out(process, start, pipe->size, is_error);
		pipe->size = 0;
	}
	memmove(pipe->text, start, pipe->size);
}

/* Read once; false if there is no more for now. */
static bool read_once(struct wok__process *process, int which)
{
	struct wok__line_pipe *pipe = &process->pipes[which];

	if (pipe->fd < 0)
		return false;
	ssize_t n =
		wok__sys_read(pipe->fd, pipe->text + pipe->size, sizeof(pipe->text) - pipe->size);
	if (n == -EAGAIN)
		return false;
	if (n <= 0) {
		(void) wok__io_close(wok__loop, pipe->fd);
		pipe->fd = -1;
		return false;
	}
	pipe->size += (size_t) n;
	cut_lines(process, pipe, which == 1);
	return true;
}

void wok__process_take_output(struct wok__process *process)
{
	for (int which = 0; which < 2 && process->pipes; which++)
		for (int i = 0; i < ROUNDS && read_once(process, which); i++)
			;
}

void wok__process_end_output(struct wok__process *process)
{
	for (int which = 0; which < 2 && process->pipes; which++) {
		struct wok__line_pipe *pipe = &process->pipes[which];
		/* At most what fits into a pipe: others may still write to it. */
		for (int i = 0; i < 1024 && read_once(process, which); i++)
			;
		if (pipe->size > 0)
			hand_out(process, pipe->text, pipe->size, which == 1);
		pipe->size = 0;
		if (pipe->fd >= 0)
			(void) wok__io_close(wok__loop, pipe->fd);
		pipe->fd = -1;
	}
}
