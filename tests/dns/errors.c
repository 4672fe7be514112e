/* SPDX-License-Identifier: MIT */
/* Names that do not resolve, servers that fail, and time that runs out: see wok/dns.h. */
#include "dns/server.h"

enum { SERVFAIL = 2, REFUSED = 5 };

static char *port_text(const struct dns_server *server)
{
	static char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%u", server->port);
	return text;
}

static void ask_for_none(struct dns_test *test)
{
	ASSERT_STR(dns_first("none.test"), "WOK_ENAME");
	ASSERT_SAYS(WOK_ENAME, "cannot look up none.test: there is no such name");
	ASSERT_SAYS(WOK_ENAME, port_text(&test->servers[0]));
	ASSERT_SAYS(WOK_ENAME, "how it is spelt");
	ASSERT_STR(dns_first("nodata.test"), "WOK_ENAME");
	ASSERT_SAYS(WOK_ENAME, "nodata.test: the name exists, but has no address");
}

TEST(an_error_says_the_name_the_reason_and_the_servers)
{
	dns_run(NULL, 1, 5, ask_for_none);
}

static void ask_nonsense(struct dns_test *test)
{
	char label[80], name[400];

	memset(label, 'a', sizeof(label));
	label[70] = '\0';
	ASSERT_STR(dns_first(label), "WOK_ENAME");
	memset(name, 'a', sizeof(name));
	name[300] = '\0';
	ASSERT_STR(dns_first(name), "WOK_ENAME");
	ASSERT_SAYS(WOK_ENAME, "of 300 bytes");
	ASSERT_STR(dns_first("a..b"), "WOK_ENAME");
	ASSERT_STR(dns_first(""), "EINVAL");
	ASSERT_EQ(test->servers[0].n_log, 0);
}

TEST(what_is_no_name_is_not_asked_for)
{
	dns_run(NULL, 1, 1, ask_nonsense);
}

static void ask_the_next(struct dns_test *test)
{
	test->servers[0].rcode = SERVFAIL;
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	test->servers[0].rcode = REFUSED;
	ASSERT_STR(dns_first("two.test"), "192.0.2.1:80");
	ASSERT_EQ(test->servers[0].n_log, 2);
	ASSERT_EQ(test->servers[1].n_log, 2);
}

TEST(a_server_that_fails_is_followed_by_the_next)
{
	dns_run(NULL, 2, 10, ask_the_next);
}

static void ask_who_fails(struct dns_test *test)
{
	test->servers[0].rcode = test->servers[1].rcode = SERVFAIL;
	ASSERT_STR(dns_first("one.test"), "WOK_ENAME");
	ASSERT_SAYS(WOK_ENAME, "none of the servers answered it");
	ASSERT_SAYS(WOK_ENAME, port_text(&test->servers[1]));
	/* That is nothing to remember. */
	test->servers[1].rcode = 0;
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
}

TEST(if_all_fail_that_is_said_and_not_remembered)
{
	dns_run(NULL, 2, 10, ask_who_fails);
}

static void wait_for_the_next(struct dns_test *test)
{
	struct dns_asking asking = {.host = "one.test"};

	test->servers[0].silent = true;
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
	test_settle();
	ASSERT_EQ(test->servers[0].n_log, 1);
	wok_test_advance(1999 * WOK_MS);
	ASSERT_EQ(test->servers[1].n_log, 0);
	ASSERT(!wok_task_done(task));
	wok_test_advance(2 * WOK_MS);
	ASSERT_EQ(test->servers[1].n_log, 1);
	ASSERT(wok_task_done(task));
	ASSERT_STR(asking.first, "192.0.2.1:80");
}

TEST(a_server_that_is_silent_is_followed_by_the_next)
{
	dns_run(NULL, 2, 10, wait_for_the_next);
}

