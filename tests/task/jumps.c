/* SPDX-License-Identifier: MIT */
/*
 * Jumps out of frames within one task: longjmp() and C++ exceptions. They are the task's own
 * business as long as they stay on its stack and pass through no call of wok's.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "task/cxx_body.h"

struct jumping {
	jmp_buf back;
	int jumps;
};

/* Waits at each level on the way down, and jumps from the bottom. */
static int jump_from(struct jumping *self, int depth)
{
	volatile char frame[256];

	frame[depth] = (char) depth;
	WOK_TRY(wok_yield());
	if (depth == 0)
		longjmp(self->back, 1);
	int r = jump_from(self, depth - 1);
	return frame[depth] == depth ? r : -EIO;
}

static int jump(void *arg)
{
	struct jumping *self = arg;
	volatile int i;

	for (i = 0; i < 50; i++) {
		if (setjmp(self->back) == 0)
			return jump_from(self, i % 7); /* comes back by the jump only */
		self->jumps++;
		WOK_TRY(wok_sleep(WOK_MS));
	}
	return 0;
}

TEST_TASK(a_longjmp_within_a_task_is_its_own_business, "G12")
{
	struct jumping many[5] = {0};

	ASSERT_OK(wok_for_each(jump, many, 5, 0, 0));
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(many[i].jumps, 50);
}

#ifdef WOK_TEST_CXX
TEST_TASK(an_exception_within_a_task_is_its_own_business, "G12")
{
	int times[5] = {10, 20, 30, 40, 50};
	wok_task *tasks[5];

	for (int i = 0; i < 5; i++)
		tasks[i] = wok_create_task(cxx_throw_and_catch, &times[i]);
	WOK_AUTO(wok_task) *canceled = wok_create_task(cxx_throw_when_canceled, NULL);
	ASSERT_OK(wok_gather(tasks, 5, 0));
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(wok_task_result(tasks[i]), times[i]);
		wok_task_free(tasks[i]);
	}
	ASSERT(wok_cancel(canceled));
	ASSERT_ERR(wok_await(canceled), WOK_ETASKCANCELED);
	ASSERT_EQ(cxx_alive, 0); /* all destructors have run */
}

TEST(an_exception_that_leaves_its_task_ends_the_process, "G12")
{
	pid_t child = fork();
	int status;

	ASSERT_OK(child);
	if (child == 0) {
		WOK_IGNORE(wok_run(cxx_throw_out, NULL));
		_exit(0);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFSIGNALED(status));
	ASSERT_EQ(WTERMSIG(status), SIGABRT);
}
#else
TEST(an_exception_within_a_task_is_its_own_business)
{
	SKIP("there is no C++ compiler");
}
#endif
