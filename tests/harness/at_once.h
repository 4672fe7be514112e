/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_AT_ONCE_H
#define WOK_TEST_AT_ONCE_H
/* Real processes that do the same at once. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/test.h"

enum { TEST_AT_ONCE_MAX = 8, TEST_AT_ONCE_FAILED = 255 };

/*
 * Fork n processes, let them go together, and wait for them. Each ends with what fn(arg) returned,
 * from 0 to 254: the sum of that. One that ends otherwise fails the test.
 */
static inline int test_at_once(int n, int (*fn)(void *arg), void *arg)
{
	pid_t children[TEST_AT_ONCE_MAX];
	int gate[2], status, sum = 0;
	char nothing;

	ASSERT(n <= TEST_AT_ONCE_MAX);
	ASSERT_EQ(pipe2(gate, O_CLOEXEC), 0);
	for (int i = 0; i < n; i++) {
		children[i] = fork();
		ASSERT(children[i] >= 0);
		if (children[i] == 0) {
			close(gate[1]);
			(void) !read(gate[0], &nothing, 1); /* until nobody can write any more */
			const int r = fn(arg);
			_exit(r < 0 ? TEST_AT_ONCE_FAILED : r);
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < n; i++) {
		ASSERT_EQ(waitpid(children[i], &status, 0), children[i]);
		ASSERT(WIFEXITED(status) && WEXITSTATUS(status) != TEST_AT_ONCE_FAILED);
		sum += WEXITSTATUS(status);
	}
	return sum;
}
#endif
