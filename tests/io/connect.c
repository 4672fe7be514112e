/* SPDX-License-Identifier: MIT */
/* Connecting, and looking names up: see wok/net.h. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
	const char *host;
	wok_stream *fill[8];
	int n;
};

static int connect_to(void *arg)
{
	struct hanging *self = arg;
	wok_stream *stream = NULL;

	int r = wok_tcp_connect(self->host, wok_listener_port(self->listener), &stream);
	if (r == 0)
		self->fill[self->n++] = stream;
	return r;
}

/* Fill a listener's queue, so that the system ignores who comes then. */
static void open_hanging_at(struct hanging *self, const char *host, const char *address)
{
	const wok_listen_options options = {.backlog = 1};

	*self = (struct hanging){.host = host};
	ASSERT_OK(wok_listen(address, &options, &self->listener));
	while (self->n < 8) {
		if (wok_wait_for(connect_to, self, 20 * WOK_MS) == -ETIMEDOUT)
			return;
	}
	SKIP("this system never lets a connection hang");
}

static void open_hanging(struct hanging *self)
{
	open_hanging_at(self, "127.0.0.1", "127.0.0.1:0");
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
	ASSERT_OK(wok_test_run(give_up_connecting, NULL, &real));
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
	ASSERT_OK(wok_test_run(wait_for_the_backlog, NULL, &real));
}

/* --- one text --------------------------------------------------------------------------------- */

static void connect_and_greet(const char *address, wok_listener *listener)
{
	WOK_AUTO(wok_stream) *there = NULL;
	WOK_AUTO(wok_stream) *here = NULL;
	char text[3];

	ASSERT_OK(wok_connect(address, NULL, &there));
	ASSERT_OK(wok_accept(listener, &here));
	ASSERT_OK(wok_stream_write_all(there, "hi", 2));
	ASSERT_OK(wok_stream_read_exactly(here, text, 2, NULL));
}

TEST_TASK(one_text_says_where_to_connect)
{
	WOK_AUTO(wok_listener) *tcp = NULL;
	WOK_AUTO(wok_listener) *named = NULL;
	char address[64];

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &tcp));
	snprintf(address, sizeof(address), "127.0.0.1:%u", wok_listener_port(tcp));
	connect_and_greet(address, tcp);
	snprintf(address, sizeof(address), "localhost:%u", wok_listener_port(tcp));
	connect_and_greet(address, tcp);
	ASSERT_OK(wok_listen("unix:@wok-test-one-text", NULL, &named));
	connect_and_greet("unix:@wok-test-one-text", named);
}

TEST_TASK(one_text_may_be_an_ipv6_address_in_brackets)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	char address[64];

	if (wok_listen("[::1]:0", NULL, &listener) < 0)
		SKIP("this system has no IPv6");
	snprintf(address, sizeof(address), "[::1]:%u", wok_listener_port(listener));
	connect_and_greet(address, listener);
}

TEST_TASK(the_options_of_one_text_are_those_of_tcp)
{
	const wok_connect_options only_v6 = {.family = AF_INET6};
	wok_stream *stream = NULL;

	ASSERT_ERR(wok_connect("127.0.0.1:1", &only_v6, &stream), WOK_ENAME);
	ASSERT_ERR(wok_connect("unix:@wok-test-nobody", &only_v6, &stream), -ECONNREFUSED);
}

TEST_TASK(a_text_that_is_no_place_to_connect_to_is_refused_by_name)
{
	static const char *const wrong[] = {"",           "host",      "host:",  ":80",   "host:0",
					    "host:65536", "host:http", "::1:80", "[]:80", "unix:"};
	char name[300 + 4];
	wok_stream *stream = NULL;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		WOK_ASSERT_CHECKPOINT(ASSERT_ERR(wok_connect(wrong[i], NULL, &stream), -EINVAL));
		ASSERT(wok_errmsg(-EINVAL)[0]);
	}
	ASSERT_ERR(wok_connect("[::1", NULL, &stream), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "[::1"));
	memset(name, 'a', 300);
	memcpy(name + 300, ":80", 4);
	ASSERT_ERR(wok_connect(name, NULL, &stream), -EINVAL);
	ASSERT(!stream);
}

