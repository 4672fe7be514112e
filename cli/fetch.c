/* SPDX-License-Identifier: MIT */
/*
 * `wok fetch`: downloads URLs, many at once.
 *
 * One task lists the URLs, from the command line and from a file, into a queue that holds few; a
 * task for each place at the stove takes them out. So a list may be as long as it likes, and may
 * still be being written.
 */
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "command.h"
#include "fetch.h"
#include "terminal.h"

enum { QUEUE_SIZE = 64, MAX_CHUNK = 128 * 1024 };

static int complain(int r)
{
	fprintf(stderr, "wok fetch: %s\n", wok_errmsg(r));
	return EXIT_FAILURE;
}

/* --- the list ------------------------------------------------------------------------------ */

static int list_url(struct fetch *fetch, const char *text, size_t size)
{
	char *url = strndup(text, size);
	if (!url)
		return -ENOMEM;

	fetch->listed++;
	int r = wok_queue_put(fetch->urls, &url);
	if (r < 0)
		free(url);
	return r;
}

/* A line: a URL, with blanks around it, or a comment. */
static int list_line(struct fetch *fetch, wok_view line)
{
	while (line.size > 0 && strchr(" \t\r", *line.data)) {
		line.data++;
		line.size--;
	}
	while (line.size > 0 && strchr(" \t\r", line.data[line.size - 1]))
		line.size--;
	if (line.size == 0 || *line.data == '#')
		return 0;
	return list_url(fetch, line.data, line.size);
}

static int list_stdin(struct fetch *fetch)
{
	WOK_AUTO(wok_stream) *in = NULL;
	wok_view line;
	int r;

	WOK_TRY(wok_stdin(&in));
	while ((r = wok_stream_next_line(in, 0, &line)) > 0)
		WOK_TRY(list_line(fetch, line));
	return r;
}

static int list_file(struct fetch *fetch, const char *name)
{
	WOK_AUTO(wok_file) *file = NULL;
	wok_view line;
	int r;

	WOK_TRY(wok_file_open(name, "r", &file));
	while ((r = wok_file_next_line(file, &line)) > 0)
		WOK_TRY(list_line(fetch, line));
	return r;
}

static int list_all(void *arg)
{
	struct fetch *fetch = arg;
	const struct fetch_options *options = fetch->options;
	int r = 0;

	for (size_t i = 0; i < options->n_urls; i++)
		WOK_TRY(list_url(fetch, options->urls[i], strlen(options->urls[i])));
	if (options->input && strcmp(options->input, "-") == 0)
		r = list_stdin(fetch);
	else if (options->input)
		r = list_file(fetch, options->input);
	if (r < 0)
		return r == -ECANCELED ? r : wok_fail(r, "%s: %s", options->input, wok_errmsg(r));
	fetch->all_listed = true;
	wok_queue_shutdown(fetch->urls, false);
	return 0;
}

/* --- the work ------------------------------------------------------------------------------ */

static void enlist(struct fetch_job *job)
{
	struct fetch *fetch = job->fetch;

	job->previous = fetch->last;
	*(fetch->last ? &fetch->last->next : &fetch->first) = job;
	fetch->last = job;
}

static void delist(struct fetch_job *job)
{
	struct fetch *fetch = job->fetch;

	*(job->previous ? &job->previous->next : &fetch->first) = job->next;
	*(job->next ? &job->next->previous : &fetch->last) = job->previous;
}

/* Takes url. */
static int fetch_one(struct fetch *fetch, char *url)
{
	struct fetch_job job = {.fetch = fetch, .url = url, .began = wok_now()};

	enlist(&job);
	int r = fetch_job_run(&job);
	delist(&job);
	if (r == 0)
		r = fetch_db_store(&job);
	if (r == 0)
		r = fetch_report_job(&job);
	fetch_db_clear(&job);
	free(job.final_url);
	free(job.path);
	free(job.part);
	free(url);
	return r;
}

