/* SPDX-License-Identifier: MIT */
/*
 * What becomes of calls whose task is cancelled, and of those under way when their file is closed.
 * The pool is held: a job of it is taken by its thread, and goes on when the test lets it.
 */
#include "check.h"

static int seconds_of_work(void *gate)
{
	while (sem_wait(gate) < 0)
		;
	return 0;
}

static wok_file *open_in(wok_thread_pool *pool, int flags)
{
	const wok_file_options options = {.disk = {.pool = pool, .flags = flags}};
	wok_file *file;

	ASSERT_OK(wok_file_open_with(path_of("f"), "r+", &options, &file));
	return file;
}

struct caller {
	wok_file *file;
	int result; /* 1: it has not returned */
	int next;   /* what the next checkpoint says */
	char data[8];
};

static int truncate_it(void *arg)
{
	struct caller *self = arg;

	self->result = wok_file_truncate(self->file, 2);
	self->next = wok_yield();
	return self->result;
}

static int read_it(void *arg)
{
	struct caller *self = arg;

	next_read_would_wait();
	self->result = (int) wok_file_read(self->file, self->data, sizeof(self->data));
	return self->result;
}

static int read_line(void *arg)
{
	struct caller *self = arg;
	wok_view line;

	self->result = wok_file_next_line(self->file, &line);
	return self->result;
}

static void let_it_begin(void)
{
	for (int i = 0; i < 4; i++)
		ASSERT_OK(wok_yield());
}

TEST_TASK(work_that_is_queued_is_never_done_when_its_task_is_cancelled, "filerow-16")
{
	wok_thread_pool *pool;
	sem_t gate;

	ASSERT_EQ(sem_init(&gate, 0, 0), 0);
	ASSERT_OK(wok_thread_pool_new(&(wok_thread_pool_options){.max_threads = 1}, &pool));
	ASSERT_OK(wok_thread_pool_try_submit(pool, seconds_of_work, &gate, NULL));
	put_text("f", "abcdef");
	struct caller caller = {.file = open_in(pool, 0), .result = 1};
	WOK_AUTO(wok_task) *task = wok_create_task(truncate_it, &caller);
	let_it_begin();
	ASSERT_EQ(caller.result, 1);
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(caller.result, -ECANCELED);
	sem_post(&gate);
	wok_file_free(caller.file);
	wok_thread_pool_free(pool);
	expect_text("f", "abcdef");
}

TEST_TASK(work_that_runs_is_waited_for_and_its_result_counts, "filerow-16", "E22")
{
	wok_thread_pool *pool = held_pool();

	put_text("f", "abcdef");
	struct caller caller = {.file = open_in(pool, 0), .result = 1};
	WOK_AUTO(wok_task) *task = wok_create_task(truncate_it, &caller);
	let_it_begin();
	wok_cancel(task);
	let_it_begin();
	ASSERT_EQ(caller.result, 1);
	held_go();
	WOK_IGNORE(wok_await(task));
	ASSERT_EQ(caller.result, 0);
	ASSERT_EQ(caller.next, -ECANCELED);
	expect_text("f", "ab");
	wok_file_free(caller.file);
	wok_thread_pool_free(pool);
}

TEST_TASK(no_byte_arrives_after_a_cancelled_read_has_returned, "file-11")
{
	static const char untouched[8];
	wok_thread_pool *pool = held_pool();

	put_text("f", "abcdef");
	for (int flags = 0; flags <= WOK_ABANDON; flags += WOK_ABANDON) {
		struct caller caller = {.file = open_in(pool, flags), .result = 1};
		WOK_AUTO(wok_task) *task = wok_create_task(read_it, &caller);
		let_it_begin();
		wok_cancel(task);
		let_it_begin();
		/* Only with the flag it need not be waited for. */
		ASSERT_EQ(caller.result, flags ? -ECANCELED : 1);
		held_go();
		WOK_IGNORE(wok_await(task));
		ASSERT_EQ(caller.result, -ECANCELED);
		wok_file_free(caller.file);
		ASSERT_MEM(caller.data, untouched, 8);
		wok_thread_pool_free(pool);
		ASSERT_MEM(caller.data, untouched, 8);
		pool = held_pool();
	}
	wok_thread_pool_free(pool);
}

TEST_TASK(a_call_that_was_left_behind_keeps_its_descriptor, "file-11", "file-14")
{
	wok_thread_pool *pool = held_pool();

	put_text("f", "abcdef");
	int before = test_count_fds();
	struct caller caller = {.file = open_in(pool, WOK_ABANDON), .result = 1};
	int fd = wok_file_fileno(caller.file);
	WOK_AUTO(wok_task) *task = wok_create_task(read_it, &caller);
	let_it_begin();
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	wok_file_set_disk(caller.file, NULL);
	ASSERT_OK(wok_file_close(caller.file));
	/* The number is not free as long as a thread is about to use it. */
	ASSERT(fcntl(fd, F_GETFD) >= 0);
	WOK_AUTO(wok_file) *other = open_file("f", "r");
	ASSERT(wok_file_fileno(other) != fd);
	ASSERT_OK(wok_file_close(other));
	held_go();
	wok_file_free(caller.file);
	wok_thread_pool_free(pool);
	ASSERT_EQ(test_count_fds(), before);
}

