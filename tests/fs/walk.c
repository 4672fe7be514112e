/* SPDX-License-Identifier: MIT */
/* Walking through a tree of folders: see wok/dir.h. */
#include <sys/resource.h>

#include "fs/folder.h"

/* What was told, in its order: "path " each, below the folder; "path! " with an error. */
static char told[4096];

static void note(const wok_walk_entry *entry)
{
	size_t used = strlen(told);
	const char *path = entry->path + strlen(folder);

	snprintf(told + used, sizeof(told) - used, "%s%s ", path[0] ? path + 1 : ".",
		 entry->error ? "!" : "");
	ASSERT(strcmp(entry->name, path[0] ? strrchr(path, '/') + 1 : entry->name) == 0);
}

static void walk_with(const wok_walk_options *options)
{
	wok_walk_entry entry;
	int r;

	told[0] = '\0';
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open_with(folder, options, &walk));
	while ((r = wok_walk_next(walk, &entry)) > 0)
		note(&entry);
	ASSERT_EQ(r, 0);
	ASSERT_EQ(wok_walk_next(walk, &entry), 0);
}

/* Whether one was told before the other. */
static bool before(const char *first, const char *second)
{
	const char *a = strstr(told, first), *b = strstr(told, second);

	ASSERT(a && b);
	return a < b;
}

static void put_tree(void)
{
	put_folder("a");
	put_folder("a/b");
	put_folder("a/b/c");
	put_text("a/b/c/deep", "");
	put_text("a/b/file", "");
	put_folder("empty");
	put_text("top", "");
}

enum { TREE_TEXT = sizeof("a a/b a/b/c a/b/c/deep a/b/file empty top ") - 1 };

TEST_TASK(a_walk_tells_all_that_is_below_each_folder_first, "filerow-13")
{
	IN_FOLDER;
	put_tree();
	walk_with(NULL);
	ASSERT_EQ(strlen(told), TREE_TEXT);
	ASSERT(before("a ", "a/b "));
	ASSERT(before("a/b ", "a/b/c "));
	ASSERT(before("a/b/c ", "a/b/c/deep "));
	ASSERT(before("a/b ", "a/b/file "));
}

TEST_TASK(a_walk_may_tell_folders_last, "filerow-13")
{
	IN_FOLDER;
	put_tree();
	walk_with(&(wok_walk_options){.folders_last = true});
	ASSERT_EQ(strlen(told), TREE_TEXT);
	ASSERT(before("a/b/c/deep ", "a/b/c "));
	ASSERT(before("a/b/file ", "a/b "));
	ASSERT(before("a/b ", "a "));
}

TEST_TASK(a_walk_tells_how_deep_it_is_and_in_what_folder)
{
	wok_walk_entry entry;
	struct stat found;
	size_t deepest = 0;

	IN_FOLDER;
	put_tree();
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open(folder, &walk));
	while (wok_walk_next(walk, &entry) > 0) {
		ASSERT_EQ(fstatat(entry.dir_fd, entry.name, &found, AT_SYMLINK_NOFOLLOW), 0);
		ASSERT_EQ(wok_fs_type_of(found.st_mode), entry.type);
		deepest = entry.depth > deepest ? entry.depth : deepest;
		if (strcmp(entry.name, "top") == 0)
			ASSERT_EQ(entry.depth, 1);
	}
	ASSERT_EQ(deepest, 4);
}

TEST_TASK(a_walk_may_be_shallow_or_skip_a_folder)
{
	wok_walk_entry entry;

	IN_FOLDER;
	put_tree();
	walk_with(&(wok_walk_options){.max_depth = 1});
	ASSERT_EQ(strlen(told), strlen("a empty top "));
	walk_with(&(wok_walk_options){.max_depth = 2, .folders_last = true});
	ASSERT_EQ(strlen(told), strlen("a a/b empty top "));
	told[0] = '\0';
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open(folder, &walk));
	while (wok_walk_next(walk, &entry) > 0) {
		note(&entry);
		if (strcmp(entry.name, "b") == 0)
			wok_walk_skip(walk);
	}
	ASSERT_EQ(strlen(told), strlen("a a/b empty top "));
}

