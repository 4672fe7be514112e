/* SPDX-License-Identifier: MIT */
/* Many reads and many files at once. */
#include "check.h"

enum { TASKS = 5000, READS = 20 };

static size_t n_read;

static int read_often(void *file)
{
	char data[8];

	for (size_t i = 0; i < READS; i++) {
		size_t at = (n_read * 13 + i * 7) % 1000;
		ssize_t n = wok_file_pread(file, data, sizeof(data), (off_t) at);
		ASSERT_EQ(n, sizeof(data));
		expect_pattern(data, sizeof(data), at);
		n_read++;
	}
	return 0;
}

/* The first read finds that the file system has none that does not wait; so all of them hop. */
static int read_100000_times(void *unused)
{
	char *data = pattern(2000);
	wok_thread_pool_info info;
	WOK_AUTO(wok_scope) *scope = NULL;
	WOK_AUTO(wok_file) *file = NULL;

	(void) unused;
	put_bytes("f", data, 2000);
	ASSERT_OK(wok_file_open(path_of("f"), "r", &file));
	wok_test_fail_system_call("preadv2 nowait", 1, EOPNOTSUPP);
	ASSERT_EQ(wok_file_pread(file, data, 1, 0), 1);
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < TASKS; i++)
		ASSERT_OK(wok_scope_spawn(scope, read_often, file));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(n_read, (size_t) TASKS * READS);
	wok_thread_pool_get_info(NULL, &info);
	ASSERT_EQ(info.completed, (size_t) TASKS * READS + 1);
	free(data);
	return 0;
}

TEST(a_hundred_thousand_reads_are_each_done_once, "file-20")
{
	ASSERT_OK(wok_test_run(read_100000_times, NULL, NULL));
}

enum { FILES = 10000, AT_ONCE = 50 };

static wok_semaphore few = WOK_SEMAPHORE_INIT(AT_ONCE);
static int n_open, most_open;

static int use_file(void *unused)
{
	wok_view line;
	int r;

	(void) unused;
	WOK_WITH_SEMAPHORE (&few, r) {
		WOK_AUTO(wok_file) *file = NULL;
		WOK_TRY(wok_file_open(path_of("f"), "r", &file));
		most_open = ++n_open > most_open ? n_open : most_open;
		r = wok_yield();
		if (r == 0)
			r = wok_file_next_line(file, &line) == 1 ? 0 : -EIO;
		n_open--;
	}
	return r;
}

static int open_many(void *unused)
{
	int before = test_count_fds();
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	put_text("f", "line\n");
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < FILES; i++)
		ASSERT_OK(wok_scope_spawn(scope, use_file, NULL));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(most_open, AT_ONCE);
	ASSERT_EQ(test_count_fds(), before);
	return 0;
}

TEST(ten_thousand_files_are_open_a_few_at_a_time, "file-29")
{
	if (TEST_FEW_STACKS)
		SKIP("ThreadSanitizer dies at its 8,129th stack");
	ASSERT_OK(wok_test_run(open_many, NULL, NULL));
}
