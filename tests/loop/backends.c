/* SPDX-License-Identifier: MIT */
/* The choice of a backend: see wok_run_options. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <wok/wok.h>

#include "harness/test.h"

static int get_info(void *ret_info)
{
	return wok_loop_get_info(ret_info);
}

static int run_on(const char *backend, wok_loop_info *ret_info)
{
	return wok_run_with(get_info, ret_info, &(wok_run_options){.backend = backend});
}

static void need_io_uring(void)
{
	wok_loop_info info;

	if (run_on("io_uring", &info) < 0)
		SKIP("%s", wok_errmsg(-EPERM));
}

/* tools/run-tests.sh asks this one, too, whether there is a point in going on. */
TEST(the_backend_asked_for_works)
{
	const char *asked = getenv("WOK_BACKEND");
	wok_loop_info info;

	if (!asked)
		asked = "epoll";
	int r = run_on(asked, &info);
	if (r < 0)
		SKIP("%s", wok_errmsg(r));
	ASSERT_STR(info.backend, asked);
	ASSERT(!info.backend_why);
}

TEST(a_backend_that_is_none_is_refused_with_the_choices)
{
	wok_loop_info info;

	ASSERT_ERR(run_on(",epoll", &info), -EINVAL);
	ASSERT_ERR(run_on("epol", &info), -EINVAL);
	ASSERT_ERR(run_on("nonsense", &info), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "option"));
	ASSERT(strstr(wok_errmsg(-EINVAL), "\"nonsense\""));
	ASSERT(strstr(wok_errmsg(-EINVAL), "epoll, io_uring"));
	ASSERT_EQ(setenv("WOK_BACKEND", "kqueue", 1), 0);
	ASSERT_ERR(run_on(NULL, &info), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "WOK_BACKEND"));
	ASSERT(strstr(wok_errmsg(-EINVAL), "\"kqueue\""));
	ASSERT(strstr(wok_errmsg(-EINVAL), "epoll, io_uring"));
}

TEST(the_environment_chooses_a_backend_and_the_option_goes_before_it, "G4")
{
	wok_loop_info info;

	need_io_uring();
	ASSERT_EQ(setenv("WOK_BACKEND", "epoll", 1), 0);
	ASSERT_OK(run_on(NULL, &info));
	ASSERT_STR(info.backend, "epoll");
	ASSERT(!info.backend_why);
	ASSERT_OK(run_on("io_uring,epoll", &info));
	ASSERT_STR(info.backend, "io_uring");
	ASSERT(!info.backend_why);
	ASSERT_EQ(setenv("WOK_BACKEND", "", 1), 0); /* as if it were not set */
	ASSERT_OK(run_on(NULL, &info));
	ASSERT_STR(info.backend, "epoll");
}

/* What happens when a ring cannot be set up, for a reason that a word of the message names. */
static void without_rings(int code, const char *word)
{
	wok_loop_info info;

	ASSERT_ERR(run_on("io_uring", &info), code);
	if (!strstr(wok_errmsg(code), word))
		FAIL("\"%s\" does not say \"%s\"", wok_errmsg(code), word);
	ASSERT_OK(run_on("epoll", &info));
	ASSERT(!info.backend_why);
}

TEST(a_ring_that_cannot_be_had_is_an_error_with_a_reason_if_asked_for_and_else_none, "G4")
{
	static const struct {
		const char *call;
		int error;
		const char *word;
	} rows[] = {
		{"io_uring_setup", EPERM, "forbidden"},
		{"io_uring_setup", ENOSYS, "no io_uring"},
		{"io_uring_setup", EINVAL, "Linux 6.1"},
		{"io_uring_setup", ENOMEM, "memory"},
		{"io_uring_setup", EMFILE, "could be set"},
		{"mmap", EAGAIN, "could be set"},
		{"io_uring_register", EINVAL, "Linux 6.1"},
	};
	wok_loop_info info;

	need_io_uring();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wok_test_fail_system_call(rows[i].call, 1, rows[i].error);
		without_rings(-rows[i].error, rows[i].word);
		wok_test_fail_system_call(rows[i].call, 1, rows[i].error);
		ASSERT_OK(run_on("io_uring,epoll", &info));
		wok_test_fail_system_call(NULL, 0, 0);
		ASSERT_STR(info.backend, "epoll");
		ASSERT(info.backend_why && strstr(info.backend_why, rows[i].word));
	}
}

/* Containers do this. */
static void forbid_rings(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 425 /* io_uring_setup */, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(rules) / sizeof(rules[0]), rules};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		SKIP("no seccomp filter can be set here");
}

TEST(a_ring_that_seccomp_refuses_is_done_without, "G4")
{
	wok_loop_info info;

	ASSERT_EQ(setenv("WOK_BACKEND", "io_uring,epoll", 1), 0);
	forbid_rings();
	without_rings(-EPERM, "forbidden");
	ASSERT_OK(run_on(NULL, &info));
	ASSERT_STR(info.backend, "epoll");
	ASSERT(info.backend_why && strstr(info.backend_why, "forbidden"));
}

TEST(each_allocation_and_system_call_may_fail_when_a_ring_is_made, "G3")
{
	const wok_run_options ring = {.backend = "io_uring"};
	wok_loop *loop = NULL;
	int failed = 0;

	need_io_uring();
	for (int kind = 0; kind < 2; kind++) {
		int r = -1;
		for (uint64_t n = 1; r < 0; n++) {
			if (kind == 0)
				wok_test_fail_allocation(n, false);
			else
				wok_test_fail_system_call(NULL, n, EMFILE);
			r = wok_loop_new(&ring, &loop);
			if (r == 0) {
				r = wok_loop_fd(loop);
				wok_test_fail_system_call(NULL, 0, 0);
				wok_loop_free(WOK_TAKE(loop));
			}
			wok_test_fail_allocation(0, false);
			wok_test_fail_system_call(NULL, 0, 0);
			ASSERT(r >= 0 || r == (kind == 0 ? -ENOMEM : -EMFILE));
			ASSERT(wok_current_loop() == NULL);
			ASSERT(n < 50);
			failed += r < 0;
		}
	}
	ASSERT(failed > 8);
}
