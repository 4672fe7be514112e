/* SPDX-License-Identifier: MIT */
/*
 * One URL: tries, until one has brought the whole body, or until it makes no sense to go on. A try
 * that brought a part is gone on with by the next, if the server can (Range, If-Range).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "fetch.h"

enum { EXTRA_HEADERS = 4 };

#define LONGEST_PAUSE WOK_MINUTE
#define PATIENCE (5 * WOK_MINUTE) /* for a server that says when to come again */

/* What a try came to. */
enum outcome { COMPLETE, FAILED, AGAIN };

static void set_reason(struct fetch_job *job, const char *reason)
{
	snprintf(job->reason, sizeof(job->reason), "%s", reason);
}

/* Whether a method may be sent twice (RFC 9110 9.2.2). */
static bool is_idempotent(const char *method)
{
	static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		if (strcmp(method, methods[i]) == 0)
			return true;
	}
	return false;
}

/* Whether an error may be gone the next time. */
static bool may_pass(const struct fetch_job *job, int r)
{
	switch (r) {
	case -ECONNREFUSED:
	case WOK_ENAME:
		return true; /* nothing was sent */
	case -ECONNRESET:
	case -ETIMEDOUT:
	case -EPIPE:
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -ENETDOWN:
	case -ECONNABORTED:
	case WOK_EEOF:
		return is_idempotent(job->fetch->options->method);
	default:
		return false;
	}
}

static bool status_may_pass(int status)
{
	return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 ||
	       status == 503 || status == 504;
}

/* --- one try ------------------------------------------------------------------------------- */

static int send_request(struct fetch_job *job, wok_http_response **ret_response)
{
	const struct fetch_options *options = job->fetch->options;
	char range[48];
	wok_http_header *headers = malloc((options->n_headers + EXTRA_HEADERS) * sizeof(*headers));
	size_t n = options->n_headers;
	if (!headers)
		return -ENOMEM;

	if (n > 0)
		memcpy(headers, options->headers, n * sizeof(*headers));
	if (job->got > 0 && *job->validator) {
		snprintf(range, sizeof(range), "bytes=%llu-", (unsigned long long) job->got);
		headers[n++] = (wok_http_header){"Range", range};
		headers[n++] = (wok_http_header){"If-Range", job->validator};
	}
	wok_http_options request = {
		.headers = headers,
		.n_headers = n,
		.body = options->data,
		.body_size = options->data_size,
		.content_type = options->data ? "application/x-www-form-urlencoded" : NULL,
	};
	int r = wok_http_fetch(job->fetch->session, options->method, job->url, &request,
			       ret_response);
	free(headers);
	return r;
}

/* A number at a place, and the sign that ends it; the place is then behind both. */
static bool take_number(const char **at, char sign, unsigned long long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(*at, &end, 10);
	if (end == *at || **at == '-' || *end != sign || errno != 0)
		return false;
	*at = end + (sign != '\0');
	return true;
}

/* "bytes 100-199/200": where it begins. */
static bool range_begins_at(const wok_http_response *response, uint64_t offset)
{
	const char *at = wok_http_header_value(response, "Content-Range");
	unsigned long long begin;

	if (!at || strncmp(at, "bytes ", 6) != 0)
		return false;
	at += 6;
	return take_number(&at, '-', &begin) && begin == offset;
}

/*
 * Whether a part belongs to what we have. If-Range asks for nothing else, but there are servers
 * that do not know it, and two halves of different versions would look like a file.
 */
static bool is_same_version(const struct fetch_job *job, const wok_http_response *response)
{
	const char *name = job->validator[0] == '"' ? "ETag" : "Last-Modified";
	const char *value = wok_http_header_value(response, name);

	return !value || strcmp(value, job->validator) == 0;
}

/*
 * A server may send less of the rest than was asked for (RFC 9110, 15.3.7): then what has come is
 * not the whole.
 */
static int check_whole(const struct fetch_job *job, const wok_http_response *response)
{
	const char *range = wok_http_header_value(response, "Content-Range");
	const char *slash = range ? strchr(range, '/') : NULL;
	unsigned long long whole;

	if (job->status != 206 || !slash)
		return 0;
	slash++;
	if (!take_number(&slash, '\0', &whole) || job->got >= whole)
		return 0;
	return wok_fail(WOK_EEOF, "the server has sent %llu of %llu bytes",
			(unsigned long long) job->got, whole);
}

static void note_size(struct fetch_job *job, const wok_http_response *response)
{
	const char *length = wok_http_header_value(response, "Content-Length");
	char *end;

	job->has_size = false;
	if (!length || job->fetch->options->compressed ||
	    strcmp(job->fetch->options->method, "HEAD") == 0)
		return;
	unsigned long long size = strtoull(length, &end, 10);
	job->has_size = *end == '\0';
	job->size = job->got + size;
}

static int read_body(struct fetch_job *job, wok_http_response *response)
{
	struct fetch *fetch = job->fetch;
	char *data = malloc(fetch->chunk);
	ssize_t n = data ? 0 : -ENOMEM;

	while (data) {
		n = wok_http_read(response, data, fetch->chunk);
		if (n <= 0)
			break;
		/* The bytes are here; what waits is the next read, and with it the server. */
		if (fetch->options->rate > 0) {
			int r = wok_rate_acquire(&fetch->rate, (size_t) n);
			n = r < 0 ? r : n;
		}
		int r = n < 0 ? (int) n : fetch_file_write(job, data, (size_t) n);
		r = r < 0 ? r : fetch_db_take_body(job, data, (size_t) n);
		if (r < 0) {
			n = r;
			break;
		}
		job->got += (uint64_t) n;
		fetch->bytes += (uint64_t) n;
	}
	free(data);
	return (int) n;
}

