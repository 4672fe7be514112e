/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_FOLDER_H
#define WOK_TEST_FOLDER_H
/*
 * A temporary folder for a test, what stands in it, and a pool whose threads are all taken, so that
 * calls of the file system wait for one. Nothing in here uses what is tested.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wok/wok.h>

#include "exec/gate.h"
#include "harness/test.h"

static char folder[64];

static inline int folder__remove(const char *path, const struct stat *stat, int type,
				 struct FTW *where)
{
	(void) stat, (void) where;
	if (type == FTW_DNR || type == FTW_D)
		(void) chmod(path, 0700);
	(void) remove(path);
	return 0;
}

static inline void folder_end(const int *unused)
{
	(void) unused;
	ASSERT_EQ(chdir("/"), 0);
	nftw(folder, folder__remove, 32, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
}

static inline int folder_begin(const char *where)
{
	snprintf(folder, sizeof(folder), "%s/wok-fs-test-XXXXXX", where);
	ASSERT(mkdtemp(folder));
	return 0;
}

/* Until the end of the block. */
#define IN_FOLDER                                                                                  \
	__attribute__((cleanup(folder_end), unused)) const int in_folder = folder_begin("/tmp")
/* The same in memory, for what makes very many files. */
#define IN_FAST_FOLDER                                                                             \
	__attribute__((cleanup(folder_end), unused)) const int in_folder =                         \
		folder_begin(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")

/* The path of something in the folder; the last eight that were asked for stay. */
static inline const char *in(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", folder, name);
	return path;
}

static inline void put_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ASSERT(fd >= 0);
	ASSERT_EQ(write(fd, data, size), (ssize_t) size);
	ASSERT_EQ(close(fd), 0);
}

static inline void put_text(const char *name, const char *text)
{
	put_file(in(name), text, strlen(text));
}

static inline void expect_text(const char *name, const char *text)
{
	char found[4096] = "";
	int fd = open(in(name), O_RDONLY | O_CLOEXEC);

	ASSERT(fd >= 0);
	ASSERT(read(fd, found, sizeof(found) - 1) >= 0);
	ASSERT_EQ(close(fd), 0);
	ASSERT_STR(found, text);
}

static inline void put_folder(const char *name)
{
	ASSERT_EQ(mkdir(in(name), 0755), 0);
}

static inline bool is_there(const char *name)
{
	struct stat unused;

	return lstat(in(name), &unused) == 0;
}

/* How many names a folder has. */
static inline size_t count_names(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	ASSERT(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* --- a pool without a free thread ---------------------------------------------------------------
 */

struct plug {
	sem_t open, done;
	size_t n;
};

static inline int plug__job(void *arg)
{
	struct plug *plug = arg;

	gate_wait(&plug->open);
	sem_post(&plug->done);
	return 0;
}

/* Take all threads that there are for files: one job more finds none. plug: static. */
static inline void plug_in(struct plug *plug)
{
	const wok_thread_job_options options = {.lane = WOK_LANE_FILES};
	wok_thread_pool_info info;

	ASSERT_EQ(sem_init(&plug->open, 0, 0), 0);
	ASSERT_EQ(sem_init(&plug->done, 0, 0), 0);
	plug->n = 0;
	do {
		ASSERT_OK(wok_thread_pool_try_submit(NULL, plug__job, plug, &options));
		plug->n++;
		wok_thread_pool_get_info(NULL, &info);
	} while (info.queued == 0);
}

/* Let them go. */
static inline void plug_out(struct plug *plug)
{
	for (size_t i = 0; i < plug->n; i++)
		sem_post(&plug->open);
	for (size_t i = 0; i < plug->n; i++)
		gate_wait(&plug->done);
}
#endif
