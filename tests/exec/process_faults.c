/* SPDX-License-Identifier: MIT */
/*
 * Each allocation and each system call of a pool fails in turn: the call says so, nothing leaks, no
 * process is left over, and what comes after works.
 */
#include <stdlib.h>

#include "exec/process_check.h"
#include "platform/process.h"
#include "platform/sys.h"

enum { LARGE = 200000 };

static int use_pool(void *unused)
{
	const wok_process_pool_options options = {
		.workers = 1,
		.initializer = "initialize",
		.initializer_input = "abc",
		.initializer_size = 3,
		.capture_output = true,
		.max_tasks_per_child = 2,
		.kill_grace = 100 * WOK_MS,
	};
	static char input[LARGE];
	WOK_AUTO(wok_process_pool) *pool = NULL;
	struct facts facts;
	void *output;
	size_t size;

	(void) unused;
	WOK_TRY(wok_process_pool_new(&options, &pool));
	WOK_TRY(wok_run_in_executor(pool, "facts", NULL, 0, &facts, sizeof(facts)));
	WOK_TRY(wok_run_in_executor_with(pool, "echo", input, LARGE, NULL, &output, &size));
	ASSERT_EQ(size, LARGE);
	wok_free(output);
	WOK_TRY(wok_run_in_executor(pool, "facts", NULL, 0, &facts, sizeof(facts)));
	return wok_process_pool_close(pool);
}

struct fault {
	const char *call; /* NULL: an allocation */
	uint64_t at;
	bool and_after;
	int result;
};

static int with_fault(void *arg)
{
	struct fault *fault = arg;

	if (fault->call)
		wok_test_fail_system_call(fault->call, fault->at, EIO);
	else
		wok_test_fail_allocation(fault->at, fault->and_after);
	fault->result = use_pool(NULL);
	wok_test_fail_system_call(NULL, 0, 0);
	wok_test_fail_allocation(0, false);
	ASSERT(no_children());
	return fault->at % 5 == 0 ? use_pool(NULL) : 0;
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
}

static void fail_each_allocation(bool and_after)
{
	int quiet = 0;

	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	for (uint64_t at = 1; quiet < 3; at++) {
		struct fault fault = {NULL, at, and_after, 0};
		ASSERT(at < 300);
		ASSERT_OK(wok_run(with_fault, &fault));
		if (fault.result < 0 && fault.result != -ENOMEM)
			FAIL("allocation %d: %s", (int) at, wok_errname(fault.result));
		quiet = fault.result < 0 ? 0 : quiet + 1;
	}
}

TEST(any_one_allocation_of_a_pool_may_fail, "G3")
{
	fail_each_allocation(false);
}

TEST(all_allocations_of_a_pool_from_one_on_may_fail, "G3")
{
	fail_each_allocation(true);
}

TEST(any_system_call_of_a_pool_may_fail, "G3")
{
	static const char *const calls[] = {"socketpair",
					    "pipe2",
					    "posix_spawn",
					    "pidfd_open",
					    "memfd_create",
					    "ftruncate",
					    "fcntl",
					    "mmap",
					    "sendmsg",
					    "recvmsg",
					    "pwrite",
					    "pread",
					    "read",
					    "epoll_ctl",
					    "poll",
					    "close",
					    "pidfd_send_signal"};

	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (uint64_t at = 1; at <= 6; at++) {
			struct fault fault = {calls[i], at, false, 0};
			int fds = test_count_fds();
			ASSERT_OK(wok_run(with_fault, &fault));
			/* A registration that could not be undone stays. */
			bool stays = fault.result == -EEXIST && strcmp(calls[i], "epoll_ctl") == 0;
			if (fault.result < 0 && fault.result != -EIO &&
			    fault.result != WOK_EWORKER && !stays)
				FAIL("call %d of %s: %s", (int) at, calls[i],
				     wok_errname(fault.result));
			if (test_count_fds() != fds)
				FAIL("call %d of %s leaks descriptors", (int) at, calls[i]);
		}
	}
}

TEST_TASK(memory_that_the_kernel_still_holds_is_sealed_all_the_same, "G3")
{
	int fd = wok__sys_memory("test");

	ASSERT_EQ(wok__sys_pwrite(fd, "abc", 3, 0), 3);
	wok_test_fail_system_call("fcntl", 1, EBUSY);
	int r = wok__sys_memory_seal(fd);
	wok_test_fail_system_call(NULL, 0, 0);
	ASSERT_OK(r);
	ASSERT_OK(wok__sys_memory_check(fd, 3));
	ASSERT_EQ(wok__sys_pwrite(fd, "d", 1, 0), -EPERM);
	wok__sys_close(fd);
}
