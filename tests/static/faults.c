/* SPDX-License-Identifier: MIT */
/* Files that change while they are sent, clients that leave, a system that has run out. */
#include <wok/loop.h>

#include "harness/reports.h"
#include "http/real.h"
#include "platform/sys.h"
#include "static/site.h"

enum { LARGE = 8 << 20 };

static void put_sparse(const char *name, off_t size)
{
	put_old(name, "");
	ASSERT_EQ(truncate(in(name), size), 0);
	set_changed(name, CHANGED);
}

/* --- what changes ----------------------------------------------------------------------------- */

static int shrink_while_it_is_sent(void *arg)
{
	IN_FOLDER;
	struct peer peer = {0};

	(void) arg;
	put_sparse("large", LARGE);
	site_open(&peer, NULL);
	peer_send(&peer, GET("/large", "") GET("/large", ""));
	test_settle(); /* 64 KiB wait in the stream */
	ASSERT_EQ(truncate(in("large"), 1 << 20), 0);
	peer_expect_end(&peer, WOK_SECOND);
	const char *body = strstr(peer.in.data, "\r\n\r\n") + 4;
	size_t size = peer.in.size - (size_t) (body - peer.in.data);
	ASSERT(strstr(peer.in.data, "Content-Length: 8388608\r\n"));
	ASSERT_EQ(size, 1 << 20); /* what there was, and nothing after it */
	peer_end(&peer);
	return 0;
}

TEST(a_file_that_shrinks_while_it_is_sent_breaks_the_connection, "http-46")
{
	struct test_reports reports = {0};

	ASSERT_OK(test_run_reporting(&reports, shrink_while_it_is_sent, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "/large");
}

static int shrink_a_small_one(void *arg)
{
	IN_FOLDER;
	struct peer peer = {0};

	(void) arg;
	put_old("a", LETTERS);
	site_open(&peer, NULL);
	wok__sys_fail("preadv2 nowait", 1, 0); /* its end */
	expect(&peer, GET("/a", ""), 500, "Internal Server Error");
	expect(&peer, GET("/a", ""), 200, LETTERS);
	peer_end(&peer);
	return 0;
}

TEST(of_a_small_file_that_shrinks_nothing_is_sent, "http-46")
{
	struct test_reports reports = {0};

	ASSERT_OK(test_run_reporting(&reports, shrink_a_small_one, NULL));
	ASSERT_EQ(reports.n, 1);
}

/* --- real sockets: sendfile(2) ---------------------------------------------------------------- */

struct real {
	wok_http_app *app;
	wok_listener *listener;
	wok_task *serving;
	wok_stream *client;
};

static int serve_real(void *arg)
{
	struct real *real = arg;

	return wok_http_serve_on(real->app, real->listener, NULL);
}

static void real_open(struct real *real)
{
	ASSERT_OK(wok_http_app_new(&real->app));
	ASSERT_OK(wok_http_static(real->app, "/", folder, NULL));
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &real->listener));
	real->serving = wok_create_task(serve_real, real);
	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(real->listener), &real->client));
}

static void real_end(struct real *real)
{
	wok_stream_free(real->client);
	wok_task_free(real->serving);
	wok_listener_free(real->listener);
	wok_http_app_free(real->app);
}

static void send_text(wok_stream *stream, const char *text)
{
	ASSERT_OK(wok_stream_write_all(stream, text, strlen(text)));
}

/* Read away a head; its text. */
static const char *read_head(wok_stream *stream)
{
	static char text[1024];
	wok_view head;

	ASSERT_EQ(wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head), 1);
	snprintf(text, sizeof(text), "%.*s", (int) head.size, (const char *) head.data);
	return text;
}

