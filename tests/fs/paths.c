/* SPDX-License-Identifier: MIT */
/* The file system by path: see wok/fs.h. */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fs/folder.h"

/* --- describing ------------------------------------------------------------------------------- */

TEST_TASK(stat_tells_what_a_path_leads_to, "filerow-9")
{
	struct stat stat;

	IN_FOLDER;
	put_text("file", "12345");
	ASSERT_EQ(symlink("file", in("link")), 0);
	ASSERT_OK(wok_fs_stat(in("file"), &stat));
	ASSERT_EQ(stat.st_size, 5);
	ASSERT_EQ(wok_fs_type_of(stat.st_mode), WOK_FS_FILE);
	ASSERT_OK(wok_fs_stat(in("link"), &stat));
	ASSERT_EQ(wok_fs_type_of(stat.st_mode), WOK_FS_FILE);
	ASSERT_OK(wok_fs_lstat(in("link"), &stat));
	ASSERT_EQ(wok_fs_type_of(stat.st_mode), WOK_FS_SYMLINK);
	ASSERT_EQ(stat.st_size, 4);
	ASSERT_OK(wok_fs_stat(folder, &stat));
	ASSERT_EQ(wok_fs_type_of(stat.st_mode), WOK_FS_FOLDER);
	ASSERT_OK(wok_fs_stat("/dev/null", &stat));
	ASSERT_EQ(wok_fs_type_of(stat.st_mode), WOK_FS_CHAR_DEVICE);
	ASSERT_EQ(mkfifo(in("fifo"), 0600), 0);
	ASSERT_OK(wok_fs_stat(in("fifo"), &stat));
	ASSERT_EQ(wok_fs_type_of(stat.st_mode), WOK_FS_FIFO);
}

TEST_TASK(a_failed_call_leaves_what_it_would_fill)
{
	struct stat stat = {.st_size = 42};
	char *target = folder;

	IN_FOLDER;
	ASSERT_ERR(wok_fs_stat(in("nothing"), &stat), -ENOENT);
	ASSERT_EQ(stat.st_size, 42);
	ASSERT_ERR(wok_fs_readlink(in("nothing"), &target), -ENOENT);
	ASSERT(target == folder);
}

TEST_TASK(statvfs_tells_of_the_file_system, "filerow-9")
{
	struct statvfs stat = {0};

	IN_FOLDER;
	ASSERT_OK(wok_fs_statvfs(folder, &stat));
	ASSERT(stat.f_bsize > 0 && stat.f_blocks > 0);
	ASSERT_EQ(chdir(folder), 0);
	ASSERT_OK(wok_fs_statvfs(".", &stat));
	ASSERT_ERR(wok_fs_statvfs("nothing", &stat), -ENOENT);
}

TEST_TASK(access_tells_what_this_process_may_do, "filerow-9")
{
	IN_FOLDER;
	put_text("file", "");
	ASSERT_EQ(chmod(in("file"), 0600), 0);
	ASSERT_EQ(wok_fs_access(in("file"), F_OK), 0);
	ASSERT_EQ(wok_fs_access(in("file"), R_OK | W_OK), 0);
	ASSERT_ERR(wok_fs_access(in("file"), X_OK), -EACCES); /* root may not, either */
	ASSERT_ERR(wok_fs_access(in("nothing"), F_OK), -ENOENT);
}

TEST_TASK(exists_tells_nothing_from_trouble, "filerow-9")
{
	IN_FOLDER;
	put_text("file", "");
	ASSERT_EQ(symlink("nothing", in("dangling")), 0);
	ASSERT_EQ(symlink("loop", in("loop")), 0);
	ASSERT_EQ(wok_fs_exists(in("file")), 1);
	ASSERT_EQ(wok_fs_exists(folder), 1);
	ASSERT_EQ(wok_fs_exists(in("nothing")), 0);
	ASSERT_EQ(wok_fs_exists(in("dangling")), 0);
	ASSERT_EQ(wok_fs_exists(in("file/below")), 0);
	ASSERT_ERR(wok_fs_exists(in("loop")), -ELOOP);
}

/* --- folders ---------------------------------------------------------------------------------- */

