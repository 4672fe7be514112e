/* SPDX-License-Identifier: MIT */
/* Replacing a file as a whole or not at all: when each call fails, and when each is the last. */
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "check.h"
#include "platform/sys.h"

static const char old_text[] = "the old content", new_text[] = "what it is from now on";

static int count_files(void)
{
	DIR *folder = opendir(path_of("."));
	int n = 0;

	ASSERT(folder);
	for (struct dirent *entry; (entry = readdir(folder));)
		n += entry->d_name[0] != '.' || entry->d_name[1] == 'w';
	closedir(folder);
	return n;
}

static int replace(void *unused)
{
	(void) unused;
	return wok_write_file_atomic(path_of("f"), new_text, strlen(new_text));
}

TEST_TASK(a_file_is_replaced_whole, "filerow-12", "file-17")
{
	struct stat before, after;

	ASSERT_OK(replace(NULL));
	expect_text("f", new_text);
	put_text("f", old_text);
	ASSERT_EQ(chmod(path_of("f"), 0640), 0);
	ASSERT_EQ(stat(path_of("f"), &before), 0);
	ASSERT_OK(replace(NULL));
	expect_text("f", new_text);
	ASSERT_EQ(stat(path_of("f"), &after), 0);
	ASSERT(before.st_ino != after.st_ino);
	ASSERT_EQ(after.st_mode, before.st_mode);
	ASSERT_EQ(count_files(), 1);
	/* A relative path, too. */
	ASSERT_EQ(chdir(path_of(".")), 0);
	ASSERT_OK(wok_write_file_atomic("f", "x", 1));
	ASSERT_OK(wok_write_file_atomic("./g", "y", 1));
	ASSERT_EQ(chdir("/"), 0);
	expect_text("f", "x");
	expect_text("g", "y");
}

TEST_TASK(the_owner_is_kept_if_that_is_asked_for, "file-17")
{
	const wok_write_file_options keep = {.keep_owner = true};
	struct stat after;

	if (geteuid() != 0)
		SKIP("only root can give files away");
	put_text("f", old_text);
	ASSERT_EQ(chown(path_of("f"), 1234, 4321), 0);
	ASSERT_EQ(chmod(path_of("f"), 04755), 0);
	ASSERT_OK(wok_write_file_atomic_with(path_of("f"), "x", 1, &keep));
	ASSERT_EQ(stat(path_of("f"), &after), 0);
	ASSERT_EQ(after.st_uid, 1234);
	ASSERT_EQ(after.st_gid, 4321);
	ASSERT_EQ(after.st_mode & 07777, 04755);
	wok_test_fail_system_call("fchown", 1, EPERM);
	/* Refused twice: with and without a name. */
	put_text("f", old_text);
	int r = wok_write_file_atomic_with(path_of("f"), "x", 1, &keep);
	ASSERT(r == 0 || r == -EPERM);
	ASSERT_OK(wok_write_file_atomic(path_of("f"), "x", 1));
	ASSERT_EQ(stat(path_of("f"), &after), 0);
	ASSERT_EQ(after.st_uid, 0);
}

TEST_TASK(a_file_that_runs_as_its_owner_does_so_only_for_that_owner, "file-17")
{
	struct stat after;

	put_text("f", old_text);
	ASSERT_EQ(chmod(path_of("f"), 04755), 0);
	ASSERT_OK(replace(NULL));
	ASSERT_EQ(stat(path_of("f"), &after), 0);
	ASSERT_EQ(after.st_mode & 07777, 04755);
	if (geteuid() != 0)
		SKIP("only root can give files away");
	for (int group = 0; group < 2; group++) {
		ASSERT_EQ(chown(path_of("f"), group ? geteuid() : 1234, 4321), 0);
		ASSERT_EQ(chmod(path_of("f"), 06755), 0);
		ASSERT_OK(replace(NULL));
		ASSERT_EQ(stat(path_of("f"), &after), 0);
		ASSERT_EQ(after.st_mode & 07777, 0755);
	}
}