static int connect_text(void *address)
{
	WOK_AUTO(wok_stream) *stream = NULL;

	return wok_connect(address, NULL, &stream);
}

TEST_TASK(connecting_by_one_text_is_a_checkpoint)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(connect_text("unix:@wok-test-nobody"), -ECANCELED);
		ASSERT_ERR(connect_text("127.0.0.1:1"), -ECANCELED);
		ASSERT_ERR(connect_text("nonsense"), -ECANCELED);
	}
}

static int give_up_one_text(void *unused)
{
	struct hanging hanging;
	char address[64];

	(void) unused;
	open_hanging(&hanging);
	snprintf(address, sizeof(address), "127.0.0.1:%u", wok_listener_port(hanging.listener));
	int fds = test_count_fds();
	WOK_AUTO(wok_task) *task = wok_create_task(connect_text, address);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(test_count_fds(), fds);
	close_hanging(&hanging);
	return 0;
}

TEST(giving_up_to_connect_by_one_text_closes_the_socket)
{
	ASSERT_OK(wok_test_run(give_up_one_text, NULL, &real));
}

/* --- names ------------------------------------------------------------------------------------ */

TEST_TASK(an_address_in_numbers_needs_no_resolver)
{
	wok_addresses found;
	uint64_t before = wok_test_checkpoints();

	ASSERT_OK(wok_lookup("127.0.0.1", 80, &found));
	ASSERT(wok_test_checkpoints() > before);
	ASSERT_EQ(found.n, 1);
	ASSERT_EQ(wok_address_port(&found.list[0]), 80);
	wok_addresses_clear(&found);
	ASSERT_OK(wok_lookup("::1", 443, &found));
	ASSERT_EQ(found.list[0].storage.ss_family, AF_INET6);
	ASSERT_EQ(wok_address_port(&found.list[0]), 443);
	wok_addresses_clear(&found);
	wok_addresses_clear(&found);
}

TEST_TASK(a_name_is_looked_up_in_a_thread)
{
	wok_addresses found;

	ASSERT_OK(wok_lookup("localhost", 80, &found));
	ASSERT(found.n >= 1);
	for (size_t i = 0; i < found.n; i++)
		ASSERT_EQ(wok_address_port(&found.list[i]), 80);
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
		ASSERT_OK(wok_test_run(look_up, NULL, NULL));
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
		ASSERT_OK(wok_test_run(leave_a_lookup_behind, NULL, NULL));
	ASSERT_OK(wok_test_run(look_up, NULL, NULL));
	wait_for_threads();
}

/* --- several addresses ------------------------------------------------------------------------ */

/* What the resolver below gives: "127.0.0.1:80 [::1]:80 ..." */
static char told[512];

static int tell(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	char copy[sizeof(told)], *rest = copy;

	(void) host;
	(void) port;
	strcpy(copy, told);
	ret_addresses->n = 0;
	ret_addresses->list = wok_alloc(16 * sizeof(wok_address));
	for (char *text; (text = strsep(&rest, " "));)
		if (*text)
			ASSERT_OK(
				wok_address_parse(text, &ret_addresses->list[ret_addresses->n++]));
	return 0;
}

static void tell_address(const char *host, uint16_t port)
{
	size_t size = strlen(told);

	snprintf(told + size, sizeof(told) - size, "%s%s:%u", size ? " " : "", host, port);
}

static uint16_t port_of_peer(const wok_stream *stream)
{
	wok_address peer;

	ASSERT_OK(wok_stream_peer_address(stream, &peer));
	return wok_address_port(&peer);
}

/* Run a test with that resolver, on the real clock. */
static void run_told(wok_fn *fn)
{
	static const wok_resolver resolver = {"test", tell};

	ASSERT_OK(wok_set_resolver(&resolver));
	ASSERT_OK(wok_test_run(fn, NULL, &real));
}