TEST_TASK(folders_are_made_and_removed, "filerow-9")
{
	struct stat found;

	IN_FOLDER;
	umask(022);
	ASSERT_OK(wok_fs_mkdir(in("new"), 0775));
	ASSERT_EQ(stat(in("new"), &found), 0);
	ASSERT_EQ(found.st_mode, S_IFDIR | 0755);
	ASSERT_ERR(wok_fs_mkdir(in("new"), 0777), -EEXIST);
	ASSERT_ERR(wok_fs_mkdir(in("no/new"), 0777), -ENOENT);
	put_text("new/file", "");
	ASSERT_ERR(wok_fs_rmdir(in("new")), -ENOTEMPTY);
	ASSERT_ERR(wok_fs_rmdir(in("new/file")), -ENOTDIR);
	ASSERT_ERR(wok_fs_remove(in("new")), -EISDIR);
	ASSERT_OK(wok_fs_remove(in("new/file")));
	ASSERT_OK(wok_fs_rmdir(in("new")));
	ASSERT(!is_there("new"));
	ASSERT_ERR(wok_fs_remove(in("new")), -ENOENT);
}

TEST_TASK(mkdirs_makes_all_that_is_missing, "filerow-9")
{
	struct stat found;

	IN_FOLDER;
	umask(022);
	ASSERT_OK(wok_fs_mkdirs(in("a/b//c/d/"), 0700));
	ASSERT_EQ(stat(in("a/b/c"), &found), 0);
	ASSERT_EQ(found.st_mode, S_IFDIR | 0755);
	ASSERT_EQ(stat(in("a/b/c/d"), &found), 0);
	ASSERT_EQ(found.st_mode & 077, 0);
	ASSERT_OK(wok_fs_mkdirs(in("a/b/c/d"), 0700));
	ASSERT_OK(wok_fs_mkdirs(in("a/x"), 0700));
	ASSERT_OK(wok_fs_mkdirs("/", 0700));
	ASSERT_EQ(chdir(folder), 0);
	ASSERT_OK(wok_fs_mkdirs("r/s/t", 0755));
	ASSERT(is_there("r/s/t"));
	ASSERT_OK(wok_fs_mkdirs("./r/../u", 0755));
	ASSERT(is_there("u"));
}

TEST_TASK(mkdirs_says_what_is_in_the_way)
{
	IN_FOLDER;
	put_text("file", "");
	ASSERT_ERR(wok_fs_mkdirs(in("file"), 0700), -EEXIST);
	ASSERT_ERR(wok_fs_mkdirs(in("file/a/b"), 0700), -ENOTDIR);
	ASSERT_ERR(wok_fs_mkdirs("", 0700), -ENOENT);
	ASSERT_EQ(symlink("nothing", in("dangling")), 0);
	ASSERT_ERR(wok_fs_mkdirs(in("dangling"), 0700), -EEXIST);
	ASSERT_EQ(symlink(".", in("here")), 0);
	ASSERT_OK(wok_fs_mkdirs(in("here"), 0700));
	ASSERT_OK(wok_fs_mkdirs(in("here/a/b"), 0700));
	ASSERT(is_there("a/b"));
}

static int make_the_same(void *unused)
{
	(void) unused;
	return wok_fs_mkdirs(in("p/q/r/s/t/u"), 0755);
}

TEST_TASK(many_may_make_the_same_folders_at_once)
{
	int array[16];

	IN_FOLDER;
	ASSERT_OK(wok_for_each(make_the_same, array, 16, 0, 0));
	ASSERT(is_there("p/q/r/s/t/u"));
}

/* --- names ------------------------------------------------------------------------------------ */

TEST_TASK(rename_replaces_what_is_there, "filerow-9")
{
	IN_FOLDER;
	put_text("a", "new");
	put_text("b", "old");
	ASSERT_OK(wok_fs_rename(in("a"), in("b")));
	expect_text("b", "new");
	ASSERT(!is_there("a"));
	put_folder("folder");
	ASSERT_ERR(wok_fs_rename(in("b"), in("folder")), -EISDIR);
	ASSERT_ERR(wok_fs_rename(in("folder"), in("b")), -ENOTDIR);
	ASSERT_ERR(wok_fs_rename(in("a"), in("c")), -ENOENT);
}

TEST_TASK(rename_new_replaces_nothing, "filerow-9")
{
	IN_FOLDER;
	put_text("a", "new");
	put_text("b", "old");
	ASSERT_ERR(wok_fs_rename_new(in("a"), in("b")), -EEXIST);
	expect_text("a", "new");
	expect_text("b", "old");
	ASSERT_OK(wok_fs_rename_new(in("a"), in("c")));
	expect_text("c", "new");
	ASSERT(!is_there("a"));
}

