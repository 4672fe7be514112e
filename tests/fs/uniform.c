/* SPDX-License-Identifier: MIT */
/* Every call that waits for a thread for files: see harness/uniform.h. All threads are taken. */
#include "harness/uniform.h"
#include "fs/folder.h"

static struct {
	struct plug plug;
	bool plugged;
	wok_walk *walk;
	wok_watch *watch;
} it;

static void let_go(void)
{
	if (it.plugged)
		plug_out(&it.plug);
	it.plugged = false;
}

static void make(void)
{
	wok_walk_entry entry;

	(void) folder_begin("/tmp");
	put_text("file", "content");
	put_folder("sub");
	ASSERT_EQ(symlink("file", in("link")), 0);
	ASSERT_OK(wok_walk_open(folder, &it.walk));
	do
		ASSERT_EQ(wok_walk_next(it.walk, &entry), 1);
	while (strcmp(entry.name, "sub") != 0);
	ASSERT_OK(wok_watch_new(&it.watch));
	plug_in(&it.plug);
	it.plugged = true;
}

static void clean(void)
{
	let_go();
	wok_walk_free(it.walk);
	wok_watch_free(it.watch);
	folder_end(NULL);
}

/* --- the calls ---------------------------------------------------------------------------------
 */

static int do_stat(void *unused)
{
	struct stat stat;

	(void) unused;
	return wok_fs_stat(in("file"), &stat);
}

static int do_lstat(void *unused)
{
	struct stat stat;

	(void) unused;
	return wok_fs_lstat(in("link"), &stat);
}

static int do_statvfs(void *unused)
{
	struct statvfs stat;

	(void) unused;
	return wok_fs_statvfs(folder, &stat);
}

static int do_access(void *unused)
{
	(void) unused;
	return wok_fs_access(in("file"), R_OK);
}

static int do_exists(void *unused)
{
	(void) unused;
	return wok_fs_exists(in("nothing"));
}

static int do_mkdir(void *unused)
{
	(void) unused;
	return wok_fs_mkdir(in("new"), 0700);
}

static int do_mkdirs(void *unused)
{
	(void) unused;
	return wok_fs_mkdirs(in("new/one"), 0700);
}

static int do_rmdir(void *unused)
{
	(void) unused;
	return wok_fs_rmdir(in("sub"));
}

static int do_remove(void *unused)
{
	(void) unused;
	return wok_fs_remove(in("file"));
}

static int do_remove_tree(void *unused)
{
	(void) unused;
	return wok_fs_remove_tree(in("sub"));
}

static int do_rename(void *unused)
{
	(void) unused;
	return wok_fs_rename(in("file"), in("other"));
}

static int do_rename_new(void *unused)
{
	(void) unused;
	return wok_fs_rename_new(in("file"), in("other"));
}

static int do_link(void *unused)
{
	(void) unused;
	return wok_fs_link(in("file"), in("other"));
}

static int do_symlink(void *unused)
{
	(void) unused;
	return wok_fs_symlink("file", in("other"));
}

static int do_readlink(void *unused)
{
	char *target = NULL;

	(void) unused;
	int r = wok_fs_readlink(in("link"), &target);
	wok_free(target);
	return r;
}

static int do_utime(void *unused)
{
	(void) unused;
	return wok_fs_utime(in("file"), NULL);
}

static int do_chmod(void *unused)
{
	(void) unused;
	return wok_fs_chmod(in("file"), 0600);
}

static int do_chown(void *unused)
{
	(void) unused;
	return wok_fs_chown(in("file"), (uid_t) -1, (gid_t) -1);
}

static int do_lchown(void *unused)
{
	(void) unused;
	return wok_fs_lchown(in("link"), (uid_t) -1, (gid_t) -1);
}

static int do_copy(void *unused)
{
	(void) unused;
	return wok_fs_copy(in("file"), in("other"));
}

static int do_list(void *unused)
{
	char **names = NULL;

	(void) unused;
	int r = wok_fs_list(folder, &names, NULL);
	wok_free(names);
	return r;
}

static int do_dir_open(void *unused)
{
	WOK_AUTO(wok_dir) *dir = NULL;

	(void) unused;
	return wok_dir_open(folder, &dir);
}

