/* SPDX-License-Identifier: MIT */
/* Copying files: wok_fs_copy() of wok/fs.h. */
#include <pthread.h>
#include <stdatomic.h>

#include "fs/folder.h"

enum {
	LARGE = 9 << 20, /* more than two pieces */
	GROWN = 32 << 20,
};

/* Bytes that differ wherever one looks. */
static char *put_large(const char *name, size_t size)
{
	char *data = malloc(size);

	for (size_t i = 0; i < size; i++)
		data[i] = (char) (i * 2654435761U >> 13);
	put_file(in(name), data, size);
	return data;
}

static void expect_data(const char *name, const char *data, size_t size)
{
	char *found = malloc(size + 1);
	int fd = open(in(name), O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t r;

	ASSERT(fd >= 0);
	while (n <= size && (r = read(fd, found + n, size + 1 - n)) > 0)
		n += (size_t) r;
	ASSERT_EQ(n, size);
	ASSERT(memcmp(found, data, size) == 0);
	close(fd);
	free(found);
}

TEST_TASK(a_copy_has_content_and_permissions, "filerow-11")
{
	struct stat found;

	IN_FOLDER;
	umask(022);
	put_text("a", "content");
	ASSERT_EQ(chmod(in("a"), 0667), 0);
	ASSERT_OK(wok_fs_copy(in("a"), in("b")));
	expect_text("b", "content");
	ASSERT_EQ(stat(in("b"), &found), 0);
	ASSERT_EQ(found.st_mode, S_IFREG | 0667);
	put_text("empty", "");
	ASSERT_OK(wok_fs_copy(in("empty"), in("b")));
	expect_text("b", "");
	ASSERT_EQ(chdir(folder), 0);
	ASSERT_OK(wok_fs_copy("a", "c"));
	expect_text("c", "content");
}

TEST_TASK(a_copy_replaces_the_content_of_a_file_unless_told_not_to)
{
	IN_FOLDER;
	put_text("a", "new");
	put_text("b", "old and longer");
	ASSERT_ERR(wok_fs_copy_with(in("a"), in("b"), &(wok_copy_options){.no_replace = true}),
		   -EEXIST);
	expect_text("b", "old and longer");
	ASSERT_OK(wok_fs_copy(in("a"), in("b")));
	expect_text("b", "new");
}

TEST_TASK(a_copy_onto_an_open_file_is_private_before_it_has_content)
{
	struct stat found;

	IN_FOLDER;
	put_text("a", "secret");
	put_text("b", "old");
	ASSERT_EQ(chmod(in("a"), 0600), 0);
	ASSERT_EQ(chmod(in("b"), 0644), 0);
	wok_test_fail_system_call("fchmod", 1, EPERM);
	ASSERT_ERR(wok_fs_copy(in("a"), in("b")), -EPERM);
	expect_text("b", "old");
	wok_test_fail_system_call("fchmod", 2, EIO);
	ASSERT_ERR(wok_fs_copy(in("a"), in("b")), -EIO);
	ASSERT_EQ(stat(in("b"), &found), 0);
	ASSERT_EQ(found.st_mode & 0777, 0600);
}

TEST_TASK(a_copy_is_on_the_disk_with_its_name_if_asked)
{
	const wok_copy_options options = {.sync = true};

	IN_FOLDER;
	put_text("a", "content");
	for (uint64_t n = 1; n <= 2; n++) { /* the file, its folder */
		wok_test_fail_system_call("fsync", n, EIO);
		ASSERT_ERR(wok_fs_copy_with(in("a"), in("b"), &options), -EIO);
		ASSERT(!is_there("b"));
	}
	wok_test_fail_system_call(NULL, 0, 0);
	ASSERT_OK(wok_fs_copy_with(in("a"), in("b"), &options));
	ASSERT_EQ(chdir(folder), 0);
	ASSERT_OK(wok_fs_copy_with("a", "c", &options));
	expect_text("c", "content");
}

TEST_TASK(a_copy_keeps_times_if_asked)
{
	const struct timespec times[] = {{1000000000, 5}, {1100000000, 7}};
	struct stat found;

	IN_FOLDER;
	put_text("a", "x");
	ASSERT_EQ(utimensat(AT_FDCWD, in("a"), times, 0), 0);
	ASSERT_OK(wok_fs_copy_with(in("a"), in("b"),
				   &(wok_copy_options){.keep_times = true, .sync = true}));
	ASSERT_EQ(stat(in("b"), &found), 0);
	ASSERT_EQ(found.st_mtim.tv_sec, 1100000000);
	ASSERT_EQ(found.st_mtim.tv_nsec, 7);
}

/* --- the ways --------------------------------------------------------------------------------- */

/* A copy with one call of the system failing, or being short if error is negative. */
static void copy_in_spite_of(const char *data, const wok_copy_options *options, const char *call,
			     unsigned n, int error)
{
	wok_test_fail_system_call(call, n, error);
	int r = wok_fs_copy_with(in("large"), in("copy"), options);
	wok_test_fail_system_call(NULL, 0, 0);
	if (r < 0)
		FAIL("%s, %u, %d: %s", call, n, error, wok_errmsg(r));
	expect_data("copy", data, LARGE);
	ASSERT_EQ(unlink(in("copy")), 0);
}

TEST_TASK(where_one_way_is_refused_the_next_one_is_taken, "file-25", "filerow-11")
{
	const wok_copy_options bytes = {.no_reflink = true};
	const int refusals[] = {EXDEV, EINVAL, EOPNOTSUPP, ENOSYS, EPERM};

	IN_FAST_FOLDER;
	char *data = put_large("large", LARGE);
	for (int i = 0; i < 5; i++) {
		copy_in_spite_of(data, NULL, "ficlone", 1, refusals[i]);
		/* At once, and after a part was copied. */
		for (unsigned n = 1; n <= 3; n++) {
			copy_in_spite_of(data, NULL, "copy_file_range", n, refusals[i]);
			copy_in_spite_of(data, &bytes, "sendfile", n, refusals[i]);
		}
	}
	free(data);
}

TEST_TASK(a_short_count_is_no_end, "file-25")
{
	const wok_copy_options bytes = {.no_reflink = true};

	IN_FAST_FOLDER;
	char *data = put_large("large", LARGE);
	for (unsigned n = 1; n <= 3; n++) {
		copy_in_spite_of(data, NULL, "copy_file_range", n, -4097);
		copy_in_spite_of(data, &bytes, "sendfile", n, -1);
	}
	free(data);
}

static int copy_by(const char *call, int error, const wok_copy_options *options)
{
	wok_test_fail_system_call(call, 2, error);
	int r = wok_fs_copy_with(in("large"), in("copy"), options);
	wok_test_fail_system_call(NULL, 0, 0);
	return r;
}

TEST_TASK(a_copy_that_fails_half_way_is_removed, "file-25")
{
	const wok_copy_options bytes = {.no_reflink = true};

	IN_FAST_FOLDER;
	free(put_large("large", LARGE));
	ASSERT_ERR(copy_by("copy_file_range", ENOSPC, NULL), -ENOSPC);
	ASSERT(strstr(wok_errmsg(-ENOSPC), in("copy")));
	ASSERT(!is_there("copy"));
	ASSERT_ERR(copy_by("sendfile", EIO, &bytes), -EIO);
	ASSERT(!is_there("copy"));
	wok_test_fail_system_call("fchmod", 1, EPERM);
	ASSERT_ERR(wok_fs_copy(in("large"), in("copy")), -EPERM);
	ASSERT(!is_there("copy"));
	/* What was there before stays, if only as a name. */
	put_text("copy", "old");
	ASSERT_ERR(copy_by("copy_file_range", ENOSPC, NULL), -ENOSPC);
	ASSERT(is_there("copy"));
}

TEST_TASK(a_file_without_a_size_is_copied_to_its_end, "file-25", "file-24")
{
	char expected[4096] = "";
	int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);

	ASSERT(fd >= 0 && read(fd, expected, sizeof(expected) - 1) > 0);
	close(fd);
	IN_FOLDER;
	ASSERT_OK(wok_fs_copy("/proc/version", in("version")));
	expect_text("version", expected);
}