struct opener {
	wok_thread_pool *pool;
	wok_file *file;
	int result;
};

static int open_new(void *arg)
{
	struct opener *self = arg;
	const wok_file_options options = {.disk = {.pool = self->pool, .flags = WOK_ABANDON}};

	self->result = wok_file_open_with(path_of("new"), "w", &options, &self->file);
	return self->result;
}

TEST_TASK(an_open_that_comes_late_is_closed_again, "file-12", "filerow-16")
{
	wok_thread_pool *pool = held_pool();
	struct opener opener = {.pool = pool, .result = 1};

	(void) path_of("f");
	int before = test_count_fds();
	WOK_AUTO(wok_task) *task = wok_create_task(open_new, &opener);
	let_it_begin();
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(opener.result, -ECANCELED);
	ASSERT_EQ(access(path_of("new"), F_OK), -1);
	held_go();
	wok_thread_pool_free(pool);
	ASSERT_EQ(access(path_of("new"), F_OK), 0);
	ASSERT_EQ(test_count_fds(), before);
}

static int write_by_way(void *arg)
{
	struct caller *self = arg;
	char data[] = "XY";

	self->result = wok_file_pwrite(self->file, data, 2, 1, NULL);
	memset(data, '?', 2);
	return self->result;
}

TEST_TASK(a_write_that_was_left_behind_writes_what_it_was_given, "filerow-16")
{
	wok_thread_pool *pool = held_pool();

	put_text("f", "abcdef");
	wok_test_fail_system_call("pwritev2 nowait", 1, EOPNOTSUPP);
	struct caller caller = {.file = open_in(pool, WOK_ABANDON), .result = 1};
	WOK_AUTO(wok_task) *task = wok_create_task(write_by_way, &caller);
	let_it_begin();
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	held_go();
	wok_file_set_disk(caller.file, NULL);
	wok_file_free(caller.file);
	wok_thread_pool_free(pool);
	/* Asked to stop before it had begun, it may have; but nothing else is ever written. */
	size_t size;
	char *data = get_bytes("f", &size);
	ASSERT(strcmp(data, "abcdef") == 0 || strcmp(data, "aXYdef") == 0);
	free(data);
}

static int write_much(void *arg)
{
	static char data[256 << 10];
	struct caller *self = arg;

	self->result = wok_file_write(self->file, data, sizeof(data));
	return self->result;
}

TEST_TASK(no_write_at_the_position_is_left_behind, "filerow-16")
{
	wok_thread_pool *pool = held_pool();
	struct stat found;

	put_text("f", "");
	wok_test_fail_system_call("pwritev2 nowait", 1, EOPNOTSUPP);
	struct caller caller = {.file = open_in(pool, WOK_ABANDON), .result = 1};
	WOK_AUTO(wok_task) *task = wok_create_task(write_much, &caller);
	let_it_begin();
	wok_cancel(task);
	let_it_begin();
	ASSERT_EQ(caller.result, 1);
	held_go();
	WOK_IGNORE(wok_await(task));
	ASSERT_EQ(stat(path_of("f"), &found), 0);
	ASSERT_EQ(wok_file_tell(caller.file), found.st_size);
	wok_file_free(caller.file);
	wok_thread_pool_free(pool);
}

static int sync_it(void *arg)
{
	struct caller *self = arg;

	self->result = wok_file_sync(self->file);
	return self->result;
}

TEST_TASK(a_sync_that_was_left_behind_tells_the_next_call_of_its_failure, "file-16", "filerow-16")
{
	wok_thread_pool *pool = held_pool();

	put_text("f", "abcdef");
	wok_test_fail_system_call("fsync", 1, EIO);
	struct caller caller = {.file = open_in(pool, WOK_ABANDON), .result = 1};
	WOK_AUTO(wok_task) *task = wok_create_task(sync_it, &caller);
	let_it_begin();
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(caller.result, -ECANCELED);
	wok_file_set_disk(caller.file, NULL);
	held_go();
	wok_thread_pool_free(pool);
	ASSERT_ERR(wok_file_write(caller.file, "x", 1), -EIO);
	ASSERT(strstr(wok_errmsg(-EIO), "an earlier sync failed"));
	ASSERT_OK(wok_file_close(caller.file));
	wok_file_free(caller.file);
}

/* --- closing ------------------------------------------------------------------------------------
 */

static int close_it(void *file)
{
	return wok_file_close(file);
}