static int do_walk_open(void *unused)
{
	WOK_AUTO(wok_walk) *walk = NULL;

	(void) unused;
	return wok_walk_open(folder, &walk);
}

/* The rest of the folder may come without a hop. */
static int do_walk_next(void *unused)
{
	wok_walk_entry entry;
	int r = wok_walk_next(it.walk, &entry);

	(void) unused;
	return r > 0 ? 0 : r;
}

static int do_temp_file_open(void *unused)
{
	WOK_AUTO(wok_file) *file = NULL;

	(void) unused;
	return wok_temp_file_open(&(wok_temp_options){.folder = folder}, &file);
}

static int do_temp_file(void *unused)
{
	WOK_AUTO(wok_temp) *temp = NULL;

	(void) unused;
	return wok_temp_file_new(&(wok_temp_options){.folder = folder}, &temp);
}

static int do_temp_folder(void *unused)
{
	WOK_AUTO(wok_temp) *temp = NULL;

	(void) unused;
	return wok_temp_folder_new(&(wok_temp_options){.folder = folder}, &temp);
}

static int do_spool_file(void *unused)
{
	const wok_spool_options options = {.temp.folder = folder};
	WOK_AUTO(wok_spool) *spool = NULL;
	wok_file *file;

	(void) unused;
	ASSERT_OK(wok_spool_new(&options, &spool));
	return wok_spool_file(spool, &file);
}

static int do_watch_add(void *unused)
{
	(void) unused;
	int r = wok_watch_add(it.watch, in("file"), 0);
	if (r > 0)
		ASSERT_OK(wok_watch_remove(it.watch, r));
	return r > 0 ? 0 : r;
}

static const struct uniform_row rows[] = {
	{"wok_fs_stat", do_stat, let_go, NULL, 0, 0},
	{"wok_fs_lstat", do_lstat, let_go, NULL, 0, 0},
	{"wok_fs_statvfs", do_statvfs, let_go, NULL, 0, 0},
	{"wok_fs_access", do_access, let_go, NULL, 0, 0},
	{"wok_fs_exists", do_exists, let_go, NULL, 0, 0},
	{"wok_fs_mkdir", do_mkdir, let_go, NULL, 0, 0},
	{"wok_fs_mkdirs", do_mkdirs, let_go, NULL, 0, 0},
	{"wok_fs_rmdir", do_rmdir, let_go, NULL, 0, 0},
	{"wok_fs_remove", do_remove, let_go, NULL, 0, 0},
	{"wok_fs_remove_tree", do_remove_tree, let_go, NULL, 0, 0},
	{"wok_fs_rename", do_rename, let_go, NULL, 0, 0},
	{"wok_fs_rename_new", do_rename_new, let_go, NULL, 0, 0},
	{"wok_fs_link", do_link, let_go, NULL, 0, 0},
	{"wok_fs_symlink", do_symlink, let_go, NULL, 0, 0},
	{"wok_fs_readlink", do_readlink, let_go, NULL, 0, 0},
	{"wok_fs_utime", do_utime, let_go, NULL, 0, 0},
	{"wok_fs_chmod", do_chmod, let_go, NULL, 0, 0},
	{"wok_fs_chown", do_chown, let_go, NULL, 0, 0},
	{"wok_fs_lchown", do_lchown, let_go, NULL, 0, 0},
	{"wok_fs_copy", do_copy, let_go, NULL, 0, 0},
	{"wok_fs_list", do_list, let_go, NULL, 0, 0},
	{"wok_dir_open", do_dir_open, let_go, NULL, 0, 0},
	{"wok_walk_open", do_walk_open, let_go, NULL, 0, 0},
	{"wok_walk_next", do_walk_next, let_go, NULL, 0, 0},
	{"wok_temp_file_open", do_temp_file_open, let_go, NULL, 0, 0},
	{"wok_temp_file_new", do_temp_file, let_go, NULL, 0, 0},
	{"wok_temp_folder_new", do_temp_folder, let_go, NULL, 0, 0},
	{"wok_spool_file", do_spool_file, let_go, NULL, 0, 0},
	{"wok_watch_add", do_watch_add, let_go, NULL, 0, 0},
};

static const struct uniform_table table = {
	.rows = rows,
	.n = sizeof(rows) / sizeof(rows[0]),
	.make = make,
	.clean = clean,
};

UNIFORM_TESTS(&table)
