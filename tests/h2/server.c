/* SPDX-License-Identifier: MIT */
/* A server that speaks HTTP/2: the same handlers, several at once. */
#include "h2/served.h"

static int echo_path(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, wok_http_request_path(request));
}

TEST_TASK(a_handler_does_not_know_the_difference, "server-20")
{
	struct served served = {0};
	char body[64];

	served_route(&served, "GET", "/a/*", echo_path);
	served_open(&served);
	struct wok__h2_stream *stream = ask(&served.client, "/a/b?c=d");
	const char *head = head_of(stream);
	ASSERT(strncmp(head, "HTTP/1.1 200 \r\ndate: ", 21) == 0);
	ASSERT(strstr(head,
		      "\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 4\r\n"));
	ASSERT(!strstr(head, "connection"));
	ASSERT_EQ(body_of(stream, body, sizeof(body)), 4);
	ASSERT_MEM(body, "/a/b", 4);
	wok__h2_stream_free(stream);
	served_close(&served);
}

static int describe(wok_http_request *request, void *arg)
{
	wok_http_header header;
	char text[500] = "";

	(void) arg;
	for (size_t i = 0; wok_http_request_header_at(request, i, &header); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s;", header.name,
			 header.value);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %s?%s for %s",
		 wok_http_request_method(request), wok_http_request_path(request),
		 wok_http_request_query(request), wok_http_request_host(request));
	return wok_http_reply_text(request, 200, text);
}

TEST_TASK(a_request_arrives_as_it_was_sent, "server-20")
{
	struct served served = {0};
	struct wok__h2_stream *stream;
	char body[512];

	served_route(&served, "*", "/*", describe);
	served_open(&served);
	ASSERT_OK(ask_with(&served.client, "PATCH", "/x?y=%20", "Host: a.test:8\r\nX-B: c\r\n",
			   false, &stream));
	size_t n = body_of(stream, body, sizeof(body) - 1);
	body[n] = '\0';
	ASSERT_STR(body, "Host=a.test:8;x-b=c;PATCH /x?y=%20 for a.test:8");
	wok__h2_stream_free(stream);
	served_close(&served);
}

static int wait_then_reply(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_sleep((wok_http_request_path(request)[1] - '0') * WOK_SECOND));
	return wok_http_reply_text(request, 200, "done");
}

TEST_TASK(a_slow_handler_holds_up_nobody_else, "server-20")
{
	struct served served = {0};
	struct wok__h2_stream *streams[10];
	wok_time start = wok_now();

	served_route(&served, "GET", "/*", wait_then_reply);
	served_open(&served);
	test_settle();
	for (int i = 9; i >= 0; i--) {
		const char target[] = {'/', (char) ('0' + i), '\0'};
		streams[i] = ask(&served.client, target);
	}
	for (int i = 0; i < 10; i++) {
		ASSERT_OK(wok__h2_await_head(streams[i]));
		ASSERT_EQ(wok_now() - start, i * WOK_SECOND);
		wok__h2_stream_free(streams[i]);
	}
	served_close(&served);
}

static int stream_back(wok_http_request *request, void *arg)
{
	char data[3000];
	ssize_t n;

	(void) arg;
	WOK_TRY(wok_http_reply_begin(request, NULL));
	while ((n = wok_http_request_read(request, data, sizeof(data))) > 0)
		WOK_TRY(wok_http_reply_write(request, data, (size_t) n));
	return (int) n;
}

static char big[700000];

static int upload(void *arg)
{
	struct iovec part = {big, sizeof(big)};

	return wok__h2_write(arg, &part, 1, true, NULL);
}

TEST_TASK(bodies_stream_both_ways, "server-20")
{
	struct served served = {.options.max_body = sizeof(big)};
	struct wok__h2_stream *stream;
	static char body[sizeof(big) + 1];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char) (i * 5 + i / 777);
	served_route(&served, "POST", "/", stream_back);
	served_open(&served);
	ASSERT_OK(ask_with(&served.client, "POST", "/", "Host: a\r\n", true, &stream));
	WOK_AUTO(wok_task) *uploading = wok_create_task(upload, stream);
	ASSERT_EQ(body_of(stream, body, sizeof(body)), sizeof(big));
	ASSERT_MEM(body, big, sizeof(big));
	ASSERT_OK(wok_await(uploading));
	wok__h2_stream_free(stream);
	served_close(&served);
}

