/* SPDX-License-Identifier: MIT */
/* Opening files: modes, errors, pipes. */
#include <sys/resource.h>

#include "check.h"

TEST_TASK(a_mode_says_what_a_file_is_opened_for, "filerow-2")
{
	char data[8];
	wok_file *file;

	ASSERT_ERR(wok_file_open(path_of("f"), "r", &file), -ENOENT);
	ASSERT(strstr(wok_errmsg(-ENOENT), path_of("f")));
	file = open_file("f", "x");
	ASSERT_OK(wok_file_write(file, "abc", 3));
	wok_file_free(file);
	ASSERT_ERR(wok_file_open(path_of("f"), "x", &file), -EEXIST);
	ASSERT_ERR(wok_file_open(path_of("f"), "wx", &file), -EEXIST);
	file = open_file("f", "r+");
	ASSERT_OK(wok_file_write(file, "A", 1));
	ASSERT_EQ(wok_file_read(file, data, 8), 2);
	wok_file_free(file);
	file = open_file("f", "ab+");
	ASSERT_OK(wok_file_write(file, "d", 1));
	ASSERT_EQ(wok_file_seek(file, 0, SEEK_SET), 0);
	ASSERT_EQ(wok_file_read(file, data, 8), 4);
	ASSERT_MEM(data, "Abcd", 4);
	wok_file_free(file);
	wok_file_free(open_file("f", "w"));
	expect_text("f", "");
	const char *wrong[] = {"", "z", "rw", "r++w", "rx", "+"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ASSERT_ERR(wok_file_open(path_of("f"), wrong[i], &file), -EINVAL);
}

TEST_TASK(what_cannot_be_opened_says_why, "file-21")
{
	wok_file *file = (wok_file *) &file;
	char name[300];

	put_text("f", "x");
	ASSERT_EQ(mkdir(path_of("folder"), 0700), 0);
	ASSERT_EQ(symlink("nowhere", path_of("dangling")), 0);
	ASSERT_EQ(symlink("loop", path_of("loop")), 0);
	ASSERT_EQ(symlink("f", path_of("link")), 0);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	const struct {
		const char *name, *mode;
		int code;
	} cases[] = {
		{"folder", "r", -EISDIR},    {"folder", "w", -EISDIR}, {"f/below", "r", -ENOTDIR},
		{"dangling", "r", -ENOENT},  {"loop", "r", -ELOOP},    {name, "r", -ENAMETOOLONG},
		{"missing/f", "w", -ENOENT},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ASSERT_ERR(wok_file_open(path_of(cases[i].name), cases[i].mode, &file),
			   cases[i].code);
	ASSERT_ERR(wok_file_open_with(path_of("link"), "r", &(wok_file_options){.no_follow = true},
				      &file),
		   -ELOOP);
	ASSERT_ERR(wok_file_open("", "r", &file), -ENOENT);
	wok_test_fail_system_call("openat2", 1, ENFILE);
	ASSERT_ERR(wok_file_open(path_of("f"), "r", &file), -ENFILE);
	ASSERT(file == (wok_file *) &file); /* untouched */
}

TEST_TASK(permissions_and_limits_are_kept_to, "file-21")
{
	const struct rlimit none = {8, 64};
	struct rlimit before;
	wok_file *files[12], *file;
	int n = 0, r;

	put_text("f", "x");
	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	while ((r = wok_file_open(path_of("f"), n % 2 ? "r" : "r+", &files[n])) == 0 && n < 11)
		n++;
	ASSERT_EQ(r, -EMFILE);
	ASSERT_ERR(wok_file_open(path_of("g"), "w", &file), -EMFILE);
	while (n > 0)
		wok_file_free(files[--n]);
	ASSERT_OK(wok_file_open(path_of("f"), "r", &file));
	wok_file_free(file);
	ASSERT_EQ(chmod(path_of("f"), 0), 0);
	if (geteuid() == 0)
		ASSERT_EQ(seteuid(65534), 0);
	/* The folder is closed to others, too. */
	ASSERT_ERR(wok_file_open(path_of("f"), "r", &file), -EACCES);
	if (getuid() == 0)
		ASSERT_EQ(seteuid(0), 0);
}

TEST_TASK(a_new_file_gets_the_permissions_that_were_asked_for)
{
	struct stat stat_of;

	umask(022);
	wok_file_free(open_file("f", "w"));
	ASSERT_EQ(stat(path_of("f"), &stat_of), 0);
	ASSERT_EQ(stat_of.st_mode & 07777, 0644);
	wok_file *file;
	ASSERT_OK(wok_file_open_with(path_of("g"), "w", &(wok_file_options){.permissions = 0600},
				     &file));
	ASSERT(fcntl(wok_file_fileno(file), F_GETFD) & FD_CLOEXEC);
	ASSERT(!(fcntl(wok_file_fileno(file), F_GETFL) & O_NONBLOCK));
	wok_file_free(file);
	ASSERT_EQ(stat(path_of("g"), &stat_of), 0);
	ASSERT_EQ(stat_of.st_mode & 07777, 0600);
}

/* --- where a path begins ------------------------------------------------------------------------
 */

struct opener {
	const char *path, *mode;
	wok_thread_pool *pool;
	int flags; /* WOK_ABANDON */
	wok_file *file;
	int result;
};

static int open_it(void *arg)
{
	struct opener *self = arg;
	const wok_file_options options = {.disk = {.pool = self->pool, .flags = self->flags}};

	self->result = wok_file_open_with(self->path, self->mode, &options, &self->file);
	return self->result;
}

TEST_TASK(a_relative_path_begins_where_the_process_was_at_the_call, "file-32")
{
	wok_thread_pool *pool = held_pool();
	struct opener opener = {.path = "f", .mode = "w", .pool = pool, .result = 1};

	ASSERT_EQ(mkdir(path_of("a"), 0700), 0);
	ASSERT_EQ(mkdir(path_of("b"), 0700), 0);
	ASSERT_EQ(chdir(path_of("a")), 0);
	WOK_AUTO(wok_task) *task = wok_create_task(open_it, &opener);
	ASSERT_OK(wok_yield());
	ASSERT_OK(wok_yield());
	ASSERT_EQ(opener.result, 1);
	ASSERT_EQ(chdir(path_of("b")), 0);
	held_go();
	ASSERT_OK(wok_await(task));
	wok_file_free(opener.file);
	ASSERT_EQ(access(path_of("a/f"), F_OK), 0);
	ASSERT_EQ(chdir("/"), 0);
	wok_thread_pool_free(pool);
}

/* --- pipes --------------------------------------------------------------------------------------
 */

static int read_one(void *file)
{
	char byte;
	ssize_t n = wok_file_read(file, &byte, 1);

	return n < 0 ? (int) n : (int) n;
}

TEST_TASK(a_pipe_without_a_writer_keeps_no_thread_and_can_be_given_up, "file-12", "filerow-16")
{
	wok_thread_pool_info before, during;
	int fds = test_count_fds();

	ASSERT_EQ(mkfifo(path_of("p"), 0600), 0);
	WOK_AUTO(wok_file) *file = open_file("p", "r");
	wok_thread_pool_get_info(NULL, &before);
	WOK_AUTO(wok_task) *task = wok_create_task(read_one, file);
	test_settle();
	ASSERT(!wok_task_done(task));
	wok_thread_pool_get_info(NULL, &during);
	ASSERT_EQ(during.active, 0);
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	/* It works nevertheless, when somebody comes. */
	WOK_AUTO(wok_task) *again = wok_create_task(read_one, file);
	test_settle();
	int writer = open(path_of("p"), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	ASSERT_EQ(write(writer, "x", 1), 1);
	ASSERT_EQ(wok_await(again), 1);
	WOK_AUTO(wok_task) *last = wok_create_task(read_one, file);
	test_settle();
	ASSERT(!wok_task_done(last));
	close(writer);
	ASSERT_EQ(wok_await(last), 0);
	ASSERT_OK(wok_file_close(file));
	ASSERT_EQ(test_count_fds(), fds);
}

TEST_TASK(writing_a_pipe_begins_when_somebody_reads_it, "file-12", "filerow-16")
{
	char data[8];
	int fds = test_count_fds();

	ASSERT_EQ(mkfifo(path_of("p"), 0600), 0);
	struct opener given_up = {.path = path_of("p"), .mode = "w", .result = 1};
	WOK_AUTO(wok_task) *first = wok_create_task(open_it, &given_up);
	wok_test_advance(WOK_SECOND);
	ASSERT_EQ(given_up.result, 1);
	wok_cancel(first);
	ASSERT_ERR(wok_await(first), WOK_ETASKCANCELED);
	ASSERT_EQ(given_up.result, -ECANCELED);
	ASSERT_EQ(test_count_fds(), fds);
	struct opener opener = {.path = path_of("p"), .mode = "w", .result = 1};
	WOK_AUTO(wok_task) *task = wok_create_task(open_it, &opener);
	wok_test_advance(WOK_SECOND);
	ASSERT_EQ(opener.result, 1);
	int reader = open(path_of("p"), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ASSERT_OK(wok_await(task));
	/* Nothing is buffered: somebody waits for it. */
	ASSERT_OK(wok_file_write(opener.file, "hello", 5));
	ASSERT_EQ(read(reader, data, sizeof(data)), 5);
	close(reader);
	ASSERT_ERR(wok_file_write(opener.file, "hello", 5), -EPIPE);
	wok_file_free(opener.file);
}

static int write_much(void *file)
{
	static char data[1 << 20];

	return wok_file_write(file, data, sizeof(data));
}

TEST_TASK(a_large_write_to_a_pipe_waits_for_its_reader, "filerow-18")
{
	static char data[1 << 16];
	size_t total = 0;
	ssize_t n;

	ASSERT_EQ(mkfifo(path_of("p"), 0600), 0);
	int reader = open(path_of("p"), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	WOK_AUTO(wok_file) *file = open_file("p", "w");
	WOK_AUTO(wok_task) *task = wok_create_task(write_much, file);
	while (!wok_task_done(task)) {
		test_settle();
		while ((n = read(reader, data, sizeof(data))) > 0)
			total += (size_t) n;
	}
	ASSERT_OK(wok_await(task));
	while ((n = read(reader, data, sizeof(data))) > 0)
		total += (size_t) n;
	ASSERT_EQ(total, 1 << 20);
	close(reader);
}

TEST_TASK(a_descriptor_becomes_a_file)
{
	int fds[2];
	char data[8];
	wok_file *file = NULL;

	put_text("f", "one two");
	int fd = open(path_of("f"), O_RDWR | O_CLOEXEC);
	ASSERT_EQ(lseek(fd, 4, SEEK_SET), 4);
	ASSERT_OK(wok_file_adopt(fd, "r+", NULL, &file));
	ASSERT_EQ(wok_file_read(file, data, 8), 3);
	ASSERT_MEM(data, "two", 3);
	wok_file_free(file);
	ASSERT_ERR(wok_file_adopt(fd, "r", NULL, &file), -EBADF);
	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	ASSERT_ERR(wok_file_adopt(fds[0], "r", NULL, &file), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "O_NONBLOCK"));
	ASSERT_ERR(wok_file_adopt(fds[0], "q", NULL, &file), -EINVAL);
	close(fds[0]);
	close(fds[1]);
}

TEST_TASK(without_the_quick_open_all_is_the_same, "file-19")
{
	char data[8];

	put_text("f", "one");
	wok_test_fail_system_call("openat2", 1, ENOSYS);
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_file) *file = open_file("f", "r");
		ASSERT_EQ(wok_file_read(file, data, 8), 3);
	}
	wok_file *file;
	ASSERT_ERR(wok_file_open(path_of("g"), "r", &file), -ENOENT);
}
