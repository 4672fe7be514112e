/* SPDX-License-Identifier: MIT */
/* What is in a folder: see wok/dir.h. */
#include <sys/resource.h>

#include "fs/folder.h"

enum { MANY = 100000 };

static void put_many(size_t n)
{
	char name[20];
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		ASSERT(fd >= 0);
		close(fd);
	}
	close(dir);
}

/* Which of the numbers were told; each at most once. */
static size_t note(bool *seen, size_t n, const char *name)
{
	size_t number = strtoul(name, NULL, 10);

	ASSERT(number < n && !seen[number]);
	seen[number] = true;
	return 1;
}

TEST_TASK(each_entry_is_told_with_its_name_and_type, "filerow-9")
{
	static const struct {
		const char *name;
		wok_fs_type type;
	} expected[] = {
		{"file", WOK_FS_FILE},
		{"sub", WOK_FS_FOLDER},
		{"link", WOK_FS_SYMLINK},
		{"fifo", WOK_FS_FIFO},
	};
	wok_dir_entry entry;
	struct stat found;
	unsigned seen = 0;
	int r;

	IN_FOLDER;
	put_text("file", "");
	put_folder("sub");
	ASSERT_EQ(symlink("sub", in("link")), 0);
	ASSERT_EQ(mkfifo(in("fifo"), 0600), 0);
	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	ASSERT(fcntl(wok_dir_fd(dir), F_GETFD) & FD_CLOEXEC);
	while ((r = wok_dir_next(dir, &entry)) > 0)
		for (unsigned i = 0; i < 4; i++)
			if (strcmp(entry.name, expected[i].name) == 0) {
				ASSERT_EQ(entry.type, expected[i].type);
				ASSERT_EQ(lstat(in(entry.name), &found), 0);
				ASSERT_EQ(entry.inode, found.st_ino);
				seen += 1U << (4 * i);
			}
	ASSERT_EQ(r, 0);
	ASSERT_EQ(seen, 0x1111);
	ASSERT_EQ(wok_dir_next(dir, &entry), 0);
}

TEST_TASK(an_empty_folder_has_no_entries)
{
	wok_dir_entry entry;
	char **names = NULL;
	size_t n = 1;

	IN_FOLDER;
	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	ASSERT_EQ(wok_dir_next(dir, &entry), 0);
	ASSERT_OK(wok_fs_list(folder, &names, &n));
	ASSERT_EQ(n, 0);
	ASSERT(!names[0]);
	wok_free(names);
}

TEST_TASK(what_is_no_folder_cannot_be_listed, "file-21")
{
	wok_dir *dir = NULL;
	char **names = NULL;

	IN_FOLDER;
	put_text("file", "");
	ASSERT_ERR(wok_dir_open(in("file"), &dir), -ENOTDIR);
	ASSERT(strstr(wok_errmsg(-ENOTDIR), in("file")));
	ASSERT_ERR(wok_dir_open(in("nothing"), &dir), -ENOENT);
	ASSERT_ERR(wok_fs_list(in("file"), &names, NULL), -ENOTDIR);
	ASSERT_ERR(wok_fs_list(in("nothing"), &names, NULL), -ENOENT);
	wok_test_fail_system_call("openat", 1, EACCES);
	ASSERT_ERR(wok_dir_open(folder, &dir), -EACCES);
	wok_test_fail_system_call("getdents64", 1, EIO);
	ASSERT_ERR(wok_dir_open(folder, &dir), -EIO);
	wok_test_fail_system_call("getdents64", 1, EIO);
	ASSERT_ERR(wok_fs_list(folder, &names, NULL), -EIO);
	ASSERT(!dir && !names);
}

static int read_many(void *arg)
{
	bool *seen = arg;
	wok_dir_entry entry;
	wok_thread_pool_info before, after;
	size_t n = 0;
	int r;

	wok_thread_pool_get_info(NULL, &before);
	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	while ((r = wok_dir_next(dir, &entry)) > 0)
		n += note(seen, MANY, entry.name);
	wok_thread_pool_get_info(NULL, &after);
	ASSERT_EQ(r, 0);
	ASSERT_EQ(n, MANY);
	/* In parts: neither one for each, nor all at once. */
	ASSERT(after.completed - before.completed < MANY / 500);
	ASSERT(after.completed - before.completed > 20);
	return 0;
}

TEST(a_hundred_thousand_entries_come_in_parts, "file-22")
{
	bool *seen = calloc(MANY, 1);
	struct rusage start, end;

	IN_FAST_FOLDER;
	put_many(MANY);
	getrusage(RUSAGE_SELF, &start);
	ASSERT_OK(wok_run(read_many, seen));
	getrusage(RUSAGE_SELF, &end);
	/* KiB; all of them would be more. */
	ASSERT(TEST_SANITIZED || end.ru_maxrss - start.ru_maxrss < 4096);
	free(seen);
}

static int list_many(void *arg)
{
	bool *seen = arg;
	char **names = NULL;
	size_t n = 0, told = 0;

	ASSERT_OK(wok_fs_list(folder, &names, &n));
	for (char **name = names; *name; name++)
		told += note(seen, 5000, *name);
	wok_free(names);
	ASSERT_EQ(n, 5000);
	ASSERT_EQ(told, 5000);
	return 0;
}

TEST(a_list_has_all_names, "filerow-9")
{
	bool seen[5000] = {false};

	IN_FAST_FOLDER;
	put_many(5000);
	ASSERT_OK(wok_run(list_many, seen));
}

