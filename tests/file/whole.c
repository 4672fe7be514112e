/* SPDX-License-Identifier: MIT */
/* Files read and written as a whole. */
#include "check.h"

static void expect_whole(const char *name, size_t size)
{
	char *data;
	size_t got;

	ASSERT_OK(wok_read_file(path_of(name), &data, &got));
	ASSERT_EQ(got, size);
	expect_pattern(data, size, 0);
	ASSERT_EQ(data[size], 0);
	wok_free(data);
}

TEST_TASK(a_file_of_any_size_is_written_and_read_whole, "filerow-12")
{
	const size_t sizes[] = {0,    1,     4096,   8191,    8192,   8193,
				9000, 65536, 131072, 1048576, 3000000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *data = pattern(sizes[i] + 1);
		ASSERT_OK(wok_write_file(path_of("f"), data, sizes[i]));
		expect_whole("f", sizes[i]);
		/* The same when a thread has to do all or the rest of it. */
		for (uint64_t n = 1; n <= 3; n++) {
			wok_test_fail_system_call("preadv2 nowait", n, EAGAIN);
			expect_whole("f", sizes[i]);
			wok_test_fail_system_call("preadv2 nowait", n, -100);
			expect_whole("f", sizes[i]);
			wok_test_fail_system_call("preadv2", n, -100);
			expect_whole("f", sizes[i]);
		}
		wok_test_fail_system_call("openat2", 1, EAGAIN);
		expect_whole("f", sizes[i]);
		wok_test_fail_system_call(NULL, 0, 0);
		free(data);
	}
}

static void expect_content(const char *name, const char *text)
{
	char *data;

	ASSERT_OK(wok_read_file(path_of(name), &data, NULL));
	ASSERT_STR(data, text);
	wok_free(data);
}

TEST_TASK(a_file_is_replaced_or_appended_to, "filerow-12")
{
	ASSERT_OK(wok_write_file(path_of("f"), "a longer text", 13));
	ASSERT_OK(wok_write_file(path_of("f"), "short", 5));
	expect_content("f", "short");
	ASSERT_OK(wok_write_file_with(path_of("f"), " and more", 9,
				      &(wok_write_file_options){.append = true, .sync = true}));
	expect_content("f", "short and more");
	ASSERT_ERR(wok_write_file_with(path_of("f"), "x", 1,
				       &(wok_write_file_options){.exclusive = true}),
		   -EEXIST);
	ASSERT_ERR(
		wok_write_file_with(path_of("f"), "x", 1,
				    &(wok_write_file_options){.append = true, .exclusive = true}),
		-EEXIST);
	expect_content("f", "short and more");
	ASSERT_ERR(wok_write_file(path_of("no/such"), "x", 1), -ENOENT);
	ASSERT(strstr(wok_errmsg(-ENOENT), "no/such"));
	ASSERT_ERR(wok_write_file("/dev/full", "x", 1), -ENOSPC);
}

TEST_TASK(a_file_above_the_limit_is_refused, "filerow-12")
{
	char *data = NULL;
	size_t size = 7;

	put_text("f", "0123456789");
	ASSERT_OK(wok_read_file_with(path_of("f"), &(wok_read_file_options){.limit = 10}, &data,
				     &size));
	ASSERT_STR(data, "0123456789");
	wok_free(WOK_TAKE(data));
	for (size_t limit = 1; limit < 10; limit++) {
		const wok_read_file_options options = {.limit = limit};
		ASSERT_ERR(wok_read_file_with(path_of("f"), &options, &data, &size), WOK_ELIMIT);
		wok_test_fail_system_call("openat2", 1, EAGAIN);
		ASSERT_ERR(wok_read_file_with(path_of("f"), &options, &data, &size), WOK_ELIMIT);
	}
	ASSERT(strstr(wok_errmsg(WOK_ELIMIT), "more than 9 bytes"));
	for (size_t limit = 10; limit < 10000; limit = limit * 3 + 1) {
		const wok_read_file_options options = {.limit = limit};
		char *other = NULL;
		wok_test_fail_system_call("openat2", 1, EAGAIN);
		ASSERT_OK(wok_read_file_with(path_of("f"), &options, &other, NULL));
		ASSERT_STR(other, "0123456789");
		wok_free(other);
	}
	ASSERT_ERR(wok_read_file_with("/dev/zero", &(wok_read_file_options){.limit = 100000}, &data,
				      &size),
		   WOK_ELIMIT);
	ASSERT(!data && size == 10); /* as they were */
	char *big = pattern(100000);
	put_bytes("f", big, 100000);
	for (size_t limit = 99998; limit <= 100001; limit++) {
		int r = wok_read_file_with(path_of("f"), &(wok_read_file_options){.limit = limit},
					   &data, &size);
		ASSERT_EQ(r, limit < 100000 ? WOK_ELIMIT : 0);
		wok_free(WOK_TAKE(data));
	}
	free(big);
}

