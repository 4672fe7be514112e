/* SPDX-License-Identifier: MIT */
/* Connecting, and looking names up: see wok/net.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "io/streams.h"

static const wok_test_options real = {.real_clock = true};

/* A port on which nobody listens: one that was just given back. */
static uint16_t closed_port(void)
{
	WOK_AUTO(wok_listener) *listener = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	return wok_listener_port(listener);
}

TEST_TASK(a_refused_connection_says_where)
{
	wok_stream *stream = NULL;
	int fds = test_count_fds();

	ASSERT_ERR(wok_tcp_connect("127.0.0.1", closed_port(), &stream), -ECONNREFUSED);
	ASSERT(strstr(wok_errmsg(-ECONNREFUSED), "127.0.0.1:"));
	ASSERT(!stream);
	ASSERT_EQ(test_count_fds(), fds);
}

TEST_TASK(connecting_to_what_is_no_host_or_port_is_refused)
{
	wok_stream *stream = NULL;

	ASSERT_ERR(wok_tcp_connect("127.0.0.1", 0, &stream), -EINVAL);
	ASSERT_ERR(wok_tcp_connect("", 80, &stream), -EINVAL);
	ASSERT_ERR(wok_unix_connect("", &stream), -EINVAL);
}

TEST_TASK(connecting_is_a_checkpoint)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *stream = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	ASSERT_OK(wok_listen("unix:@wok-test-checkpoint", NULL, &listener));
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_unix_connect("@wok-test-checkpoint", &stream), -ECANCELED);
		ASSERT_ERR(wok_tcp_connect("127.0.0.1", 1, &stream), -ECANCELED);
	}
	uint64_t before = wok_test_checkpoints();
	ASSERT_OK(wok_unix_connect("@wok-test-checkpoint", &stream));
	ASSERT(wok_test_checkpoints() > before);
}

/* --- connections that hang -------------------------------------------------------------------- */

struct hanging {
	wok_listener *listener;
	wok_stream *fill[8];
	int n;
};

static int connect_to(void *arg)
{
	struct hanging *self = arg;
	wok_stream *stream = NULL;

	int r = wok_tcp_connect("127.0.0.1", wok_listener_port(self->listener), &stream);
	if (r == 0)
		self->fill[self->n++] = stream;
	return r;
}

/* Fill a listener's queue, so that the system ignores who comes then. */
static void open_hanging(struct hanging *self)
{
	const wok_listen_options options = {.backlog = 1};

	*self = (struct hanging){.n = 0};
	ASSERT_OK(wok_listen("127.0.0.1:0", &options, &self->listener));
	while (self->n < 8) {
		if (wok_wait_for(connect_to, self, 20 * WOK_MS) == -ETIMEDOUT)
			return;
	}
	SKIP("this system never lets a connection hang");
}

static void close_hanging(struct hanging *self)
{
	while (self->n > 0)
		wok_stream_free(self->fill[--self->n]);
	wok_listener_free(self->listener);
}

static int give_up_connecting(void *unused)
{
	struct hanging hanging;

	(void) unused;
	open_hanging(&hanging);
	int fds = test_count_fds();
	ASSERT_ERR(wok_wait_for(connect_to, &hanging, 2 * WOK_MS), -ETIMEDOUT);
	WOK_AUTO(wok_task) *task = wok_create_task(connect_to, &hanging);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(test_count_fds(), fds); /* the sockets are closed */
	close_hanging(&hanging);
	return 0;
}

TEST(giving_up_to_connect_closes_the_socket)
{
	ASSERT_OK(wok_test_run(&real, give_up_connecting, NULL));
}

static int connect_unix(void *path)
{
	WOK_AUTO(wok_stream) *stream = NULL;

	return wok_unix_connect(path, &stream);
}

static int wait_for_the_backlog(void *unused)
{
	const wok_listen_options options = {.backlog = 1};
	WOK_AUTO(wok_listener) *listener = NULL;
	wok_task *tasks[6];

	(void) unused;
	ASSERT_OK(wok_listen("unix:@wok-test-backlog", &options, &listener));
	for (int i = 0; i < 6; i++)
		tasks[i] = wok_create_task(connect_unix, "@wok-test-backlog");
	for (int i = 0; i < 6; i++) {
		WOK_AUTO(wok_stream) *stream = NULL;
		ASSERT_OK(wok_accept(listener, &stream));
	}
	ASSERT_OK(wok_gather(tasks, 6, 0));
	for (int i = 0; i < 6; i++)
		wok_task_free(tasks[i]);
	return 0;
}

TEST(a_unix_connection_waits_for_room_in_the_backlog)
{
	ASSERT_OK(wok_test_run(&real, wait_for_the_backlog, NULL));
}

/* --- names ------------------------------------------------------------------------------------ */

