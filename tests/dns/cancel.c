/* SPDX-License-Identifier: MIT */
/* Tasks that are cancelled, loops that end, and processes that fork, with queries under way. */
#include <sys/wait.h>
#include <unistd.h>

#include "dns/server.h"

static wok_dns_info info_now(void)
{
	wok_dns_info info;

	ASSERT_OK(wok_dns_get_info(&info));
	return info;
}

static void cancel_before(struct dns_test *test)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_addresses addresses = {0};
	uint64_t before = wok_test_checkpoints();

	ASSERT_STR(dns_first("two.test"), "192.0.2.1:80");
	ASSERT(wok_test_checkpoints() > before);
	size_t asked = test->servers[0].asked;
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_lookup("one.test", 80, &addresses), -ECANCELED);
		/* Also where the answer is known. */
		ASSERT_ERR(wok_lookup("two.test", 80, &addresses), -ECANCELED);
	}
	ASSERT_EQ(test->servers[0].asked, asked);
	ASSERT(!addresses.list);
	WOK_ASSERT_CHECKPOINT(ASSERT_STR(dns_first("two.test"), "192.0.2.1:80"));
}

TEST(a_look_up_is_a_checkpoint_known_or_not)
{
	dns_run(NULL, 1, 10, cancel_before);
}

static void cancel_one(struct dns_test *test)
{
	struct dns_server *server = &test->servers[0];
	struct dns_asking a = {.host = "one.test"}, b = {.host = "one.test"};

	server->silent = true;
	WOK_AUTO(wok_task) *first = wok_create_task(dns_ask, &a);
	WOK_AUTO(wok_task) *second = wok_create_task(dns_ask, &b);
	test_settle();
	ASSERT(wok_cancel(first));
	ASSERT_ERR(wok_await(first), WOK_ETASKCANCELED);
	ASSERT(!wok_task_done(second));
	server->silent = false;
	wok_test_advance(2001 * WOK_MS);
	ASSERT_OK(wok_await(second));
	ASSERT_STR(b.first, "192.0.2.1:80");
	ASSERT_EQ(info_now().queries, 1);
}

TEST(who_is_cancelled_takes_nothing_from_the_others, "http-17")
{
	dns_run(NULL, 1, 20, cancel_one);
}

static void cancel_all(struct dns_test *test)
{
	struct dns_server *server = &test->servers[0];
	struct dns_asking asking = {.host = "one.test"};

	server->silent = true;
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(info_now().in_flight, 1);
	server->silent = false;
	wok_test_advance(2001 * WOK_MS);
	ASSERT_EQ(info_now().in_flight, 0);
	/* The answer has come nevertheless. */
	size_t before = server->asked;
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_EQ(server->asked, before);
	ASSERT_EQ(info_now().hits, 1);
}

TEST(a_query_that_nobody_waits_for_goes_on_and_is_remembered)
{
	dns_run(NULL, 1, 20, cancel_all);
}

static void cancel_queued(struct dns_test *test)
{
	struct dns_server *server = &test->servers[0];
	struct dns_asking a = {.host = "one.test"}, b = {.host = "two.test"}, c = b;

	server->silent = true;
	WOK_AUTO(wok_task) *first = wok_create_task(dns_ask, &a);
	test_settle();
	WOK_AUTO(wok_task) *second = wok_create_task(dns_ask, &b);
	WOK_AUTO(wok_task) *third = wok_create_task(dns_ask, &c);
	test_settle();
	ASSERT_EQ(info_now().queued, 1);
	ASSERT(wok_cancel(second));
	test_settle();
	ASSERT_EQ(info_now().queued, 1); /* the third waits for it, too */
	ASSERT(wok_cancel(third));
	test_settle();
	ASSERT_EQ(info_now().queued, 0);
	server->silent = false;
	wok_test_advance(5 * WOK_SECOND);
	ASSERT_OK(wok_await(first));
	ASSERT_EQ(dns_times(server, "two.test"), 0);
	ASSERT_STR(dns_first("two.test"), "192.0.2.1:80");
}

TEST(a_query_that_has_not_begun_ends_with_its_last_waiter)
{
	dns_run(&(wok_dns_options){.max_queries = 1}, 1, 20, cancel_queued);
}

