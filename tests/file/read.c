/* SPDX-License-Identifier: MIT */
/* Reading from open files. */
#include <signal.h>
#include <sys/time.h>

#include "check.h"

TEST_TASK(a_read_is_short_at_the_end_and_empty_behind_it, "file-1", "filerow-2")
{
	char data[64];

	put_text("f", "one two");
	WOK_AUTO(wok_file) *file = open_file("f", "r");
	ASSERT_EQ(wok_file_read(file, data, 4), 4);
	ASSERT_EQ(wok_file_tell(file), 4);
	ASSERT_EQ(wok_file_read(file, data, sizeof(data)), 3);
	ASSERT_MEM(data, "two", 3);
	ASSERT_EQ(wok_file_read(file, data, sizeof(data)), 0);
	ASSERT_EQ(wok_file_read(file, data, sizeof(data)), 0);
	ASSERT_EQ(wok_file_read(file, data, 0), 0);
	ASSERT_EQ(wok_file_size(file), 7);
	ASSERT_EQ(wok_file_seek(file, -3, SEEK_END), 4);
	ASSERT_EQ(wok_file_read(file, data, sizeof(data)), 3);
	ASSERT_EQ(wok_file_seek(file, -6, SEEK_CUR), 1);
	ASSERT_EQ(wok_file_read(file, data, 2), 2);
	ASSERT_MEM(data, "ne", 2);
	ASSERT_ERR(wok_file_seek(file, -1, SEEK_SET), -EINVAL);
	ASSERT_EQ(wok_file_tell(file), 3);
	ASSERT(wok_file_fileno(file) > 2);
	ASSERT_OK(wok_file_close(file));
	ASSERT_ERR(wok_file_fileno(file), -EBADF);
	ASSERT_ERR(wok_file_tell(file), -EBADF);
}

TEST_TASK(a_file_that_grows_or_is_cut_is_read_as_it_is_then, "file-1")
{
	char data[16];

	put_text("f", "abc");
	WOK_AUTO(wok_file) *file = open_file("f", "r");
	ASSERT_EQ(wok_file_read(file, data, sizeof(data)), 3);
	ASSERT_EQ(wok_file_read(file, data, sizeof(data)), 0);
	FILE *other = fopen(path_of("f"), "ae");
	fputs("def", other);
	fclose(other);
	ASSERT_EQ(wok_file_read(file, data, sizeof(data)), 3);
	ASSERT_MEM(data, "def", 3);
	ASSERT_EQ(truncate(path_of("f"), 2), 0);
	ASSERT_EQ(wok_file_read(file, data, sizeof(data)), 0);
	ASSERT_EQ(wok_file_pread(file, data, sizeof(data), 0), 2);
}

/* Each way in which a try without waiting can fall short. */
static void read_with_fault(size_t size, uint64_t n, int error)
{
	char *data = pattern(size);

	put_bytes("f", data, size);
	WOK_AUTO(wok_file) *file = open_file("f", "r");
	memset(data, 0, size);
	wok_test_fail_system_call("preadv2", n, error);
	ASSERT_EQ(wok_file_read(file, data, size), size);
	wok_test_fail_system_call(NULL, 0, 0);
	expect_pattern(data, size, 0);
	ASSERT_EQ(wok_file_read(file, data, size), 0);
	memset(data, 0, size);
	WOK_AUTO(wok_file) *other = open_file("f", "r");
	wok_test_fail_system_call("preadv2", n, error);
	ASSERT_EQ(wok_file_pread(other, data, size, 0), size);
	wok_test_fail_system_call(NULL, 0, 0);
	expect_pattern(data, size, 0);
	free(data);
}

TEST_TASK(what_is_not_cached_comes_from_a_thread_and_nothing_is_lost_or_twice, "file-2", "E22")
{
	const size_t big = 700 << 10;

	read_with_fault(1000, 1, EAGAIN);
	read_with_fault(1000, 1, EOPNOTSUPP);
	read_with_fault(1000, 1, -5); /* five bytes are cached */
	for (uint64_t n = 1; n <= 4; n++) {
		read_with_fault(big, n, EAGAIN);
		read_with_fault(big, n, -4097);
	}
}

TEST_TASK(an_error_after_some_bytes_comes_with_the_next_read, "E22")
{
	const size_t big = 300 << 10;
	char *data = pattern(big);

	put_bytes("f", data, big);
	WOK_AUTO(wok_file) *file = open_file("f", "r");
	wok_test_fail_system_call("preadv2", 2, EIO);
	ssize_t n = wok_file_read(file, data, big);
	ASSERT(n > 0 && (size_t) n < big);
	wok_test_fail_system_call("preadv2", 1, EIO);
	ASSERT_ERR(wok_file_read(file, data, big), -EIO);
	ASSERT(strstr(wok_errmsg(-EIO), path_of("f")));
	ASSERT_EQ(wok_file_read(file, data, big), big - (size_t) n);
	expect_pattern(data, big - (size_t) n, (size_t) n);
	free(data);
}

