/* SPDX-License-Identifier: MIT */
/*
 * What a TLS stream has beyond the suite of all streams (io/stream_suite.c runs over it, too): its
 * two kinds of end, what happens below, layers of it.
 */
#include <stdlib.h>

#include "tls/meeting.h"
#include "tls/tls.h" /* what the library itself never does, it is made to do here */

static int read_nothing(void *stream)
{
	char data[1];

	return (int) wok_stream_read(stream, data, 1);
}

/* --- how it ends ------------------------------------------------------------------------------ */

TEST_TASK(an_orderly_end_is_not_a_cut_one, "E25")
{
	for (int version = WOK_TLS_1_2; version <= WOK_TLS_1_3; version++) {
		for (int cut = 0; cut < 2; cut++) {
			struct meeting m = {.client_context = client_with(&(wok_tls_options){
						    .ca = root_ca()->pem, .max_version = version})};
			char data[8];
			meet_well(&m);
			ASSERT_OK(wok_stream_write_all(m.client, "all", 3));
			if (!cut)
				ASSERT_OK(wok_stream_shutdown(m.client));
			ASSERT_OK(wok_stream_close(m.client));
			ASSERT_OK(wok_stream_read_exactly(m.server, data, 3, NULL));
			for (int i = 0; i < 2; i++) {
				ssize_t n = wok_stream_read(m.server, data, sizeof(data));
				ASSERT_EQ(n, cut ? WOK_EEOF : 0);
				if (cut)
					ASSERT_SAYS(wok_errmsg(WOK_EEOF), "close_notify");
			}
			part(&m);
		}
	}
}

static int close_politely(void *stream)
{
	return wok_tls_close(stream, 0);
}

TEST_TASK(both_say_goodbye_and_what_was_not_read_is_dropped, "E25")
{
	struct meeting m = {0};
	char data[8];

	meet_well(&m);
	ASSERT_OK(wok_stream_write_all(m.server, "unread", 6));
	ASSERT_OK(wok_stream_write_all(m.client, "bye", 3));
	WOK_AUTO(wok_task) *closing = wok_create_task(close_politely, m.client);
	test_settle();
	ASSERT(!wok_task_done(closing));
	ASSERT_OK(wok_stream_read_exactly(m.server, data, 3, NULL));
	ASSERT_EQ(wok_stream_read(m.server, data, 1), 0);
	ASSERT_OK(wok_stream_write_all(m.server, "more", 4)); /* it may still answer */
	ASSERT_OK(wok_tls_close(m.server, 0));
	ASSERT_OK(wok_await(closing));
	ASSERT_ERR(wok_stream_read(m.client, data, 1), -EBADF);
	ASSERT_ERR(wok_tls_close(m.client, 0), -EINVAL);
	ASSERT_STR(wok_tls_version(m.client), NULL);
	part(&m);
}

TEST_TASK(a_goodbye_has_its_time, "E25")
{
	struct meeting m = {0};
	wok_time now = wok_now();

	meet_well(&m);
	ASSERT_ERR(wok_tls_close(m.client, 2 * WOK_SECOND), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - now, 2 * WOK_SECOND);
	ASSERT_OK(wok_tls_close(m.server, 0)); /* the client's was said */
	part(&m);
	meet_well(&m);
	ASSERT_OK(wok_stream_close(m.server));
	ASSERT_ERR(wok_tls_close(m.client, 0), WOK_EEOF);
	part(&m);
	WOK_AUTO(wok_stream) *a = NULL;
	WOK_AUTO(wok_stream) *b = NULL;
	ASSERT_OK(wok_stream_pair(0, &a, &b));
	ASSERT_ERR(wok_tls_close(a, 0), -EINVAL);
	ASSERT_OK(wok_stream_write_all(a, "x", 1)); /* that was none of ours: it is untouched */
}

TEST_TASK(the_stream_below_goes_with_it_unless_it_is_borrowed)
{
	WOK_AUTO(wok_stream) *near = NULL;
	WOK_AUTO(wok_stream) *far = NULL;
	struct meeting m = {.client_options.borrow = true, .server_options.borrow = true};
	char data[1];

	ASSERT_OK(wok_stream_pair(0, &near, &far));
	m.near = near;
	m.far = far;
	meet_well(&m);
	say(m.client, m.server, "hello");
	part(&m);
	ASSERT_ERR(wok_stream_read(near, data, 1), -EBADF);
	ASSERT_ERR(wok_stream_close(far), -EBADF);
}

