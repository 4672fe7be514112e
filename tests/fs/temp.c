/* SPDX-License-Identifier: MIT */
/* Temporary files and folders: see wok/temp.h. */
#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>

#include "fs/folder.h"
#include "harness/reports.h"

static const wok_temp_options *here(void)
{
	static wok_temp_options options;

	options = (wok_temp_options){.folder = folder};
	return &options;
}

static void write_and_read(wok_file *file)
{
	char data[6] = "";

	ASSERT_OK(wok_file_write(file, "hello", 5));
	ASSERT_EQ(wok_file_seek(file, 0, SEEK_SET), 0);
	ASSERT_EQ(wok_file_read(file, data, 5), 5);
	ASSERT_STR(data, "hello");
}

TEST_TASK(a_file_without_a_name_is_in_no_folder, "filerow-10")
{
	struct stat found;

	IN_FOLDER;
	WOK_AUTO(wok_file) *file = NULL;
	ASSERT_OK(wok_temp_file_open(here(), &file));
	ASSERT_EQ(count_names(folder), 0);
	write_and_read(file);
	ASSERT_EQ(fstat(wok_file_fileno(file), &found), 0);
	ASSERT_EQ(found.st_nlink, 0);
	ASSERT_EQ(found.st_mode & 077, 0);
}

TEST_TASK(where_there_are_no_files_without_names_one_is_taken_away)
{
	const int refusals[] = {EOPNOTSUPP, EISDIR, EINVAL};

	IN_FOLDER;
	for (int i = 0; i < 3; i++) {
		WOK_AUTO(wok_file) *file = NULL;
		/* The first is of the folder. */
		wok_test_fail_system_call("openat", 2, refusals[i]);
		ASSERT_OK(wok_temp_file_open(here(), &file));
		ASSERT_EQ(count_names(folder), 0);
		write_and_read(file);
	}
}

TEST_TASK(a_named_file_is_there_until_it_is_freed, "filerow-10", "file-26")
{
	struct stat found;

	IN_FOLDER;
	{
		WOK_AUTO(wok_temp) *temp = NULL;
		ASSERT_OK(wok_temp_file_new(here(), &temp));
		write_and_read(wok_temp_file(temp));
		ASSERT_EQ(stat(wok_temp_path(temp), &found), 0);
		ASSERT_EQ(found.st_mode, S_IFREG | 0600);
		ASSERT_EQ(count_names(folder), 1);
		ASSERT(strncmp(wok_temp_path(temp), in("wok-"), strlen(in("wok-"))) == 0);
	}
	ASSERT_EQ(count_names(folder), 0);
}

TEST_TASK(a_folder_is_removed_with_what_is_in_it, "filerow-10", "file-26")
{
	char path[PATH_MAX];
	struct stat found;

	IN_FOLDER;
	{
		WOK_AUTO(wok_temp) *temp = NULL;
		ASSERT_OK(wok_temp_folder_new(here(), &temp));
		ASSERT(!wok_temp_file(temp));
		ASSERT_EQ(stat(wok_temp_path(temp), &found), 0);
		ASSERT_EQ(found.st_mode, S_IFDIR | 0700);
		snprintf(path, sizeof(path), "%s/a/b", wok_temp_path(temp));
		ASSERT_OK(wok_fs_mkdirs(path, 0777));
		snprintf(path, sizeof(path), "%s/a/b/c", wok_temp_path(temp));
		put_file(path, "x", 1);
	}
	ASSERT_EQ(count_names(folder), 0);
}

