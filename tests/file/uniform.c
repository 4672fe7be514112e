/* SPDX-License-Identifier: MIT */
/*
 * Every call on files that waits: see harness/uniform.h. Its thread is held until the grant, or its
 * turn or the pipe is; what has not begun is dropped by a cancel.
 */
#include "harness/uniform.h"
#include "check.h"

static struct {
	wok_thread_pool *pool; /* of one thread, which a job keeps busy until the gate is open */
	sem_t gate;
	bool open;
	wok_file *file, *pipe;
	int writer; /* the pipe's other end */
	wok_disk_options disk;
} it;

static int keep_busy(void *unused)
{
	(void) unused;
	while (sem_wait(&it.gate) < 0)
		;
	return 0;
}

static void make(void)
{
	it.open = false;
	ASSERT_EQ(sem_init(&it.gate, 0, 0), 0);
	ASSERT_OK(wok_thread_pool_new(&(wok_thread_pool_options){.max_threads = 1}, &it.pool));
	ASSERT_OK(wok_thread_pool_try_submit(it.pool, keep_busy, NULL, NULL));
	it.disk = (wok_disk_options){.pool = it.pool};
	put_text("f", "abcdef\n");
	(void) remove(path_of("p"));
	ASSERT_EQ(mkfifo(path_of("p"), 0600), 0);
	it.file = open_file("f", "r+");
	wok_file_set_disk(it.file, &it.disk);
	it.pipe = open_file("p", "r");
	it.writer = open(path_of("p"), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	ASSERT(it.writer >= 0);
}

static void let_go(void)
{
	if (!it.open)
		sem_post(&it.gate);
	it.open = true;
}

static void clean(void)
{
	wok_test_fail_system_call(NULL, 0, 0);
	let_go();
	wok_file_free(it.file);
	wok_file_free(it.pipe);
	close(it.writer);
	wok_thread_pool_free(it.pool);
}

/* --- the calls ---------------------------------------------------------------------------------
 */

static int open_it(void *unused)
{
	wok_file *file = NULL;
	const wok_file_options options = {.disk = it.disk};
	int r = wok_file_open_with(path_of("new"), "w", &options, &file);

	(void) unused;
	wok_file_set_disk(file ? file : it.file, NULL);
	wok_file_free(file);
	return r;
}

static int read_it(void *unused)
{
	char data[4];

	(void) unused;
	next_read_would_wait();
	ssize_t n = wok_file_read(it.file, data, 4);
	return n == 4 ? 0 : (int) n;
}

static int pread_it(void *unused)
{
	char data[4];

	(void) unused;
	next_read_would_wait();
	ssize_t n = wok_file_pread(it.file, data, 4, 1);
	return n == 4 ? 0 : (int) n;
}

static int next_line(void *unused)
{
	wok_view line;

	(void) unused;
	next_read_would_wait();
	int r = wok_file_next_line(it.file, &line);
	return r == 1 ? 0 : r;
}

static int next_chunk(void *unused)
{
	wok_view chunk;

	(void) unused;
	next_read_would_wait();
	int r = wok_file_next_chunk(it.file, &chunk);
	return r == 1 ? 0 : r;
}

static int write_it(void *unused)
{
	static char much[100000];

	(void) unused;
	next_write_would_wait();
	return wok_file_write(it.file, much, sizeof(much));
}

static int pwrite_it(void *unused)
{
	(void) unused;
	next_write_would_wait();
	return wok_file_pwrite(it.file, "x", 1, 0, NULL);
}

static int sync_it(void *unused)
{
	(void) unused;
	return wok_file_sync(it.file);
}

static int sync_data(void *unused)
{
	(void) unused;
	return wok_file_sync_data(it.file);
}

static int seek_end(void *unused)
{
	off_t at = wok_file_seek(it.file, 0, SEEK_END);

	(void) unused;
	return at == 7 ? 0 : (int) at;
}

static int size_of(void *unused)
{
	off_t size = wok_file_size(it.file);

	(void) unused;
	return size == 7 ? 0 : (int) size;
}

static int truncate_it(void *unused)
{
	(void) unused;
	return wok_file_truncate(it.file, 3);
}

static int lock_it(void *unused)
{
	(void) unused;
	return wok_file_lock(it.file, 0);
}

static int lock_range(void *unused)
{
	(void) unused;
	return wok_file_lock_range(it.file, 0, 1, 0);
}

static int read_file(void *unused)
{
	char *data = NULL;

	(void) unused;
	next_read_would_wait();
	int r = wok_read_file_with(path_of("f"), &(wok_read_file_options){.disk = it.disk}, &data,
				   NULL);
	wok_free(data);
	return r;
}

static int write_file(void *unused)
{
	(void) unused;
	return wok_write_file_with(path_of("f"), "x", 1,
				   &(wok_write_file_options){.disk = it.disk});
}

static int replace_file(void *unused)
{
	(void) unused;
	return wok_write_file_atomic_with(path_of("f"), "x", 1,
					  &(wok_write_file_options){.disk = it.disk});
}

static int read_pipe(void *unused)
{
	char data[4];

	(void) unused;
	ssize_t n = wok_file_read(it.pipe, data, 4);
	return n == 1 ? 0 : (int) n;
}

static void feed_pipe(void)
{
	ASSERT_EQ(write(it.writer, "x", 1), 1);
}

static void close_pipe(void)
{
	ASSERT_OK(wok_file_close(it.pipe));
}

static const struct uniform_row rows[] = {
	{"wok_file_open_with", open_it, let_go, NULL, 0, 0},
	{"wok_file_read", read_it, let_go, NULL, 0, 0},
	{"wok_file_pread", pread_it, let_go, NULL, 0, 0},
	{"wok_file_next_line", next_line, let_go, NULL, 0, 0},
	{"wok_file_next_chunk", next_chunk, let_go, NULL, 0, 0},
	{"wok_file_write", write_it, let_go, NULL, 0, 0},
	{"wok_file_pwrite", pwrite_it, let_go, NULL, 0, 0},
	{"wok_file_sync", sync_it, let_go, NULL, 0, 0},
	{"wok_file_sync_data", sync_data, let_go, NULL, 0, 0},
	{"wok_file_seek", seek_end, let_go, NULL, 0, 0},
	{"wok_file_size", size_of, let_go, NULL, 0, 0},
	{"wok_file_truncate", truncate_it, let_go, NULL, 0, 0},
	{"wok_file_lock", lock_it, let_go, NULL, 0, 0},
	{"wok_file_lock_range", lock_range, let_go, NULL, 0, 0},
	{"wok_read_file_with", read_file, let_go, NULL, 0, 0},
	{"wok_write_file_with", write_file, let_go, NULL, 0, 0},
	{"wok_write_file_atomic_with", replace_file, let_go, NULL, 0, 0},
	{"wok_file_read, of a pipe", read_pipe, feed_pipe, close_pipe, -EBADF, 0},
};

static const struct uniform_table table = {rows, sizeof(rows) / sizeof(rows[0]), make, clean};

UNIFORM_TESTS(&table)