static bool stop_counting;

static int count_turns(void *turns)
{
	while (!stop_counting) {
		++*(size_t *) turns;
		WOK_TRY(wok_yield());
	}
	return 0;
}

TEST_TASK(a_large_read_lets_others_run, "file-30", "filerow-1")
{
	const size_t big = 16 << 20;
	size_t turns = 0;
	char *data = pattern(big);

	put_bytes("f", data, big);
	stop_counting = false;
	WOK_AUTO(wok_file) *file = open_file("f", "r");
	WOK_AUTO(wok_task) *counter = wok_create_task(count_turns, &turns);
	ASSERT_OK(wok_yield());
	size_t before = turns;
	memset(data, 0, big);
	ASSERT_EQ(wok_file_read(file, data, big), big);
	/* 128 KiB a turn, of which a seed may give one to the reader first and last. */
	ASSERT(turns - before >= big / (128 << 10) - 3);
	stop_counting = true;
	ASSERT_OK(wok_await(counter));
	expect_pattern(data, big, 0);
	free(data);
}

struct reader {
	wok_file *file;
	off_t offset;
	size_t size;
	ssize_t n;
	char data[256];
};

static int read_there(void *arg)
{
	struct reader *self = arg;

	self->n = wok_file_pread(self->file, self->data, self->size, self->offset);
	return self->n < 0 ? (int) self->n : 0;
}

TEST_TASK(many_read_one_file_at_once_each_at_its_place, "E22", "filerow-3")
{
	enum { SIZE = 64 << 10, READERS = 32 };
	char *data = pattern(SIZE);
	static struct reader readers[READERS];
	wok_thread_pool *pool = held_pool();

	put_bytes("f", data, SIZE);
	free(data);
	WOK_AUTO(wok_file) *file = NULL;
	ASSERT_OK(wok_file_open_with(path_of("f"), "r", &(wok_file_options){.disk.pool = pool},
				     &file));
	/* The first of them has to wait for the disk; the others need not wait for it. */
	next_would_wait("preadv2");
	for (size_t i = 0; i < READERS; i++)
		readers[i] = (struct reader){file, (off_t) (i * 1999), 1 + i * 7 % 256, -1, {0}};
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	for (size_t i = 0; i < READERS; i++)
		ASSERT_OK(wok_scope_spawn(scope, read_there, &readers[i]));
	size_t waiting = 0;
	for (int i = 0; i < 4; i++)
		ASSERT_OK(wok_yield());
	for (size_t i = 0; i < READERS; i++)
		waiting += readers[i].n < 0;
	ASSERT_EQ(waiting, 1);
	held_go();
	ASSERT_OK(wok_scope_join(scope));
	for (size_t i = 0; i < READERS; i++) {
		ASSERT_EQ(readers[i].n, readers[i].size);
		expect_pattern(readers[i].data, readers[i].size, (size_t) readers[i].offset);
	}
	ASSERT_OK(wok_file_close(file));
	wok_thread_pool_free(pool);
}

TEST_TASK(several_pieces_are_read_and_written_as_one, "filerow-3")
{
	char a[3], b[4];
	struct iovec out[] = {{(void *) "abc", 3}, {NULL, 0}, {(void *) "defg", 4}};
	struct iovec in[] = {{a, 3}, {NULL, 0}, {b, 4}};
	size_t done = 1;

	WOK_AUTO(wok_file) *file = open_file("f", "w+");
	ASSERT_OK(wok_file_write_parts(file, out, 3, &done));
	ASSERT_EQ(done, 7);
	ASSERT_EQ(wok_file_tell(file), 7);
	ASSERT_EQ(wok_file_pread_parts(file, in, 3, 0), 7);
	ASSERT_MEM(a, "abc", 3);
	ASSERT_MEM(b, "defg", 4);
	out[0] = (struct iovec){(void *) "12", 2};
	out[1] = (struct iovec){(void *) "3", 1};
	ASSERT_OK(wok_file_pwrite_parts(file, out, 2, 2, &done));
	ASSERT_EQ(done, 3);
	ASSERT_EQ(wok_file_seek(file, 1, SEEK_SET), 1);
	in[0] = (struct iovec){a, 3};
	in[1] = (struct iovec){b, 4};
	ASSERT_EQ(wok_file_read_parts(file, in, 2), 6);
	ASSERT_MEM(a, "b12", 3);
	ASSERT_MEM(b, "3fg", 3);
	ASSERT_ERR(wok_file_pread(file, a, 1, -1), -EINVAL);
	ASSERT_ERR(wok_file_pwrite(file, a, 1, -1, NULL), -EINVAL);
}

/* --- a storm of signals -------------------------------------------------------------------------
 */

static volatile sig_atomic_t signals;

static void on_alarm(int number)
{
	(void) number;
	signals = signals + 1;
}