TEST_TASK(a_close_lets_the_call_under_way_end, "file-14")
{
	wok_thread_pool *pool = held_pool();
	wok_thread_pool_info info;

	put_text("f", "abcdef");
	struct caller caller = {.file = open_in(pool, 0), .result = 1};
	WOK_AUTO(wok_task) *reading = wok_create_task(read_it, &caller);
	let_it_begin();
	struct caller second = {.file = caller.file, .result = 1};
	WOK_AUTO(wok_task) *queued = wok_create_task(read_line, &second);
	let_it_begin();
	/* By another thread: it is not the pool's queue that keeps the order. */
	wok_file_set_disk(caller.file, NULL);
	WOK_AUTO(wok_task) *closing = wok_create_task(close_it, caller.file);
	do {
		let_it_begin();
		wok_thread_pool_get_info(NULL, &info);
	} while (info.active + info.queued > 0);
	ASSERT(!wok_task_done(closing));
	ASSERT_ERR(wok_file_close(caller.file), -EBADF);
	held_go();
	ASSERT_EQ(wok_await(reading), 6);
	ASSERT_MEM(caller.data, "abcdef", 6);
	ASSERT_ERR(wok_await(queued), -EBADF);
	ASSERT_OK(wok_await(closing));
	wok_file_free(caller.file);
	wok_thread_pool_free(pool);
}

TEST_TASK(a_close_wakes_who_waits_for_a_pipe, "file-14")
{
	ASSERT_EQ(mkfifo(path_of("p"), 0600), 0);
	struct caller caller = {.file = open_file("p", "r"), .result = 1};
	WOK_AUTO(wok_task) *reading = wok_create_task(read_line, &caller);
	struct caller queued = {.file = caller.file, .result = 1};
	WOK_AUTO(wok_task) *behind = wok_create_task(read_line, &queued);
	test_settle();
	ASSERT_EQ(caller.result, 1);
	ASSERT_OK(wok_file_close(caller.file));
	ASSERT_ERR(wok_await(reading), -EBADF);
	ASSERT_ERR(wok_await(behind), -EBADF);
	ASSERT_ERR(wok_file_close(caller.file), -EBADF);
	wok_file_free(caller.file);
}

TEST_TASK(a_call_uses_the_threads_that_were_chosen_for_it, "filerow-17")
{
	wok_thread_pool *pool;
	wok_thread_pool_info info;

	ASSERT_OK(wok_thread_pool_new(NULL, &pool));
	put_text("f", "abc");
	WOK_AUTO(wok_file) *file = open_file("f", "r+");
	wok_file_set_disk(file, &(wok_disk_options){.pool = pool, .lane = WOK_LANE_SLOW});
	ASSERT_EQ(wok_file_size(file), 3);
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.completed, 1);
	wok_file_set_disk(file, NULL);
	ASSERT_EQ(wok_file_size(file), 3);
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.completed, 1);
	const wok_write_file_options options = {.disk.pool = pool};
	ASSERT_OK(wok_write_file_with(path_of("f"), "x", 1, &options));
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.completed, 2);
	wok_file_set_disk(file, &(wok_disk_options){.lane = (wok_lane) 99});
	ASSERT_ERR(wok_file_size(file), -EINVAL);
	wok_file_set_disk(file, NULL);
	wok_thread_pool_free(pool);
}

/* --- mayhem -------------------------------------------------------------------------------------
 */

static int use_files(void *arg)
{
	const wok_file_options options = {.disk.flags = (int) (intptr_t) arg, .buffer_size = 50};
	char data[100], *all;
	wok_view line;

	for (;;) {
		WOK_AUTO(wok_file) *file = NULL;
		WOK_TRY(wok_file_open_with(path_of("f"), "r+", &options, &file));
		WOK_TRY(wok_file_next_line(file, &line));
		WOK_TRY(wok_file_write(file, "some words\n", 11));
		WOK_TRY(wok_file_pread(file, data, sizeof(data), 3));
		WOK_TRY(wok_file_flush(file));
		WOK_TRY(wok_read_file(path_of("f"), &all, NULL));
		wok_free(all);
	}
}

TEST_TASK(wherever_a_task_is_cancelled_no_descriptor_is_left, "file-29", "file-12")
{
	put_text("f", "a line\nanother\n");
	int before = test_count_fds();
	for (int i = 0; i < 60; i++) {
		WOK_AUTO(wok_task) *task =
			wok_create_task(use_files, (void *) (intptr_t) (i % 2 ? WOK_ABANDON : 0));
		for (int k = 0; k < i; k++)
			ASSERT_OK(wok_yield());
		wok_cancel(task);
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	}
	/* Those that were left behind end by themselves. */
	wok_thread_pool_info info;
	do
		wok_thread_pool_get_info(NULL, &info);
	while (info.active + info.queued > 0);
	while (test_count_fds() > before)
		;
}