TEST_TASK(links_of_both_kinds, "filerow-9")
{
	char *target = NULL;
	struct stat found;

	IN_FOLDER;
	put_text("file", "content");
	ASSERT_OK(wok_fs_link(in("file"), in("hard")));
	ASSERT_EQ(stat(in("file"), &found), 0);
	ASSERT_EQ(found.st_nlink, 2);
	ASSERT_ERR(wok_fs_link(in("file"), in("hard")), -EEXIST);
	ASSERT_OK(wok_fs_symlink("file", in("soft")));
	expect_text("soft", "content");
	ASSERT_ERR(wok_fs_symlink("file", in("soft")), -EEXIST);
	ASSERT_OK(wok_fs_readlink(in("soft"), &target));
	ASSERT_STR(target, "file");
	wok_free(target);
	ASSERT_ERR(wok_fs_readlink(in("file"), &target), -EINVAL);
	/* Removed is the link, not what it leads to. */
	ASSERT_OK(wok_fs_remove(in("soft")));
	expect_text("file", "content");
}

TEST_TASK(a_symbolic_link_may_be_long)
{
	char target[PATH_MAX], *read = NULL;

	IN_FOLDER;
	for (size_t size = 127; size < PATH_MAX; size = size < 129 ? size + 1 : size * 2 - 1) {
		memset(target, 'x', size);
		target[size] = '\0';
		ASSERT_OK(wok_fs_symlink(target, in("long")));
		ASSERT_OK(wok_fs_readlink(in("long"), &read));
		ASSERT_STR(read, target);
		wok_free(read);
		ASSERT_OK(wok_fs_remove(in("long")));
	}
}

/* --- what is known of a file ------------------------------------------------------------------ */

TEST_TASK(times_are_set, "filerow-9")
{
	const struct timespec times[] = {{1000000000, 500}, {1100000000, 0}};
	const struct timespec one[] = {{0, UTIME_OMIT}, {1200000000, 0}};
	struct stat found;

	IN_FOLDER;
	put_text("file", "");
	ASSERT_OK(wok_fs_utime(in("file"), times));
	ASSERT_EQ(stat(in("file"), &found), 0);
	ASSERT_EQ(found.st_atime, 1000000000);
	ASSERT_EQ(found.st_mtime, 1100000000);
	ASSERT_OK(wok_fs_utime(in("file"), one));
	ASSERT_EQ(stat(in("file"), &found), 0);
	ASSERT_EQ(found.st_atime, 1000000000);
	ASSERT_EQ(found.st_mtime, 1200000000);
	ASSERT_OK(wok_fs_utime(in("file"), NULL));
	ASSERT_EQ(stat(in("file"), &found), 0);
	ASSERT(found.st_mtime > 1200000000);
}

TEST_TASK(permissions_and_owner_are_set, "filerow-9")
{
	const uid_t user = geteuid() == 0 ? 12345 : geteuid();
	struct stat found;

	IN_FOLDER;
	put_text("file", "");
	ASSERT_EQ(symlink("file", in("link")), 0);
	ASSERT_OK(wok_fs_chmod(in("link"), 0640));
	ASSERT_EQ(stat(in("file"), &found), 0);
	ASSERT_EQ(found.st_mode, S_IFREG | 0640);
	ASSERT_OK(wok_fs_chown(in("link"), user, (gid_t) -1));
	ASSERT_EQ(stat(in("file"), &found), 0);
	ASSERT_EQ(found.st_uid, user);
	ASSERT_EQ(found.st_gid, getegid());
	ASSERT_EQ(lstat(in("link"), &found), 0);
	ASSERT_EQ(found.st_uid, geteuid());
	ASSERT_OK(wok_fs_lchown(in("link"), user, (gid_t) -1));
	ASSERT_EQ(lstat(in("link"), &found), 0);
	ASSERT_EQ(found.st_uid, user);
}

/* --- errors ----------------------------------------------------------------------------------- */

