/* SPDX-License-Identifier: MIT */
/* What happens to a listener when the system runs out of something: see wok_accept(). */
#include <sys/resource.h>
#include <time.h>

#include "harness/reports.h"
#include "io/streams.h"

static int accept_and_close(void *listener)
{
	WOK_AUTO(wok_stream) *stream = NULL;

	return wok_accept(listener, &stream);
}

static int accept_in_need(void *code)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
	wok_time before = wok_now();
	wok_test_fail_system_call("accept4", 1, *(int *) code);
	ASSERT_OK(accept_and_close(listener)); /* the connection is still there */
	ASSERT(wok_now() > before);            /* it did not spin */
	return 0;
}

TEST(a_listener_survives_need_and_reports_it, "E10")
{
	struct test_reports reports;
	int code = EMFILE;

	ASSERT_OK(test_run_reporting(&reports, accept_in_need, &code));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EMFILE);
	ASSERT_REPORT(&reports, 0, "cannot accept");
}

TEST(every_kind_of_need_passes, "E10")
{
	int codes[] = {ENFILE, ENOBUFS, ENOMEM};
	struct test_reports reports;

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	for (int i = 0; i < 3; i++) {
		reports.n = 0;
		ASSERT_OK(wok_test_run(accept_in_need, &codes[i], NULL));
		ASSERT_EQ(reports.kept[0].code, -codes[i]);
	}
}

TEST_TASK(a_connection_that_was_given_up_is_passed_over, "E10")
{
	const int codes[] = {ECONNABORTED, EPROTO, EPERM, ENETDOWN};
	WOK_AUTO(wok_listener) *listener = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	for (int i = 0; i < 4; i++) {
		WOK_AUTO(wok_stream) *client = NULL;
		ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
		wok_time before = wok_now();
		wok_test_fail_system_call("accept4", 1, codes[i]);
		ASSERT_OK(accept_and_close(listener));
		ASSERT_EQ(wok_now(), before); /* at once */
	}
}

TEST_TASK(another_error_is_the_callers)
{
	WOK_AUTO(wok_listener) *listener = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	wok_test_fail_system_call("accept4", 1, EINVAL);
	ASSERT_ERR(accept_and_close(listener), -EINVAL);
}

struct need {
	wok_listener *listener;
	int accepted;
};

static int accept_all(void *arg)
{
	struct need *self = arg;

	while (accept_and_close(self->listener) == 0)
		self->accepted++;
	return 0;
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static int run_out_of_descriptors(void *unused)
{
	const struct rlimit none = {0, 20000};
	struct need self = {.accepted = 0};
	wok_stream *clients[3];
	struct rlimit old;

	(void) unused;
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &self.listener));
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(self.listener),
					  &clients[i]));
	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &(struct rlimit){none.rlim_cur, old.rlim_max}), 0);
	WOK_AUTO(wok_task) *task = wok_create_task(accept_all, &self);
	double before = cpu_seconds();
	ASSERT_OK(wok_sleep(100 * WOK_MS)); /* two retries */
	ASSERT(cpu_seconds() - before < 0.02);
	ASSERT_EQ(self.accepted, 0);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	wok_time start = wok_now();
	while (self.accepted < 3 && wok_now() - start < WOK_SECOND)
		ASSERT_OK(wok_sleep(5 * WOK_MS));
	ASSERT_EQ(self.accepted, 3);
	ASSERT_OK(wok_listener_close(self.listener));
	ASSERT_OK(wok_await(task));
	wok_listener_free(self.listener);
	for (int i = 0; i < 3; i++)
		wok_stream_free(clients[i]);
	return 0;
}

TEST(without_descriptors_a_listener_neither_spins_nor_dies, "E10")
{
	struct test_reports reports;

	memset(&reports, 0, sizeof(reports));
	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_OK(wok_test_run(run_out_of_descriptors, NULL,
			       &(wok_test_options){.real_clock = true}));
	ASSERT_EQ(reports.n, 1); /* once a second, not at each retry */
}
