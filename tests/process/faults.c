/* SPDX-License-Identifier: MIT */
/* Child processes and signals when memory, or a system call, fails: nothing is left behind. */
#include "process/children.h"

static int use_processes(void *unused)
{
	const char *const argv[] = {"cat", NULL};
	const wok_process_fd given = {STDERR_FILENO, 7};
	const wok_process_options options = {
		.output.kind = WOK_STDIO_PIPE,
		.errors.kind = WOK_STDIO_OUTPUT,
		.fds = &given,
		.n_fds = 1,
	};
	wok_process_result result;
	WOK_AUTO(wok_process) *typing = NULL;

	(void) unused;
	WOK_TRY(wok_process_run(argv, "hello", 5, &options, &result));
	bool same = result.output.size == 5 && memcmp(result.output.data, "hello", 6) == 0;
	wok_process_result_clear(&result);
	ASSERT(same);
	WOK_TRY(wok_process_spawn(argv, &(wok_process_options){.terminal = true}, &typing));
	return wok_process_stop(typing, -1, NULL);
}

static int use_signals(void *unused)
{
	const int numbers[] = {SIGUSR1, SIGHUP};
	WOK_AUTO(wok_signals) *signals = NULL;
	WOK_AUTO(wok_stream) *reader = NULL;
	WOK_AUTO(wok_stream) *writer = NULL;
	char byte;
	int number;

	(void) unused;
	WOK_TRY(wok_signals_new(numbers, 2, &signals));
	raise(SIGHUP);
	WOK_TRY(wok_signals_next(signals, &number));
	WOK_TRY(wok_pipe(&reader, &writer));
	WOK_TRY(wok_stream_write_all(writer, "x", 1));
	WOK_TRY(wok_stream_read_exactly(reader, &byte, 1, NULL));
	ASSERT_EQ(byte, 'x');
	return 0;
}

static void without_each_allocation(wok_fn *fn)
{
	int fds = test_count_fds();

	ASSERT_OK(wok_test_run_allocations(fn, NULL, NULL));
	ASSERT(no_children());
	ASSERT_EQ(test_count_fds(), fds);
}

TEST(without_memory_no_process_is_left)
{
	without_each_allocation(use_processes);
}

TEST(without_memory_no_signal_stays_taken)
{
	struct sigaction now;

	without_each_allocation(use_signals);
	ASSERT_EQ(sigaction(SIGUSR1, NULL, &now), 0);
	ASSERT(now.sa_handler == SIG_DFL);
}

/* Each call of a name fails in turn, until the work is done without meeting the fault. */
static void without_each_call(const char *name, int error, wok_fn *fn)
{
	int fds = test_count_fds(), r = -1;

	for (uint64_t n = 1; r < 0 && n < 100; n++) {
		wok_test_fail_system_call(name, n, error);
		r = wok_test_run(fn, NULL, NULL);
		wok_test_fail_system_call(NULL, 0, 0);
		if (r < 0 && r != -error && r != -EIO)
			FAIL("%s, call %d: %s", name, (int) n, wok_errmsg(r));
		if (!no_children() || test_count_fds() != fds)
			FAIL("%s, call %d: something is left", name, (int) n);
	}
	ASSERT_OK(r);
}

static int signal_without_pidfd(void *unused)
{
	static const int errors[] = {ENOSYS, EPERM};

	(void) unused;
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_process) *process = spawn_cat();
		int status = 0;
		wok_test_fail_system_call("pidfd_send_signal", 1, errors[i]);
		ASSERT_OK(wok_process_terminate(process));
		wok_test_fail_system_call(NULL, 0, 0);
		ASSERT_OK(wok_process_wait(process, &status));
		ASSERT_EQ(status, -SIGTERM);
	}
	return 0;
}

TEST(where_a_pidfd_cannot_be_signalled_the_number_is)
{
	ASSERT_OK(wok_test_run(signal_without_pidfd, NULL, NULL));
}

TEST(a_system_call_that_fails_leaves_no_process_and_no_descriptor, "F2")
{
	static const struct {
		const char *name;
		int error;
	} faults[] = {
		{"clone", EAGAIN},        {"mmap", ENOMEM}, {"pipe2", EMFILE},     {"open", EMFILE},
		{"posix_openpt", ENOSPC}, {"ioctl", EIO},   {"epoll_ctl", ENOMEM}, {"poll", ENOMEM},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		without_each_call(faults[i].name, faults[i].error, use_processes);
	without_each_call("eventfd", EMFILE, use_signals);
	without_each_call("pipe2", EMFILE, use_signals);
	without_each_call("read", EIO, use_signals);
	without_each_call("writev", EIO, use_signals);
}
