/* SPDX-License-Identifier: MIT */
/* What a loop remembers, for how long, and who shares a query: see wok/dns.h. */
#include "dns/server.h"

static wok_dns_info info_now(void)
{
	wok_dns_info info;

	ASSERT_OK(wok_dns_get_info(&info));
	return info;
}

static void wait_for_ttl(struct dns_test *test)
{
	struct dns_server *server = &test->servers[0];

	server->ttl = 10;
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	wok_test_advance(9 * WOK_SECOND);
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "one.test"), 1);
	ASSERT_EQ(info_now().hits, 1);
	wok_test_advance(WOK_SECOND);
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "one.test"), 2);
	ASSERT_EQ(info_now().hits, 1);
	ASSERT_EQ(info_now().misses, 2);
}

TEST(an_answer_is_kept_for_as_long_as_it_says, "client-11", "http-17")
{
	dns_run(NULL, 1, 10, wait_for_ttl);
}

static void wait_for_cap(struct dns_test *test)
{
	struct dns_server *server = &test->servers[0];

	server->ttl = 86400;
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	wok_test_advance(5 * WOK_SECOND);
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "one.test"), 2);
	/* The alias is good for a shorter time than what it stands for. */
	server->alias_ttl = 2;
	ASSERT_STR(dns_first("alias.test"), "192.0.2.1:80");
	wok_test_advance(2 * WOK_SECOND);
	ASSERT_STR(dns_first("alias.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "alias.test"), 2);
	/* Not to be kept at all; and a time that makes no sense. */
	server->ttl = 0;
	ASSERT_STR(dns_first("two.test"), "192.0.2.1:80");
	ASSERT_STR(dns_first("two.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "two.test"), 2);
	server->ttl = UINT32_C(0x80000001);
	ASSERT_STR(dns_first("six.test"), "[2001:db8::6]:80");
	ASSERT_STR(dns_first("six.test"), "[2001:db8::6]:80");
	ASSERT_EQ(dns_times(server, "six.test"), 2);
}

TEST(but_no_longer_than_the_option_and_its_alias_allow)
{
	dns_run(&(wok_dns_options){.max_ttl = 5 * WOK_SECOND}, 1, 5, wait_for_cap);
}

static void ask_for_nothing(struct dns_test *test)
{
	const struct dns_server *server = &test->servers[0];

	ASSERT_STR(dns_first("none.test"), "WOK_ENAME");
	ASSERT_STR(dns_first("none.test"), "WOK_ENAME");
	ASSERT_SAYS(WOK_ENAME, "none.test: there is no such name");
	ASSERT_STR(dns_first("nodata.test"), "WOK_ENAME");
	ASSERT_STR(dns_first("nodata.test"), "WOK_ENAME");
	ASSERT_EQ(server->n_log, 2);
	wok_test_advance(WOK_SECOND);
	ASSERT_STR(dns_first("none.test"), "WOK_ENAME");
	ASSERT_STR(dns_first("nodata.test"), "WOK_ENAME");
	ASSERT_EQ(server->n_log, 4);
}

TEST(that_there_is_none_is_kept_for_a_second, "http-17")
{
	dns_run(NULL, 1, 10, ask_for_nothing);
}

static void keep_nothing(struct dns_test *test)
{
	ASSERT_STR(dns_first("none.test"), "WOK_ENAME");
	ASSERT_STR(dns_first("none.test"), "WOK_ENAME");
	ASSERT_EQ(test->servers[0].n_log, 2);
}

TEST(or_not_at_all)
{
	dns_run(&(wok_dns_options){.negative_ttl = -1}, 1, 1, keep_nothing);
}

static void evict_oldest(struct dns_test *test)
{
	const struct dns_server *server = &test->servers[0];

	ASSERT_STR(dns_first("n1.many.test"), "10.0.0.1:80");
	ASSERT_STR(dns_first("n2.many.test"), "10.0.0.2:80");
	ASSERT_STR(dns_first("n1.many.test"), "10.0.0.1:80");
	ASSERT_STR(dns_first("n3.many.test"), "10.0.0.3:80"); /* n2 was not used for longest */
	ASSERT_EQ(info_now().entries, 2);
	ASSERT_EQ(info_now().evicted, 1);
	ASSERT_STR(dns_first("n1.many.test"), "10.0.0.1:80");
	ASSERT_EQ(server->n_log, 3);
	ASSERT_STR(dns_first("n2.many.test"), "10.0.0.2:80");
	ASSERT_EQ(server->n_log, 4);
	ASSERT_EQ(info_now().entries, 2);
}

TEST(the_number_of_answers_is_bounded)
{
	dns_run(&(wok_dns_options){.max_entries = 2}, 1, 10, evict_oldest);
}

enum { MANY = 100 };

static void ask_together(struct dns_test *test)
{
	struct dns_asking asking[MANY];

	for (int i = 0; i < MANY; i++)
		asking[i].host = "one.test";
	ASSERT_OK(wok_for_each(dns_ask, asking, MANY, 0, 0));
	for (int i = 0; i < MANY; i++)
		ASSERT_STR(asking[i].first, "192.0.2.1:80");
	ASSERT_EQ(test->servers[0].asked, 2); /* A and AAAA, once each */
	ASSERT_EQ(info_now().queries, 1);
	ASSERT_EQ(info_now().misses, 1);
	ASSERT_EQ(info_now().shared, MANY - 1);
	ASSERT_EQ(info_now().in_flight, 0);
	ASSERT_EQ(info_now().sockets, 0);
	/* So do those who share an error. */
	for (int i = 0; i < MANY; i++)
		asking[i].host = "none.test";
	ASSERT_EQ(wok_for_each(dns_ask, asking, MANY, 0, WOK_COLLECT), MANY);
	ASSERT_EQ(test->servers[0].asked, 4);
}

TEST(who_asks_at_the_same_time_shares_a_query, "client-11", "http-17")
{
	dns_run(NULL, 1, 20, ask_together);
}

static void ask_without_memory(struct dns_test *test)
{
	ask_together(test);
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_EQ(test->servers[0].asked, 6);
	ASSERT_EQ(info_now().hits, 0);
	ASSERT_EQ(info_now().entries, 0);
}

TEST(without_a_cache_they_share_too)
{
	dns_run(&(wok_dns_options){.no_cache = true}, 1, 10, ask_without_memory);
}

static void forget(struct dns_test *test)
{
	const struct dns_server *server = &test->servers[0];
	struct dns_asking waiting = {.host = "one.test"};

	wok_dns_flush("one.test"); /* before there is anything */
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_STR(dns_first("two.test"), "192.0.2.1:80");
	wok_dns_flush("ONE.test");
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "one.test"), 2);
	ASSERT_EQ(dns_times(server, "two.test"), 1);
	wok_dns_flush(NULL);
	ASSERT_EQ(info_now().entries, 0);
	ASSERT_STR(dns_first("two.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "two.test"), 2);
	/* What is on its way is told to who waits, and not kept. */
	test->servers[0].silent = true;
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &waiting);
	test_settle();
	wok_dns_flush("one.test");
	test->servers[0].silent = false;
	wok_test_advance(3 * WOK_SECOND); /* asked again */
	ASSERT_OK(wok_await(task));
	size_t before = dns_times(server, "one.test");
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "one.test"), before + 1);
}

TEST(what_is_flushed_is_asked_for_anew)
{
	dns_run(NULL, 1, 10, forget);
}