TEST_TASK(symbolic_links_are_told_and_entered_only_if_wanted, "filerow-13")
{
	IN_FOLDER;
	put_folder("a");
	put_text("a/file", "");
	ASSERT_EQ(symlink("a", in("link")), 0);
	ASSERT_EQ(symlink("a/file", in("to-file")), 0);
	ASSERT_EQ(symlink("nothing", in("dangling")), 0);
	ASSERT_EQ(symlink("self", in("self")), 0);
	walk_with(NULL);
	ASSERT_EQ(strlen(told), strlen("a a/file link to-file dangling self "));
	walk_with(&(wok_walk_options){.follow_links = true});
	ASSERT_EQ(strlen(told), strlen("a a/file link link/file to-file dangling self "));
	ASSERT(before("link ", "link/file "));
	walk_with(&(wok_walk_options){.follow_links = true, .folders_last = true});
	ASSERT_EQ(strlen(told), strlen("a a/file link link/file to-file dangling self "));
	ASSERT(before("link/file ", "link "));
}

TEST_TASK(a_circle_of_links_ends, "filerow-13")
{
	wok_walk_entry entry;
	int loops = 0, r;

	IN_FOLDER;
	put_folder("a");
	put_folder("a/b");
	ASSERT_EQ(symlink("..", in("a/b/up")), 0);
	ASSERT_EQ(symlink(folder, in("a/root")), 0);
	walk_with(NULL);
	ASSERT_EQ(strlen(told), strlen("a a/b a/b/up a/root "));
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open_with(folder, &(wok_walk_options){.follow_links = true}, &walk));
	while ((r = wok_walk_next(walk, &entry)) > 0) {
		if (entry.error == 0)
			continue;
		ASSERT_EQ(entry.error, -ELOOP);
		ASSERT(strstr(wok_errmsg(-ELOOP), entry.path));
		loops++;
	}
	ASSERT_EQ(r, 0);
	ASSERT_EQ(loops, 2);
}

TEST_TASK(a_folder_that_cannot_be_read_is_told_and_the_walk_goes_on, "filerow-13")
{
	wok_walk_entry entry;
	int errors = 0, r;

	IN_FOLDER;
	put_tree();
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open(folder, &walk));
	told[0] = '\0';
	while ((r = wok_walk_next(walk, &entry)) > 0) {
		note(&entry);
		errors += entry.error != 0;
		if (entry.error) {
			ASSERT_EQ(entry.error, -EACCES);
			ASSERT_STR(entry.name, "b");
			ASSERT_EQ(entry.depth, 2);
			ASSERT_EQ(entry.type, WOK_FS_FOLDER);
			ASSERT(strstr(wok_errmsg(-EACCES), in("a/b")));
		} else if (strcmp(entry.name, "b") == 0) {
			wok_test_fail_system_call("openat", 1, EACCES);
		}
	}
	ASSERT_EQ(r, 0);
	ASSERT_EQ(errors, 1);
	ASSERT_EQ(strlen(told), strlen("a a/b a/b! empty top "));
	ASSERT(before("a/b ", "a/b! "));
}

TEST_TASK(with_folders_last_an_unreadable_one_is_told_once)
{
	IN_FOLDER;
	put_folder("a");
	put_text("a/file", "");
	/* The first is of the folder itself. */
	wok_test_fail_system_call("openat", 2, EACCES);
	walk_with(&(wok_walk_options){.folders_last = true});
	ASSERT_STR(told, "a! ");
}

TEST_TASK(a_walk_cannot_begin_at_what_is_no_folder)
{
	wok_walk *walk = NULL;

	IN_FOLDER;
	put_text("file", "");
	ASSERT_ERR(wok_walk_open(in("file"), &walk), -ENOTDIR);
	ASSERT_ERR(wok_walk_open(in("nothing"), &walk), -ENOENT);
	ASSERT(!walk);
}