TEST_REAL(a_large_file_goes_through_sendfile_and_the_connection_goes_on, "server-12")
{
	IN_FOLDER;
	struct real real = {0};
	char *data = malloc(LARGE), *back = malloc(LARGE);

	for (size_t i = 0; i < LARGE; i++)
		data[i] = (char) (i * 13 + i / 241);
	put_file(in("large"), data, LARGE);
	real_open(&real);
	for (int i = 0; i < 3; i++) {
		/* The first time by bytes of the file, then without sendfile, by reading them. */
		wok__sys_fail("sendfile", i == 1, EINVAL);
		send_text(real.client, GET("/large", ""));
		ASSERT(strstr(read_head(real.client), "Content-Length: 8388608\r\n"));
		ASSERT_OK(wok_stream_read_exactly(real.client, back, LARGE, NULL));
		ASSERT_MEM(back, data, LARGE);
	}
	wok__sys_fail(NULL, 0, 0);
	send_text(real.client, GET("/large", "Range: bytes=100000-199999\r\n"));
	ASSERT(strstr(read_head(real.client), "Content-Range: bytes 100000-199999/8388608\r\n"));
	ASSERT_OK(wok_stream_read_exactly(real.client, back, 100000, NULL));
	ASSERT_MEM(back, data + 100000, 100000);
	real_end(&real);
	free(data);
	free(back);
	return 0;
}

/* How many bytes come before the stream ends, or breaks. */
static size_t count_bytes(wok_stream *stream)
{
	static char buf[1 << 16];
	size_t size = 0;
	ssize_t n;

	while ((n = wok_stream_read(stream, buf, sizeof(buf))) > 0)
		size += (size_t) n;
	ASSERT(n == 0 || n == -ECONNRESET);
	return size;
}

static int shrink_during_sendfile(void *arg)
{
	IN_FOLDER;
	struct real real = {0};

	(void) arg;
	put_sparse("large", 256 << 20); /* more than two sockets hold */
	real_open(&real);
	send_text(real.client, GET("/large", "") GET("/large", ""));
	ASSERT(strstr(read_head(real.client), "Content-Length: 268435456\r\n"));
	ASSERT_EQ(truncate(in("large"), 1 << 20), 0);
	ASSERT(count_bytes(real.client) < 256 << 20);
	real_end(&real);
	return 0;
}

TEST(a_file_that_shrinks_during_sendfile_breaks_the_connection, "http-46", "server-12")
{
	const wok_test_options options = {.real_clock = true};
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_OK(wok_test_run(shrink_during_sendfile, NULL, &options));
	ASSERT_EQ(reports.n, 1);
}

/* --- clients ---------------------------------------------------------------------------------- */

TEST_TASK(a_client_that_does_not_read_is_left_when_its_time_is_up)
{
	IN_FOLDER;
	struct peer peer = {0};

	put_sparse("large", LARGE);
	site_open(&peer, NULL);
	peer_send(&peer, GET("/large", ""));
	test_settle();
	wok_time start = wok_now();
	ASSERT_EQ(wok_await(peer.serving), 0);
	ASSERT(wok_now() - start <= 60 * WOK_SECOND); /* what it had taken counts once */
	peer_end(&peer);
}

TEST_TASK(a_request_that_is_canceled_leaves_no_file_open)
{
	IN_FOLDER;

	put_sparse("large", LARGE);
	for (int ticks = 0; ticks < 40; ticks++) {
		struct peer peer = {0};
		site_open(&peer, &(wok_http_static_options){.listing = true});
		peer_send(&peer, ticks % 2 ? GET("/large", "") : GET("/", ""));
		for (int i = 0; i < ticks; i++)
			ASSERT_OK(wok_yield());
		wok_cancel(peer.serving);
		int r = wok_await(peer.serving);
		ASSERT(r == WOK_ETASKCANCELED || r == 0);
		wok_task_free(WOK_TAKE(peer.serving));
		wok_stream_free(WOK_TAKE(peer.client));
		wok_stream_free(WOK_TAKE(peer.server));
		wok_http_app_free(peer.app);
	}
}

/* --- the system ------------------------------------------------------------------------------- */

