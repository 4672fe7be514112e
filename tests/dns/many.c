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
	ASSERT_EQ(most.in_flight, 100);
	ASSERT_EQ(most.sockets, 1);
	ASSERT_EQ(test->servers[0].asked, (size_t) 2 * LOOKUPS); /* none was lost and sent again */
	free(names);
	free(asking);
}

TEST(ten_thousand_look_ups_need_one_socket_and_no_thread, "http-12")
{
	dns_run(NULL, 1, 1, ask_for_many);
}
