/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_FILE_CHECK_H
#define WOK_TEST_FILE_CHECK_H
/* A folder for each test, files made and read in plain C, and threads that begin when they are let.
 */
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"

static char test_folder_path[64];
static pid_t test_folder_owner, test_main;

static inline int test_remove(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void) stat;
	(void) type;
	(void) ftw;
	return remove(path);
}

static inline void test_remove_tree(const char *path)
{
	(void) nftw(path, test_remove, 4, FTW_DEPTH | FTW_PHYS);
}

/* At the end of a test; and at the end of all, for those that failed. */
static inline void test_remove_folders(void)
{
	char pattern[64];
	glob_t found;

	if (getpid() == test_folder_owner)
		test_remove_tree(test_folder_path);
	if (getpid() != test_main)
		return;
	snprintf(pattern, sizeof(pattern), "/tmp/wok-test-%d-*", (int) test_main);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		test_remove_tree(found.gl_pathv[i]);
	globfree(&found);
}

__attribute__((constructor)) static void test_folders_begin(void)
{
	test_main = getpid();
	atexit(test_remove_folders);
}

/* The path of a file in this test's folder; four of them at a time. */
static inline const char *path_of(const char *name)
{
	static char paths[4][400];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	if (test_folder_owner != getpid()) {
		snprintf(test_folder_path, sizeof(test_folder_path), "/tmp/wok-test-%d-XXXXXX",
			 (int) test_main);
		ASSERT(mkdtemp(test_folder_path));
		test_folder_owner = getpid();
	}
	snprintf(path, sizeof(paths[0]), "%s/%s", test_folder_path, name);
	return path;
}

static inline void put_bytes(const char *name, const void *data, size_t size)
{
	FILE *file = fopen(path_of(name), "we");

	ASSERT(file);
	ASSERT_EQ(fwrite(data, 1, size, file), size);
	ASSERT_EQ(fclose(file), 0);
}

static inline void put_text(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

/* All of a file, up to a MiB; to be freed. */
static inline char *get_bytes(const char *name, size_t *ret_size)
{
	enum { MOST = 1 << 20 };
	char *data = malloc(MOST + 1);
	FILE *file = fopen(path_of(name), "re");

	ASSERT(data && file);
	*ret_size = fread(data, 1, MOST, file);
	data[*ret_size] = '\0';
	fclose(file);
	return data;
}

static inline void expect_text(const char *name, const char *text)
{
	size_t size;
	char *data = get_bytes(name, &size);

	ASSERT_STR(data, text);
	ASSERT_EQ(size, strlen(text));
	free(data);
}

/* The byte at a place of a test's data. */
static inline char byte_at(size_t at)
{
	return (char) (at * 31 + at / 251);
}

static inline char *pattern(size_t size)
{
	char *data = malloc(size);

	ASSERT(data);
	for (size_t i = 0; i < size; i++)
		data[i] = byte_at(i);
	return data;
}

static inline void expect_pattern(const char *data, size_t size, size_t from)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != byte_at(from + i))
			FAIL("byte %zu is wrong", from + i);
}

/* --- a pool of one thread, whose first job is taken and then waits for held_go() ----------------
 */

static sem_t held;

static inline void wait_held(void *unused)
{
	(void) unused;
	while (sem_wait(&held) < 0)
		;
}

static inline wok_thread_pool *held_pool(void)
{
	wok_thread_pool *pool;

	ASSERT_EQ(sem_init(&held, 0, 0), 0);
	ASSERT_OK(wok_thread_pool_new(
		&(wok_thread_pool_options){.max_threads = 1, .thread_init = wait_held}, &pool));
	return pool;
}

static inline void held_go(void)
{
	sem_post(&held);
}

/* The next read or write that is tried without waiting finds that it would have to wait. */
static inline void next_read_would_wait(void)
{
	wok_test_fail_system_call("preadv2 nowait", 1, EAGAIN);
}

static inline void next_write_would_wait(void)
{
	wok_test_fail_system_call("pwritev2 nowait", 1, EAGAIN);
}

/* Where /tmp is a file system that cannot be read without waiting, each read is a hop. */
static inline bool has_quick_reads(void)
{
	char byte;
	struct iovec part = {&byte, 1};
	int fd = open(path_of("probe"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool quick = preadv2(fd, &part, 1, 0, RWF_NOWAIT) >= 0 || errno == EAGAIN;

	close(fd);
	ASSERT_EQ(unlink(path_of("probe")), 0);
	return quick;
}

static inline wok_file *open_file(const char *name, const char *mode)
{
	wok_file *file;

	ASSERT_OK(wok_file_open(path_of(name), mode, &file));
	return file;
}
#endif