TEST_TASK(bytes_read_before_tls_are_tls, "E25")
{
	struct meeting m = {0};
	wok_view line;

	m.client_context = good_client();
	m.server_context = good_server();
	ASSERT_OK(wok_stream_pair(0, &m.near, &m.far));
	wok_stream *far = m.far;
	ASSERT_OK(wok_stream_write_all(m.near, "STARTTLS\n", 9));
	struct wok__tls *early = NULL;
	ASSERT_OK(wok__tls_new(m.client_context, m.near, &early));
	/* The client's hello is on its way before the server has read the line. */
	SSL_set_connect_state(early->ssl);
	ASSERT(SSL_do_handshake(early->ssl) < 0);
	ASSERT_OK(wok__tls_pass_on(early));
	ASSERT_EQ(wok_stream_next_line(far, 0, &line), 1);
	ASSERT(wok_stream_buffered(far).size > 100);
	wok_time limit = WOK_SECOND;
	ASSERT_ERR(wok_tls_accept(m.server_context, far,
				  &(wok_tls_stream_options){.handshake_timeout = limit}, &m.server),
		   -ETIMEDOUT);
	/* It has answered, so it had the hello. */
	ASSERT_OK(wok__tls_fill(early));
	ASSERT(wok__tls_buffered(&early->incoming) > 500);
	wok__tls_let_go(early);
	wok_stream_free(WOK_TAKE(m.near));
	part(&m);
}

/* --- what is in between ----------------------------------------------------------------------- */

struct copy {
	wok_stream *stream;
	size_t size;
	int result;
};

static int send_all(void *arg)
{
	struct copy *copy = arg;
	char *data = malloc(copy->size);

	for (size_t i = 0; i < copy->size; i++)
		data[i] = (char) (i * 7 + i / 253);
	copy->result = wok_stream_write_all(copy->stream, data, copy->size);
	free(data);
	return copy->result;
}

static int take_all(void *arg)
{
	struct copy *copy = arg;
	char *data = malloc(copy->size);

	copy->result = wok_stream_read_exactly(copy->stream, data, copy->size, NULL);
	for (size_t i = 0; copy->result == 0 && i < copy->size; i++)
		ASSERT_EQ(data[i], (char) (i * 7 + i / 253));
	free(data);
	return copy->result;
}

static void both_ways(wok_stream *a, wok_stream *b, size_t size)
{
	struct copy copies[4] = {{a, size, 1}, {b, size, 1}, {a, size, 1}, {b, size, 1}};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 4; i++)
		ASSERT_OK(wok_scope_spawn(scope, i < 2 ? send_all : take_all, &copies[i]));
	ASSERT_OK(wok_scope_join(scope));
}

TEST_TASK(a_byte_at_a_time_is_enough, "E25")
{
	for (int version = WOK_TLS_1_2; version <= WOK_TLS_1_3; version++) {
		struct meeting m = {.capacity = 1};
		m.client_context = client_with(
			&(wok_tls_options){.ca = root_ca()->pem, .max_version = version});
		meet_well(&m);
		both_ways(m.client, m.server, 20000);
		part(&m);
	}
}

TEST_TASK(megabytes_go_both_ways_at_once, "E25")
{
	struct meeting m = {0};

	meet_well(&m);
	both_ways(m.client, m.server, 5 << 20);
	part(&m);
}

TEST_TASK(tls_runs_in_tls_in_tls, "E25")
{
	struct meeting outer = {0}, middle = {0}, inner = {0};

	meet_well(&outer);
	middle.near = WOK_TAKE(outer.client);
	middle.far = WOK_TAKE(outer.server);
	meet_well(&middle);
	inner.near = WOK_TAKE(middle.client);
	inner.far = WOK_TAKE(middle.server);
	meet_well(&inner);
	both_ways(inner.client, inner.server, 300000);
	ASSERT_OK(wok_stream_shutdown(inner.client));
	char data[1];
	ASSERT_EQ(wok_stream_read(inner.server, data, 1), 0);
	part(&inner);
	part(&middle);
	part(&outer);
}

