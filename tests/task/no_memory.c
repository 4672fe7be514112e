/* SPDX-License-Identifier: MIT */
/*
 * Each allocation fails in turn, and so does each system call: the call says so, nothing leaks, and
 * what comes after works. Descriptors are counted by the harness, memory by the sanitizer.
 */
#include <stdio.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

enum { MOST = 300 };

static int yield_once(void *unused)
{
	(void) unused;
	return wok_yield();
}

static int make_tasks(void *unused)
{
	const wok_task_options options = {.stack_size = 65536};
	int number = 1;

	(void) unused;
	WOK_AUTO(wok_task) *plain = wok_create_task(yield_once, NULL);
	WOK_AUTO(wok_task) *copy = wok_create_task_copy(yield_once, &number, sizeof(number));
	WOK_AUTO(wok_task) *large = wok_create_task_with(yield_once, NULL, &options);
	WOK_TRY(wok_await(plain));
	WOK_TRY(wok_await(copy));
	return wok_await(large);
}

static int gather_tasks(void *unused)
{
	wok_task *tasks[40];

	(void) unused;
	for (int i = 0; i < 40; i++)
		tasks[i] = wok_create_task(yield_once, NULL);
	int r = wok_gather(tasks, 40, 0);
	for (int i = 0; i < 40; i++)
		wok_task_free(tasks[i]);
	return r;
}

static int fail(void *unused)
{
	(void) unused;
	return wok_fail(-EIO, "as it should");
}

static int use_scopes(void *unused)
{
	WOK_AUTO(wok_scope) *outer = NULL;
	WOK_AUTO(wok_scope) *inner = NULL;

	(void) unused;
	WOK_TRY(wok_scope_new(&outer));
	WOK_TRY(wok_scope_spawn(outer, yield_once, NULL));
	WOK_TRY(wok_scope_new(&inner));
	for (int i = 0; i < 5; i++)
		WOK_TRY(wok_scope_spawn(inner, fail, NULL));
	int r = wok_scope_join(inner);
	const wok_scope_error *errors;
	(void) wok_scope_errors(inner, &errors);
	for (; errors->code; errors++)
		ASSERT(errors->code == -EIO || errors->code == -ENOMEM);
	WOK_TRY(r == -EIO ? 0 : r);
	return wok_scope_join(outer);
}

static int limit_time(void *unused)
{
	int array[20] = {0};

	(void) unused;
	WOK_SHIELD (WOK_SECOND) {
		WOK_TRY(wok_wait_for(yield_once, NULL, WOK_SECOND));
	}
	WOK_AUTO(wok_task) *task = wok_create_task(yield_once, NULL);
	WOK_TRY(wok_await_for(task, WOK_SECOND));
	return wok_for_each(yield_once, array, 20, 5, 0);
}

static int use_callbacks(void *unused)
{
	(void) unused;
	for (int i = 0; i < 20; i++) {
		if (!wok_call_later(i, yield_once, NULL).id)
			return -ENOMEM;
	}
	return 0;
}

static int stream_in_memory(void *unused)
{
	WOK_AUTO(wok_stream) *a = NULL;
	WOK_AUTO(wok_stream) *b = NULL;
	wok_view line;

	(void) unused;
	WOK_TRY(wok_stream_pair(0, &a, &b));
	WOK_TRY(wok_stream_write_all(a, "line\n", 5));
	return wok_stream_next_line(b, 0, &line);
}

struct accepting {
	wok_listener *listener;
	wok_stream *stream;
};

static int accept_one(void *arg)
{
	struct accepting *self = arg;

	return wok_accept(self->listener, &self->stream);
}

static int stream_over_sockets(void *unused)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL;
	wok_view line;

	(void) unused;
	WOK_TRY(wok_listen("127.0.0.1:0", NULL, &listener));
	WOK_TRY(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
	struct accepting accepting = {listener, NULL};
	/* Where memory never comes back, it waits until its time is over. */
	WOK_TRY(wok_wait_for(accept_one, &accepting, WOK_SECOND));
	WOK_AUTO(wok_stream) *server = accepting.stream;
	WOK_TRY(wok_stream_write_all(client, "line\n", 5));
	WOK_TRY(wok_stream_next_line(server, 0, &line));
	WOK_TRY(wok_stream_shutdown(client));
	return wok_stream_next_line(server, 0, &line);
}