TEST_TASK(names_are_as_asked_for_and_all_different)
{
	const wok_temp_options options = {.folder = folder, .prefix = "pre", .suffix = ".txt"};
	const wok_temp_options bad = {.folder = folder, .prefix = "../x"};
	const wok_temp_options nowhere = {.folder = "/nothing/here"};
	wok_temp *temps[50];

	IN_FOLDER;
	for (int i = 0; i < 50; i++) {
		ASSERT_OK(wok_temp_file_new(&options, &temps[i]));
		const char *name = strrchr(wok_temp_path(temps[i]), '/') + 1;
		ASSERT_EQ(strlen(name), 3 + 16 + 4);
		ASSERT(strncmp(name, "pre", 3) == 0);
		ASSERT_STR(name + 19, ".txt");
	}
	ASSERT_EQ(count_names(folder), 50);
	for (int i = 0; i < 50; i++)
		wok_temp_free(temps[i]);
	ASSERT_ERR(wok_temp_file_new(&bad, &temps[0]), -EINVAL);
	ASSERT_ERR(wok_temp_folder_new(&nowhere, &temps[0]), -ENOENT);
	ASSERT(strstr(wok_errmsg(-ENOENT), "/nothing/here"));
	ASSERT_EQ(count_names(folder), 0);
}

TEST_TASK(a_name_that_is_taken_is_not_used)
{
	IN_FOLDER;
	/* The first is of the folder. */
	wok_test_fail_system_call("openat", 2, EEXIST);
	WOK_AUTO(wok_temp) *temp = NULL;
	ASSERT_OK(wok_temp_file_new(here(), &temp));
	wok_test_fail_system_call("mkdirat", 1, EEXIST);
	WOK_AUTO(wok_temp) *other = NULL;
	ASSERT_OK(wok_temp_folder_new(here(), &other));
	ASSERT_EQ(count_names(folder), 2);
}

TEST_TASK(the_environment_says_where)
{
	IN_FOLDER;
	ASSERT_EQ(setenv("TMPDIR", folder, 1), 0);
	WOK_AUTO(wok_temp) *temp = NULL;
	ASSERT_OK(wok_temp_file_new(NULL, &temp));
	ASSERT_EQ(count_names(folder), 1);
	ASSERT_EQ(unsetenv("TMPDIR"), 0);
	WOK_AUTO(wok_temp) *other = NULL;
	ASSERT_OK(wok_temp_file_new(NULL, &other));
	ASSERT(strncmp(wok_temp_path(other), "/tmp/wok-", 9) == 0);
}

TEST_TASK(what_is_kept_or_renamed_stays)
{
	char kept[PATH_MAX];

	IN_FOLDER;
	{
		WOK_AUTO(wok_temp) *temp = NULL;
		WOK_AUTO(wok_temp) *other = NULL;
		ASSERT_OK(wok_temp_file_new(here(), &temp));
		ASSERT_OK(wok_file_write(wok_temp_file(temp), "hello", 5));
		strcpy(kept, wok_temp_path(temp));
		wok_temp_keep(temp);
		ASSERT_OK(wok_temp_file_new(here(), &other));
		ASSERT_OK(wok_fs_rename(wok_temp_path(other), in("renamed")));
	}
	ASSERT(is_there("renamed"));
	expect_text(strrchr(kept, '/') + 1, "hello");
	ASSERT_EQ(count_names(folder), 2);
}

static int close_and_free(void *unused)
{
	wok_temp *other;

	(void) unused;
	WOK_AUTO(wok_temp) *temp = NULL;
	ASSERT_OK(wok_temp_file_new(here(), &temp));
	wok_test_fail_system_call("unlinkat", 1, EROFS);
	ASSERT_ERR(wok_temp_close(temp), -EROFS);
	ASSERT(strstr(wok_errmsg(-EROFS), wok_temp_path(temp)));
	ASSERT_ERR(wok_temp_close(temp), -EBADF);
	ASSERT(!wok_temp_file(temp));
	ASSERT_OK(wok_temp_file_new(here(), &other));
	wok_test_fail_system_call("unlinkat", 1, EROFS);
	wok_temp_free(other);
	return 0;
}

