/* SPDX-License-Identifier: MIT */
/* The time limits of a client, and what they say. */
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "http/client_check.h"

/* Times are on the machine's clock, which others use as well: only the lower bound is sharp. */
#define ASSERT_TOOK(start, limit)                                                                  \
	do {                                                                                       \
		wok_time took__ = wok_now() - (start);                                             \
		if (took__ < (limit) || took__ > (limit) + WOK_SECOND)                             \
			FAIL("it took %.1f ms", (double) took__ / 1e6);                            \
	} while (0)

TEST_REAL(a_request_as_a_whole_has_a_limit, "client-16")
{
	wok_event hold = WOK_EVENT_INIT;
	struct fake fake = {.response = OK_RESPONSE, .hold = &hold};
	wok_time start = wok_now();

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session =
		new_session(&(wok_http_session_options){.timeout = 20 * WOK_MS});
	ASSERT_ERR(get_all(session, fake.url), -ETIMEDOUT);
	ASSERT_TOOK(start, 20 * WOK_MS);
	ASSERT_MESSAGE(-ETIMEDOUT, "waiting for the response");
	ASSERT_MESSAGE(-ETIMEDOUT, "0.02 s");
	ASSERT_MESSAGE(-ETIMEDOUT, fake.url);
	ASSERT_STATS(session, 0, 0, 0);
	/* a request may have its own */
	start = wok_now();
	const wok_http_options options = {.timeout = 40 * WOK_MS};
	ASSERT_ERR(request_all(session, "GET", fake.url, &options, NULL), -ETIMEDOUT);
	ASSERT_TOOK(start, 40 * WOK_MS);
	fake_close(&fake);
	return 0;
}

/* A head at once, then a byte now and then. */
static int send_bytes_slowly(wok_stream *stream, void *arg)
{
	struct fake *fake = arg;
	const char *body = strstr(fake->response, "\r\n\r\n");

	if (fake_take_request(fake, stream) != 1)
		return 0;
	body = body ? body + 4 : fake->response + strlen(fake->response);
	WOK_TRY(wok_stream_write_all(stream, fake->response, (size_t) (body - fake->response)));
	for (; *body; body++) {
		WOK_TRY(wok_sleep(6 * WOK_MS));
		WOK_TRY(wok_stream_write_all(stream, body, 1));
	}
	return wok_event_wait(fake->hold);
}

TEST_REAL(the_limit_of_the_whole_holds_while_the_body_comes, "client-16")
{
	wok_event never = WOK_EVENT_INIT;
	struct fake fake = {
		.serve = send_bytes_slowly,
		.hold = &never,
		.response = "HTTP/1.0 200 OK\r\n\r\n0123456789012345678901234567890123456789"
			    "0123456789012345678901234567890123456789"};
	wok_time start = wok_now();

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session =
		new_session(&(wok_http_session_options){.timeout = 50 * WOK_MS});
	ASSERT_ERR(get_all(session, fake.url), -ETIMEDOUT);
	ASSERT_TOOK(start, 50 * WOK_MS);
	ASSERT_MESSAGE(-ETIMEDOUT, "reading the body");
	ASSERT_STATS(session, 0, 0, 0);
	fake_close(&fake);
	return 0;
}

TEST_REAL(a_pause_between_bytes_has_a_limit_that_each_byte_resets, "client-18")
{
	wok_event never = WOK_EVENT_INIT;
	struct fake fake = {.serve = send_bytes_slowly,
			    .hold = &never,
			    .response =
				    "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n012345678901234"};
	char body[40];
	ssize_t n;
	size_t size = 0;
	wok_time start = wok_now();

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session =
		new_session(&(wok_http_session_options){.read_timeout = 70 * WOK_MS});
	WOK_AUTO(wok_http_response) *response = NULL;
	ASSERT_OK(wok_http_get(session, fake.url, NULL, &response));
	while ((n = wok_http_read(response, body + size, 10)) > 0)
		size += (size_t) n;
	ASSERT_ERR(n, -ETIMEDOUT);
	ASSERT_MESSAGE(-ETIMEDOUT, "reading the body");
	ASSERT_EQ(size, 15); /* more than the limit, all in all */
	ASSERT(wok_now() - start > 150 * WOK_MS);

	fake.response = "HTTP/1.1 200";
	ASSERT_ERR(get_all(session, fake.url), -ETIMEDOUT);
	ASSERT_MESSAGE(-ETIMEDOUT, "waiting for the response");
	ASSERT_MESSAGE(-ETIMEDOUT, "0.07 s");
	fake_close(&fake);
	return 0;
}