TEST_TASK(small_parts_share_a_record)
{
	struct meeting m = {0};
	char data[20000];
	size_t done;

	meet_well(&m);
	struct iovec parts[] = {{"GET ", 4}, {NULL, 0}, {"/ HTTP/1.1\r\n", 12}, {"\r\n", 2}};
	ASSERT_OK(wok_stream_write_parts(m.client, parts, 4, &done));
	ASSERT_EQ(done, 18);
	ASSERT_EQ(wok_stream_read(m.server, data, sizeof(data)), 18); /* in one */
	ASSERT_MEM(data, "GET / HTTP/1.1\r\n\r\n", 18);
	static char body[10000];
	memset(body, 'b', sizeof(body));
	struct iovec reply[] = {{"head", 4}, {body, sizeof(body)}, {"tail", 4}};
	ASSERT_OK(wok_stream_write_parts(m.server, reply, 3, &done));
	ASSERT_EQ(done, 10008);
	ASSERT_OK(wok_stream_read_exactly(m.client, data, 10008, NULL));
	ASSERT_MEM(data, "headbbbb", 8);
	ASSERT_MEM(data + 10002, "bbtail", 6);
	part(&m);
}

/* A record that nobody encrypted. */
static void write_junk(wok_stream *stream)
{
	static const char junk[] = "\x17\x03\x03\x00\x20................................";

	ASSERT_OK(wok_stream_write_all(wok__tls_of(stream)->below, junk, sizeof(junk) - 1));
}

TEST_TASK(a_changed_byte_breaks_the_stream_for_good)
{
	struct meeting m = {0};
	char data[100];

	meet_well(&m);
	ASSERT_OK(wok_stream_write_all(m.client, "good", 4));
	write_junk(m.client);
	ASSERT_EQ(wok_stream_read(m.server, data, sizeof(data)), 4);
	for (int i = 0; i < 2; i++) {
		ASSERT_ERR(wok_stream_read(m.server, data, sizeof(data)), WOK_EPEER);
		ASSERT_SAYS(wok_errmsg(WOK_EPEER), "bad record mac");
	}
	ASSERT_ERR(wok_stream_write_all(m.server, "x", 1), WOK_EPEER);
	ASSERT_ERR(wok_stream_shutdown(m.server), WOK_EPEER);
	ASSERT_ERR(wok_stream_read(m.client, data, sizeof(data)), WOK_EPEER);
	ASSERT_SAYS(wok_errmsg(WOK_EPEER), "bad record mac"); /* it was told why */
	part(&m);
}

/* --- keys ------------------------------------------------------------------------------------- */

TEST_TASK(keys_are_changed_on_the_way, "E25")
{
	struct meeting m = {0};

	meet_well(&m);
	say(m.client, m.server, "before");
	for (int i = 0; i < 20; i++) {
		struct wok__tls *tls = wok__tls_of(i % 2 ? m.client : m.server);
		ASSERT_EQ(SSL_key_update(tls->ssl, i % 3 ? SSL_KEY_UPDATE_REQUESTED
							 : SSL_KEY_UPDATE_NOT_REQUESTED),
			  1);
		say(m.client, m.server, "after");
		say(m.server, m.client, "after");
	}
	both_ways(m.client, m.server, 100000);
	part(&m);
}

TEST_TASK(renegotiation_is_refused, "E25")
{
	struct meeting m = {.client_context = client_with(&(wok_tls_options){
				    .ca = root_ca()->pem, .max_version = WOK_TLS_1_2})};
	char data[100];

	meet_well(&m);
	struct wok__tls *tls = wok__tls_of(m.client);
	ASSERT_EQ(SSL_renegotiate(tls->ssl), 0); /* by ourselves never; so: */
	SSL_clear_options(tls->ssl, SSL_OP_NO_RENEGOTIATION);
	ASSERT_EQ(SSL_renegotiate(tls->ssl), 1);
	ASSERT(SSL_do_handshake(tls->ssl) < 0);
	ASSERT_OK(wok__tls_pass_on(tls));
	WOK_AUTO(wok_task) *reading = wok_create_task(read_nothing, m.server);
	test_settle();
	/* The server answers with a warning, which is fatal to who insists. */
	ASSERT_ERR(wok_stream_read(m.client, data, sizeof(data)), WOK_EPEER);
	ASSERT_SAYS(wok_errmsg(WOK_EPEER), "renegotiation");
	wok_cancel(reading);
	WOK_IGNORE(wok_await(reading));
	part(&m);
}