TEST_TASK(what_is_not_in_the_kernels_cache_is_brought_by_a_thread)
{
	IN_FOLDER;
	static const char *const calls[] = {"open below", "preadv2 nowait"};
	struct peer peer = {0};
	struct answer answer;

	put_old("a", LETTERS);
	put_folder("sub");
	put_old("sub/index.html", "index");
	site_open(&peer, NULL);
	for (int i = 0; i < 2; i++) {
		wok__sys_fail(calls[i], 1, EAGAIN);
		expect(&peer, GET("/a", "Range: bytes=1-2\r\n"), 206, "bc");
		wok__sys_fail(calls[i], 1, EAGAIN);
		expect(&peer, GET("/sub/", ""), 200, "index");
	}
	/* A part of the file is in the cache. (The fault only says that it has read that.) */
	wok__sys_fail("preadv2 nowait", 1, -5);
	ask(&peer, GET("/a", ""), &answer);
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer.body + 5, &LETTERS[5]);
	/* The kernel knows the call, but not that flag. */
	wok__sys_fail("open below", 1, EINVAL);
	expect(&peer, GET("/a", ""), 200, LETTERS);
	peer_end(&peer);
}

static int run_out_of_descriptors(void *arg)
{
	IN_FOLDER;
	struct peer peer = {0};

	(void) arg;
	put_old("a", LETTERS);
	site_open(&peer, &(wok_http_static_options){.listing = true});
	wok__sys_fail("open below", 1, EMFILE);
	expect(&peer, GET("/a", ""), 500, "Internal Server Error");
	wok__sys_fail("openat", 1, ENFILE);
	expect(&peer, GET("/", ""), 500, "Internal Server Error");
	wok__sys_fail("fstat", 1, EIO);
	expect(&peer, GET("/a", ""), 500, "Internal Server Error");
	wok__sys_fail("preadv2 nowait", 1, EIO);
	expect(&peer, GET("/a", ""), 500, "Internal Server Error");
	wok__sys_fail(NULL, 0, 0);
	expect(&peer, GET("/a", ""), 200, LETTERS);
	peer_end(&peer);
	return 0;
}

TEST(a_system_that_has_run_out_is_a_500_and_the_connection_goes_on)
{
	struct test_reports reports = {0};

	ASSERT_OK(test_run_reporting(&reports, run_out_of_descriptors, NULL));
	ASSERT_EQ(reports.n, 4);
}

static const wok_http_header own_header = {"X-Own", "1"};

static int one_request_each(void *arg)
{
	static const char *const requests[] = {
		GET("/", ""),
		GET("/sub", ""),
		GET("/a.html", "Range: bytes=0-0,200-200\r\n"),
		GET("/large", "Accept-Encoding: br\r\n"),
	};
	const wok_http_static_options options = {
		.listing = true,
		.file = {.precompressed = true, .headers = &own_header, .n_headers = 1},
		.types = &(wok_http_file_type){"html", "text/x"},
		.n_types = 1,
	};

	(void) arg;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct peer peer = {0};
		int r = wok_http_app_new(&peer.app);
		if (r == 0)
			r = wok_http_static(peer.app, "/", folder, &options);
		if (r < 0) {
			wok_http_app_free(peer.app);
			return r;
		}
		r = wok_stream_pair(0, &peer.client, &peer.server);
		if (r == 0) {
			peer.serving = wok_create_task(serve_peer, &peer);
			r = wok_stream_write_all(peer.client, requests[i], strlen(requests[i]));
			if (r == 0)
				r = wok_stream_shutdown(peer.client);
			char buf[4096];
			while (r == 0 && wok_stream_read(peer.client, buf, sizeof(buf)) > 0)
				;
			wok_stream_close(peer.client);
			if (wok_await(peer.serving) < 0)
				r = 0; /* the connection broke, as it may */
			wok_task_free(peer.serving);
		}
		wok_stream_free(peer.client);
		wok_stream_free(peer.server);
		wok_http_app_free(peer.app);
	}
	return 0;
}

static void ignore_report(const wok_report *report, void *arg)
{
	(void) report;
	(void) arg;
}

TEST(without_memory_a_folder_fails_cleanly)
{
	IN_FOLDER;
	char text[301];

	memset(text, 'x', 300);
	text[300] = '\0';
	put_old("a.html", text);
	put_sparse("large", 100000);
	put_folder("sub");
	ASSERT_OK(wok_set_report_hook(ignore_report, NULL));
	ASSERT_OK(wok_test_run_allocations(one_request_each, NULL, NULL));
}