/* Appends as fast as it can. */
struct growing {
	char path[PATH_MAX];
	atomic_bool stop;
	atomic_size_t size;
};

static void *grow(void *arg)
{
	static const char data[65536] = "x";
	struct growing *growing = arg;
	int fd = open(growing->path, O_WRONLY | O_APPEND | O_CLOEXEC);

	/* It is counted before it is there. */
	while (!growing->stop && growing->size < ((size_t) 1 << 30)) {
		growing->size += sizeof(data);
		ASSERT_EQ(write(fd, data, sizeof(data)), sizeof(data));
	}
	close(fd);
	return NULL;
}

struct copying {
	const char *from, *to;
	const wok_copy_options *options;
};

static int copy_one(void *arg)
{
	const struct copying *copying = arg;

	return wok_fs_copy_with(copying->from, copying->to, copying->options);
}

/* It has what was there when it began: the copy appears after that was found out. */
static void copy_growing_by(struct growing *growing, const wok_copy_options *options)
{
	char to[PATH_MAX];
	struct copying copying = {growing->path, to, options};
	struct stat found;

	strcpy(to, in("copy"));
	WOK_AUTO(wok_task) *task = wok_create_task(copy_one, &copying);
	while (access(to, F_OK) < 0)
		ASSERT_OK(wok_yield());
	size_t most = growing->size;
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(stat(to, &found), 0);
	ASSERT(found.st_size >= GROWN && (size_t) found.st_size <= most);
	ASSERT_EQ(unlink(to), 0);
}

