/* SPDX-License-Identifier: MIT */
/*
 * Tests of the harness itself: each forks once more, and in the child does what must fail. Without
 * these, a broken harness would call everything passed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/test.h"

/* Exit status of a child that runs body, silently; -1 if a signal ended it. */
static int status_of(void (*body)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDERR_FILENO);
		body();
		_exit(0);
	}
	ASSERT(child > 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void wrong_number(void)
{
	ASSERT_EQ(1 + 1, 3);
}

static void wrong_text(void)
{
	ASSERT_STR("wok", NULL);
}

static void wrong_bytes(void)
{
	ASSERT_MEM("abc", "abd", 3);
}

static void false_claim(void)
{
	ASSERT(1 > 2);
}

static void unexpected_error(void)
{
	ASSERT_OK(-EINVAL);
}

static void other_error(void)
{
	ASSERT_ERR(-EINVAL, -ENOMEM);
}

static void no_error(void)
{
	ASSERT_ERR(0, -ENOMEM);
}

static void skips(void)
{
	SKIP("to see what happens");
}

TEST(assertions_that_do_not_hold_end_the_test)
{
	ASSERT_EQ(status_of(wrong_number), 1);
	ASSERT_EQ(status_of(wrong_text), 1);
	ASSERT_EQ(status_of(wrong_bytes), 1);
	ASSERT_EQ(status_of(false_claim), 1);
	ASSERT_EQ(status_of(unexpected_error), 1);
	ASSERT_EQ(status_of(other_error), 1);
	ASSERT_EQ(status_of(no_error), 1);
}

TEST(assertions_that_hold_are_silent)
{
	ASSERT(2 > 1);
	ASSERT_EQ(-1, -1LL);
	ASSERT_OK(0);
	ASSERT_ERR(-EINVAL, -EINVAL);
	ASSERT_ERR(-EINVAL, EINVAL);
	ASSERT_STR(NULL, NULL);
	ASSERT_STR("a", "a");
	ASSERT_MEM("abc", "abd", 2);
}

TEST(skipping_exits_with_77)
{
	ASSERT_EQ(status_of(skips), 77);
}

TEST(descriptors_are_counted)
{
	int before = test_count_fds();
	int fd = dup(STDERR_FILENO);

	ASSERT(fd >= 0);
	ASSERT_EQ(test_count_fds(), before + 1);
	close(fd);
	ASSERT_EQ(test_count_fds(), before);
}