static int work_in_storm(void *unused)
{
	const size_t size = 1 << 20;
	char *data = pattern(size);

	(void) unused;
	while (signals < 100) {
		WOK_AUTO(wok_file) *file = open_file("f", "w+");
		ASSERT_OK(wok_file_write(file, data, size));
		ASSERT_OK(wok_file_sync_data(file));
		ASSERT_EQ(wok_file_seek(file, 0, SEEK_SET), 0);
		ASSERT_EQ(wok_file_read(file, data, size), size);
		ASSERT_OK(wok_file_truncate(file, 5));
		ASSERT_EQ(wok_file_size(file), 5);
		ASSERT_OK(wok_file_close(file));
	}
	expect_pattern(data, size, 0);
	free(data);
	return 0;
}

TEST(a_storm_of_signals_is_never_seen, "file-6", "E22")
{
	const struct itimerval storm = {{0, 1000}, {0, 1000}}, calm = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = on_alarm};

	ASSERT_EQ(sigaction(SIGALRM, &action, NULL), 0);
	ASSERT_EQ(setitimer(ITIMER_REAL, &storm, NULL), 0);
	ASSERT_OK(wok_test_run(work_in_storm, NULL, &(wok_test_options){.real_clock = true}));
	ASSERT_EQ(setitimer(ITIMER_REAL, &calm, NULL), 0);
}

/* --- what is no file as others are -------------------------------------------------------------
 */

TEST_TASK(files_of_the_system_and_devices_can_be_read, "file-24")
{
	char data[256], *text;
	size_t size;
	wok_view line;

	ASSERT_OK(wok_read_file("/proc/self/status", &text, &size));
	ASSERT(strstr(text, "Name:") && size > 100);
	wok_free(text);
	WOK_AUTO(wok_file) *status = NULL;
	ASSERT_OK(wok_file_open("/proc/self/status", "r", &status));
	ASSERT_EQ(wok_file_size(status), 0);
	ASSERT_EQ(wok_file_next_line(status, &line), 1);
	ASSERT_MEM(line.data, "Name:", 5);
	if (access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) == 0) {
		ASSERT_OK(
			wok_read_file("/sys/kernel/mm/transparent_hugepage/enabled", &text, &size));
		ASSERT(size > 0 && size < 100);
		wok_free(text);
	}
	WOK_AUTO(wok_file) *zero = NULL;
	ASSERT_OK(wok_file_open("/dev/zero", "r", &zero));
	memset(data, 1, sizeof(data));
	ASSERT_EQ(wok_file_read(zero, data, sizeof(data)), sizeof(data));
	ASSERT_EQ(data[0] | data[255], 0);
	ASSERT_ERR(wok_file_pread(zero, data, 1, 0), -ESPIPE);
	ASSERT_ERR(wok_file_seek(zero, 1, SEEK_SET), -ESPIPE);
	ASSERT_ERR(wok_file_tell(zero), -ESPIPE);
	WOK_AUTO(wok_file) *null = NULL;
	ASSERT_OK(wok_file_open("/dev/null", "r+", &null));
	ASSERT_OK(wok_file_write(null, "gone", 4));
	ASSERT_EQ(wok_file_read(null, data, 4), 0);
	ASSERT_OK(wok_read_file("/dev/null", &text, &size));
	ASSERT_EQ(size, 0);
	ASSERT_STR(text, "");
	wok_free(text);
}

TEST_TASK(what_goes_past_the_page_cache_is_the_same, "filerow-19")
{
	enum { SIZE = 64 << 10, BLOCK = 4096 };
	char *memory = NULL, *data = pattern(SIZE);

	put_bytes("f", data, SIZE);
	WOK_AUTO(wok_file) *wished = NULL;
	ASSERT_OK(wok_file_open_with(path_of("f"), "r+", &(wok_file_options){.dont_cache = true},
				     &wished));
	memset(data, 0, SIZE);
	ASSERT_EQ(wok_file_read(wished, data, SIZE), SIZE);
	expect_pattern(data, SIZE, 0);
	ASSERT_OK(wok_file_pwrite(wished, data, SIZE, 0, NULL));
	WOK_AUTO(wok_file) *direct = NULL;
	int r = wok_file_open_with(path_of("f"), "r+", &(wok_file_options){.direct = true},
				   &direct);
	if (r == -EINVAL)
		SKIP("no O_DIRECT in /tmp");
	ASSERT_OK(r);
	ASSERT_EQ(posix_memalign((void **) &memory, BLOCK, SIZE), 0);
	ASSERT_EQ(wok_file_read(direct, memory, SIZE), SIZE);
	expect_pattern(memory, SIZE, 0);
	ASSERT_OK(wok_file_pwrite(direct, memory + BLOCK, BLOCK, 0, NULL));
	ASSERT_EQ(wok_file_pread(direct, memory, BLOCK, 0), BLOCK);
	expect_pattern(memory, BLOCK, BLOCK);
	ASSERT_ERR(wok_file_pwrite(direct, memory, 100, 0, NULL), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "multiples"));
	free(memory);
	free(data);
}