TEST_TASK(a_whole_text_is_checked, "filerow-12", "file-10")
{
	const wok_read_file_options strict = {.text = WOK_TEXT_STRICT},
				    lenient = {.text = WOK_TEXT_REPLACE};
	char *data;
	size_t size;

	put_text("f", "\xef\xbb\xbf"
		      "ok é");
	ASSERT_OK(wok_read_file_with(path_of("f"), &strict, &data, &size));
	ASSERT_STR(data, "ok é");
	ASSERT_EQ(size, 5);
	wok_free(data);
	put_text("f", "bad \xc3");
	ASSERT_ERR(wok_read_file_with(path_of("f"), &strict, &data, &size), -EILSEQ);
	ASSERT(strstr(wok_errmsg(-EILSEQ), "byte 4"));
	ASSERT_OK(wok_read_file_with(path_of("f"), &lenient, &data, &size));
	ASSERT_STR(data, "bad \xef\xbf\xbd");
	wok_free(data);
}

TEST_TASK(what_cannot_be_read_says_why, "filerow-12", "file-21")
{
	char *data;

	ASSERT_EQ(mkdir(path_of("folder"), 0700), 0);
	ASSERT_ERR(wok_read_file(path_of("folder"), &data, NULL), -EISDIR);
	ASSERT_ERR(wok_read_file(path_of("none"), &data, NULL), -ENOENT);
	ASSERT(strstr(wok_errmsg(-ENOENT), "/none: "));
	put_text("f", "abc");
	wok_test_fail_system_call(has_quick_reads() ? "preadv2 nowait" : "preadv2", 1, EIO);
	ASSERT_ERR(wok_read_file(path_of("f"), &data, NULL), -EIO);
}

static int read_pipe(void *ret_data)
{
	return wok_read_file(path_of("p"), ret_data, NULL);
}

TEST_TASK(a_pipe_is_read_to_its_end, "filerow-12", "file-24")
{
	char *data = NULL;

	ASSERT_EQ(mkfifo(path_of("p"), 0600), 0);
	if (test_seed() % 2)
		wok_test_fail_system_call("openat2", 1, EAGAIN);
	WOK_AUTO(wok_task) *task = wok_create_task(read_pipe, &data);
	int writer;
	while ((writer = open(path_of("p"), O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0) {
		ASSERT_OK(wok_yield());
		ASSERT(!wok_task_done(task));
	}
	/* From the first moment on it has a reader: the pipe is opened only once. */
	ASSERT_EQ(write(writer, "through ", 8), 8);
	test_settle();
	ASSERT_EQ(write(writer, "a pipe", 6), 6);
	close(writer);
	ASSERT_OK(wok_await(task));
	ASSERT_STR(data, "through a pipe");
	wok_free(data);
}

static int read_many(void *arg)
{
	char name[40], *data;
	size_t size;

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "g%d", i % 7);
		if (*(int *) arg)
			wok_test_fail_system_call("openat2", 1, EAGAIN);
		WOK_TRY(wok_read_file(path_of(name), &data, &size));
		ASSERT_EQ(size, (size_t) i % 7 * 1000);
		expect_pattern(data, size, 0);
		wok_free(data);
	}
	return 0;
}

TEST_TASK(many_files_are_read_at_once, "filerow-12", "file-19")
{
	static int hops[20];
	WOK_AUTO(wok_scope) *scope = NULL;
	char name[40];

	for (int i = 0; i < 7; i++) {
		char *data = pattern(7000);
		snprintf(name, sizeof(name), "g%d", i);
		put_bytes(name, data, (size_t) i * 1000);
		free(data);
	}
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 20; i++) {
		hops[i] = i % 2;
		ASSERT_OK(wok_scope_spawn(scope, read_many, &hops[i]));
	}
	ASSERT_OK(wok_scope_join(scope));
}