static int try_all(void *unused)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *stream = NULL;

	(void) unused;
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	uint16_t port = wok_listener_port(listener), nobody = closed_port();
	tell_address("127.0.0.1", nobody);
	tell_address("127.0.0.2", nobody);
	int fds = test_count_fds();
	wok_stream *none = NULL;
	ASSERT_ERR(wok_tcp_connect("refuses", 80, &none), -ECONNREFUSED);
	ASSERT(strstr(wok_errmsg(-ECONNREFUSED), "refuses"));
	ASSERT(strstr(wok_errmsg(-ECONNREFUSED), "127.0.0.1:"));
	ASSERT(strstr(wok_errmsg(-ECONNREFUSED), "127.0.0.2:"));
	ASSERT_EQ(test_count_fds(), fds);
	tell_address("127.0.0.1", port);
	ASSERT_OK(wok_tcp_connect("works", 80, &stream));
	ASSERT_EQ(port_of_peer(stream), port);
	return 0;
}

TEST(all_addresses_of_a_name_are_tried_and_their_errors_told, "E9", "http-18")
{
	run_told(try_all);
}

/* The time that a connection takes if those before it hang, with a delay of 40 ms each. */
static wok_time time_to_connect(wok_stream **ret_stream)
{
	const wok_connect_options options = {.attempt_delay = 40 * WOK_MS};
	wok_time before = wok_now();

	ASSERT_OK(wok_tcp_connect_with("host", 80, &options, ret_stream));
	return wok_now() - before;
}

static int pass_hanging_ones(void *unused)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *stream = NULL;
	struct hanging hanging;

	(void) unused;
	open_hanging(&hanging);
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	tell_address("127.0.0.1", wok_listener_port(hanging.listener));
	tell_address("127.0.0.1", wok_listener_port(hanging.listener));
	tell_address("127.0.0.1", wok_listener_port(listener));
	int fds = test_count_fds();
	wok_time took = time_to_connect(&stream);
	ASSERT(took >= 80 * WOK_MS && took < 900 * WOK_MS); /* a SYN is sent again after 1 s */
	ASSERT_EQ(port_of_peer(stream), wok_listener_port(listener));
	ASSERT_EQ(test_count_fds(), fds + 1); /* the losers are closed */
	close_hanging(&hanging);
	return 0;
}

TEST(an_address_that_hangs_is_passed_after_its_time_and_closed_at_the_end, "E9", "client-14")
{
	run_told(pass_hanging_ones);
}

static int pass_the_other_family(void *unused)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *stream = NULL;
	struct hanging hanging;

	(void) unused;
	if (wok_listen("[::1]:0", NULL, &listener) < 0)
		SKIP("there is no IPv6 here");
	wok_listener_free(WOK_TAKE(listener));
	open_hanging_at(&hanging, "::1", "[::1]:0");
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	tell_address("[::1]", wok_listener_port(hanging.listener));
	tell_address("127.0.0.1", wok_listener_port(listener));
	int fds = test_count_fds();
	wok_time before = wok_now();
	ASSERT_OK(wok_tcp_connect("host", 80, &stream));
	wok_time took = wok_now() - before;
	ASSERT(took >= 250 * WOK_MS && took < 900 * WOK_MS); /* the machine may be busy */
	ASSERT_EQ(port_of_peer(stream), wok_listener_port(listener));
	ASSERT_EQ(test_count_fds(), fds + 1);
	close_hanging(&hanging);
	return 0;
}

TEST(an_ipv6_that_leads_nowhere_costs_a_quarter_of_a_second, "client-14", "http-18")
{
	run_told(pass_the_other_family);
}

