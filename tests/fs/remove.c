/* SPDX-License-Identifier: MIT */
/* Removing trees: wok_fs_remove_tree() of wok/fs.h. */
#include <sched.h>
#include <stdatomic.h>

#include "fs/folder.h"
#include "io/fs_remove.h"

static void put_wide(const char *name, int n)
{
	char path[100];

	put_folder(name);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%d", name, i);
		put_text(path, "");
	}
}

TEST_TASK(a_tree_is_removed_with_all_that_is_in_it)
{
	IN_FOLDER;
	put_folder("t");
	put_folder("t/a");
	put_folder("t/a/b");
	put_text("t/a/b/file", "");
	put_text("t/\xff", "");
	ASSERT_EQ(mkfifo(in("t/fifo"), 0600), 0);
	ASSERT_OK(wok_fs_remove_tree(in("t")));
	ASSERT(!is_there("t"));
	ASSERT_ERR(wok_fs_remove_tree(in("t")), -ENOENT);
}

TEST_TASK(what_is_no_folder_is_removed_itself)
{
	IN_FOLDER;
	put_text("file", "");
	put_folder("kept");
	put_text("kept/file", "");
	ASSERT_EQ(symlink("kept", in("link")), 0);
	ASSERT_EQ(symlink("kept", in("again")), 0);
	ASSERT_OK(wok_fs_remove_tree(in("file")));
	ASSERT_OK(wok_fs_remove_tree(in("link")));
	ASSERT_OK(wok_fs_remove_tree(in("again/")));
	ASSERT_EQ(count_names(folder), 1);
	ASSERT(is_there("kept/file"));
}

TEST_TASK(symbolic_links_in_a_tree_are_not_followed)
{
	IN_FOLDER;
	put_folder("kept");
	put_text("kept/file", "");
	put_folder("t");
	ASSERT_EQ(symlink("../kept", in("t/link")), 0);
	ASSERT_EQ(symlink(folder, in("t/root")), 0);
	ASSERT_OK(wok_fs_remove_tree(in("t")));
	ASSERT(is_there("kept/file"));
	ASSERT(!is_there("t"));
}

TEST_TASK(a_folder_that_becomes_a_link_or_file_on_the_way_goes_as_such, "file-26")
{
	IN_FOLDER;
	put_folder("kept");
	put_text("kept/file", "");
	for (int link = 0; link < 2; link++) {
		put_folder("t");
		if (link)
			ASSERT_EQ(symlink("../kept", in("t/x")), 0);
		else
			put_text("t/x", "");
		/* The first one is that of "t"; the second one takes "t/x" for a folder. */
		wok_test_fail_system_call("unlinkat", 2, EISDIR);
		ASSERT_OK(wok_fs_remove_tree(in("t")));
		ASSERT(!is_there("t"));
	}
	ASSERT(is_there("kept/file"));
}

TEST_TASK(the_folder_that_one_is_in_is_not_removed)
{
	IN_FOLDER;
	put_folder("t");
	put_text("t/file", "");
	ASSERT_EQ(chdir(in("t")), 0);
	ASSERT_ERR(wok_fs_remove_tree("."), -EINVAL);
	ASSERT_ERR(wok_fs_remove_tree(".."), -EINVAL);
	ASSERT_ERR(wok_fs_remove_tree(in("t/.")), -EINVAL);
	ASSERT_ERR(wok_fs_remove_tree(in("t/../")), -EINVAL);
	ASSERT(is_there("t/file"));
	ASSERT_ERR(wok_fs_remove_tree(""), -ENOENT);
}

/* Root may do everything. */
static void become_nobody(void)
{
	if (geteuid() != 0)
		return;
	ASSERT_EQ(chown(folder, 65534, (gid_t) -1), 0);
	ASSERT_EQ(chown(in("t"), 65534, (gid_t) -1), 0);
	ASSERT_EQ(seteuid(65534), 0);
}