TEST_TASK(each_error_of_a_path_is_told_with_the_path, "file-21")
{
	char long_name[300], long_path[PATH_MAX + 100];
	struct stat unused;

	IN_FOLDER;
	put_text("file", "");
	ASSERT_EQ(symlink("loop", in("loop")), 0);
	ASSERT_EQ(symlink("nothing", in("dangling")), 0);
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	memset(long_path, '/', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	ASSERT_ERR(wok_fs_stat(in(long_name), &unused), -ENAMETOOLONG);
	ASSERT_ERR(wok_fs_stat(long_path, &unused), -ENAMETOOLONG);
	ASSERT_ERR(wok_fs_stat(in("loop"), &unused), -ELOOP);
	ASSERT_ERR(wok_fs_stat(in("loop/below"), &unused), -ELOOP);
	ASSERT_ERR(wok_fs_stat(in("file/below"), &unused), -ENOTDIR);
	ASSERT_ERR(wok_fs_stat(in("dangling"), &unused), -ENOENT);
	ASSERT(strstr(wok_errmsg(-ENOENT), in("dangling")));
	ASSERT_OK(wok_fs_lstat(in("dangling"), &unused));
	ASSERT_ERR(wok_fs_stat("", &unused), -ENOENT);
	/* What root may do, and what takes a broken disk. */
	wok_test_fail_system_call("fstatat", 1, EACCES);
	ASSERT_ERR(wok_fs_stat(in("file"), &unused), -EACCES);
	wok_test_fail_system_call("renameat", 1, EROFS);
	ASSERT_ERR(wok_fs_rename(in("file"), in("x")), -EROFS);
	ASSERT(strstr(wok_errmsg(-EROFS), in("file")) && strstr(wok_errmsg(-EROFS), in("x")));
	wok_test_fail_system_call("unlinkat", 1, EIO);
	ASSERT_ERR(wok_fs_remove(in("file")), -EIO);
}

TEST_TASK(a_process_without_descriptors_gets_an_error_or_needs_none, "file-21", "file-32")
{
	struct rlimit before, none;
	wok_dir *dir = NULL;
	char **names = NULL;

	IN_FOLDER;
	put_text("file", "");
	ASSERT_EQ(chdir(folder), 0);
	/* The first hop may open descriptors for the loop. */
	ASSERT_EQ(wok_fs_exists("file"), 1);
	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	int exists = wok_fs_exists("file");
	int opened = wok_dir_open(folder, &dir);
	int listed = wok_fs_list(folder, &names, NULL);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	ASSERT_EQ(exists, 1);
	ASSERT_ERR(opened, -EMFILE);
	ASSERT_ERR(listed, -EMFILE);
	wok_test_fail_system_call("openat", 1, ENFILE);
	ASSERT_ERR(wok_dir_open(folder, &dir), -ENFILE);
}

/* --- relative paths ----------------------------------------------------------------------------
 */

static int make_here(void *unused)
{
	(void) unused;
	ASSERT_OK(wok_fs_mkdirs("here/and/there", 0755));
	return 0;
}

static int rename_here(void *unused)
{
	(void) unused;
	return wok_fs_rename("old", "new");
}

static int watch_here(void *arg)
{
	return wok_watch_add(arg, "watched", 0);
}

static int list_here(void *unused)
{
	char **names;
	size_t n;

	(void) unused;
	ASSERT_OK(wok_fs_list("watched", &names, &n));
	wok_free(names);
	return (int) n;
}

TEST_TASK(a_relative_path_begins_where_the_process_was_at_the_call, "file-32")
{
	static struct plug plug;
	WOK_AUTO(wok_watch) *watch = NULL;

	IN_FOLDER;
	put_folder("watched");
	put_text("watched/one", "");
	put_text("old", "");
	ASSERT_OK(wok_watch_new(&watch));
	ASSERT_EQ(chdir(folder), 0);
	plug_in(&plug);
	wok_task *tasks[] = {
		wok_create_task(make_here, NULL),
		wok_create_task(rename_here, NULL),
		wok_create_task(watch_here, watch),
		wok_create_task(list_here, NULL),
	};
	test_settle();
	ASSERT_EQ(chdir("/"), 0);
	plug_out(&plug);
	ASSERT_EQ(wok_await(tasks[0]), 0);
	ASSERT_EQ(wok_await(tasks[1]), 0);
	ASSERT(wok_await(tasks[2]) > 0);
	ASSERT_EQ(wok_await(tasks[3]), 1);
	for (int i = 0; i < 4; i++)
		wok_task_free(WOK_TAKE(tasks[i]));
	ASSERT(is_there("here/and/there"));
	ASSERT(is_there("new"));
}

TEST_TASK(the_end_of_a_call_leaves_no_descriptor)
{
	struct stat unused;

	IN_FOLDER;
	ASSERT_EQ(chdir(folder), 0);
	ASSERT_OK(wok_fs_stat(".", &unused));
	int before = test_count_fds();
	ASSERT_ERR(wok_fs_stat("nothing", &unused), -ENOENT);
	ASSERT_OK(wok_fs_mkdir("x", 0700));
	ASSERT_OK(wok_fs_rename("x", "y"));
	ASSERT_EQ(test_count_fds(), before);
}