static int give_up_a_race(void *unused)
{
	const wok_connect_options options = {.attempt_delay = WOK_MS};
	struct hanging hanging;
	wok_stream *stream = NULL;
	int r = 0;

	(void) unused;
	open_hanging(&hanging);
	for (int i = 0; i < 5; i++)
		tell_address("127.0.0.1", wok_listener_port(hanging.listener));
	int fds = test_count_fds();
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	WOK_TIMEOUT (&timeout, 30 * WOK_MS) {
		r = wok_tcp_connect_with("host", 80, &options, &stream);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT(!stream);
	ASSERT_EQ(test_count_fds(), fds);
	close_hanging(&hanging);
	return 0;
}

TEST(giving_up_closes_all_that_were_tried_at_once, "E9")
{
	run_told(give_up_a_race);
}

/* The addresses in a message, in the order in which they were tried. */
static int order_of_trial(void *unused)
{
	wok_stream *stream = NULL;
	uint16_t nobody = closed_port();
	char expected[256];

	(void) unused;
	tell_address("[::1]", nobody);
	tell_address("[::1]", nobody);
	tell_address("127.0.0.1", nobody);
	tell_address("[::1]", nobody);
	tell_address("127.0.0.2", nobody);
	ASSERT(wok_tcp_connect("host", 80, &stream) < 0);
	const char *message = wok_errmsg(-ECONNREFUSED);
	if (!strstr(message, "[::1]") || strstr(message, "Cannot assign"))
		SKIP("there is no IPv6 here");
	const char *const order[] = {"[::1]", "127.0.0.1", "[::1]", "127.0.0.2", "[::1]"};
	for (size_t i = 0; i < 5; i++) {
		snprintf(expected, sizeof(expected), "%s:%u: Connection refused", order[i], nobody);
		const char *at = strstr(message, expected);
		ASSERT(at);
		message = at + 1;
	}
	return 0;
}

TEST(the_families_take_turns, "E9", "client-14")
{
	run_told(order_of_trial);
}

static int choose_a_family(void *unused)
{
	const wok_connect_options only_v4 = {.family = AF_INET}, only_v6 = {.family = AF_INET6};
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *stream = NULL;

	(void) unused;
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	tell_address("127.0.0.1", wok_listener_port(listener));
	ASSERT_ERR(wok_tcp_connect_with("host", 80, &only_v6, &stream), WOK_ENAME);
	ASSERT_OK(wok_tcp_connect_with("host", 80, &only_v4, &stream));
	return 0;
}

TEST(a_family_can_be_asked_for)
{
	run_told(choose_a_family);
}

static int run_out_of_descriptors(void *unused)
{
	wok_stream *stream = NULL;

	(void) unused;
	tell_address("127.0.0.1", closed_port());
	tell_address("127.0.0.2", closed_port());
	tell_address("127.0.0.3", closed_port());
	wok_test_fail_system_call("socket", 2, EMFILE);
	ASSERT_ERR(wok_tcp_connect("host", 80, &stream), -EMFILE);
	wok_test_fail_system_call(NULL, 0, 0);
	ASSERT(!strstr(wok_errmsg(-EMFILE), "127.0.0.3"));
	return 0;
}

TEST(an_error_that_every_address_would_meet_ends_the_trial)
{
	run_told(run_out_of_descriptors);
}

/* --- options ---------------------------------------------------------------------------------- */

static int option_of(const wok_stream *stream, int level, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	ASSERT_EQ(getsockopt(wok_stream_fd(stream), level, option, &value, &size), 0);
	return value;
}

static void assert_options(const wok_stream *stream)
{
	ASSERT_EQ(option_of(stream, SOL_SOCKET, SO_KEEPALIVE), 1);
	ASSERT_EQ(option_of(stream, IPPROTO_TCP, TCP_KEEPIDLE), 61);
	ASSERT_EQ(option_of(stream, IPPROTO_TCP, TCP_KEEPINTVL), 7);
	ASSERT_EQ(option_of(stream, IPPROTO_TCP, TCP_KEEPCNT), 3);
	ASSERT_EQ(option_of(stream, IPPROTO_TCP, TCP_USER_TIMEOUT), 2500);
}

TEST_TASK(connections_get_their_options_on_both_sides)
{
	const wok_tcp_options tcp = {.keepalive = WOK_MINUTE + 1, /* rounded up to seconds */
				     .keepalive_interval = 7 * WOK_SECOND,
				     .keepalive_probes = 3,
				     .user_timeout = 2500 * WOK_MS,
				     .send_buffer = 50000,
				     .receive_buffer = 60000};
	const wok_connect_options connect = {.tcp = tcp};
	const wok_listen_options listen = {.tcp = tcp};
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL, *server = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", &listen, &listener));
	ASSERT_OK(
		wok_tcp_connect_with("127.0.0.1", wok_listener_port(listener), &connect, &client));
	ASSERT_OK(wok_accept(listener, &server));
	assert_options(client);
	assert_options(server);
	ASSERT_EQ(option_of(client, IPPROTO_TCP, TCP_NODELAY), 1);
	ASSERT_EQ(option_of(server, IPPROTO_TCP, TCP_NODELAY), 1);
	ASSERT_EQ(option_of(client, SOL_SOCKET, SO_SNDBUF), 2 * 50000);
	ASSERT_OK(wok_tcp_set_options(client, &(wok_tcp_options){.nagle = true}));
	ASSERT_EQ(option_of(client, IPPROTO_TCP, TCP_NODELAY), 0);
	assert_options(client);
	const wok_tcp_options wrong = {.keepalive = 1000000 * WOK_SECOND};
	ASSERT_ERR(wok_tcp_set_options(client, &wrong), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "keepalive"));
}