TEST_TASK(a_folder_that_becomes_a_link_on_the_way_is_not_entered, "filerow-13")
{
	wok_walk_entry entry;
	bool swapped = false;
	int error = 0;

	IN_FOLDER;
	put_folder("a");
	put_folder("secret");
	put_folder("secret/inside");
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open(folder, &walk));
	while (wok_walk_next(walk, &entry) > 0) {
		ASSERT(strcmp(entry.path, in("a/inside")) != 0);
		if (strcmp(entry.name, "a") != 0)
			continue;
		if (swapped)
			error = entry.error;
		ASSERT(swapped || (rmdir(in("a")) == 0 && symlink("secret", in("a")) == 0));
		swapped = true;
	}
	ASSERT_EQ(error, -ENOTDIR);
}

/* --- deep trees --------------------------------------------------------------------------------
 */

enum { DEEP = 200 };

/* Folders in folders, with a file in each, made without long paths. */
static void put_deep(int depth)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < depth; i++) {
		int file = openat(fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		ASSERT(file >= 0);
		close(file);
		if (mkdirat(fd, "some-folder-in-a-folder", 0700) < 0)
			FAIL("folder %d cannot be made: %s", i, strerror(errno));
		int next =
			openat(fd, "some-folder-in-a-folder", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			FAIL("folder %d cannot be opened: %s", i, strerror(errno));
		close(fd);
		fd = next;
	}
	close(fd);
}

static size_t count_below(const wok_walk_options *options, size_t *ret_errors)
{
	wok_walk_entry entry;
	size_t n = 0;
	int r;

	*ret_errors = 0;
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open_with(folder, options, &walk));
	while ((r = wok_walk_next(walk, &entry)) > 0) {
		n++;
		*ret_errors += entry.error != 0;
		ASSERT(test_count_fds() < 100);
	}
	ASSERT_EQ(r, 0);
	return n;
}

TEST_TASK(a_tree_deeper_than_paths_and_descriptors_reach_is_walked, "filerow-13")
{
	size_t errors;

	IN_FOLDER;
	put_deep(DEEP); /* 24 * 200 > PATH_MAX */
	ASSERT_EQ(count_below(NULL, &errors), 2 * DEEP);
	ASSERT_EQ(errors, 0);
	ASSERT_EQ(count_below(&(wok_walk_options){.folders_last = true}, &errors), 2 * DEEP);
	ASSERT_EQ(errors, 0);
	ASSERT_OK(wok_fs_remove_tree(folder));
	ASSERT_ERR(access(folder, F_OK) == 0 ? 0 : -errno, -ENOENT);
}

TEST_TASK(a_folder_that_is_moved_while_the_walk_is_below_it_is_told_as_stale)
{
	wok_walk_entry entry;
	int stale = 0, r;

	IN_FOLDER;
	put_deep(40);
	put_folder("elsewhere");
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open(folder, &walk));
	while ((r = wok_walk_next(walk, &entry)) > 0) {
		if (entry.depth == 40 &&
		    is_there("some-folder-in-a-folder/some-folder-in-a-folder"))
			ASSERT_EQ(rename(in("some-folder-in-a-folder/some-folder-in-a-folder"),
					 in("elsewhere/moved")),
				  0);
		stale += entry.error == -ESTALE;
	}
	ASSERT_EQ(r, 0);
	ASSERT(stale > 0);
}

/* --- cancels -----------------------------------------------------------------------------------
 */

static int next_entry(void *arg)
{
	wok_walk_entry entry;

	return wok_walk_next(arg, &entry);
}

TEST_TASK(a_cancel_on_the_way_loses_nothing, "filerow-16")
{
	wok_walk_entry entry;
	static struct plug plug;
	int told_after = 0, r;

	IN_FOLDER;
	put_folder("a");
	put_text("a/file", "");
	WOK_AUTO(wok_walk) *walk = NULL;
	ASSERT_OK(wok_walk_open(folder, &walk));
	ASSERT_EQ(wok_walk_next(walk, &entry), 1);
	ASSERT_STR(entry.name, "a");
	plug_in(&plug);
	WOK_AUTO(wok_task) *task = wok_create_task(next_entry, walk);
	test_settle();
	ASSERT(!wok_task_done(task));
	ASSERT_ERR(wok_walk_next(walk, &entry), -EBUSY);
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	plug_out(&plug);
	while ((r = wok_walk_next(walk, &entry)) > 0)
		told_after++;
	ASSERT_EQ(r, 0);
	ASSERT_EQ(told_after, 1);
}
