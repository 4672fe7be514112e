/* SPDX-License-Identifier: MIT */
/* Many look-ups at once: no thread, and as many sockets as servers. */
#include "dns/server.h"

enum { LOOKUPS = 10000 };

static size_t threads_now(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[128];
	size_t n = 0;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "Threads: %zu", &n) == 1)
			break;
	if (status)
		fclose(status);
	return n;
}

struct most {
	size_t in_flight, sockets, threads;
};

static void note_most(struct most *most)
{
	wok_dns_info info;

	ASSERT_OK(wok_dns_get_info(&info));
	most->in_flight = info.in_flight > most->in_flight ? info.in_flight : most->in_flight;
	most->sockets = info.sockets > most->sockets ? info.sockets : most->sockets;
}

static void ask_for_many(struct dns_test *test)
{
	struct dns_asking *asking = calloc(LOOKUPS, sizeof(*asking));
	char(*names)[32] = calloc(LOOKUPS, sizeof(*names));
	struct most most = {0, 0, 0};
	WOK_AUTO(wok_scope) *scope = NULL;
	char expected[64];

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < LOOKUPS; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d.many.test", i);
		asking[i].host = names[i];
		ASSERT_OK(wok_scope_spawn(scope, dns_ask, &asking[i]));
	}
	while (wok_scope_children(scope) > 0) {
		note_most(&most);
		ASSERT_OK(wok_yield());
	}
	ASSERT_EQ(threads_now(), 1);
	ASSERT_OK(wok_scope_join(scope));
	for (int i = 0; i < LOOKUPS; i++) {
		snprintf(expected, sizeof(expected), "10.%d.%d.%d:80", i >> 16 & 255, i >> 8 & 255,
			 i & 255);
		ASSERT_STR(asking[i].first, expected);
	}
	ASSERT_EQ(most.in_flight, 80);
	ASSERT_EQ(most.sockets, 1);
	ASSERT_EQ(test->servers[0].asked, (size_t) 2 * LOOKUPS); /* none was lost and sent again */
	free(names);
	free(asking);
}

TEST(ten_thousand_look_ups_need_one_socket_and_no_thread, "client-12")
{
	if (TEST_FEW_STACKS)
		SKIP("ThreadSanitizer dies at its 8,129th stack");
	dns_run(NULL, 1, 1, ask_for_many);
}

/* In a thread of its own, on the machine's clock. */
static int look_up_there(void *unused)
{
	wok_dns_info info;

	(void) unused;
	ASSERT_OK(wok_dns_get_info(&info));
	ASSERT_EQ(info.queries, 0);
	for (int i = 0; i < 2; i++) {
		struct dns_asking asking = {.host = "one.test"};
		ASSERT_OK(dns_ask(&asking));
		ASSERT_STR(asking.first, "192.0.2.1:80");
	}
	ASSERT_OK(wok_dns_get_info(&info));
	ASSERT_EQ(info.queries, 1);
	ASSERT_EQ(info.hits, 1);
	return 0;
}

static int run_loop(void *unused)
{
	return wok_run(look_up_there, unused);
}

static int run_in_thread(void *unused)
{
	(void) unused;
	return wok_to_thread(run_loop, NULL);
}

static void ask_from_threads(struct dns_test *test)
{
	char threads[4];

	ASSERT_OK(wok_for_each(run_in_thread, threads, 4, 0, 0));
	ASSERT_EQ(dns_times(&test->servers[0], "one.test"), 4);
}

TEST(each_loop_asks_and_remembers_for_itself)
{
	dns_run(NULL, 1, 1, ask_from_threads);
}
