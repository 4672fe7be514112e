/* SPDX-License-Identifier: MIT */
/* Bodies that become files, and go on where they ended. */
#include <stdarg.h>

#include "client/check.h"
#include "file/check.h"

#define ALL "0123456789abcdefghij"
enum { SIZE = 20 };

/* A server of one file, by a plan: a letter for each request, the last one for all that follow. */
struct origin {
	struct peer peer;
	const char *plan;
	const char *version; /* its fields */
	char ranges[100];    /* that were asked for: "-", or "5" */
};

static int say(wok_stream *stream, const char *format, ...)
{
	char text[1000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return peer_say(stream, text);
}

static int all(const struct origin *origin, wok_stream *stream, int size)
{
	return say(stream, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%.*s", SIZE,
		   origin->version, size, ALL);
}

static int part(const struct origin *origin, wok_stream *stream, int from, int to,
		const char *range)
{
	return say(stream,
		   "HTTP/1.1 206 x\r\nContent-Length: %d\r\nContent-Range: %s\r\n%s\r\n%.*s",
		   SIZE - from, range, origin->version, to - from, &ALL[from]);
}

static int none(wok_stream *stream, int size)
{
	return say(stream,
		   "HTTP/1.1 416 x\r\nContent-Length: 0\r\nContent-Range: bytes */%d\r\n\r\n",
		   size);
}

/* 1 to go on, 0 to hang up. */
static int answer(struct origin *origin, wok_stream *stream, char what, int from)
{
	char range[50], rest[10];

	snprintf(range, sizeof(range), "bytes %d-%d/%d", from, SIZE - 1, SIZE);
	switch (what) {
	case 'h': /* half of it, and then the end */
		WOK_TRY(from < 0 ? all(origin, stream, 10)
				 : part(origin, stream, from, from + 2, range));
		return 0;
	case 's': /* half of it, and then nothing */
		WOK_TRY(all(origin, stream, 10));
		return (int) wok_stream_read(stream, rest, sizeof(rest));
	case 'w': /* another range than was asked for */
		WOK_TRY(part(origin, stream, 3, SIZE, "bytes 3-19/20"));
		return 1;
	case 't': /* another length */
		WOK_TRY(part(origin, stream, from, SIZE, "bytes 10-20/21"));
		return 0;
	case 'p': /* a piece of the range */
		WOK_TRY(say(stream,
			    "HTTP/1.1 206 x\r\nContent-Length: 2\r\nContent-Range: bytes "
			    "%d-%d/%d\r\n%s\r\n%.2s",
			    from, from + 1, SIZE, origin->version, &ALL[from]));
		return 1;
	case 'n':
		WOK_TRY(none(stream, from < 0 ? 0 : from));
		return 1;
	case 'x':
		WOK_TRY(none(stream, 7));
		return 1;
	case '4':
		WOK_TRY(peer_say(stream, "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n"));
		return 1;
	case 'o':
		WOK_TRY(all(origin, stream, SIZE));
		return 1;
	default:
		WOK_TRY(from < 0 ? all(origin, stream, SIZE)
				 : part(origin, stream, from, SIZE, range));
		return 1;
	}
}

static int serve(struct peer *peer, wok_stream *stream)
{
	struct origin *origin = (struct origin *) peer->arg;
	int r;

	while ((r = peer_take(peer, stream)) > 0) {
		const char *range = field_of(peer->head, "Range");
		int from = range ? (int) strtol(range + strlen("bytes="), NULL, 10) : -1;
		size_t size = strlen(origin->ranges);
		snprintf(origin->ranges + size, sizeof(origin->ranges) - size,
			 from < 0 ? "-" : "%d ", from);
		ASSERT_STR(field_of(peer->head, "Accept-Encoding"), "identity");
		ASSERT_EQ(!range, !field_of(peer->head, "If-Range"));
		size_t at = (size_t) peer->requests - 1, last = strlen(origin->plan) - 1;
		r = answer(origin, stream, origin->plan[at < last ? at : last], from);
		if (r <= 0)
			return r;
	}
	return r;
}

#define STRONG "ETag: \"v1\"\r\n"

static void open_origin(struct origin *origin, const char *plan, const char *version)
{
	*origin = (struct origin){.plan = plan, .version = version};
	origin->peer.serve = serve;
	origin->peer.arg = origin;
	peer_open(&origin->peer);
}

static int download(struct origin *origin, const wok_http_download_options *options)
{
	const wok_http_retry_options retry = {.tries = 3};
	WOK_AUTO(wok_http_session) *session =
		session_of(&origin->peer,
			   &(wok_http_session_options){.retry = &retry, .raise_for_status = true});

	return wok_http_download(session, "http://me:secret@a.test/f?x", path_of("f"), options);
}

static bool is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static const wok_http_retry_options once = {.tries = 1};
static const wok_http_options request_once = {.retry = &once};
static const wok_http_download_options one_try = {.request = &request_once};

TEST_TASK(a_body_becomes_a_file, "client-79")
{
	struct origin origin;

	open_origin(&origin, ".", STRONG);
	put_text("f", "old");
	ASSERT_OK(download(&origin, NULL));
	expect_text("f", ALL);
	ASSERT(!is_there("f.part") && !is_there("f.part-note"));
	peer_close(&origin.peer);
}

TEST_TASK(a_part_is_gone_on_with_if_it_is_of_the_same_file, "client-79")
{
	static const char settled[] = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
				      "Date: Sun, 06 Nov 1994 08:51:37 GMT\r\n",
			  fresh[] = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
				    "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
	static const struct {
		const char *version, *plan, *ranges;
	} rows[] = {
		{STRONG, "h.", "-10 "},
		{settled, "h.", "-10 "},
		{"ETag: W/\"v1\"\r\n", "h.", "--"},
		{fresh, "h.", "--"},
		{"", "h.", "--"},
		{STRONG, "ho", "-10 "},
		{STRONG, "hw.", "-10 -"},
		{STRONG, "ht.", "-10 -"},
		{STRONG, "hx.", "-10 -"},
		{STRONG, "hpp.", "-10 12 14 "},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct origin origin;
		open_origin(&origin, rows[i].plan, rows[i].version);
		(void) remove(path_of("f"));
		ASSERT_ERR(download(&origin, &one_try), WOK_EEOF);
		ASSERT(!is_there("f"));
		ASSERT_EQ(is_there("f.part"), rows[i].ranges[1] == '1');
		ASSERT_OK(download(&origin, &one_try));
		expect_text("f", ALL);
		ASSERT(!is_there("f.part") && !is_there("f.part-note"));
		ASSERT_STR(origin.ranges, rows[i].ranges);
		peer_close(&origin.peer);
	}
}

TEST_TASK(a_file_that_has_changed_is_not_mixed, "client-79")
{
	struct origin origin;

	open_origin(&origin, "h.", STRONG);
	ASSERT_ERR(download(&origin, &one_try), WOK_EEOF);
	expect_text("f.part", "0123456789");
	expect_text("f.part-note", "http://a.test/f?x\n\"v1\"\n20\n");
	origin.version = "ETag: \"v2\"\r\n"; /* of a server that does not look at If-Range */
	ASSERT_OK(download(&origin, &one_try));
	ASSERT_STR(origin.ranges, "-10 -");
	expect_text("f", ALL);
	/* A part of another URL, and one of which nothing is known. */
	put_text("f.part", "xxx");
	put_text("f.part-note", "http://b.test/f?x\n\"v2\"\n20\n");
	ASSERT_OK(download(&origin, NULL));
	expect_text("f", ALL);
	put_text("f.part", "xxx");
	ASSERT_OK(download(&origin, NULL));
	expect_text("f", ALL);
	peer_close(&origin.peer);
}

TEST_TASK(a_complete_part_is_all_there_is, "client-79")
{
	struct origin origin;

	open_origin(&origin, "n", STRONG);
	put_text("f.part", ALL);
	put_text("f.part-note", "http://a.test/f?x\n\"v1\"\n20\n");
	ASSERT_OK(download(&origin, NULL));
	ASSERT_STR(origin.ranges, "20 ");
	expect_text("f", ALL);
	peer_close(&origin.peer);
}

TEST_TASK(what_is_cut_short_goes_on_within_the_retries, "client-79")
{
	struct origin origin;

	open_origin(&origin, "hhh.", STRONG);
	wok_time start = wok_now();
	ASSERT_OK(download(&origin, NULL));
	ASSERT_STR(origin.ranges, "-10 12 14 ");
	ASSERT(wok_now() - start >= 300 * WOK_MS);
	expect_text("f", ALL);
	peer_close(&origin.peer);
}

TEST_TASK(silence_and_refusals_end_a_download, "client-79")
{
	struct origin origin;

	open_origin(&origin, "s4n.", STRONG);
	wok_time start = wok_now();
	ASSERT_ERR(download(&origin, &one_try), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - start, WOK_MINUTE);
	ASSERT_ERR(download(&origin, &one_try), WOK_ESTATUS);
	ASSERT_SAYS(WOK_ESTATUS, "404");
	expect_text("f.part", "0123456789"); /* it may come back */
	ASSERT(!is_there("f"));
	/* A limit of size; nothing is kept. */
	ASSERT_ERR(download(&origin, &(wok_http_download_options){.max_size = 19}), WOK_ELIMIT);
	ASSERT(!is_there("f") && !is_there("f.part") && !is_there("f.part-note"));
	ASSERT_OK(download(&origin, &(wok_http_download_options){.max_size = 20}));
	ASSERT_ERR(download(&origin, &(wok_http_download_options){.no_replace = true}), -EEXIST);
	ASSERT_ERR(download(&origin,
			    &(wok_http_download_options){
				    .request = &(wok_http_options){.body = "x", .body_size = 1}}),
		   -EINVAL);
	peer_close(&origin.peer);
}

static int watch(void *arg, uint64_t done, uint64_t total)
{
	uint64_t *seen = arg;

	ASSERT_EQ(total, SIZE);
	ASSERT(done > *seen);
	*seen = done;
	return done == SIZE ? -EDOM : 0;
}

TEST_TASK(progress_is_told_and_may_end_it, "client-79")
{
	struct origin origin;
	uint64_t seen = 0;
	const wok_http_download_options options = {.progress = watch, .arg = &seen};

	open_origin(&origin, ".", STRONG);
	ASSERT_ERR(download(&origin, &options), -EDOM);
	ASSERT_EQ(seen, SIZE);
	expect_text("f.part", ALL);
	peer_close(&origin.peer);
}

static int count_bytes(void *arg, uint64_t done, uint64_t total)
{
	(void) total;
	*(uint64_t *) arg = done;
	return 0;
}

static uint64_t bytes_done;

static int download_in_task(void *origin)
{
	const wok_http_download_options options = {
		.request = &request_once, .progress = count_bytes, .arg = &bytes_done};

	return download(origin, &options);
}

TEST_TASK(a_cancel_keeps_the_part_and_a_second_download_is_refused, "client-79")
{
	struct origin origin;

	open_origin(&origin, "s.", STRONG);
	wok_task *task = wok_create_task(download_in_task, &origin);
	test_settle();
	while (bytes_done < 10) /* a thread writes the note before the first of them is read */
		ASSERT_OK(wok_yield());
	ASSERT(is_there("f.part") && is_there("f.part-note"));
	ASSERT_ERR(download(&origin, NULL), -EAGAIN);
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	wok_task_free(task);
	expect_text("f.part", "0123456789");
	ASSERT_OK(download(&origin, &one_try));
	expect_text("f", ALL);
	ASSERT_STR(origin.ranges, "-10 ");
	peer_close(&origin.peer);
}

static int reply_file(wok_http_request *request, void *arg)
{
	const wok_http_header headers[] = {{"ETag", "\"v1\""}};

	(void) arg;
	return wok_http_reply(request, &(wok_http_reply_options){.headers = headers,
								 .n_headers = 1,
								 .body = ALL,
								 .body_size = SIZE});
}

static int without_memory(void *unused)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_http_session) *session = NULL;

	(void) unused;
	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/f", reply_file, NULL));
	WOK_TRY(wok_http_session_new(&(wok_http_session_options){.app = app}, &session));
	int r = wok_http_download(session, "http://a.test/f", path_of("f"), NULL);
	/* What the server could not do shows here as a connection that ends. */
	return r == WOK_EEOF || r == -EPIPE || r == -ECONNRESET || r == WOK_EPEER ||
			       r == WOK_ESTATUS
		       ? -ENOMEM
		       : r;
}

TEST(each_allocation_of_a_download_may_fail, "client-79")
{
	ASSERT_OK(wok_test_run_allocations(without_memory, NULL, NULL));
	expect_text("f", ALL);
}