/* The longest that a server's Retry-After is heeded, in seconds. */
#define DAY 86400L

time_t fetch_date(const char *text)
{
	struct tm date = {0};
	const char *end = text ? strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &date) : NULL;

	return end && *end == '\0' ? timegm(&date) : -1;
}

/* When the server wants to be asked again: a number of seconds, or a date. 0: it does not say. */
static wok_time retry_after(const wok_http_response *response)
{
	const char *value = wok_http_header_value(response, "Retry-After");
	char *end;

	if (!value)
		return 0;
	unsigned long seconds = strtoul(value, &end, 10);
	if (*end == '\0' && end != value)
		return seconds > DAY ? DAY * WOK_SECOND : (wok_time) seconds * WOK_SECOND;
	time_t left = fetch_date(value) - time(NULL);
	return left > 0 ? (left > DAY ? DAY : left) * WOK_SECOND : 0;
}

/* A response that is no body of ours. */
static enum outcome refuse(struct fetch_job *job, const wok_http_response *response,
			   wok_time *ret_pause)
{
	snprintf(job->reason, sizeof(job->reason), "the status is %d", job->status);
	if (job->status == 416 && job->got > 0 && job->validator[0]) {
		job->validator[0] = '\0'; /* what we have is no part of what there is */
		return fetch_file_restart(job) < 0 ? FAILED : AGAIN;
	}
	if (!status_may_pass(job->status) || !is_idempotent(job->fetch->options->method))
		return FAILED;
	wok_time pause = retry_after(response);
	if (pause > PATIENCE) {
		snprintf(job->reason, sizeof(job->reason),
			 "the status is %d, and the server wants to be left alone for %lld s",
			 job->status, (long long) (pause / WOK_SECOND));
		return FAILED;
	}
	*ret_pause = pause;
	return AGAIN;
}

static int take_body(struct fetch_job *job, wok_http_response *response)
{
	bool goes_on = job->status == 206 && job->got > 0 && range_begins_at(response, job->got);

	if (!goes_on && job->got > 0)
		WOK_TRY(fetch_file_restart(job));
	if (!goes_on && job->status == 206)
		return wok_fail(WOK_EPEER, "the server sends a part that was not asked for");
	note_size(job, response);
	WOK_TRY(fetch_file_open(job, response));
	WOK_TRY(read_body(job, response));
	WOK_TRY(check_whole(job, response));
	return fetch_file_finish(job);
}

static int try_once(struct fetch_job *job, enum outcome *ret_outcome, wok_time *ret_pause)
{
	WOK_AUTO(wok_http_response) *response = NULL;

	*ret_outcome = AGAIN;
	*ret_pause = 0;
	job->tries++;
	WOK_TRY(send_request(job, &response));
	job->status = wok_http_status(response);
	free(job->final_url);
	job->final_url = strdup(wok_http_response_url(response));
	WOK_TRY(fetch_db_take_head(job, response));
	if (job->status >= 300) {
		*ret_outcome = refuse(job, response, ret_pause);
		return 0;
	}
	if (job->status == 206 && job->got > 0 && !is_same_version(job, response)) {
		set_reason(job, "the server sends a part of another version");
		job->validator[0] = '\0';
		return fetch_file_restart(job);
	}
	WOK_TRY(take_body(job, response));
	*ret_outcome = COMPLETE;
	return 0;
}

/* --- all tries ----------------------------------------------------------------------------- */

/* Doubled each time, and up to a quarter more or less, so that many do not come back together. */
static wok_time pause_before(const struct fetch_job *job, wok_time wanted)
{
	wok_time pause = job->fetch->options->pause;
	uint32_t random = 0;

	for (unsigned i = 1; i < job->tries && pause < LONGEST_PAUSE; i++)
		pause *= 2;
	if (pause > LONGEST_PAUSE)
		pause = LONGEST_PAUSE;
	if (getrandom(&random, sizeof(random), 0) == sizeof(random))
		pause += (wok_time) ((double) pause * ((double) random / UINT32_MAX - 0.5) / 2);
	return pause > wanted ? pause : wanted;
}

static int try_all(void *arg)
{
	struct fetch_job *job = arg;
	enum outcome outcome;
	wok_time pause;

	for (;;) {
		int r = try_once(job, &outcome, &pause);
		if (r == -ECANCELED)
			return r;
		if (r < 0) {
			set_reason(job, wok_errmsg(r));
			outcome = may_pass(job, r) && !job->fetch->broken ? AGAIN : FAILED;
		}
		if (outcome == COMPLETE)
			job->reason[0] = '\0';
		if (outcome != AGAIN || job->tries > job->fetch->options->retries)
			return 0;
		/* The next try goes on where this one was, so what it has must be in the file. */
		if (job->file)
			WOK_IGNORE(wok_file_flush(job->file));
		if (!*job->validator && job->got > 0 && fetch_file_restart(job) < 0)
			return 0;
		WOK_TRY(wok_sleep(pause_before(job, pause)));
	}
}

int fetch_job_run(struct fetch_job *job)
{
	int r = fetch_db_plan(job);

	if (r == 0)
		r = fetch_file_plan(job);
	job->there = r == 1;
	if (r == 0)
		r = wok_wait_for(try_all, job, job->fetch->options->max_time);
	if (r == -ETIMEDOUT)
		snprintf(job->reason, sizeof(job->reason), "not done within %lld ms (--max-time)",
			 (long long) (job->fetch->options->max_time / WOK_MS));
	else if (r < 0)
		set_reason(job, wok_errmsg(r));
	fetch_file_give_up(job);
	if (r == -ECANCELED)
		return r;
	return job->fetch->broken;
}
