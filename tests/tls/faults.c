/* SPDX-License-Identifier: MIT */
/* Peers that stay silent, hang up or talk nonsense; cancels and a lack of memory, at each point. */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "tls/meeting.h"

/* --- handshakes that do not come to their end --------------------------------------------------
 */

struct attempt {
	wok_tls_context *context;
	wok_stream *below;
	wok_tls_stream_options options;
	bool server;
	int result;
	char message[300];
};

static int attempt(void *arg)
{
	struct attempt *self = arg;
	wok_stream *stream = NULL;

	self->result = self->server ? wok_tls_accept(self->context, WOK_TAKE(self->below),
						     &self->options, &stream)
				    : wok_tls_connect(self->context, WOK_TAKE(self->below),
						      "example.com", &self->options, &stream);
	if (self->result < 0)
		snprintf(self->message, sizeof(self->message), "%s", wok_errmsg(self->result));
	wok_stream_free(stream);
	return self->result;
}

/* Both sides in turn, against a peer that the test plays. */
static void each_side(void (*play)(struct attempt *self, wok_stream *peer))
{
	for (int server = 0; server < 2; server++) {
		WOK_AUTO(wok_tls_context) *context = server ? good_server() : good_client();
		WOK_AUTO(wok_stream) *peer = NULL;
		struct attempt self = {.context = context, .server = server, .result = 1};
		ASSERT_OK(wok_stream_pair(0, &self.below, &peer));
		play(&self, peer);
	}
}

/* Read what there is: 0 if the other side is closed at the end. */
static ssize_t read_to_the_end(wok_stream *peer)
{
	char data[4096];
	ssize_t n;

	while ((n = wok_stream_read(peer, data, sizeof(data))) > 0)
		;
	return n;
}

static void stay_silent(struct attempt *self, wok_stream *peer)
{
	wok_time now = wok_now();

	ASSERT_ERR(attempt(self), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - now, 30 * WOK_SECOND);
	ASSERT_SAYS(self->message, "longer than 30000 ms");
	ASSERT_EQ(read_to_the_end(peer), 0);
}

TEST_TASK(a_handshake_has_30_seconds, "E25")
{
	each_side(stay_silent);
}

static void stay_silent_for_a_second(struct attempt *self, wok_stream *peer)
{
	wok_time now = wok_now();

	self->options.handshake_timeout = WOK_SECOND;
	ASSERT_ERR(attempt(self), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - now, WOK_SECOND);
	ASSERT_EQ(read_to_the_end(peer), 0);
}

TEST_TASK(a_handshakes_time_can_be_set, "E25")
{
	each_side(stay_silent_for_a_second);
}

static int attempt_for_a_second(void *arg)
{
	return wok_wait_for(attempt, arg, WOK_SECOND);
}

static void let_the_caller_run_out_of_time(struct attempt *self, wok_stream *peer)
{
	WOK_AUTO(wok_task) *task = wok_create_task(attempt_for_a_second, self);

	wok_test_advance(WOK_SECOND);
	ASSERT_ERR(wok_await(task), -ETIMEDOUT);
	ASSERT_ERR(self->result, -ECANCELED); /* the caller's limit, not the handshake's */
	ASSERT_EQ(read_to_the_end(peer), 0);
}

TEST_TASK(a_limit_of_the_callers_is_the_callers)
{
	each_side(let_the_caller_run_out_of_time);
}

static void cancel_it(struct attempt *self, wok_stream *peer)
{
	WOK_AUTO(wok_task) *task = wok_create_task(attempt, self);

	test_settle();
	ASSERT(!wok_task_done(task));
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_ERR(self->result, -ECANCELED);
	ASSERT_EQ(read_to_the_end(peer), 0);
}

TEST_TASK(a_cancelled_handshake_closes_the_connection, "E25")
{
	each_side(cancel_it);
}