TEST_TASK(an_address_in_numbers_needs_no_resolver)
{
	wok_addresses found;
	uint64_t before = wok_test_checkpoints();

	ASSERT_OK(wok_lookup("127.0.0.1", 80, &found));
	ASSERT(wok_test_checkpoints() > before);
	ASSERT_EQ(found.n, 1);
	ASSERT_EQ(((struct sockaddr_in *) (void *) found.addresses)->sin_port, htons(80));
	wok_addresses_clear(&found);
	ASSERT_OK(wok_lookup("::1", 443, &found));
	ASSERT_EQ(found.addresses[0].ss_family, AF_INET6);
	ASSERT_EQ(((struct sockaddr_in6 *) (void *) found.addresses)->sin6_port, htons(443));
	wok_addresses_clear(&found);
	wok_addresses_clear(&found);
}

TEST_TASK(a_name_is_looked_up_in_a_thread)
{
	wok_addresses found;

	ASSERT_OK(wok_lookup("localhost", 80, &found));
	ASSERT(found.n >= 1);
	for (size_t i = 0; i < found.n; i++) {
		const struct sockaddr_in *address = (void *) &found.addresses[i];
		ASSERT_EQ(address->sin_port, htons(80)); /* at the same place in both families */
	}
	wok_addresses_clear(&found);
}

TEST_TASK(a_name_that_does_not_resolve_has_its_own_code)
{
	wok_addresses found;
	wok_stream *stream = NULL;

	ASSERT_ERR(wok_lookup("no such host", 80, &found), WOK_ENAME);
	ASSERT(strstr(wok_errmsg(WOK_ENAME), "no such host"));
	ASSERT_ERR(wok_tcp_connect("no such host", 80, &stream), WOK_ENAME);
}

static int look_up(void *unused)
{
	wok_addresses found;

	(void) unused;
	WOK_TRY(wok_lookup("localhost", 80, &found));
	wok_addresses_clear(&found);
	return 0;
}

/* Until what was abandoned has ended, and its descriptors are closed. */
static void wait_for_threads(void)
{
	wok_thread_pool_info info;

	do
		wok_thread_pool_get_info(NULL, &info);
	while (info.active > 0);
}

TEST_TASK(a_cancelled_lookup_is_abandoned_and_its_answer_dropped)
{
	for (int i = 0; i < 50; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(look_up, NULL);
		for (int k = 0; k < i % 4; k++)
			ASSERT_OK(wok_yield());
		wok_cancel(task);
		int r = wok_await(task);
		ASSERT(r == 0 || r == WOK_ETASKCANCELED);
	}
	ASSERT_OK(look_up(NULL));
	wait_for_threads();
}

TEST(answers_that_come_after_the_end_of_the_run_are_dropped)
{
	for (int i = 0; i < 20; i++) {
		wok_addresses unused;
		(void) unused;
		ASSERT_OK(wok_test_run(NULL, look_up, NULL));
	}
}

static int leave_a_lookup_behind(void *unused)
{
	wok_task *task = wok_create_task(look_up, NULL);

	(void) unused;
	WOK_IGNORE(wok_yield());
	wok_task_detach(&task);
	return 0;
}

TEST(a_run_may_end_while_its_lookups_are_under_way)
{
	for (int i = 0; i < 50; i++)
		ASSERT_OK(wok_test_run(NULL, leave_a_lookup_behind, NULL));
	ASSERT_OK(wok_test_run(NULL, look_up, NULL));
	wait_for_threads();
}

/* Gives addresses on which nobody listens before the one that works. */
static uint16_t working_port, refusing_port;

static int resolve(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	int works = strcmp(host, "works") == 0;

	ret_addresses->n = (size_t) (2 + works);
	ret_addresses->addresses = wok_alloc(3 * sizeof(struct sockaddr_storage));
	for (int i = 0; i < 2 + works; i++) {
		struct sockaddr_in address = {.sin_family = AF_INET};
		address.sin_port = htons(i == 2 ? port : refusing_port);
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (unsigned) (i < 2 ? i : 0));
		memcpy(&ret_addresses->addresses[i], &address, sizeof(address));
	}
	return 0;
}

static int try_all(void *unused)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *stream = NULL;

	(void) unused;
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	working_port = wok_listener_port(listener);
	refusing_port = closed_port();
	ASSERT_OK(wok_tcp_connect("works", working_port, &stream));
	wok_stream *none = NULL;
	ASSERT_ERR(wok_tcp_connect("refuses", working_port, &none), -ECONNREFUSED);
	ASSERT(strstr(wok_errmsg(-ECONNREFUSED), "refuses"));
	ASSERT(strstr(wok_errmsg(-ECONNREFUSED), "127.0.0.1:"));
	ASSERT(strstr(wok_errmsg(-ECONNREFUSED), "127.0.0.2:"));
	return 0;
}

TEST(all_addresses_of_a_name_are_tried_and_their_errors_told)
{
	static const wok_resolver resolver = {"test", resolve};

	ASSERT_OK(wok_set_resolver(&resolver));
	ASSERT_OK(wok_test_run(NULL, try_all, NULL));
}
