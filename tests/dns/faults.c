/* SPDX-License-Identifier: MIT */
/* Each allocation fails in turn, and what the kernel may refuse: the call says so, nothing leaks.
 */
#include <sys/resource.h>

#include "dns/server.h"

/* A task that waits is not waited for by the clock: time has to be moved. */
static int ask_patiently(const char *host)
{
	struct dns_asking asking = {.host = host};
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);

	test_settle();
	for (int i = 0; i < 100 && !wok_task_done(task); i++)
		wok_test_advance(WOK_SECOND);
	return wok_await(task);
}

struct fault {
	uint64_t at;
	bool and_after;
	int result;
};

static void ask_with_fault(struct dns_test *test)
{
	struct fault *fault = test->arg;

	wok_test_fail_allocation(fault->at, fault->and_after);
	fault->result = ask_patiently("one.test");
	int big = ask_patiently("big.test");
	if (fault->result == 0)
		fault->result = big;
	wok_test_fail_allocation(0, false);
	wok_test_advance(2 * WOK_SECOND); /* the server may have to begin anew */
	wok_dns_flush(NULL);
	ASSERT_OK(ask_patiently("one.test"));
	ASSERT_OK(ask_patiently("big.test"));
}

static void fail_each(bool and_after)
{
	struct fault fault = {1, and_after, 0};
	struct dns_test test = {.body = ask_with_fault, .arg = &fault};
	size_t failed = 0;

	dns_use(&test, NULL, 1);
	/* c-ares makes do without now and then: a row without an error is not the end. */
	for (int quiet = 0; quiet < 60; fault.at++) {
		ASSERT_OK(wok_test_run(dns_main, &test, NULL));
		if (fault.result < 0 && fault.result != -ENOMEM && fault.result != -ETIMEDOUT &&
		    fault.result != WOK_ENAME && fault.result != WOK_ETASKCANCELED)
			FAIL("allocation %d: %s", (int) fault.at, wok_errname(fault.result));
		quiet = fault.result < 0 ? 0 : quiet + 1;
		failed += fault.result < 0;
		ASSERT(fault.at < 400);
	}
	ASSERT(failed > 10);
	dns_end(&test);
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
}

TEST(any_one_allocation_may_fail, "G3")
{
	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	fail_each(false);
}

TEST(all_allocations_from_one_on_may_fail, "G3")
{
	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	fail_each(true);
}

static void refuse_descriptors(struct dns_test *test)
{
	struct rlimit limit, before;

	(void) test;
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80"); /* the channel is there */
	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 3;
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ASSERT_STR(dns_first("two.test"), "WOK_ENAME");
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	ASSERT_STR(dns_first("two.test"), "192.0.2.1:80");
}

TEST(without_descriptors_it_fails_and_then_works_again)
{
	dns_run(NULL, 1, 3, refuse_descriptors);
}

static void refuse_waiting(struct dns_test *test)
{
	wok_loop_info info;

	(void) test;
	ASSERT_OK(wok_loop_get_info(&info));
	if (strcmp(info.backend, "epoll") != 0)
		return;
	struct dns_asking asking = {.host = "one.test"};
	WOK_AUTO(wok_task) *task = wok_create_task(dns_ask, &asking);
	test_settle();
	ASSERT_OK(wok_await(task));
	wok_dns_flush(NULL);
	wok_test_fail_system_call("epoll_ctl", 1, ENOSPC);
	wok_task_free(task);
	task = wok_create_task(dns_ask, &asking);
	ASSERT_ERR(wok_await(task), -ENOSPC);
	ASSERT_SAYS(-ENOSPC, "cannot look up one.test: a socket to 127.0.0.1");
	wok_test_fail_system_call(NULL, 0, 0);
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
}

TEST(a_socket_that_cannot_be_waited_for_gives_the_query_up, "G3")
{
	dns_run(NULL, 1, 5, refuse_waiting);
}
