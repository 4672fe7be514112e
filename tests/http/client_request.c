/* SPDX-License-Identifier: MIT */
/* What a client sends. */
#include "http/client_check.h"

TEST_REAL(a_get_is_sent_as_it_should_be)
{
	struct fake fake = {.response = OK_RESPONSE};
	char expected[300];

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session =
		new_session(&(wok_http_session_options){.no_decode = true});
	ASSERT_EQ(request_all(session, "GET", fake.url, NULL, "hello"), 200);
	snprintf(expected, sizeof(expected),
		 "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: */*\r\nUser-Agent: "
		 "wok/" WOK_VERSION "\r\n\r\n",
		 fake.port);
	ASSERT_STR(fake.last, expected);
	fake_close(&fake);
	return 0;
}

/* Percent signs are nobody's to change: signed URLs break. */
TEST_REAL(the_target_is_sent_byte_by_byte)
{
	static const char *const rows[][2] = {
		{"", "/"},
		{"/%28%2F%40", "/%28%2F%40"},
		{"/a/../b/./c//", "/a/../b/./c//"},
		{"/(x)!$&'*,;=:@[]{}|^`\"<>\\", "/(x)!$&'*,;=:@[]{}|^`\"<>\\"},
		{"?q", "/?q"},
		{"/p?q=%zz+%c3%a4&r=?/", "/p?q=%zz+%c3%a4&r=?/"},
		{"/p#fragment", "/p"},
		{"/p?#", "/p?"},
		{"#f?g", "/"},
	};
	struct fake fake = {.response = OK_RESPONSE};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char url[200], line[200];
		snprintf(url, sizeof(url), "%s%s", fake.url, rows[i][0]);
		snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\n", rows[i][1]);
		ASSERT_EQ(get_all(session, url), 200);
		ASSERT_MEM(fake.last, line, strlen(line));
	}
	fake_close(&fake);
	return 0;
}

static int count(const char *text, const char *word)
{
	int n = 0;

	for (; (text = strcasestr(text, word)); text++)
		n++;
	return n;
}

TEST_REAL(headers_of_the_session_go_with_each_request_unless_the_request_has_its_own)
{
	const wok_http_header of_session[] = {
		{"X-A", "session"}, {"User-Agent", "mine"}, {"Host", "session.test"}};
	const wok_http_header of_request[] = {
		{"x-a", "request"}, {"host", "request.test"}, {"X-B", "1"}, {"X-B", "2"}};
	struct fake fake = {.response = OK_RESPONSE};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session =
		new_session(&(wok_http_session_options){.headers = of_session, .n_headers = 3});
	ASSERT_EQ(get_all(session, fake.url), 200);
	ASSERT(strstr(fake.last, "\r\nX-A: session\r\n"));
	ASSERT(strstr(fake.last, "\r\nUser-Agent: mine\r\n"));
	ASSERT(strstr(fake.last, "\r\nHost: session.test\r\n"));
	ASSERT_EQ(count(fake.last, "\r\nHost:"), 1);
	const wok_http_options options = {.headers = of_request, .n_headers = 4};
	ASSERT_EQ(request_all(session, "GET", fake.url, &options, NULL), 200);
	ASSERT_EQ(count(fake.last, "\r\nX-A:"), 1);
	ASSERT_EQ(count(fake.last, "\r\nHost:"), 1);
	ASSERT_EQ(count(fake.last, "\r\nUser-Agent:"), 1);
	ASSERT(strstr(fake.last, "\r\nx-a: request\r\n"));
	ASSERT(strstr(fake.last, "\r\nhost: request.test\r\n"));
	ASSERT(strstr(fake.last, "\r\nX-B: 1\r\nX-B: 2\r\n"));
	fake_close(&fake);
	return 0;
}

