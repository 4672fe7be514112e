/* SPDX-License-Identifier: MIT */
/*
 * The load: a loop a thread, and in it a task for each connection, which sends a request, reads the
 * response, and goes on. It reads by itself (bench_reader.h): the library's client does more for a
 * request than a server does, and would be what is measured.
 *
 * With a rate there is one schedule for all connections of a thread. Whichever connection is free
 * takes the next moment, waits for it, and sends; when all of them wait for a slow server, the
 * moments pass, and the requests that are sent too late count from the moment that they had. So a
 * server cannot hide a pause by keeping the load generator from asking.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <wok/wok.h>

#include "bench.h"
#include "bench_reader.h"
#include "bench_target.h"
#include "terminal.h"
#include "text.h"

enum { BUFFER_SIZE = 32 * 1024 };

#define FIRST_PAUSE (10 * WOK_MS) /* after a failed connection; doubled each time */
#define LAST_PAUSE WOK_SECOND

/* What all threads share. Nothing of it changes while they run, but for done. */
struct bench {
	const struct bench_options *options;
	struct bench_target target;
	struct loader *loaders;
};

/* What a thread does. */
struct loader {
	struct bench *bench;
	struct bench_result result;
	size_t index;
	size_t connections;
	uint64_t budget;   /* requests that it may still begin */
	uint64_t next;     /* with a rate: the next moment of the schedule */
	wok_time begin;    /* of the schedule */
	wok_time end;      /* of it; no request is begun after it */
	uint64_t answered; /* read by the thread that draws progress */
};

/* A connection, or the place of one: it is made anew when it was lost. */
struct lane {
	struct loader *loader;
	wok_stream *stream;
	struct bench_reader reader;
	wok_time pause;
	bool used;          /* the connection has answered before */
	size_t begin, size; /* of what is in the buffer */
	char buffer[BUFFER_SIZE];
};

/* --- what is noted ------------------------------------------------------------------------- */

static void note_response(struct loader *loader, const struct lane *lane, wok_time due,
			  wok_time sent, wok_time now)
{
	struct bench_result *result = &loader->result;

	result->responses++;
	result->statuses[lane->reader.status]++;
	histogram_add(result->latency, now - due);
	if (result->service)
		histogram_add(result->service, now - sent);
	struct bench_slice *slice = bench_slice_at(&result->slices, now - loader->begin);
	slice->responses++;
	if (now - due > slice->max)
		slice->max = now - due;
	__atomic_store_n(&loader->answered, result->responses, __ATOMIC_RELAXED);
}

static enum bench_error kind_of(int r)
{
	switch (r) {
	case -ETIMEDOUT:
		return BENCH_TIMEOUT;
	case WOK_EEOF:
	case -ECONNRESET:
	case -EPIPE:
		return BENCH_CLOSED;
	case WOK_EPEER:
	case WOK_ELIMIT:
		return BENCH_BROKEN;
	default:
		return BENCH_OTHER;
	}
}

static void note_errors(struct loader *loader, enum bench_error kind, int r, uint64_t n)
{
	struct bench_result *result = &loader->result;

	if (result->errors[kind] == 0)
		snprintf(result->reasons[kind], sizeof(result->reasons[kind]), "%s", wok_errmsg(r));
	result->errors[kind] += n;
	bench_slice_at(&result->slices, wok_now() - loader->begin)->errors += n;
}

/* --- one connection ------------------------------------------------------------------------ */

static int lane_open(struct lane *lane)
{
	struct bench *bench = lane->loader->bench;

	WOK_TRY(wok_connect(bench->target.address, NULL, &lane->stream));
	lane->loader->result.opened++;
	lane->begin = lane->size = 0;
	lane->used = false;
	bench_reader_init(&lane->reader, strcmp(bench->options->method, "HEAD") == 0);
	return 0;
}

static void lane_close(struct lane *lane)
{
	wok_stream_free(lane->stream);
	lane->stream = NULL;
}

/* Wait for more bytes of a response. */
static int lane_fill(struct lane *lane)
{
	if (lane->begin > 0) {
		memmove(lane->buffer, lane->buffer + lane->begin, lane->size);
		lane->begin = 0;
	}
	if (lane->size == sizeof(lane->buffer))
		return wok_fail(WOK_EPEER, "a line of the response is longer than %d bytes",
				BUFFER_SIZE);
	ssize_t n = wok_stream_read(lane->stream, lane->buffer + lane->size,
				    sizeof(lane->buffer) - lane->size);
	WOK_TRY(n);
	if (n == 0)
		return WOK_EEOF;
	lane->size += (size_t) n;
	lane->loader->result.bytes += (uint64_t) n;
	return 0;
}