static int read_body(wok_http_request *request, void *arg)
{
	wok_view body;

	(void) arg;
	WOK_TRY(wok_http_request_body(request, &body));
	return wok_http_reply_text(request, 200, "read");
}

TEST_TASK(a_body_over_the_limit_is_413_announced_or_not)
{
	struct served served = {.options.max_body = 100};
	struct wok__h2_stream *stream;

	served_route(&served, "POST", "/", read_body);
	served_open(&served);
	ASSERT_OK(ask_with(&served.client, "POST", "/", "Host: a\r\nContent-Length: 101\r\n", true,
			   &stream));
	ASSERT(strstr(head_of(stream), " 413 "));
	wok__h2_stream_free(stream);
	ASSERT_OK(ask_with(&served.client, "POST", "/", "Host: a\r\n", true, &stream));
	struct iovec part = {big, 1000};
	(void) !wok__h2_write(stream, &part, 1, false, NULL);
	ASSERT(strstr(head_of(stream), " 413 "));
	wok__h2_stream_free(stream);
	ASSERT_OK(ask_with(&served.client, "POST", "/", "Host: a\r\n", true, &stream));
	part = (struct iovec){big, 100};
	ASSERT_OK(wok__h2_write(stream, &part, 1, true, NULL));
	ASSERT(strstr(head_of(stream), " 200 "));
	wok__h2_stream_free(stream);
	served_close(&served);
}

TEST_TASK(a_body_that_does_not_come_is_408)
{
	struct served served = {0};
	struct wok__h2_stream *stream;
	wok_time start = wok_now();

	served_route(&served, "POST", "/", read_body);
	served_open(&served);
	ASSERT_OK(ask_with(&served.client, "POST", "/", "Host: a\r\n", true, &stream));
	ASSERT_OK(write_text(stream, "x", false));
	ASSERT(strstr(head_of(stream), " 408 "));
	ASSERT_EQ(wok_now() - start, 30 * WOK_SECOND);
	wok__h2_stream_free(stream);
	served_close(&served);
}

TEST_TASK(who_expects_a_word_gets_it_when_the_body_is_wanted, "server-20")
{
	struct served served = {0};
	struct wok__h2_stream *stream;

	served_route(&served, "POST", "/", read_body);
	served_route(&served, "POST", "/no", echo_path);
	served_open(&served);
	ASSERT_OK(ask_with(&served.client, "POST", "/",
			   "Host: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n", true,
			   &stream));
	ASSERT_OK(wok__h2_await_go_ahead(stream));
	ASSERT(stream->go_ahead && !stream->head.complete);
	ASSERT_OK(write_text(stream, "x", true));
	ASSERT(strstr(head_of(stream), " 200 "));
	wok__h2_stream_free(stream);
	ASSERT_OK(ask_with(&served.client, "POST", "/no",
			   "Host: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n", true,
			   &stream));
	ASSERT_OK(wok__h2_await_go_ahead(stream));
	ASSERT(!stream->go_ahead && stream->head.complete);
	wok__h2_stream_free(stream);
	served_close(&served);
}

static int judge(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 413, "too much for me");
}

TEST_TASK(a_body_may_be_refused_before_it_is_sent, "server-20")
{
	struct served served = {.options.on_expect = judge};
	struct wok__h2_stream *stream;

	served_route(&served, "POST", "/", read_body);
	served_open(&served);
	ASSERT_OK(ask_with(&served.client, "POST", "/",
			   "Host: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n", true,
			   &stream));
	ASSERT_OK(wok__h2_await_go_ahead(stream));
	ASSERT(!stream->go_ahead);
	ASSERT(strstr(head_of(stream), " 413 "));
	wok__h2_stream_free(stream);
	served_close(&served);
	ASSERT_EQ(served.calls, 0);
}