TEST_REAL(a_post_says_how_long_its_body_is_and_of_what_type)
{
	struct fake fake = {.response = OK_RESPONSE};
	const wok_http_header own = {"Content-Type", "of-session"};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	wok_http_options options = {.body = "a=b", .body_size = 3};
	ASSERT_EQ(request_all(session, "POST", fake.url, &options, "hello"), 200);
	ASSERT(strstr(fake.last, "\r\nContent-Length: 3\r\n"));
	ASSERT(strstr(fake.last, "\r\nContent-Type: application/octet-stream\r\n"));
	ASSERT(strstr(fake.last, "\r\n\r\na=b"));
	options.content_type = "text/x";
	ASSERT_EQ(request_all(session, "PUT", fake.url, &options, "hello"), 200);
	ASSERT(strstr(fake.last, "\r\nContent-Type: text/x\r\n"));
	ASSERT_EQ(request_all(session, "POST", fake.url, NULL, "hello"), 200);
	ASSERT(strstr(fake.last, "\r\nContent-Length: 0\r\n"));
	ASSERT_EQ(request_all(session, "DELETE", fake.url, NULL, "hello"), 200);
	ASSERT(!strcasestr(fake.last, "Content-Length"));
	ASSERT_EQ(request_all(session, "GET", fake.url, &options, "hello"), 200);
	ASSERT(strstr(fake.last, "\r\n\r\na=b"));

	WOK_AUTO(wok_http_session) *other =
		new_session(&(wok_http_session_options){.headers = &own, .n_headers = 1});
	ASSERT_EQ(request_all(other, "POST", fake.url, &options, "hello"), 200);
	ASSERT_EQ(count(fake.last, "\r\nContent-Type:"), 1);
	ASSERT(strstr(fake.last, "\r\nContent-Type: text/x\r\n"));
	fake_close(&fake);
	return 0;
}

/* Nothing is even connected for a request that must not be sent. */
TEST_REAL(what_must_not_be_sent_is_refused_before_anything_is_sent)
{
	static const wok_http_header headers[] = {
		{"X", "a\r\nEvil: 1"},
		{"X", "a\n"},
		{"X", "\x01"},
		{"X", "\x7f"},
		{"X\r\nY", "1"},
		{"X Y", "1"},
		{"", "1"},
		{"X:", "1"},
		{"\xc3\xa4", "1"},
		{"Host", "a\r\nX: y"},
		{"Content-Length", "1"},
		{"TE", "trailers"},
		{"transfer-encoding", "chunked"},
		{"Connection", "close"},
	};
	static const char *const methods[] = {
		"", "G T", "GET /x HTTP/1.1\r\nX:", "GET\n", "CONNECT", "G\xc3\xa4T"};
	static const char *const targets[] = {"/a\r\nX: y", "/\n", "/\x7f", "/\x01", "/\t"};
	struct fake fake = {.response = OK_RESPONSE};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	wok_http_session *bad_session = NULL;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const wok_http_options options = {.headers = &headers[i], .n_headers = 1};
		const wok_http_session_options all = {.headers = &headers[i], .n_headers = 1};
		ASSERT_ERR(request_all(session, "GET", fake.url, &options, NULL), -EINVAL);
		ASSERT_ERR(wok_http_session_new(&all, &bad_session), -EINVAL);
	}
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		ASSERT_ERR(request_all(session, methods[i], fake.url, NULL, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		char url[100];
		snprintf(url, sizeof(url), "%s%s", fake.url, targets[i]);
		ASSERT_ERR(get_all(session, url), -EINVAL);
	}
	const wok_http_options bad_type = {
		.body = "x", .body_size = 1, .content_type = "a\r\nEvil: 1"};
	ASSERT_ERR(request_all(session, "POST", fake.url, &bad_type, NULL), -EINVAL);
	ASSERT_OK(wok_sleep(2 * WOK_MS));
	ASSERT_EQ(fake.connections, 0);
	fake_close(&fake);
	return 0;
}

struct source {
	int left; /* pieces */
	int error;
	size_t piece;
};

static ssize_t produce(void *arg, void *data, size_t size)
{
	struct source *source = arg;

	WOK_TRY(wok_yield());
	if (source->left == 0)
		return source->error;
	source->left--;
	size = source->piece < size ? source->piece : size;
	memset(data, 'x', size);
	return (ssize_t) size;
}

/* Reads a chunked body without knowing more of chunks than their shape here. */
static int take_chunked(wok_stream *stream, void *arg)
{
	struct fake *fake = arg;
	wok_view body;

	if (fake_take_request(fake, stream) != 1)
		return 0;
	WOK_TRY(wok_stream_read_until(stream, "0\r\n\r\n", 5, 0, &body));
	snprintf(fake->last, sizeof(fake->last), "%.*s", (int) body.size, body.data);
	return wok_stream_write_all(stream, OK_RESPONSE, strlen(OK_RESPONSE));
}