static void come_too_late(struct attempt *self, wok_stream *peer)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	char data[1];

	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(attempt(self), -ECANCELED);
	}
	ASSERT_EQ(wok_stream_read(peer, data, 1), 0); /* nothing was sent */
}

TEST_TASK(a_cancelled_task_begins_no_handshake)
{
	each_side(come_too_late);
}

static void close_it_under_the_handshake(struct attempt *self, wok_stream *peer)
{
	wok_stream *below = self->below;

	self->options.borrow = true;
	WOK_AUTO(wok_task) *task = wok_create_task(attempt, self);
	test_settle();
	ASSERT_OK(wok_stream_close(below));
	ASSERT_ERR(wok_await(task), -EBADF);
	ASSERT_EQ(read_to_the_end(peer), 0);
	wok_stream_free(below);
}

TEST_TASK(closing_the_stream_below_ends_a_handshake)
{
	each_side(close_it_under_the_handshake);
}

static void hang_up(struct attempt *self, wok_stream *peer)
{
	WOK_AUTO(wok_task) *task = wok_create_task(attempt, self);

	test_settle();
	ASSERT_OK(wok_stream_close(peer));
	ASSERT_ERR(wok_await(task), WOK_EEOF);
	ASSERT_SAYS(self->message, "hung up in the middle of the TLS handshake");
}

TEST_TASK(a_peer_that_hangs_up_is_named)
{
	each_side(hang_up);
}

static void talk_http(struct attempt *self, wok_stream *peer)
{
	const char *text = self->server ? "GET / HTTP/1.1\r\n\r\n" : "HTTP/1.1 400 No\r\n\r\n";

	ASSERT_OK(wok_stream_write_all(peer, text, strlen(text)));
	ASSERT_ERR(attempt(self), WOK_EPEER);
	ASSERT_SAYS(self->message, self->server ? "speaks HTTP without TLS" : "is the port right?");
}

TEST_TASK(a_peer_without_tls_is_named)
{
	each_side(talk_http);
}

static void talk_nonsense(struct attempt *self, wok_stream *peer)
{
	/* A record of handshake with what is no message in it. */
	ASSERT_OK(wok_stream_write_all(peer, "\x16\x03\x03\x00\x05\xff\x00\x00\x01.", 10));
	ASSERT_ERR(attempt(self), WOK_EPEER);
}

TEST_TASK(nonsense_ends_a_handshake)
{
	each_side(talk_nonsense);
}

TEST_TASK(the_sides_must_not_be_mixed_up)
{
	WOK_AUTO(wok_tls_context) *client = good_client();
	WOK_AUTO(wok_tls_context) *server = good_server();
	wok_stream *a, *b, *stream = NULL;

	ASSERT_OK(wok_stream_pair(0, &a, &b));
	ASSERT_ERR(wok_tls_connect(server, a, "example.com", NULL, &stream), -EINVAL);
	ASSERT_ERR(wok_tls_accept(client, b, NULL, &stream), -EINVAL);
	ASSERT_OK(wok_stream_pair(0, &a, &b));
	ASSERT_ERR(wok_tls_connect(client, a, "", NULL, &stream), -EINVAL);
	ASSERT_SAYS(wok_errmsg(-EINVAL), "no host name");
	ASSERT_ERR(wok_tls_connect(client, b, NULL, NULL, &stream), -EINVAL);
	ASSERT_OK(wok_stream_pair(0, &a, &b));
	ASSERT_ERR(wok_tls_connect(NULL, a, "example.com", NULL, &stream), -EINVAL);
	ASSERT_ERR(wok_tls_accept(NULL, b, NULL, &stream), -EINVAL);
	ASSERT_ERR(wok_tls_accept(server, NULL, NULL, &stream), -EINVAL);
	ASSERT(!stream);
}

static int in_callback(void *arg)
{
	struct attempt *self = arg;

	self->result = attempt(self);
	return 0;
}