static void wait_in_vain(struct dns_test *test)
{
	struct dns_asking asking = {.host = "one.test"};
	wok_dns_info info;

	test->servers[0].silent = true;
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
	wok_test_advance(2990 * WOK_MS); /* one second for the first try, two for the next */
	ASSERT(!wok_task_done(task));
	wok_test_advance(20 * WOK_MS);
	ASSERT(wok_task_done(task));
	ASSERT_STR(asking.first, "ETIMEDOUT");
	ASSERT_ERR(wok_await(task), -ETIMEDOUT);
	ASSERT_SAYS(-ETIMEDOUT, "one.test");
	ASSERT_SAYS(-ETIMEDOUT, port_text(&test->servers[0]));
	ASSERT_EQ(test->servers[0].n_log, 2);
	ASSERT_OK(wok_dns_get_info(&info));
	ASSERT_EQ(info.timeouts, 1);
	ASSERT_EQ(info.in_flight, 0);
	test->servers[0].silent = false;
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
}

TEST(silence_of_all_is_a_timeout)
{
	dns_run(&(wok_dns_options){.timeout = WOK_SECOND, .tries = 2}, 1, 10, wait_in_vain);
}

static void wait_for_limit(struct dns_test *test)
{
	struct dns_asking asking = {.host = "one.test"}, next = {.host = "two.test"};
	wok_dns_info info;

	test->servers[0].silent = true;
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
	test_settle();
	WOK_AUTO(wok_task) *queued = wok_create_task(dns_ask, &next);
	wok_test_advance(4999 * WOK_MS);
	ASSERT(!wok_task_done(task) && !wok_task_done(queued));
	wok_test_advance(2 * WOK_MS);
	ASSERT_STR(asking.first, "ETIMEDOUT");
	ASSERT_STR(next.first, "ETIMEDOUT"); /* it was never asked for */
	ASSERT_ERR(wok_await(task), -ETIMEDOUT);
	ASSERT_ERR(wok_await(queued), -ETIMEDOUT);
	ASSERT_EQ(dns_times(&test->servers[0], "two.test"), 0);
	/* c-ares has not given up; who asks again is not answered for by that query. */
	ASSERT_OK(wok_dns_get_info(&info));
	ASSERT_EQ(info.in_flight, 1);
	ASSERT_EQ(info.queued, 0);
	wok_task_free(WOK_TAKE(task));
	wok_task_free(WOK_TAKE(queued));
	test->servers[0].silent = false;
	queued = wok_create_task(dns_ask, &next);
	wok_test_advance(30 * WOK_SECOND);
	ASSERT(wok_task_done(queued));
}

TEST(a_look_up_ends_at_its_limit)
{
	dns_run(&(wok_dns_options){.limit = 5 * WOK_SECOND, .tries = 10, .max_queries = 1}, 1, 10,
		wait_for_limit);
}

static void ask_nobody(struct dns_test *test)
{
	struct dns_asking asking = {.host = "one.test"};

	(void) test;
	/* Nobody listens there. The system says so with the next datagram that is sent. */
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
	wok_test_advance(30 * WOK_SECOND);
	int r = wok_await(task);
	ASSERT(r == WOK_ENAME || r == -ETIMEDOUT);
	ASSERT_SAYS(r, "cannot look up one.test: no");
	ASSERT_SAYS(r, "127.0.0.1:9");
	if (r == WOK_ENAME)
		ASSERT_SAYS(WOK_ENAME, "cannot be reached: 127.0.0.1:9");
}

TEST(a_server_that_is_not_there_is_named)
{
	struct dns_test test = {.body = ask_nobody};

	ASSERT_EQ(wok_dns_use(&(wok_dns_options){
			  .servers = "127.0.0.1:9", .domains = "", .force = true}),
		  0);
	ASSERT_OK(wok_test_run(dns_main, &test, NULL));
}

static void wait_for_real(struct dns_test *test)
{
	wok_time start = wok_now();

	test->servers[0].silent = true;
	ASSERT_STR(dns_first("one.test"), "ETIMEDOUT"); /* 20 ms and 40 ms */
	ASSERT(wok_now() - start >= 60 * WOK_MS);
	ASSERT_EQ(test->servers[0].n_log, 2);
	test->servers[0].silent = false;
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
}

TEST(so_it_is_on_the_clock_of_the_machine)
{
	const wok_test_options real = {.real_clock = true};
	struct dns_test test = {.body = wait_for_real};

	dns_use(&test, &(wok_dns_options){.timeout = 20 * WOK_MS, .tries = 2}, 1);
	ASSERT_OK(wok_test_run(dns_main, &test, &real));
	dns_end(&test);
}
