/* SPDX-License-Identifier: MIT */
/* Many connections that do nothing: what they cost. The real measure is bench/idle-connections. */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"

enum { CONNECTIONS = 400 };

struct idle {
	wok_listener *listener;
	int clients[CONNECTIONS];
};

static int echo(wok_stream *client, void *unused)
{
	char data[1024];
	ssize_t n;

	(void) unused;
	while ((n = wok_stream_read(client, data, sizeof(data))) > 0)
		WOK_TRY(wok_stream_write_all(client, data, (size_t) n));
	return (int) n;
}

static int serve(void *arg)
{
	return wok_serve_on(((struct idle *) arg)->listener, echo, NULL, NULL);
}

/* A plain socket: the connection stands as soon as the backlog has it. */
static int connect_plainly(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT(fd >= 0);
	ASSERT_EQ(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	return fd;
}

static size_t resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long total, resident = 0;

	if (!file || fscanf(file, "%lu %lu", &total, &resident) != 2)
		FAIL("/proc/self/statm cannot be read");
	fclose(file);
	return resident * 4;
}

static void wait_for_tasks(size_t n)
{
	wok_loop_info info;

	do {
		ASSERT_OK(wok_sleep(WOK_MS));
		ASSERT_OK(wok_loop_get_info(&info));
	} while (info.tasks < n);
}

/* How often the loop asked the kernel, and the process slept, while nothing happened. */
static void stay_idle(uint64_t *ret_polls, long *ret_sleeps)
{
	wok_loop_info before, after;
	struct rusage slept_before, slept_after;

	ASSERT_OK(wok_loop_get_info(&before));
	ASSERT_EQ(getrusage(RUSAGE_SELF, &slept_before), 0);
	ASSERT_OK(wok_sleep(100 * WOK_MS));
	ASSERT_EQ(getrusage(RUSAGE_SELF, &slept_after), 0);
	ASSERT_OK(wok_loop_get_info(&after));
	*ret_polls = after.polls - before.polls;
	*ret_sleeps = slept_after.ru_nvcsw - slept_before.ru_nvcsw;
}

static int keep_many(void *unused)
{
	struct idle idle;
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	uint64_t polls;
	long sleeps;
	char data[4] = "ping";

	(void) unused;
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	idle.listener = listener;
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, serve, &idle));
	size_t before = resident_kib();
	for (int i = 0; i < CONNECTIONS; i++)
		idle.clients[i] = connect_plainly(wok_listener_port(listener));
	wait_for_tasks(CONNECTIONS + 2);

	stay_idle(&polls, &sleeps);
	ASSERT(polls <= 2); /* one that waited, and one that found the timer due */
	ASSERT(sleeps <= 4);
	ASSERT(TEST_SANITIZED || resident_kib() - before < CONNECTIONS * 8);
	int last = idle.clients[CONNECTIONS - 1];
	ASSERT_EQ(write(last, data, 4), 4);
	ASSERT_OK(wok_fd_wait(last, WOK_READABLE));
	ASSERT_EQ(read(last, data, 4), 4);
	for (int i = 0; i < CONNECTIONS; i++)
		close(idle.clients[i]);
	wok_scope_cancel(scope, NULL);
	return wok_scope_join(scope);
}

TEST(idle_connections_cost_a_page_or_two_each_and_no_system_call)
{
	ASSERT_OK(wok_test_run(keep_many, NULL, &(wok_test_options){.real_clock = true}));
}

static int read_one(void *stream)
{
	char data[1];

	return (int) wok_stream_read(stream, data, 1);
}

/* A server that takes what its client sends, and does not answer yet. */
static int await_an_answer(void *unused)
{
	WOK_AUTO(wok_stream) *client = NULL, *server = NULL;
	wok_loop_info before, after;
	char data[4];

	(void) unused;
	ASSERT_OK(wok_unix_pair(&client, &server));
	WOK_AUTO(wok_task) *reading = wok_create_task(read_one, client);
	test_settle();
	ASSERT_OK(wok_loop_get_info(&before));
	for (int i = 0; i < 10; i++) {
		ASSERT_OK(wok_stream_write_all(client, "ask", 3));
		ASSERT_EQ(read(wok_stream_fd(server), data, sizeof(data)), 3);
		ASSERT_OK(wok_sleep(WOK_MS));
	}
	ASSERT_OK(wok_loop_get_info(&after));
	ASSERT(after.polls - before.polls < 15); /* one a sleep, not two */
	ASSERT_OK(wok_stream_write_all(server, "!", 1));
	ASSERT_EQ(wok_await(reading), 1);
	return 0;
}

TEST(a_unix_sockets_peer_that_reads_wakes_nobody)
{
	ASSERT_OK(wok_test_run(await_an_answer, NULL, &(wok_test_options){.real_clock = true}));
}