TEST_TASK(heads_over_a_limit_are_refused_and_the_connection_goes_on)
{
	struct served served = {
		.options.max_head = 2000, .options.max_line = 500, .options.max_headers = 10};
	static char lines[4000], target[600] = "/";
	struct wok__h2_stream *stream;
	char body[8];

	served_route(&served, "GET", "/", echo_path);
	served_open(&served);
	snprintf(lines, sizeof(lines), "Host: a\r\nX: %0600d\r\n", 0);
	ASSERT_OK(ask_with(&served.client, "GET", "/", lines, false, &stream));
	ASSERT(strstr(head_of(stream), " 431 "));
	wok__h2_stream_free(stream);
	lines[0] = '\0';
	for (int i = 0; i < 11; i++)
		strcat(lines, "X: y\r\n");
	strcat(lines, "Host: a\r\n");
	ASSERT_OK(ask_with(&served.client, "GET", "/", lines, false, &stream));
	ASSERT(strstr(head_of(stream), " 431 "));
	wok__h2_stream_free(stream);
	snprintf(lines, sizeof(lines), "Host: a\r\n");
	for (int i = 0; i < 6; i++)
		snprintf(lines + strlen(lines), 500, "X: %0400d\r\n", 0);
	ASSERT_OK(ask_with(&served.client, "GET", "/", lines, false, &stream));
	ASSERT(strstr(head_of(stream), " 431 "));
	wok__h2_stream_free(stream);
	memset(target + 1, 'a', sizeof(target) - 2);
	ASSERT_OK(ask_with(&served.client, "GET", target, "Host: a\r\n", false, &stream));
	ASSERT(strstr(head_of(stream), " 414 "));
	wok__h2_stream_free(stream);
	stream = ask(&served.client, "/");
	ASSERT_EQ(body_of(stream, body, sizeof(body)), 1);
	wok__h2_stream_free(stream);
	served_close(&served);
}

TEST_TASK(a_head_request_and_an_empty_reply_have_no_body, "server-20")
{
	struct served served = {0};
	struct wok__h2_stream *stream;
	char body[1];

	served_route(&served, "GET", "/", echo_path);
	served_open(&served);
	ASSERT_OK(ask_with(&served.client, "HEAD", "/", "Host: a\r\n", false, &stream));
	ASSERT(strstr(head_of(stream), "\r\ncontent-length: 1\r\n"));
	ASSERT_EQ(wok__h2_read(stream, body, 1), 0);
	wok__h2_stream_free(stream);
	served_close(&served);
}

static int tell_trailer(wok_http_request *request, void *arg)
{
	const char *sum;
	wok_view body;

	(void) arg;
	WOK_TRY(wok_http_request_body(request, &body));
	sum = wok_http_request_trailer(request, "X-Sum");
	WOK_TRY(wok_http_reply_begin(request, NULL));
	WOK_TRY(wok_http_reply_trailer(request, "X-Back", sum ? sum : "none"));
	return wok_http_reply_write(request, "ok", 2);
}

TEST_TASK(trailers_pass_both_ways)
{
	struct served served = {0};
	struct wok__h2_stream *stream;
	char body[8];

	served_route(&served, "POST", "/", tell_trailer);
	served_open(&served);
	ASSERT_OK(ask_with(&served.client, "POST", "/", "Host: a\r\nTE: trailers\r\n", true,
			   &stream));
	ASSERT_OK(write_text(stream, "x", false));
	ASSERT_OK(wok__h2_end(stream, VIEW_OF("X-Sum: 17\r\nHost: evil\r\n")));
	ASSERT_EQ(body_of(stream, body, sizeof(body)), 2);
	ASSERT_EQ(stream->trailers.size, strlen("x-back: 17\r\n"));
	ASSERT_MEM(stream->trailers.data, "x-back: 17\r\n", stream->trailers.size);
	wok__h2_stream_free(stream);
	served_close(&served);
}

static int sleep_long(wok_http_request *request, void *arg)
{
	struct served *served = arg;

	(void) request;
	served->result = wok_sleep(WOK_MINUTE);
	served->calls++;
	return served->result;
}

TEST_TASK(a_handler_whose_client_has_gone_is_stopped_if_that_is_wanted, "server-5")
{
	for (int wanted = 0; wanted < 2; wanted++) {
		struct served served = {.options.cancel_on_disconnect = wanted};

		served_route(&served, "GET", "/", sleep_long);
		served_open(&served);
		struct wok__h2_stream *stream = ask(&served.client, "/");
		ASSERT_OK(wok_sleep(WOK_SECOND));
		wok__h2_stream_free(stream);
		ASSERT_OK(wok_sleep(WOK_SECOND));
		ASSERT_EQ(served.calls, wanted);
		ASSERT_EQ(served.result, wanted ? -ECANCELED : 0);
		served_close(&served);
		ASSERT_EQ(served.calls, 1);
	}
}