TEST(a_close_returns_the_error_that_a_free_reports)
{
	struct test_reports reports;

	IN_FOLDER;
	ASSERT_OK(test_run_reporting(&reports, close_and_free, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EROFS);
	ASSERT_REPORT(&reports, 0, folder);
}

static int free_it(void *temp)
{
	wok_temp_free(temp);
	return 0;
}

TEST_TASK(one_may_be_freed_where_nobody_can_wait)
{
	wok_temp *file, *sub;

	IN_FOLDER;
	ASSERT_OK(wok_temp_file_new(here(), &file));
	ASSERT_OK(wok_temp_folder_new(here(), &sub));
	wok_call_soon(free_it, file);
	wok_call_soon(free_it, sub);
	test_settle();
	ASSERT_EQ(count_names(folder), 0);
}

TEST_TASK(a_change_of_folder_does_not_mislead_the_removal, "file-32")
{
	const wok_temp_options relative = {.folder = "."};

	IN_FOLDER;
	ASSERT_EQ(chdir(folder), 0);
	WOK_AUTO(wok_temp) *temp = NULL;
	ASSERT_OK(wok_temp_folder_new(&relative, &temp));
	ASSERT_EQ(chdir("/"), 0);
	ASSERT_EQ(count_names(folder), 1);
	ASSERT_OK(wok_temp_close(temp));
	ASSERT_EQ(count_names(folder), 0);
}

/* --- cancels -----------------------------------------------------------------------------------
 */

static int wait_with_temps(void *unused)
{
	(void) unused;
	WOK_AUTO(wok_temp) *file = NULL;
	WOK_AUTO(wok_temp) *sub = NULL;
	WOK_AUTO(wok_file) *unnamed = NULL;
	WOK_TRY(wok_temp_file_new(here(), &file));
	WOK_TRY(wok_temp_folder_new(here(), &sub));
	WOK_TRY(wok_temp_file_open(here(), &unnamed));
	WOK_TRY(wok_file_write(unnamed, "x", 1));
	return wok_sleep(WOK_FOREVER);
}

TEST_TASK(a_task_that_is_cancelled_leaves_none, "file-26")
{
	IN_FOLDER;
	int fds = test_count_fds();
	WOK_AUTO(wok_task) *task = wok_create_task(wait_with_temps, NULL);
	while (count_names(folder) < 2) {
		ASSERT(!wok_task_done(task));
		ASSERT_OK(wok_yield());
	}
	for (int i = 0; i < 3; i++)
		test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(count_names(folder), 0);
	ASSERT(test_count_fds() <= fds + 1); /* of the loop */
}

TEST_TASK(a_cancel_at_any_moment_leaves_none, "file-26", "file-29")
{
	unsigned random = (unsigned) test_seed() + 1;

	IN_FOLDER;
	/* What the loop needs is open after this. */
	WOK_AUTO(wok_temp) *first = NULL;
	ASSERT_OK(wok_temp_file_new(here(), &first));
	ASSERT_OK(wok_temp_close(first));
	int fds = test_count_fds();
	for (int i = 0; i < 60; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(wait_with_temps, NULL);
		random = random * 1103515245 + 12345;
		for (unsigned n = random >> 16 & 63; n > 0; n--)
			ASSERT_OK(wok_yield());
		wok_cancel(task);
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		ASSERT_EQ(count_names(folder), 0);
	}
	ASSERT_EQ(test_count_fds(), fds);
}

struct making {
	wok_temp_options options;
	wok_temp *temp;
};

static int make_one(void *arg)
{
	struct making *making = arg;

	return wok_temp_file_new(&making->options, &making->temp);
}

TEST_TASK(one_that_has_not_been_begun_is_never_made, "filerow-16")
{
	struct making making = {.options = {.folder = folder}};
	static struct plug plug;

	IN_FOLDER;
	plug_in(&plug);
	WOK_AUTO(wok_task) *task = wok_create_task(make_one, &making);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	plug_out(&plug);
	ASSERT_EQ(count_names(folder), 0);
	ASSERT(!making.temp);
}

/* --- crashes ------------------------------------------------------------------------------------
 */

static int make_and_die(void *unused)
{
	wok_file *file;

	(void) unused;
	ASSERT_OK(wok_temp_file_open(here(), &file));
	ASSERT_OK(wok_file_write(file, "x", 1));
	ASSERT_OK(wok_file_flush(file));
	raise(SIGKILL);
	return 0;
}

TEST(a_file_without_a_name_does_not_outlive_a_crash, "file-26")
{
	int status;

	IN_FOLDER;
	pid_t child = fork();
	ASSERT(child >= 0);
	if (child == 0) {
		WOK_IGNORE(wok_run(make_and_die, NULL));
		_exit(0);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ASSERT_EQ(count_names(folder), 0);
}

/* --- late results --------------------------------------------------------------------------------
 */

/* A thread that has a job, and is held up before it does it. */
static sem_t entered, go_on;

static void hold_up(void *unused)
{
	(void) unused;
	sem_post(&entered);
	gate_wait(&go_on);
}

static wok_thread_pool *pool_that_is_held_up(void)
{
	const wok_thread_pool_options options = {.max_threads = 1, .thread_init = hold_up};
	wok_thread_pool *pool;

	ASSERT_EQ(sem_init(&entered, 0, 0), 0);
	ASSERT_EQ(sem_init(&go_on, 0, 0), 0);
	ASSERT_OK(wok_thread_pool_new(&options, &pool));
	return pool;
}

/* What has happened in the folder: created, removed. */
static int read_events(int fd, int *ret_removed)
{
	char buffer[4096] __attribute__((aligned(8)));
	int created = 0;
	ssize_t n = read(fd, buffer, sizeof(buffer));

	*ret_removed = 0;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (void *) (buffer + at);
		created += (event->mask & IN_CREATE) != 0;
		*ret_removed += (event->mask & IN_DELETE) != 0;
		at += (ssize_t) (sizeof(*event) + event->len);
	}
	return created;
}

static void expect_late(wok_fn *make, struct making *making)
{
	int removed, fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	ASSERT(fd >= 0 && inotify_add_watch(fd, folder, IN_CREATE | IN_DELETE) > 0);
	making->options = (wok_temp_options){
		.folder = folder,
		.disk = {.pool = pool_that_is_held_up(), .flags = WOK_ABANDON},
	};
	WOK_AUTO(wok_task) *task = wok_create_task(make, making);
	test_settle();
	ASSERT(!wok_task_done(task));
	gate_wait(&entered);
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED); /* at once */
	ASSERT(!making->temp);
	sem_post(&go_on);
	wok_thread_pool_free(making->options.disk.pool);
	ASSERT_EQ(read_events(fd, &removed), 1);
	ASSERT_EQ(removed, 1);
	ASSERT_EQ(count_names(folder), 0);
	close(fd);
}

static int make_folder(void *arg)
{
	struct making *making = arg;

	return wok_temp_folder_new(&making->options, &making->temp);
}

TEST_TASK(what_comes_after_its_task_has_gone_is_removed, "filerow-16", "file-26")
{
	struct making making = {.temp = NULL};

	IN_FOLDER;
	expect_late(make_one, &making);
	expect_late(make_folder, &making);
}

TEST_TASK(without_that_flag_a_cancelled_task_gets_what_was_made, "filerow-16")
{
	wok_thread_pool *pool = pool_that_is_held_up();
	struct making making = {.options = {.folder = folder, .disk.pool = pool}};

	IN_FOLDER;
	WOK_AUTO(wok_task) *task = wok_create_task(make_one, &making);
	test_settle();
	ASSERT(!wok_task_done(task));
	gate_wait(&entered);
	ASSERT(wok_cancel(task));
	test_settle();
	ASSERT(!wok_task_done(task));
	sem_post(&go_on);
	ASSERT_EQ(wok_await(task), 0);
	ASSERT(making.temp);
	ASSERT_EQ(count_names(folder), 1);
	wok_temp_free(making.temp);
	wok_thread_pool_free(pool);
	ASSERT_EQ(count_names(folder), 0);
}