/* Wait for the end of the response that comes next. */
static int lane_read(struct lane *lane)
{
	size_t used;

	for (;;) {
		int r = bench_reader_feed(&lane->reader, lane->buffer + lane->begin, lane->size,
					  &used);
		lane->begin += used;
		lane->size -= used;
		if (lane->size == 0)
			lane->begin = 0;
		if (r != 0)
			return r < 0 ? r : 0;
		r = lane_fill(lane);
		if (r == WOK_EEOF && bench_reader_may_end(&lane->reader))
			return 0;
		if (r == WOK_EEOF)
			return wok_fail(WOK_EEOF, "the connection ended before the response did");
		WOK_TRY(r);
	}
}

/* n requests in one piece, and their responses. ret_done counts these. */
static int lane_exchange(struct lane *lane, wok_time due, size_t n, size_t *ret_done)
{
	struct bench *bench = lane->loader->bench;
	wok_time sent = wok_now();

	WOK_TRY(wok_stream_write_all(lane->stream, bench->target.request,
				     n * bench->target.request_size));
	while (*ret_done < n) {
		WOK_TRY(lane_read(lane));
		/* One look at the clock for what came in one piece. */
		wok_time now = wok_now();
		note_response(lane->loader, lane, due ? due : sent, sent, now);
		lane->used = true;
		++*ret_done;
		if (!lane->reader.close)
			continue;
		lane_close(lane);
		if (*ret_done < n)
			return wok_fail(WOK_EEOF, "the server closes the connection, though more "
						  "requests were sent on it");
	}
	return 0;
}

/* The server may close an idle connection just when a request goes out: that is nobody's error. */
static bool is_stale(const struct lane *lane, int r, size_t done)
{
	return (r == WOK_EEOF || r == -ECONNRESET || r == -EPIPE) && done == 0 && lane->used &&
	       lane->reader.state == READER_STATUS && lane->size == 0;
}

static int lane_try(struct lane *lane, wok_time due, size_t n, size_t *ret_done, bool *ret_connects)
{
	*ret_connects = !lane->stream;
	if (!lane->stream)
		WOK_TRY(lane_open(lane));
	*ret_connects = false;
	int r = lane_exchange(lane, due, n, ret_done);
	if (!lane->stream || !is_stale(lane, r, *ret_done))
		return r;
	lane_close(lane);
	lane->loader->result.resent += n;
	*ret_connects = true;
	WOK_TRY(lane_open(lane));
	*ret_connects = false;
	return lane_exchange(lane, due, n, ret_done);
}

/* Requests of one moment, with everything that can go wrong. Fails only if the lane must end. */
static int lane_step(struct lane *lane, wok_time due, size_t n)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	bool connects = false;
	size_t done = 0;
	int r = 0;

	WOK_TIMEOUT (&timeout, lane->loader->bench->options->timeout) {
		r = lane_try(lane, due, n, &done, &connects);
	}
	r = wok_timeout_result(&timeout, r);
	if (r >= 0) {
		lane->pause = 0;
		return 0;
	}
	lane_close(lane);
	if (r == -ECANCELED)
		return r;
	if (r == -ETIMEDOUT)
		(void) wok_fail(r, "no %s within %s", connects ? "connection" : "response",
				text_latency(lane->loader->bench->options->timeout).s);
	note_errors(lane->loader, connects ? BENCH_CONNECT : kind_of(r), r, n - done);
	if (!connects)
		return 0;
	lane->pause = lane->pause == 0 ? FIRST_PAUSE : lane->pause * 2;
	if (lane->pause > LAST_PAUSE)
		lane->pause = LAST_PAUSE;
	return wok_sleep(lane->pause);
}

/* When the schedule has a thread's request: the threads take turns. */
static wok_time moment(const struct loader *loader, uint64_t index)
{
	const struct bench_options *options = loader->bench->options;
	double number = (double) index * (double) options->threads + (double) loader->index;

	return loader->begin + (wok_time) (number / options->rate * (double) WOK_SECOND);
}

/* Take the next turn. Returns how many requests, 0 at the end; ret_due is 0 without a schedule. */
static int take_turn(struct loader *loader, wok_time *ret_due)
{
	const struct bench_options *options = loader->bench->options;
	size_t n = options->pipeline;

	if (n > loader->budget)
		n = (size_t) loader->budget;
	*ret_due = 0;
	if (n == 0)
		return 0;
	if (options->rate > 0) {
		wok_time due = moment(loader, loader->next), now = wok_now();
		/* What was due before the end, and has not begun by then, is missed. */
		if (due >= loader->end || now >= loader->end)
			return 0;
		loader->next++;
		*ret_due = due;
	}
	loader->budget -= n;
	if (*ret_due > 0)
		WOK_TRY(wok_sleep_until(*ret_due));
	return (int) n;
}

static int lane_work(struct lane *lane)
{
	wok_time due;

	for (;;) {
		int n = take_turn(lane->loader, &due);
		if (n <= 0)
			return n;
		WOK_TRY(lane_step(lane, due, (size_t) n));
	}
}

