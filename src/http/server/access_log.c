/* SPDX-License-Identifier: MIT */
/* The access log: see http/server/access_log.h. */
#include "http/server/access_log.h"

#include <wok/error.h>
#include <wok/event.h>
#include <wok/file.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/task.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "http/server/connection.h"
#include "loop/report.h"

enum { MAX_WAITING = 1 << 20 };

#define LAST_WRITE (5 * WOK_SECOND)

struct wok__access_log {
	wok_http_access_log options;
	wok_file *file;
	wok_task *writer;
	wok_event woken;
	struct wok__buffer line, waiting;
	size_t dropped; /* lines, since the last report */
	bool closing;
};

/* Write what waits; new lines may come meanwhile. */
static int write_waiting(struct wok__access_log *log)
{
	while (log->waiting.size > 0) {
		struct wok__buffer lines = log->waiting;
		size_t dropped = log->dropped;
		log->waiting = (struct wok__buffer){0};
		log->dropped = 0;
		int r = wok_file_write(log->file, lines.data, lines.size);
		wok__buffer_free(&lines);
		if (r < 0)
			return r;
		if (dropped > 0)
			wok__report(WOK_ELIMIT, NULL, NULL,
				    "the access log %s is too slow: %zu lines were dropped",
				    log->options.path, dropped);
	}
	return 0;
}

static int write_lines(void *arg)
{
	struct wok__access_log *log = arg;

	while (!log->closing && wok_event_wait(&log->woken) == 0) {
		wok_event_clear(&log->woken);
		int r = write_waiting(log);
		if (r < 0 && r != -ECANCELED)
			wok__report(r, NULL, NULL, "the access log cannot be written: %s",
				    wok_errmsg(r));
		if (r == -ECANCELED)
			break; /* the rest is written at the end */
	}
	return 0;
}

static int open_file(struct wok__access_log *log)
{
	const wok_file_options options = {.unbuffered = true};

	WOK_TRY(wok_file_open_with(log->options.path, "a", &options, &log->file));
	log->writer = wok_create_task(write_lines, log);
	return log->writer ? 0 : -ENOMEM;
}

int wok__access_log_open(const wok_http_access_log *options, struct wok__access_log **ret_log)
{
	struct wok__access_log *log;

	if (options->format)
		WOK_TRY(wok__access_format_check(options->format));
	log = wok__alloc_zeroed(sizeof(*log));
	if (!log)
		return -ENOMEM;
	log->options = *options;
	log->options.max_waiting = options->max_waiting ? options->max_waiting : MAX_WAITING;
	int r = options->path ? open_file(log) : 0;
	if (r < 0) {
		wok__access_log_close(log);
		return r;
	}
	*ret_log = log;
	return 0;
}

void wok__access_log_close(struct wok__access_log *log)
{
	if (!log)
		return;
	log->closing = true;
	wok_event_set(&log->woken);
	if (log->writer) {
		WOK_SHIELD (LAST_WRITE) {
			(void) !wok_await(log->writer);
			if (write_waiting(log) < 0)
				wok__report(-EIO, NULL, NULL, "the end of the access log is lost");
		}
	}
	wok_task_free(log->writer);
	wok_file_free(log->file);
	wok__buffer_free(&log->line);
	wok__buffer_free(&log->waiting);
	wok_free(log);
}

void wok__access_log_add(struct wok__access_log *log, wok_http_request *request)
{
	struct wok__buffer *line = &log->line;

	wok__buffer_clear(line);
	if (log->options.json)
		wok__access_line_json(line, request);
	else
		wok__access_line(line, log->options.format, request);
	wok__buffer_add(line, "\n", 2); /* and its NUL */
	if (line->error < 0) {
		log->dropped++;
		return;
	}
	if (log->options.write)
		log->options.write(line->data, line->size - 1, log->options.arg);
	if (!log->file)
		return;
	bool room = log->waiting.size + line->size <= log->options.max_waiting;
	if (room)
		wok__buffer_add(&log->waiting, line->data, line->size - 1);
	if (!room || log->waiting.error < 0) {
		log->waiting.error = 0;
		log->dropped++;
	}
	wok_event_set(&log->woken);
}