/* Connections that are in nobody's backlog: what comes after them waits for a SYN's answer. */
static void fill_backlog(int port, int *sockets, int n)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t) port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (int i = 0; i < n; i++) {
		sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		ASSERT(sockets[i] >= 0);
		(void) !connect(sockets[i], (const void *) &address, sizeof(address));
	}
}

TEST_REAL(connecting_has_a_limit_of_its_own, "client-17")
{
	WOK_AUTO(wok_listener) *listener = NULL;
	int sockets[8];
	char url[64];
	wok_time start;

	ASSERT_OK(wok_listen("127.0.0.1:0", &(wok_listen_options){.backlog = 1}, &listener));
	fill_backlog(wok_listener_port(listener), sockets, 8);
	ASSERT_OK(wok_sleep(2 * WOK_MS));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", wok_listener_port(listener));
	WOK_AUTO(wok_http_session) *session =
		new_session(&(wok_http_session_options){.connect_timeout = 20 * WOK_MS});
	start = wok_now();
	ASSERT_ERR(get_all(session, url), -ETIMEDOUT);
	ASSERT_TOOK(start, 20 * WOK_MS);
	ASSERT_MESSAGE(-ETIMEDOUT, "connecting");
	ASSERT_MESSAGE(-ETIMEDOUT, "0.02 s");
	ASSERT_MESSAGE(-ETIMEDOUT, url);
	ASSERT_STATS(session, 0, 0, 0);
	for (int i = 0; i < 8; i++)
		close(sockets[i]);
	return 0;
}

TEST_REAL(waiting_for_a_place_in_the_pool_counts_and_is_named)
{
	struct fake fake = {.response = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"};
	wok_http_response *response = NULL;

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(&(wok_http_session_options){.limit = 1});
	ASSERT_OK(wok_http_get(session, fake.url, NULL, &response));
	const wok_http_options options = {.timeout = 10 * WOK_MS};
	ASSERT_ERR(request_all(session, "GET", fake.url, &options, NULL), -ETIMEDOUT);
	ASSERT_MESSAGE(-ETIMEDOUT, "waiting for a connection of the session");
	ASSERT_STATS(session, 1, 0, 0);
	wok_http_response_free(response);
	fake_close(&fake);
	return 0;
}

static int swallow_nothing(wok_stream *stream, void *arg)
{
	struct fake *fake = arg;

	(void) stream;
	return wok_event_wait(fake->hold);
}

TEST_REAL(an_upload_that_nobody_reads_ends_at_the_limit_of_the_whole)
{
	static char body[20 << 20];
	wok_event never = WOK_EVENT_INIT;
	struct fake fake = {.serve = swallow_nothing, .hold = &never};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	const wok_http_options options = {
		.body = body, .body_size = sizeof(body), .timeout = 30 * WOK_MS};
	ASSERT_ERR(request_all(session, "POST", fake.url, &options, NULL), -ETIMEDOUT);
	ASSERT_MESSAGE(-ETIMEDOUT, "sending the request");
	ASSERT_STATS(session, 0, 0, 0);
	fake_close(&fake);
	return 0;
}

/* Somebody else's limit around the call is a cancel, and not the request's own time-out. */
TEST_REAL(a_limit_around_the_call_is_the_callers)
{
	wok_event hold = WOK_EVENT_INIT;
	struct fake fake = {.response = OK_RESPONSE, .hold = &hold};
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	WOK_TIMEOUT (&timeout, 5 * WOK_MS) {
		r = get_all(session, fake.url);
	}
	ASSERT_ERR(r, -ECANCELED);
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_STATS(session, 0, 0, 0);
	fake_close(&fake);
	return 0;
}