static int lane_main(void *arg)
{
	struct lane *lane = malloc(sizeof(*lane));
	if (!lane)
		return -ENOMEM;

	*lane = (struct lane){.loader = arg};
	int r = lane_work(lane);
	lane_close(lane);
	free(lane);
	return r;
}

/* --- one thread ---------------------------------------------------------------------------- */

static int run_lanes(void *arg)
{
	struct loader *loader = arg;
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	for (size_t i = 0; i < loader->connections; i++)
		WOK_TRY(wok_scope_spawn(scope, lane_main, loader));
	return wok_scope_join(scope);
}

static void draw(const struct bench *bench, wok_time elapsed)
{
	uint64_t answered = 0;

	for (size_t i = 0; i < bench->options->threads; i++)
		answered += __atomic_load_n(&bench->loaders[i].answered, __ATOMIC_RELAXED);
	fprintf(stderr, "\rwok bench: %s: %s responses, %s/s\x1b[K", text_seconds(elapsed).s,
		text_count(answered).s,
		text_count((uint64_t) ((double) answered * (double) WOK_SECOND /
				       (double) (elapsed > 0 ? elapsed : 1)))
			.s);
	fflush(stderr);
}

static int show_progress(void *arg)
{
	struct bench *bench = arg;
	wok_time begin = wok_now();

	for (;;) {
		WOK_TRY(wok_sleep(200 * WOK_MS));
		draw(bench, wok_now() - begin);
	}
}

/* How many requests the schedule had for this thread by its end, and nobody began. */
static uint64_t count_missed(const struct loader *loader)
{
	const struct bench_options *options = loader->bench->options;

	if (loader->end == WOK_FOREVER)
		return loader->budget;
	double span = (double) (loader->end - moment(loader, loader->next)) / (double) WOK_SECOND;
	double missed = ceil(span * options->rate / (double) options->threads - 1e-3);
	if (missed <= 0)
		return 0;
	return missed < (double) loader->budget ? (uint64_t) missed : loader->budget;
}

static int load(struct loader *loader)
{
	const struct bench_options *options = loader->bench->options;
	wok_time limit = options->duration > 0 ? options->duration : WOK_FOREVER;

	loader->begin = loader->result.began = wok_now();
	loader->end = limit == WOK_FOREVER ? WOK_FOREVER : loader->begin + limit;
	/* With a schedule, what was begun is waited for: what takes long is what one looks for. */
	if (options->rate > 0 && limit != WOK_FOREVER)
		limit += options->timeout + WOK_SECOND;
	int r = wok_wait_for(run_lanes, loader, limit);
	loader->result.ended = wok_now();
	if (r == -ETIMEDOUT && wok_now() >= loader->end)
		r = 0;
	if (options->rate > 0 && r == 0)
		loader->result.missed = count_missed(loader);
	return r;
}

static int loader_main(void *arg)
{
	struct bench *bench = arg;
	struct loader *loader = &bench->loaders[wok_thread_index()];
	WOK_AUTO(wok_task) *progress = NULL;

	if (loader->index == 0 && terminal_is(stderr))
		progress = wok_create_task(show_progress, bench);
	return load(loader);
}

/* --- all of it ----------------------------------------------------------------------------- */

/* Share out connections and requests; a thread more or less makes no difference to the sum. */
static int prepare(struct bench *bench)
{
	const struct bench_options *options = bench->options;
	size_t n = options->threads;

	WOK_TRY(bench_target_write(&bench->target, options));
	bench->loaders = calloc(n, sizeof(*bench->loaders));
	if (!bench->loaders)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct loader *loader = &bench->loaders[i];
		loader->bench = bench;
		loader->index = i;
		loader->connections =
			options->connections / n + (i < options->connections % n ? 1 : 0);
		loader->budget = options->requests / n + (i < options->requests % n ? 1 : 0);
		if (options->requests == 0)
			loader->budget = UINT64_MAX;
		WOK_TRY(bench_result_init(&loader->result, options->rate > 0));
	}
	return 0;
}

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int run(struct bench *bench)
{
	WOK_TRY(prepare(bench));
	WOK_TRY(bench_target_find(&bench->target, bench->options));
	return wok_run_threads(bench->options->threads, loader_main, bench, NULL);
}

int bench_load(const struct bench_options *options, struct bench_result *ret_result)
{
	struct bench bench = {.options = options};

	WOK_TRY(bench_result_init(ret_result, options->rate > 0));
	double cpu = cpu_seconds();
	int r = run(&bench);
	if (terminal_is(stderr))
		fputs("\r\x1b[K", stderr);
	for (size_t i = 0; bench.loaders && i < options->threads; i++) {
		if (bench.loaders[i].result.latency)
			bench_result_merge(ret_result, &bench.loaders[i].result);
		bench_result_clear(&bench.loaders[i].result);
	}
	ret_result->cpu = cpu_seconds() - cpu;
	free(bench.loaders);
	bench_target_clear(&bench.target);
	return r;
}