static void try_in_a_callback(struct attempt *self, wok_stream *peer)
{
	(void) peer;
	wok_call_soon(in_callback, self);
	test_settle();
	ASSERT_ERR(self->result, -EDEADLK);
}

TEST_TASK(no_handshake_is_possible_in_a_callback)
{
	each_side(try_in_a_callback);
}

TEST_TASK(the_getters_know_their_streams)
{
	WOK_AUTO(wok_stream) *a = NULL;
	WOK_AUTO(wok_stream) *b = NULL;
	wok_tls_certificate peer;

	ASSERT_OK(wok_stream_pair(0, &a, &b));
	ASSERT_STR(wok_tls_version(a), NULL);
	ASSERT_STR(wok_tls_cipher(a), NULL);
	ASSERT_STR(wok_tls_alpn(a), NULL);
	ASSERT_STR(wok_tls_server_name(a), NULL);
	ASSERT(!wok_tls_resumed(a));
	ASSERT_ERR(wok_tls_peer_certificate(a, &peer), -EINVAL);
}

/* --- a whole life, broken off at each point --------------------------------------------------- */

struct side {
	wok_tls_context *context;
	wok_stream *below;
	bool server;
	int result;
};

static int live_on(wok_stream *stream, bool server)
{
	char data[30000] = {0};
	const size_t size = sizeof(data);

	if (server) {
		WOK_TRY(wok_stream_read_exactly(stream, data, size, NULL));
		WOK_TRY(wok_stream_write_all(stream, data, size));
	} else {
		WOK_TRY(wok_stream_write_all(stream, data, size));
		WOK_TRY(wok_stream_read_exactly(stream, data, size, NULL));
	}
	return wok_tls_close(stream, 0);
}

static int live(void *arg)
{
	struct side *side = arg;
	WOK_AUTO(wok_stream) *stream = NULL;
	wok_tls_certificate peer;

	int r = side->server ? wok_tls_accept(side->context, WOK_TAKE(side->below), NULL, &stream)
			     : wok_tls_connect(side->context, WOK_TAKE(side->below), "example.com",
					       NULL, &stream);
	if (r == 0)
		r = wok_tls_peer_certificate(stream, &peer);
	if (r >= 0)
		r = live_on(stream, side->server);
	side->result = r;
	return r;
}

/* Cancel the client after so many ticks; false if it was done by then. */
static bool cancel_after(struct side *client, struct side *server, int ticks)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_stream_pair(5000, &client->below, &server->below));
	WOK_AUTO(wok_task) *serving = wok_create_task(live, server);
	WOK_AUTO(wok_task) *task = wok_create_task(live, client);
	for (int i = 0; i < ticks; i++)
		ASSERT_OK(wok_yield());
	bool canceled = wok_cancel(task);
	int r = wok_await(task);
	if (r != 0 && r != WOK_ETASKCANCELED)
		FAIL("after %d ticks: %s", ticks, wok_errname(r));
	wok_stream_free(WOK_TAKE(client->below)); /* the task was cancelled before it ran */
	r = wok_await(serving);
	if (r != 0 && r != WOK_EEOF && r != -EPIPE)
		FAIL("after %d ticks the server: %s", ticks, wok_errname(r));
	wok_stream_free(WOK_TAKE(server->below));
	return canceled;
}

TEST_TASK(a_connection_may_be_cancelled_at_any_point, "E25")
{
	WOK_AUTO(wok_tls_context) *client_context = good_client();
	WOK_AUTO(wok_tls_context) *server_context = good_server();
	int ticks = 0;

	for (;; ticks++) {
		struct side client = {.context = client_context};
		struct side server = {.context = server_context, .server = true};
		if (!cancel_after(&client, &server, ticks))
			break;
	}
	ASSERT(ticks > 10);
}

/* --- no memory -------------------------------------------------------------------------------- */