static int listen_on_unix(void *unused)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL;
	char address[64];

	(void) unused;
	snprintf(address, sizeof(address), "unix:/tmp/wok-test-%d", (int) getpid());
	WOK_TRY(wok_listen(address, NULL, &listener));
	return wok_unix_connect(address + 5, &client);
}

static int look_up(void *unused)
{
	wok_addresses addresses;

	(void) unused;
	WOK_TRY(wok_lookup("localhost", 80, &addresses));
	wok_addresses_clear(&addresses);
	return 0;
}

static int use_remote(void *unused)
{
	WOK_AUTO(wok_remote) *remote = NULL;

	(void) unused;
	WOK_TRY(wok_remote_new(&remote));
	WOK_TRY(wok_remote_call(remote, use_callbacks, NULL));
	return wok_yield();
}

static wok_fn *const parts[] = {
	make_tasks,       gather_tasks,        use_scopes,     limit_time, use_callbacks,
	stream_in_memory, stream_over_sockets, listen_on_unix, look_up,    use_remote};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

struct fault {
	wok_fn *part;
	int at; /* which allocation fails */
	bool and_after;
	int result;
};

static int with_fault(void *arg)
{
	struct fault *fault = arg;

	wok_test_fail_allocation((uint64_t) fault->at, fault->and_after);
	fault->result = fault->part(NULL);
	test_settle();
	wok_test_fail_allocation(0, false);
	/* Whatever happened, the same works now. */
	return fault->part(NULL);
}

static void fail_each_allocation(bool and_after)
{
	for (int i = 0; i < PARTS; i++) {
		int at = 1, quiet = 0;
		/* After a row without an error no allocation is left to fail. */
		for (; quiet < 3 && at < MOST; at++) {
			struct fault fault = {parts[i], at, and_after, 0};
			ASSERT_OK(wok_test_run(with_fault, &fault, NULL));
			if (fault.result < 0 && fault.result != -ENOMEM &&
			    fault.result != WOK_ETASKCANCELED && fault.result != WOK_ENAME &&
			    (fault.result != -ETIMEDOUT || !and_after))
				FAIL("part %d, allocation %d: %s", i, at,
				     wok_errname(fault.result));
			quiet = fault.result < 0 ? 0 : quiet + 1;
		}
		ASSERT(at < MOST);
	}
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
}

TEST(any_one_allocation_may_fail, "G3")
{
	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	fail_each_allocation(false);
}

TEST(all_allocations_from_one_on_may_fail, "G3")
{
	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	fail_each_allocation(true);
}

TEST(a_run_that_cannot_start_says_why, "G3")
{
	int failed = 0;

	for (int at = 1;; at++) {
		wok_test_fail_allocation((uint64_t) at, false);
		int r = wok_test_run(yield_once, NULL, NULL);
		wok_test_fail_allocation(0, false);
		if (r == 0)
			break;
		ASSERT_ERR(r, -ENOMEM);
		failed++;
	}
	ASSERT(failed > 3);
	const wok_test_options epoll = {.backend = "epoll"};
	const char *const calls[] = {"eventfd", "epoll_create1", "epoll_ctl"};
	for (int i = 0; i < 3; i++) {
		wok_test_fail_system_call(calls[i], 1, EMFILE);
		ASSERT_ERR(wok_test_run(yield_once, NULL, &epoll), -EMFILE);
	}
	ASSERT_OK(wok_test_run(yield_once, NULL, NULL));
}

static int fail_each_call(void *unused)
{
	static const char *const calls[] = {
		"socket", "bind",    "listen", "getsockname", "setsockopt", "connect",   "accept4",
		"recv",   "sendmsg", "send",   "epoll_ctl",   "shutdown",   "getsockopt"};
	int fds = test_count_fds();

	(void) unused;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (uint64_t at = 1; at <= 4; at++) {
			wok_test_fail_system_call(calls[i], at, EIO);
			int r = stream_over_sockets(NULL);
			wok_test_fail_system_call(NULL, 0, 0);
			if (r != -EIO && r != 0)
				FAIL("call %d of %s: %s", (int) at, calls[i], wok_errname(r));
			ASSERT_EQ(test_count_fds(), fds);
		}
	}
	return 0;
}

TEST(any_system_call_may_fail, "G3")
{
	ASSERT_OK(wok_test_run(fail_each_call, NULL, NULL));
}