/* At each moment of a look-up that takes so many ticks: either it is done, or it is cancelled. */
static void cancel_after(struct dns_test *test)
{
	size_t done = 0, canceled = 0;

	(void) test;
	for (int ticks = 0; ticks < 12; ticks++) {
		struct dns_asking asking = {.host = "one.test"};
		wok_dns_flush("one.test");
		WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
		for (int i = 0; i < ticks; i++)
			ASSERT_OK(wok_yield());
		(void) wok_cancel(task);
		int r = wok_await(task);
		ASSERT(r == 0 || r == WOK_ETASKCANCELED);
		done += r == 0;
		canceled += r < 0;
		test_settle();
	}
	ASSERT(canceled > 0);
	wok_dns_flush(NULL);
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	(void) done;
}

TEST(a_cancel_at_any_tick_leaks_nothing)
{
	dns_run(NULL, 1, 30, cancel_after);
}

static void cancel_before_the_limit(struct dns_test *test)
{
	struct dns_asking asking = {.host = "one.test"};

	test->servers[0].silent = true;
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
	wok_test_advance(WOK_SECOND - 1);
	ASSERT(!wok_task_done(task));
	ASSERT(wok_cancel(task));
	wok_test_advance(1);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(info_now().timeouts, 1);
}

TEST(a_limit_after_the_cancel_finds_nobody)
{
	dns_run(&(wok_dns_options){.limit = WOK_SECOND}, 1, 10, cancel_before_the_limit);
}

static void leave_running(struct dns_test *test)
{
	static struct dns_asking asking[20];

	test->servers[0].silent = true;
	for (int i = 0; i < 20; i++) {
		static const char *const hosts[] = {"one.test", "two.test", "big.test", "six.test"};
		asking[i].host = hosts[i % 4];
		wok_task *task = wok_create_task(dns_ask, &asking[i]);
		wok_task_detach(&task);
	}
	test_settle();
	ASSERT_EQ(info_now().in_flight, 2);
	ASSERT_EQ(info_now().queued, 2);
}

TEST(a_loop_may_end_with_queries_under_way)
{
	dns_run(&(wok_dns_options){.max_queries = 2}, 1, 10, leave_running);
}

static int say_goodbye(void *found)
{
	int r = wok_sleep(WOK_MINUTE);

	ASSERT_ERR(r, -ECANCELED);
	WOK_SHIELD (WOK_SECOND) {
		*(bool *) found = strstr(dns_first("localhost"), ":80") != NULL;
	}
	return r;
}

static void end_with_goodbye(struct dns_test *test)
{
	wok_task *task = wok_create_task(say_goodbye, test->arg);

	wok_task_detach(&task);
	test_settle();
}

TEST(a_clean_up_at_the_end_of_the_run_can_look_up)
{
	bool found = false;
	struct dns_test test = {.body = end_with_goodbye, .arg = &found};

	dns_use(&test, NULL, 1);
	ASSERT_OK(wok_test_run(dns_main, &test, NULL));
	ASSERT(found);
	dns_end(&test);
}

static int look_up_anew(void *unused)
{
	wok_addresses addresses;

	(void) unused;
	WOK_TRY(wok_lookup("localhost", 80, &addresses));
	wok_addresses_clear(&addresses);
	return 0;
}

static void fork_with_query(struct dns_test *test)
{
	struct dns_asking asking = {.host = "one.test"};
	int status = -1;

	test->servers[0].silent = true;
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
	test_settle();
	pid_t child = fork();
	if (child == 0) {
		/* The parent's loop is not the child's; one of its own is. */
		bool fails = strcmp(dns_first("one.test"), "EDEADLK") == 0;
		_exit(fails && wok_run(look_up_anew, NULL) == 0 ? 0 : 1);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT_EQ(status, 0);
	test->servers[0].silent = false;
	wok_test_advance(2001 * WOK_MS);
	ASSERT_OK(wok_await(task));
}

TEST(a_fork_leaves_the_query_to_the_parent, "F12")
{
	dns_run(NULL, 1, 3, fork_with_query);
}