static int work(void *arg)
{
	struct fetch *fetch = arg;
	char *url;
	int r;

	while ((r = wok_queue_next(fetch->urls, &url)) > 0)
		WOK_TRY(fetch_one(fetch, url));
	return r;
}

static int work_all(struct fetch *fetch)
{
	size_t n = fetch->options->concurrency;
	WOK_AUTO(wok_scope) *scope = NULL;

	if (!fetch->options->input && fetch->options->n_urls < n)
		n = fetch->options->n_urls;
	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, list_all, fetch));
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok_scope_spawn(scope, work, fetch));
	return wok_scope_join(scope);
}

/* What nobody took out of the queue. */
static void drain(wok_queue *urls)
{
	char *url;

	while (wok_queue_try_get(urls, &url) == 0)
		free(url);
}

static int make_session(const struct fetch_options *options, wok_http_session **ret_session)
{
	const wok_tls_options tls = {.ca_file = options->cacert, .no_verify = options->insecure};
	wok_http_session_options how = {
		.tls = options->insecure || options->cacert ? &tls : NULL,
		.proxy = options->proxy,
		.no_decode = !options->compressed,
		.limit = options->concurrency,
		.limit_per_host = options->per_host,
		.timeout = WOK_FOREVER,
		.connect_timeout = options->timeout,
		.tls_timeout = options->timeout,
		.wait_timeout = options->timeout,
		.read_timeout = options->timeout,
	};

	return wok_http_session_new(&how, ret_session);
}

static int run(void *arg)
{
	struct fetch *fetch = arg;
	const struct fetch_options *options = fetch->options;
	WOK_AUTO(wok_stream) *out = NULL;
	WOK_AUTO(wok_queue) *urls = NULL;
	WOK_AUTO(wok_http_session) *session = NULL;
	WOK_AUTO(wok_task) *progress = NULL;

	fetch->to_stdout = options->output && strcmp(options->output, "-") == 0;
	if (options->jsonl || fetch->to_stdout)
		WOK_TRY(wok_stdout(&out));
	WOK_TRY(wok_queue_new(sizeof(char *), QUEUE_SIZE, &urls));
	WOK_TRY(make_session(options, &session));
	int r = fetch_db_open(fetch);
	if (r < 0) {
		(void) fetch_db_close(fetch);
		return r;
	}
	fetch->out = out;
	fetch->urls = urls;
	fetch->session = session;
	if (terminal_is(stderr) && !options->quiet && !(fetch->to_stdout && terminal_is(stdout)))
		progress = wok_create_task(fetch_progress_main, fetch);
	r = work_all(fetch);
	drain(urls);
	int closed = fetch_db_close(fetch);
	return r < 0 ? r : closed;
}

int fetch_main(int argc, char **argv)
{
	struct fetch_options options;
	int r = fetch_options_parse(argc, argv, &options);
	if (r != 0)
		return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;

	struct fetch fetch = {.options = &options, .began = wok_now(), .chunk = MAX_CHUNK};
	if (options.rate > 0) {
		/* A tenth of a second at once, so that the rate is even. */
		size_t burst = options.rate / 10 > 0 ? options.rate / 10 : 1;
		fetch.chunk = burst < MAX_CHUNK ? burst : MAX_CHUNK;
		fetch.rate = (wok_rate) WOK_RATE_INIT(options.rate, WOK_SECOND, fetch.chunk);
	}
	child_allow_descriptors(2 * options.concurrency + 64, 0);
	r = wok_run(run, &fetch);
	int status = fetch.failed > 0 || fetch.done < fetch.listed ? EXIT_FAILURE : EXIT_SUCCESS;
	if (r < 0 && r != -EINTR)
		status = complain(r);
	fetch_report_all(&fetch);
	fetch_names_clear(&fetch);
	fetch_options_clear(&options);
	return r == -EINTR ? EXIT_INTERRUPTED : status;
}