static int read_while_removing(void *arg)
{
	bool *seen = arg;
	wok_dir_entry entry;
	size_t told = 0;
	int r;

	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	while ((r = wok_dir_next(dir, &entry)) > 0) {
		told += note(seen, 5000, entry.name);
		/* Of each two one goes: this one, or one that is told later, or never. */
		(void) unlink(in(entry.name));
		char other[20];
		snprintf(other, sizeof(other), "%zu", (strtoul(entry.name, NULL, 10) + 77) % 5000);
		if (strtoul(other, NULL, 10) % 2)
			(void) unlink(in(other));
	}
	ASSERT_EQ(r, 0);
	/* What was not removed by then has been told. */
	for (size_t i = 0; i < 5000; i += 2)
		ASSERT(seen[i]);
	ASSERT(told <= 5000);
	return 0;
}

TEST(entries_may_be_removed_while_a_folder_is_read, "file-22")
{
	bool seen[5000] = {false};

	IN_FAST_FOLDER;
	put_many(5000);
	ASSERT_OK(wok_run(read_while_removing, seen));
}

static int read_in_removed(void *unused)
{
	wok_dir_entry entry;
	int r, told = 0;

	(void) unused;
	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	ASSERT_EQ(wok_dir_next(dir, &entry), 1);
	ASSERT_OK(wok_fs_remove_tree(folder));
	while ((r = wok_dir_next(dir, &entry)) > 0)
		told++;
	ASSERT_EQ(r, 0);
	ASSERT(told < 4999); /* only what had been read already */
	return 0;
}

TEST(a_folder_that_is_removed_while_it_is_read_ends, "file-22")
{
	IN_FAST_FOLDER;
	put_many(5000);
	ASSERT_OK(wok_run(read_in_removed, NULL));
}

TEST_TASK(names_are_bytes, "file-22")
{
	static const char *const expected[] = {"\xff\xfe", "caf\xe9",  "a\nb",
					       " ",        "\x01\x7f", "..."};
	wok_dir_entry entry;
	unsigned seen = 0;
	int r;

	IN_FOLDER;
	for (int i = 0; i < 6; i++)
		put_text(expected[i], "");
	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	while ((r = wok_dir_next(dir, &entry)) > 0)
		for (unsigned i = 0; i < 6; i++)
			seen += strcmp(entry.name, expected[i]) == 0 ? 1U << (4 * i) : 0;
	ASSERT_EQ(r, 0);
	ASSERT_EQ(seen, 0x111111);
	ASSERT_OK(wok_fs_rename(in(expected[0]), in(expected[5])));
	ASSERT(!is_there(expected[0]));
}

static wok_fs_type type_of_only_entry(void)
{
	wok_dir_entry entry;

	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	ASSERT_EQ(wok_dir_next(dir, &entry), 1);
	return entry.type;
}

TEST_TASK(a_type_that_the_folder_does_not_tell_is_found_out, "file-22")
{
	IN_FOLDER;
	ASSERT_EQ(symlink("nothing", in("link")), 0);
	wok_test_fail_system_call("d_type", 1, 1);
	ASSERT_EQ(type_of_only_entry(), WOK_FS_SYMLINK);
	ASSERT_OK(wok_fs_remove(in("link")));
	put_folder("sub");
	wok_test_fail_system_call("d_type", 1, 1);
	ASSERT_EQ(type_of_only_entry(), WOK_FS_FOLDER);
}

struct reading {
	wok_dir *dir;
	wok_dir_entry entry;
};

static int read_one(void *arg)
{
	struct reading *reading = arg;

	return wok_dir_next(reading->dir, &reading->entry);
}

static int read_to_the_end(wok_dir *dir, size_t *told)
{
	wok_dir_entry entry;
	int r;

	while ((r = wok_dir_next(dir, &entry)) > 0)
		++*told;
	return r;
}

static int cancel_in_the_middle(void *unused)
{
	static struct plug plug;
	struct reading reading = {0};
	size_t told = 0;

	(void) unused;
	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	reading.dir = dir;
	plug_in(&plug);
	/* All that is there without a hop. */
	for (;;) {
		WOK_AUTO(wok_task) *task = wok_create_task(read_one, &reading);
		test_settle();
		if (wok_task_done(task)) {
			ASSERT_EQ(wok_await(task), 1);
			told++;
			continue;
		}
		wok_dir_entry unused_entry;
		ASSERT_ERR(wok_dir_next(dir, &unused_entry), -EBUSY);
		ASSERT(wok_cancel(task));
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		break;
	}
	plug_out(&plug);
	ASSERT_EQ(read_to_the_end(dir, &told), 0);
	ASSERT_EQ(told, 5000);
	return 0;
}

TEST(a_cancel_in_the_middle_of_a_folder_loses_no_entry, "filerow-16")
{
	IN_FAST_FOLDER;
	put_many(5000);
	ASSERT_OK(wok_test_run(cancel_in_the_middle, NULL, NULL));
}

TEST_TASK(an_entry_that_needs_no_hop_is_a_checkpoint_all_the_same)
{
	wok_dir_entry entry;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r;

	IN_FOLDER;
	put_text("a", "");
	put_text("b", "");
	WOK_AUTO(wok_dir) *dir = NULL;
	ASSERT_OK(wok_dir_open(folder, &dir));
	WOK_ASSERT_CHECKPOINT(r = wok_dir_next(dir, &entry));
	ASSERT_EQ(r, 1);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_dir_next(dir, &entry), -ECANCELED);
	}
	ASSERT_EQ(wok_dir_next(dir, &entry), 1);
	WOK_ASSERT_CHECKPOINT(r = wok_dir_next(dir, &entry));
	ASSERT_EQ(r, 0);
}