/* --- cancelled writes ------------------------------------------------------------------------- */

enum { MUCH = 200000 };

struct partial {
	wok_stream *stream;
	size_t done;
};

static int write_much(void *arg)
{
	struct partial *partial = arg;
	static char data[MUCH];

	for (size_t i = 0; i < MUCH; i++)
		data[i] = (char) (i * 7 + i / 253);
	struct iovec part = {data, sizeof(data)};
	return wok_stream_write_parts(partial->stream, &part, 1, &partial->done);
}

/* Cancel a write in the middle of a record: how much of it counts. */
static size_t cancel_a_write(wok_stream *stream)
{
	struct partial partial = {stream, 0};
	WOK_AUTO(wok_task) *writing = wok_create_task(write_much, &partial);

	test_settle();
	ASSERT(!wok_task_done(writing));
	wok_cancel(writing);
	ASSERT_ERR(wok_await(writing), WOK_ETASKCANCELED);
	ASSERT(partial.done > 0 && partial.done < MUCH);
	return partial.done;
}

/* How much there is until the end. */
static int drop_all(void *stream)
{
	static char data[5000];
	ssize_t n;
	int all = 0;

	while ((n = wok_stream_read(stream, data, sizeof(data))) > 0)
		all += (int) n;
	return n < 0 ? (int) n : all;
}

static void take_from(wok_stream *stream, size_t from, size_t size)
{
	char *data = malloc(size);

	ASSERT_OK(wok_stream_read_exactly(stream, data, size, NULL));
	for (size_t i = 0; i < size; i++)
		ASSERT_EQ(data[i], (char) ((from + i) * 7 + (from + i) / 253));
	free(data);
}

static void take_much(wok_stream *stream, size_t size)
{
	take_from(stream, 0, size);
}

TEST_TASK(what_a_cancelled_write_has_taken_goes_out_with_the_next_one, "E25")
{
	struct meeting m = {.capacity = 10000};
	struct copy rest = {0};

	meet_well(&m);
	size_t done = cancel_a_write(m.client);
	rest = (struct copy){m.client, 1000, 1};
	WOK_AUTO(wok_task) *next = wok_create_task(send_all, &rest);
	test_settle();
	ASSERT(!wok_task_done(next));
	take_much(m.server, done);
	take_much(m.server, 1000);
	ASSERT_OK(wok_await(next));
	part(&m);
}

TEST_TASK(a_reader_lets_the_rest_of_a_cancelled_write_out, "E25")
{
	struct meeting m = {.capacity = 10000};

	meet_well(&m);
	size_t done = cancel_a_write(m.client);
	WOK_AUTO(wok_task) *reading = wok_create_task(read_nothing, m.client);
	take_much(m.server, done);
	ASSERT(!wok_task_done(reading));
	ASSERT_OK(wok_stream_write_all(m.server, "x", 1));
	ASSERT_EQ(wok_await(reading), 1);
	part(&m);
}

static int write_one(void *stream)
{
	return wok_stream_write_all(stream, "x", 1);
}

TEST_TASK(a_writer_waits_for_the_reader_who_passes_on, "E25")
{
	struct meeting m = {.capacity = 10000};
	char data[1];

	meet_well(&m);
	size_t done = cancel_a_write(m.client);
	WOK_AUTO(wok_task) *reading = wok_create_task(read_nothing, m.client);
	test_settle();
	WOK_AUTO(wok_task) *writing = wok_create_task(write_one, m.client);
	test_settle();
	ASSERT(!wok_task_done(writing));
	take_from(m.server, 0, done / 2);
	test_settle();
	wok_cancel(reading); /* the writer goes on where it stopped */
	ASSERT_ERR(wok_await(reading), WOK_ETASKCANCELED);
	take_from(m.server, done / 2, done - done / 2);
	ASSERT_EQ(wok_stream_read(m.server, data, 1), 1);
	ASSERT_OK(wok_await(writing));
	part(&m);
}

TEST_TASK(closing_wakes_who_passes_on_and_who_waits_for_that, "E25")
{
	struct meeting m = {.capacity = 10000};

	meet_well(&m);
	cancel_a_write(m.client);
	WOK_AUTO(wok_task) *reading = wok_create_task(read_nothing, m.client);
	test_settle();
	WOK_AUTO(wok_task) *writing = wok_create_task(write_one, m.client);
	test_settle();
	ASSERT_OK(wok_stream_close(m.client));
	ASSERT_ERR(wok_await(reading), -EBADF);
	ASSERT_ERR(wok_await(writing), -EBADF);
	part(&m);
}