static int copy_growing(void *arg)
{
	struct growing *growing = arg;
	const wok_copy_options ways[] = {{0}, {.no_reflink = true}};
	pthread_t thread;

	ASSERT_EQ(pthread_create(&thread, NULL, grow, growing), 0);
	while (growing->size < GROWN + 65536)
		ASSERT_OK(wok_yield());
	for (int i = 0; i < 2; i++)
		copy_growing_by(growing, &ways[i]);
	growing->stop = true;
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	return 0;
}

TEST(the_copy_of_a_growing_file_ends, "file-25")
{
	static struct growing growing;

	IN_FAST_FOLDER;
	put_text("growing", "");
	strcpy(growing.path, in("growing"));
	ASSERT_OK(wok_run(copy_growing, &growing));
}

/* --- mistakes --------------------------------------------------------------------------------- */

TEST_TASK(only_files_are_copied, "file-24")
{
	IN_FOLDER;
	put_text("a", "x");
	put_folder("folder");
	ASSERT_EQ(mkfifo(in("fifo"), 0600), 0);
	ASSERT_ERR(wok_fs_copy(in("folder"), in("b")), -EISDIR);
	ASSERT_ERR(wok_fs_copy(in("fifo"), in("b")), -EINVAL); /* and it does not wait */
	ASSERT(strstr(wok_errmsg(-EINVAL), in("fifo")));
	ASSERT_ERR(wok_fs_copy("/dev/zero", in("b")), -EINVAL);
	ASSERT(!is_there("b"));
	ASSERT_ERR(wok_fs_copy(in("a"), in("folder")), -EISDIR);
	ASSERT_ERR(wok_fs_copy(in("a"), "/dev/null"), -EINVAL);
	ASSERT_ERR(wok_fs_copy(in("a"), in("no/b")), -ENOENT);
	ASSERT_ERR(wok_fs_copy(in("no"), in("b")), -ENOENT);
}

TEST_TASK(a_file_is_not_copied_onto_itself)
{
	IN_FOLDER;
	put_text("a", "precious");
	ASSERT_EQ(symlink("a", in("soft")), 0);
	ASSERT_EQ(link(in("a"), in("hard")), 0);
	ASSERT_ERR(wok_fs_copy(in("a"), in("a")), -EINVAL);
	ASSERT_ERR(wok_fs_copy(in("a"), in("soft")), -EINVAL);
	ASSERT_ERR(wok_fs_copy(in("a"), in("hard")), -EINVAL);
	expect_text("a", "precious");
}

/* --- cancels -----------------------------------------------------------------------------------
 */

static int copy_it(void *unused)
{
	char from[PATH_MAX], to[PATH_MAX];

	(void) unused;
	strcpy(from, in("a"));
	strcpy(to, in("b"));
	return wok_fs_copy_with(from, to, &(wok_copy_options){.no_reflink = true});
}

TEST_TASK(a_copy_that_has_not_begun_is_cancelled_without_trace, "filerow-16")
{
	static struct plug plug;

	IN_FOLDER;
	put_text("a", "x");
	plug_in(&plug);
	WOK_AUTO(wok_task) *task = wok_create_task(copy_it, NULL);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	plug_out(&plug);
	ASSERT(!is_there("b"));
}

static int cancel_a_long_copy(void *unused)
{
	struct stat found = {0};

	(void) unused;
	WOK_AUTO(wok_task) *task = wok_create_task(copy_it, NULL);
	while (stat(in("b"), &found) < 0 || found.st_size == 0)
		ASSERT_OK(wok_yield());
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(!is_there("b"));
	return 0;
}

TEST(a_copy_that_runs_stops_when_it_is_cancelled_and_is_removed, "filerow-16")
{
	IN_FAST_FOLDER;
	int fd = open(in("a"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ASSERT(fd >= 0 && ftruncate(fd, (off_t) 2 << 30) == 0); /* takes a second to copy */
	close(fd);
	ASSERT_OK(wok_run(cancel_a_long_copy, NULL));
}