TEST_TASK(what_cannot_be_removed_stays_and_the_rest_goes)
{
	IN_FOLDER;
	put_wide("t", 20);
	put_folder("t/locked");
	put_text("t/locked/file", "");
	ASSERT_EQ(chmod(in("t/locked"), 0555), 0);
	become_nobody();
	int r = wok_fs_remove_tree(in("t"));
	const char *message = wok_errmsg(r);
	ASSERT(strstr(message, in("t/locked/file")));
	ASSERT_EQ(getuid() == 0 ? seteuid(0) : 0, 0);
	ASSERT_ERR(r, -EACCES);
	ASSERT_EQ(count_names(in("t")), 1);
	ASSERT(is_there("t/locked/file"));
}

TEST_TASK(what_fails_once_is_tried_again_when_the_rest_has_gone)
{
	IN_FOLDER;
	put_wide("t", 20);
	wok_test_fail_system_call("unlinkat", 6, EBUSY);
	ASSERT_OK(wok_fs_remove_tree(in("t")));
	ASSERT(!is_there("t"));
}

TEST_TASK(a_type_that_is_not_told_does_not_matter)
{
	IN_FOLDER;
	put_folder("t");
	put_folder("t/a");
	put_text("t/a/file", "");
	wok_test_fail_system_call("d_type", 1, 1);
	ASSERT_OK(wok_fs_remove_tree(in("t")));
	ASSERT(!is_there("t"));
}

static int remove_t(void *unused)
{
	(void) unused;
	return wok_fs_remove_tree(in("t"));
}

TEST_TASK(a_removal_that_has_not_begun_is_cancelled_without_harm, "filerow-16")
{
	static struct plug plug;

	IN_FOLDER;
	put_wide("t", 20);
	plug_in(&plug);
	WOK_AUTO(wok_task) *task = wok_create_task(remove_t, NULL);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	plug_out(&plug);
	ASSERT_EQ(count_names(in("t")), 20);
}

static int cancel_a_long_removal(void *unused)
{
	size_t names = 0;

	(void) unused;
	WOK_AUTO(wok_task) *task = wok_create_task(remove_t, NULL);
	do {
		ASSERT_OK(wok_yield());
		names = count_names(in("t"));
	} while (names == 20000);
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	/* Nobody goes on with it. */
	names = count_names(in("t"));
	ASSERT(names > 0);
	for (int i = 0; i < 100; i++)
		sched_yield();
	ASSERT_EQ(count_names(in("t")), names);
	return 0;
}

TEST(a_removal_that_runs_stops_between_two_files_when_it_is_cancelled, "filerow-16")
{
	IN_FAST_FOLDER;
	put_wide("t", 20000);
	ASSERT_OK(wok_run(cancel_a_long_removal, NULL));
}

static atomic_bool begun;

static int remove_all_the_same(void *path)
{
	atomic_store(&begun, true);
	while (!wok_job_canceled())
		sched_yield();
	return wok__remove_tree(AT_FDCWD, path, false);
}

static int remove_in_thread(void *path)
{
	int r = wok_to_thread(remove_all_the_same, path);

	ASSERT_OK(r);
	return r;
}

TEST_TASK(a_removal_for_clean_up_heeds_no_cancel, "file-26")
{
	char path[100];

	IN_FOLDER;
	put_wide("t", 20);
	snprintf(path, sizeof(path), "%s", in("t"));
	atomic_store(&begun, false);
	WOK_AUTO(wok_task) *task = wok_create_task(remove_in_thread, path);
	while (!atomic_load(&begun))
		ASSERT_OK(wok_yield());
	wok_cancel(task);
	WOK_IGNORE(wok_await(task));
	ASSERT(!is_there("t"));
}

static int remove_twice(void *unused)
{
	(void) unused;
	WOK_AUTO(wok_task) *a = wok_create_task(remove_t, NULL);
	WOK_AUTO(wok_task) *b = wok_create_task(remove_t, NULL);
	int first = wok_await(a), second = wok_await(b);
	ASSERT(first == 0 || first == -ENOENT);
	ASSERT(second == 0 || second == -ENOENT);
	ASSERT(!is_there("t"));
	return 0;
}

TEST(two_may_remove_the_same_tree)
{
	IN_FAST_FOLDER;
	put_folder("t");
	put_wide("t/a", 1000);
	put_wide("t/b", 1000);
	ASSERT_OK(wok_run(remove_twice, NULL));
}