TEST_TASK(what_cannot_be_replaced_says_why, "file-17")
{
	ASSERT_EQ(mkdir(path_of("folder"), 0700), 0);
	ASSERT_ERR(wok_write_file_atomic(path_of("folder"), "x", 1), -EISDIR);
	ASSERT_ERR(wok_write_file_atomic(path_of("folder/"), "x", 1), -EISDIR);
	ASSERT_ERR(wok_write_file_atomic(path_of("no/such"), "x", 1), -ENOENT);
	ASSERT_ERR(wok_write_file_atomic_with(path_of("f"), "x", 1,
					      &(wok_write_file_options){.append = true}),
		   -EINVAL);
	put_text("f", old_text);
	wok_test_fail_system_call("renameat", 1, EXDEV);
	ASSERT_ERR(replace(NULL), -EXDEV);
	ASSERT(strstr(wok_errmsg(-EXDEV), path_of("f")));
	expect_text("f", old_text);
	ASSERT_EQ(count_files(), 2);
}

static bool is_old_or_new(void)
{
	size_t size;
	char *data = get_bytes("f", &size);
	bool fits = strcmp(data, old_text) == 0 || strcmp(data, new_text) == 0;

	free(data);
	return fits;
}

/* What is there after one call has failed. */
static void fail_at(const char *call, uint64_t n, int error)
{
	put_text("f", old_text);
	wok_test_fail_system_call(call, n, error);
	int r = replace(NULL);
	wok_test_fail_system_call(NULL, 0, 0);
	ASSERT(is_old_or_new());
	if (r == 0)
		expect_text("f", new_text);
	if (count_files() != 1)
		FAIL("%s %d: something is left behind", call, (int) n);
}

static int fail_everywhere(void *unused)
{
	static const char *const calls[] = {"openat", "fstatat", "pwritev2", "fchmod",
					    "fsync",  "linkat",  "close",    "renameat"};
	static const int errors[] = {EIO, ENOSPC, EOPNOTSUPP, EEXIST};

	(void) unused;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (size_t k = 0; k < sizeof(errors) / sizeof(errors[0]); k++)
			for (uint64_t n = 1; n <= 4; n++)
				fail_at(calls[i], n, errors[k]);
	return 0;
}

TEST(whichever_call_fails_the_file_is_the_old_or_the_new_one, "file-17")
{
	ASSERT_OK(wok_test_run(fail_everywhere, NULL, NULL));
}

TEST_TASK(without_nameless_files_it_works_as_well, "file-17")
{
	/* Where O_TMPFILE is unknown the open fails, as a folder's; the folder is opened before. */
	for (uint64_t n = 1; n <= 4; n++)
		fail_at("openat", n, EISDIR);
}

static char fixed_path[100]; /* of the parent's folder */

static int replace_fixed(void *unused)
{
	(void) unused;
	return wok_write_file_atomic(fixed_path, new_text, strlen(new_text));
}

/* Run it in a process that dies at its n-th call; false if it did not come that far. */
static bool die_at(uint64_t n)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		wok__sys_fail(NULL, n, WOK__SYS_DIE);
		_exit(wok_test_run(replace_fixed, NULL, NULL) == 0 ? 0 : 1);
	}
	ASSERT(child > 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		ASSERT_EQ(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

static void remove_leftovers(void)
{
	DIR *folder = opendir(path_of("."));

	for (struct dirent *entry; (entry = readdir(folder));)
		if (strncmp(entry->d_name, ".wok-", 5) == 0)
			unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
}

TEST(wherever_the_process_dies_the_file_is_the_old_or_the_new_one, "file-17", "filerow-12")
{
	bool saw_old = false, saw_new = false;
	size_t size;
	uint64_t n = 1;

	snprintf(fixed_path, sizeof(fixed_path), "%s", path_of("f"));
	/* The threads take turns as they like: so it is dead at a call more or less. */
	for (int lived = 0; lived < 3 && n < 400; n++) {
		put_text("f", old_text);
		lived = die_at(n) ? 0 : lived + 1;
		ASSERT(is_old_or_new());
		char *data = get_bytes("f", &size);
		saw_old |= strcmp(data, old_text) == 0;
		saw_new |= strcmp(data, new_text) == 0;
		free(data);
		remove_leftovers();
		ASSERT_EQ(count_files(), 1);
	}
	if (!saw_old || !saw_new || n < 10)
		FAIL("%d calls, old: %d, new: %d", (int) n, saw_old, saw_new);
}