TEST_TASK(a_connection_comes_from_where_it_is_told)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL, *server = NULL;
	wok_connect_options options = {0};
	wok_address local, seen;
	char text[WOK_ADDRESS_TEXT];

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	ASSERT_OK(wok_address_parse("127.0.0.5:0", &local));
	options.local = &local;
	ASSERT_OK(
		wok_tcp_connect_with("127.0.0.1", wok_listener_port(listener), &options, &client));
	ASSERT_OK(wok_accept(listener, &server));
	ASSERT_OK(wok_stream_peer_address(server, &seen));
	ASSERT(strncmp(wok_address_text(&seen, text), "127.0.0.5:", 10) == 0);
	ASSERT_OK(wok_stream_local_address(client, &seen));
	ASSERT(strncmp(wok_address_text(&seen, text), "127.0.0.5:", 10) == 0);
	wok_stream *none = NULL;
	ASSERT_OK(wok_address_parse("192.0.2.1:0", &local));
	ASSERT_ERR(wok_tcp_connect_with("127.0.0.1", wok_listener_port(listener), &options, &none),
		   -EADDRNOTAVAIL);
	ASSERT(!none);
}

TEST_TASK(a_reset_is_no_orderly_end, "E16")
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL, *memory = NULL, *other = NULL;
	char data[4];

	make_by_tcp(&a, &b);
	ASSERT_OK(wok_tcp_reset(a));
	ASSERT_ERR(wok_stream_read(b, data, 4), -ECONNRESET);
	ASSERT_ERR(wok_tcp_reset(a), -EINVAL); /* it is closed */
	ASSERT_OK(wok_stream_pair(0, &memory, &other));
	ASSERT_ERR(wok_tcp_reset(memory), -EINVAL);
	ASSERT_ERR(wok_tcp_set_options(memory, &(wok_tcp_options){0}), -EINVAL);
	ASSERT_ERR(wok_stream_peer_address(memory, &(wok_address){0}), -ENOTSOCK);
}

TEST_TASK(a_socket_from_elsewhere_becomes_a_stream, "E23")
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	wok_stream *none = NULL;
	int fds[2], pipes[2];
	char data[4];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0); /* they block */
	ASSERT_OK(wok_stream_from_fd(fds[0], &a));
	ASSERT_OK(wok_stream_from_fd(fds[1], &b));
	ASSERT(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	ASSERT_OK(wok_stream_write_all(a, "here", 4));
	ASSERT_OK(wok_stream_read_exactly(b, data, 4, NULL));
	ASSERT_EQ(pipe2(pipes, O_CLOEXEC), 0);
	ASSERT_ERR(wok_stream_from_fd(pipes[0], &none), -ENOTSOCK);
	ASSERT_EQ(close(pipes[0]) + close(pipes[1]), 0);
	int lonely = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_ERR(wok_stream_from_fd(lonely, &none), -ENOTCONN);
	ASSERT_EQ(close(lonely), 0);
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
	ASSERT_ERR(wok_stream_from_fd(fds[0], &none), -EINVAL);
	ASSERT_EQ(close(fds[0]) + close(fds[1]), 0);
}