TEST_TASK(a_connection_ends_after_so_many_requests)
{
	struct served served = {.options.max_requests = 3};

	served_route(&served, "GET", "/", echo_path);
	served_open(&served);
	for (int i = 0; i < 3; i++) {
		struct wok__h2_stream *stream = ask(&served.client, "/");
		ASSERT(strstr(head_of(stream), " 200 "));
		wok__h2_stream_free(stream);
		test_settle();
	}
	ASSERT_OK(wok_await(served.serving));
	ASSERT_EQ(wok__h2_room(served.client.h2), 0);
	ASSERT_OK(client_close(&served.client));
	served_end(&served, 0);
}

static int write_much(wok_http_request *request, void *arg)
{
	struct served *served = arg;

	WOK_TRY(wok_http_reply_begin(request, NULL));
	served->result = wok_http_reply_write(request, big, sizeof(big));
	return served->result;
}

TEST_TASK(a_client_that_never_opens_its_window_is_given_up, "http-56")
{
	struct served served = {0};

	served_route(&served, "GET", "/", write_much);
	served_route(&served, "GET", "/a", echo_path);
	served_open(&served);
	struct wok__h2_stream *stream = ask(&served.client, "/");
	ASSERT_OK(wok__h2_await_head(stream));
	/* Slow is not stalled: what the window takes at first starts the time anew. */
	ASSERT_OK(wok_sleep(59 * WOK_SECOND));
	ASSERT_EQ(served.result, 0);
	ASSERT_OK(wok_sleep(2 * WOK_SECOND));
	ASSERT_EQ(served.result, -ETIMEDOUT);
	/* Only its stream: the next one is answered. */
	struct wok__h2_stream *next = ask(&served.client, "/a");
	ASSERT(strstr(head_of(next), " 200 "));
	ASSERT(stream->closed);
	wok__h2_stream_free(stream);
	wok__h2_stream_free(next);
	served_close(&served);
}

TEST_TASK(a_client_that_says_nothing_is_given_up)
{
	struct served served = {0};

	served_open_raw(&served);
	ASSERT_OK(wok_stream_write_all(served.raw, "PRI * HTTP/2.0\r\n", 16));
	ASSERT_OK(wok_sleep(31 * WOK_SECOND));
	char data[512];
	ssize_t n;
	while ((n = wok_stream_read(served.raw, data, sizeof(data))) > 0)
		;
	ASSERT_EQ(n, 0);
	served_close_raw(&served, 0);
}

TEST_TASK(a_client_that_does_not_say_what_it_speaks_is_given_up)
{
	for (int bytes = 0; bytes < 2; bytes++) {
		struct served served = {.options.keep_alive = WOK_MINUTE,
					.options.header_timeout = 10 * WOK_SECOND};
		served_open_raw(&served);
		wok_time start = wok_now();
		ASSERT_OK(wok_stream_write_all(served.raw, "P", (size_t) bytes));
		char data[512];
		ssize_t n = wok_stream_read(served.raw, data, sizeof(data));
		/* What has begun as either gets the time for a head once more, and a word. */
		ASSERT(bytes ? n > 12 && memcmp(data, "HTTP/1.1 408", 12) == 0 : n == 0);
		ASSERT_EQ(wok_now() - start, bytes ? 20 * WOK_SECOND : WOK_MINUTE);
		served_close_raw(&served, 0);
	}
}

TEST_TASK(http_1_is_served_beside_it, "server-20")
{
	struct served served = {0};
	char data[1024];

	served_route(&served, "GET", "/", echo_path);
	served_open_raw(&served);
	ASSERT_OK(wok_stream_write_all(served.raw, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27));
	ssize_t n = wok_stream_read(served.raw, data, sizeof(data));
	ASSERT(n > 0 && memcmp(data, "HTTP/1.1 200 OK", 15) == 0);
	served_close_raw(&served, 0);
}
