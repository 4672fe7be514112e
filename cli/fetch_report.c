/* SPDX-License-Identifier: MIT */
/*
 * What `wok fetch` tells: progress while it works, a line for what failed or (as JSON) for all, and
 * a summary. Progress is on stderr, and only on a terminal: a line for each download as long as
 * there are few, and one for all of them.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "httpbin.h"
#include "terminal.h"
#include "text.h"

#define REDRAW_EVERY (100 * WOK_MS)

enum { MAX_LINES = 8, NAME_WIDTH = 24, MIN_BAR = 8, MAX_BAR = 40 };

struct fetch_progress {
	int lines; /* that stand on the screen */
	bool utf8;
};

/* --- progress ------------------------------------------------------------------------------ */

static void print_times(const char *piece, int count)
{
	for (int i = 0; i < count; i++)
		fputs(piece, stderr);
}

static void print_bar(const struct fetch_progress *progress, const struct fetch_job *job, int width)
{
	double part = job->size > 0 ? (double) job->got / (double) job->size : 1;
	int full = (int) ((part < 1 ? part : 1) * width);

	print_times(progress->utf8 ? "█" : "#", full);
	print_times(progress->utf8 ? "░" : ".", width - full);
}

/* The last part of the name or URL, whose bytes a terminal can take. */
static void print_name(const struct fetch_job *job, int width)
{
	const char *name = job->name[0] ? job->name : strstr(job->shown, "://");
	char shown[NAME_WIDTH + 1];
	int n = 0;

	if (!job->name[0])
		name = name ? name + 3 : job->shown;
	for (; name[n] && n < width && n < NAME_WIDTH; n++)
		shown[n] = (char) ((unsigned char) name[n] < ' ' || (unsigned char) name[n] > '~'
					   ? '?'
					   : name[n]);
	shown[n] = '\0';
	fprintf(stderr, "%-*s", width, shown);
}

static void draw_job(struct fetch_progress *progress, const struct fetch_job *job, int width)
{
	int bar = width - NAME_WIDTH - 24;
	int name = width - 24 < NAME_WIDTH ? width - 24 : NAME_WIDTH;

	print_name(job, name > 0 ? name : 0);
	fputc(' ', stderr);
	bar = bar > MAX_BAR ? MAX_BAR : bar;
	if (job->has_size && bar >= MIN_BAR)
		print_bar(progress, job, bar);
	fprintf(stderr, " %10s", text_bytes(job->got).s);
	if (job->has_size && job->size > 0)
		fprintf(stderr, " %3.0f %%", 100 * (double) job->got / (double) job->size);
	fputs("\x1b[K\n", stderr);
	progress->lines++;
}

void fetch_progress_clear(struct fetch *fetch)
{
	if (!fetch->progress || fetch->progress->lines == 0)
		return;
	fprintf(stderr, "\r\x1b[%dA\x1b[J", fetch->progress->lines);
	fetch->progress->lines = 0;
}

static void draw(struct fetch *fetch)
{
	struct fetch_progress *progress = fetch->progress;
	double seconds = (double) (wok_now() - fetch->began) / (double) WOK_SECOND;
	int width = terminal_width(stderr) - 1, lines = 0;

	fetch_progress_clear(fetch);
	for (const struct fetch_job *job = fetch->first; job && lines < MAX_LINES;
	     job = job->next) {
		draw_job(progress, job, width);
		lines++;
	}
	fprintf(stderr, "%s of %s%s, %s, %s/s\x1b[K\n", text_count(fetch->done + fetch->failed).s,
		text_count(fetch->listed).s, fetch->all_listed ? "" : " or more",
		text_bytes(fetch->bytes).s,
		text_bytes((uint64_t) ((double) fetch->bytes / (seconds > 0.1 ? seconds : 0.1))).s);
	progress->lines++;
	fflush(stderr);
}

int fetch_progress_main(void *arg)
{
	struct fetch *fetch = arg;
	struct fetch_progress progress = {.utf8 = terminal_utf8()};
	int r = 0;

	fetch->progress = &progress;
	while (r == 0) {
		r = wok_sleep(REDRAW_EVERY);
		if (r == 0)
			draw(fetch);
	}
	fetch_progress_clear(fetch);
	fflush(stderr);
	fetch->progress = NULL;
	return r;
}

/* --- one URL ------------------------------------------------------------------------------- */

/* What a list or a server says need not be UTF-8, as JSON must be. */
static json_t *text_or_null(const char *text)
{
	return text ? httpbin_text(text, strlen(text)) : json_null();
}

static json_t *describe(const struct fetch_job *job)
{
	json_t *object = json_object();
	bool good = !job->reason[0];
	int r = 0;

	r |= json_object_set_new(object, "url", text_or_null(job->shown));
	r |= json_object_set_new(object, "final_url", text_or_null(job->final_url));
	r |= json_object_set_new(object, "ok", json_boolean(good));
	r |= json_object_set_new(object, "status",
				 job->status > 0 ? json_integer(job->status) : json_null());
	r |= json_object_set_new(object, "size", json_integer((json_int_t) job->got));
	r |= json_object_set_new(object, "ms", json_integer((wok_now() - job->began) / WOK_MS));
	r |= json_object_set_new(object, "tries", json_integer(job->tries));
	r |= json_object_set_new(object, "file", text_or_null(good ? job->path : NULL));
	r |= json_object_set_new(object, "error", text_or_null(good ? NULL : job->reason));
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}

static int write_json(struct fetch_job *job)
{
	struct fetch *fetch = job->fetch;
	json_t *object = describe(job);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	if (!text)
		return -ENOMEM;

	struct iovec parts[] = {{text, strlen(text)}, {(char *) "\n", 1}};
	int r = wok_stream_write_parts(fetch->out, parts, 2, NULL);
	free(text);
	if (r < 0 && r != -ECANCELED)
		fetch->broken = r;
	return r;
}

int fetch_report_job(struct fetch_job *job)
{
	struct fetch *fetch = job->fetch;

	if (job->reason[0])
		fetch->failed++;
	else
		fetch->done++;
	if (job->reason[0] || fetch->options->jsonl)
		fetch_progress_clear(fetch);
	if (job->reason[0] && !fetch->options->jsonl) {
		bool named = strstr(job->reason, job->shown) != NULL;
		fprintf(stderr, "wok fetch: %s%s%s\n", named ? "" : job->shown, named ? "" : ": ",
			job->reason);
	}
	return fetch->options->jsonl ? write_json(job) : 0;
}

void fetch_report_all(struct fetch *fetch)
{
	wok_time took = wok_now() - fetch->began;
	double seconds = (double) took / (double) WOK_SECOND;

	/* Of one body on standard output nobody wants to read more. */
	if (fetch->options->quiet || (fetch->to_stdout && !terminal_is(stderr)))
		return;
	fprintf(stderr, "wok fetch: %s of %s fetched, %s in %s (%s/s)", text_count(fetch->done).s,
		text_count(fetch->listed).s, text_bytes(fetch->bytes).s, text_seconds(took).s,
		text_bytes((uint64_t) (seconds > 0 ? (double) fetch->bytes / seconds : 0)).s);
	if (fetch->failed > 0)
		fprintf(stderr, "; %s failed", text_count(fetch->failed).s);
	fputc('\n', stderr);
}