TEST_TASK(a_reader_adds_no_more_behind_a_writer_than_it_may, "E25")
{
	struct meeting m = {.capacity = 10000};
	struct partial partial;
	static const char alerts[10000];

	meet_well(&m);
	partial = (struct partial){m.client, 0};
	WOK_AUTO(wok_task) *writing = wok_create_task(write_much, &partial);
	test_settle();
	struct wok__tls *tls = wok__tls_of(m.client);
	for (int i = 0; i < 2; i++) /* stands for alerts, which a peer has provoked */
		ASSERT_EQ(SSL_write(tls->ssl, alerts, sizeof(alerts)), (int) sizeof(alerts));
	ASSERT_OK(wok_stream_write_all(m.server, "x", 1));
	WOK_AUTO(wok_task) *reading = wok_create_task(read_nothing, m.client);
	test_settle();
	ASSERT(!wok_task_done(reading)); /* the byte is here, but it is not its turn */
	WOK_AUTO(wok_task) *again = wok_create_task(drop_all, m.server);
	ASSERT_OK(wok_await(writing));
	ASSERT_EQ(wok_await(reading), 1);
	ASSERT_OK(wok_stream_shutdown(m.client));
	ASSERT_EQ(wok_await(again), MUCH + 2 * (int) sizeof(alerts));
	part(&m);
}

/* --- a message of the peer's in pieces ---------------------------------------------------------
 */

static int make_large_ticket(SSL *ssl, void *unused)
{
	static const char much[4000];

	(void) unused;
	return SSL_SESSION_set1_ticket_appdata(SSL_get0_session(ssl), much, sizeof(much));
}

static SSL_TICKET_RETURN take_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
				     size_t size, SSL_TICKET_STATUS status, void *unused)
{
	(void) ssl, (void) session, (void) name, (void) size, (void) status, (void) unused;
	return SSL_TICKET_RETURN_USE;
}

static int write_x(void *stream)
{
	return wok_stream_write_all(stream, "x", 1);
}

static int shut_it(void *stream)
{
	return wok_stream_shutdown(stream);
}

/* The client has read half of a session's ticket, in a read that is cancelled if it shall be. */
static wok_task *read_half(struct meeting *m, bool cancel)
{
	m->capacity = 1500;
	meet_well(m);
	say(m->client, m->server, "hello");
	say(m->server, m->client, "hello");
	SSL *ssl = wok__tls_of(m->server)->ssl;
	ASSERT_EQ(SSL_set_max_send_fragment(ssl, 512), 1);
	ASSERT_EQ(SSL_CTX_set_session_ticket_cb(SSL_get_SSL_CTX(ssl), make_large_ticket,
						take_ticket, NULL),
		  1);
	ASSERT_EQ(SSL_new_session_ticket(ssl), 1);
	WOK_AUTO(wok_task) *writing = wok_create_task(write_x, m->server);
	test_settle();
	wok_cancel(writing);
	WOK_IGNORE(wok_await(writing));
	wok_task *reading = wok_create_task(read_nothing, m->client);
	test_settle();
	ASSERT(!wok_task_done(reading));
	ASSERT(SSL_in_init(wok__tls_of(m->client)->ssl));
	if (cancel) {
		wok_cancel(reading);
		WOK_IGNORE(wok_await(reading));
	}
	return reading;
}

TEST_TASK(a_write_waits_for_the_rest_of_what_the_peer_is_saying, "E25")
{
	wok_fn *const ends[] = {write_x, shut_it};

	for (int i = 0; i < 4; i++) {
		struct meeting m = {0};
		char data[1];
		WOK_AUTO(wok_task) *reading = read_half(&m, i & 1);
		WOK_AUTO(wok_task) *ending = wok_create_task(ends[i / 2], m.client);
		test_settle();
		ASSERT(!wok_task_done(ending));
		ASSERT_OK(wok_stream_write_all(m.server, "y", 1));
		ASSERT_OK(wok_await(ending));
		ASSERT_EQ(wok_stream_read(m.server, data, 1), i / 2 ? 0 : 1);
		if (!(i & 1))
			ASSERT_EQ(wok_await(reading), 1);
		part(&m);
	}
}