/* A life of both, contexts included; the first error. */
static int live_and_let_live(void *unused)
{
	const wok_tls_identity identity = identity_of(good_cert());
	const wok_tls_options for_client = {.ca = root_ca()->pem, .alpn = "h2"};
	const wok_tls_options for_server = {
		.identities = &identity, .n_identities = 1, .alpn = "h2"};
	WOK_AUTO(wok_tls_context) *client_context = NULL;
	WOK_AUTO(wok_tls_context) *server_context = NULL;

	(void) unused;
	WOK_TRY(wok_tls_client_new(&for_client, &client_context));
	WOK_TRY(wok_tls_server_new(&for_server, &server_context));
	struct side client = {.context = client_context, .result = 1};
	struct side server = {.context = server_context, .server = true, .result = 1};
	WOK_TRY(wok_stream_pair(5000, &client.below, &server.below));
	WOK_AUTO(wok_task) *serving = wok_create_task(live, &server);
	WOK_AUTO(wok_task) *task = wok_create_task(live, &client);
	WOK_IGNORE(wok_await(task));
	WOK_IGNORE(wok_await(serving));
	wok_stream_free(client.below);
	wok_stream_free(server.below);
	if (client.result == -ENOMEM || server.result == -ENOMEM)
		return -ENOMEM;
	return client.result == 1 || server.result == 1 ? -ENOMEM /* a task could not start */
	       : client.result < 0                      ? client.result
							: server.result;
}

TEST(any_one_allocation_of_a_connection_may_fail, "E25")
{
	good_cert(); /* made before */
	ASSERT_OK(wok_test_run_allocations(live_and_let_live, NULL, NULL));
}

struct shortage {
	uint64_t at;
	int result;
};

static int live_in_want(void *arg)
{
	struct shortage *shortage = arg;

	wok_test_fail_allocation(shortage->at, true);
	shortage->result = live_and_let_live(NULL);
	wok_test_fail_allocation(0, false);
	return 0;
}

TEST(all_allocations_of_a_connection_from_one_on_may_fail)
{
	struct shortage shortage = {.at = 1, .result = -ENOMEM};

	good_cert();
	for (; shortage.result < 0; shortage.at++) {
		ASSERT_OK(wok_test_run(live_in_want, &shortage, NULL));
		ASSERT(shortage.at < 500);
	}
	ASSERT(shortage.at > 20);
}

/*
 * OpenSSL's own: this process is the test's, so its allocator can be replaced. What OpenSSL makes
 * of a failure is its affair; here nothing may crash, hang or be freed twice.
 */
enum { SAMPLES = 200 };
static long countdown;

static void *fail_in_time(size_t size, const char *file, int line)
{
	(void) file;
	(void) line;
	return countdown > 0 && --countdown == 0 ? NULL : malloc(size);
}

static void *fail_in_time_again(void *pointer, size_t size, const char *file, int line)
{
	(void) file;
	(void) line;
	if (size == 0) {
		free(pointer);
		return NULL;
	}
	return countdown > 0 && --countdown == 0 ? NULL : realloc(pointer, size);
}

static void just_free(void *pointer, const char *file, int line)
{
	(void) file;
	(void) line;
	free(pointer);
}

TEST(any_one_allocation_of_openssl_may_fail)
{
	ASSERT_EQ(CRYPTO_set_mem_functions(fail_in_time, fail_in_time_again, just_free), 1);
	ASSERT_OK(wok_test_run(live_and_let_live, NULL, NULL)); /* what is made once is made */
	countdown = 1L << 40;
	ASSERT_OK(wok_test_run(live_and_let_live, NULL, NULL));
	long all = (1L << 40) - countdown;
	int failed = 0;
	for (long at = 1; at < all; at += 1 + all / SAMPLES) {
		countdown = at;
		int r = wok_test_run(live_and_let_live, NULL, NULL);
		countdown = 0;
		failed += r < 0;
	}
	ASSERT(failed > SAMPLES / 10);
	ASSERT_OK(wok_test_run(live_and_let_live, NULL, NULL));
}