TEST_REAL(a_body_that_comes_in_pieces_is_sent_in_chunks)
{
	struct source source = {.left = 3, .piece = 10};
	struct fake fake = {.serve = take_chunked};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	const wok_http_options options = {.body_read = produce, .body_arg = &source};
	ASSERT_EQ(request_all(session, "POST", fake.url, &options, "hello"), 200);
	ASSERT_STR(fake.last, "a\r\nxxxxxxxxxx\r\na\r\nxxxxxxxxxx\r\na\r\nxxxxxxxxxx\r\n0\r\n\r\n");
	const wok_http_options both = {
		.body_read = produce, .body_arg = &source, .body = "x", .body_size = 1};
	ASSERT_ERR(request_all(session, "POST", fake.url, &both, NULL), -EINVAL);
	const wok_http_options nothing = {.body_size = 1};
	ASSERT_ERR(request_all(session, "POST", fake.url, &nothing, NULL), -EINVAL);
	fake_close(&fake);
	return 0;
}

/* Also one that looks like a connection's end: the source may be another connection. */
TEST_REAL(an_error_of_the_bodys_source_is_the_requests)
{
	static const int errors[] = {-EIO, -ECONNRESET, WOK_EEOF, -EPIPE};
	struct fake fake = {.serve = take_chunked};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	for (size_t i = 0; i < 4; i++) {
		struct source source = {.left = 2, .piece = 10, .error = errors[i]};
		const wok_http_options options = {.body_read = produce, .body_arg = &source};
		ASSERT_ERR(request_all(session, "PUT", fake.url, &options, NULL), errors[i]);
		ASSERT_STATS(session, 0, 0, 0);
	}
	fake_close(&fake);
	return 0;
}

static int refuse_at_once(wok_stream *stream, void *arg)
{
	static const char text[] = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
	struct fake *fake = arg;
	wok_view head;

	WOK_TRY(wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head));
	if (fake->response)
		WOK_TRY(wok_stream_write_all(stream, fake->response, strlen(fake->response)));
	else
		WOK_TRY(wok_stream_write_all(stream, text, sizeof(text) - 1));
	if (fake->hold)
		WOK_TRY(wok_event_wait(fake->hold)); /* and reads nothing more */
	return 0;
}

TEST_REAL(a_refusal_that_comes_during_the_upload_is_delivered, "http-23", "client-65")
{
	static char body[100 << 20];
	wok_event never = WOK_EVENT_INIT;

	/* The server closes; or it does not, and nobody reads what we write. */
	for (int i = 0; i < 4; i++) {
		struct source source = {.left = 1 << 20, .piece = 16384};
		struct fake fake = {.serve = refuse_at_once, .hold = i % 2 ? &never : NULL};
		fake_open(&fake);
		WOK_AUTO(wok_http_session) *session = new_session(NULL);
		const wok_http_options plain = {.body = body, .body_size = sizeof(body)};
		const wok_http_options chunked = {.body_read = produce, .body_arg = &source};
		ASSERT_EQ(request_all(session, "POST", fake.url, i < 2 ? &plain : &chunked, "no"),
			  413);
		ASSERT(source.left > 1000);
		ASSERT_STATS(session, 0, 0, 0); /* the connection is in the middle of a body */
		fake_close(&fake);
	}
	return 0;
}

static int say_continue(wok_stream *stream, void *arg)
{
	struct fake *fake = arg;
	char buf[1 << 14];
	wok_view head;

	WOK_TRY(wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head));
	WOK_TRY(wok_stream_write_all(stream, fake->response, strlen(fake->response)));
	for (size_t left = 1 << 20; left > 0;) {
		ssize_t n = wok_stream_read(stream, buf, sizeof(buf) < left ? sizeof(buf) : left);
		if (n <= 0)
			return 0;
		left -= (size_t) n;
		WOK_TRY(wok_sleep(100 * WOK_US));
	}
	fake->requests++;
	WOK_TRY(wok_stream_write_all(stream, OK_RESPONSE, strlen(OK_RESPONSE)));
	return (int) wok_stream_read(stream, buf, sizeof(buf)); /* the client hangs up first */
}

TEST_REAL(an_interim_answer_during_the_upload_does_not_end_it)
{
	static char body[1 << 20];
	struct fake fake = {.serve = say_continue, .response = "HTTP/1.1 100 Continue\r\n\r\n"};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	const wok_http_options options = {.body = body, .body_size = sizeof(body)};
	ASSERT_EQ(request_all(session, "POST", fake.url, &options, "hello"), 200);
	ASSERT_EQ(fake.requests, 1);
	ASSERT_STATS(session, 1, 1, 0);
	fake_close(&fake);
	return 0;
}
