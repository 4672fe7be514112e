/* SPDX-License-Identifier: MIT */
/* Writing to open files: the buffer, errors, and what is on the disk. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "check.h"
#include "harness/reports.h"
#include "io/file.h"

TEST_TASK(what_was_written_is_in_the_file_after_a_flush, "filerow-2", "filerow-7")
{
	WOK_AUTO(wok_file) *file = open_file("f", "w");

	ASSERT_OK(wok_file_write(file, "one ", 4));
	ASSERT_OK(wok_file_write(file, "two", 3));
	ASSERT_EQ(wok_file_tell(file), 7);
	expect_text("f", "");
	ASSERT_OK(wok_file_flush(file));
	expect_text("f", "one two");
	ASSERT_OK(wok_file_write(file, "!", 1));
	ASSERT_EQ(wok_file_size(file), 8);
	ASSERT_OK(wok_file_truncate(file, 3));
	ASSERT_EQ(wok_file_tell(file), 8);
	ASSERT_EQ(wok_file_seek(file, 0, SEEK_END), 3);
	ASSERT_OK(wok_file_write(file, ".", 1));
	ASSERT_OK(wok_file_close(file));
	expect_text("f", "one.");
}

TEST_TASK(a_free_writes_what_is_buffered, "filerow-7")
{
	wok_file *file = open_file("f", "w");

	ASSERT_OK(wok_file_write(file, "kept", 4));
	wok_file_free(file);
	expect_text("f", "kept");
}

static int write_and_free(void *file)
{
	ASSERT_OK(wok_file_write(file, "kept", 4));
	wok_cancel(wok_current_task());
	ASSERT_ERR(wok_file_write(file, "lost", 4), -ECANCELED);
	wok_file_free(file);
	return 0;
}

TEST_TASK(a_free_in_a_cancelled_task_writes_too, "filerow-7")
{
	WOK_AUTO(wok_task) *task = wok_create_task(write_and_free, open_file("f", "w"));

	WOK_IGNORE(wok_await(task));
	expect_text("f", "kept");
}

static int free_here(void *file)
{
	wok_file_free(file);
	return 0;
}

TEST_TASK(a_free_in_a_callback_writes_too, "filerow-7")
{
	wok_file *file = open_file("f", "w");

	ASSERT_OK(wok_file_write(file, "kept", 4));
	wok_call_soon(free_here, file);
	test_settle();
	expect_text("f", "kept");
}

TEST_TASK(reading_and_writing_share_one_position, "filerow-2")
{
	char data[8];
	wok_view line;

	put_text("f", "one\ntwo\nthree\n");
	WOK_AUTO(wok_file) *file = open_file("f", "r+");
	ASSERT_EQ(wok_file_next_line(file, &line), 1);
	ASSERT_EQ(wok_file_tell(file), 4);
	ASSERT_OK(wok_file_write(file, "TWO", 3));
	ASSERT_EQ(wok_file_tell(file), 7);
	ASSERT_EQ(wok_file_read(file, data, 2), 2);
	ASSERT_MEM(data, "\nt", 2);
	ASSERT_OK(wok_file_write(file, "H", 1));
	ASSERT_EQ(wok_file_pread(file, data, 8, 0), 8);
	ASSERT_MEM(data, "one\nTWO\n", 8);
	ASSERT_OK(wok_file_pwrite(file, "O", 1, 0, NULL));
	ASSERT_EQ(wok_file_next_line(file, &line), 1);
	ASSERT_MEM(line.data, "ree", 3);
	ASSERT_OK(wok_file_close(file));
	expect_text("f", "One\nTWO\ntHree\n");
}

/* --- records that several append ----------------------------------------------------------------
 */

enum { WRITERS = 8, RECORDS = 1000 };

static int append_records(void *number)
{
	char record[80];
	WOK_AUTO(wok_file) *file = NULL;

	ASSERT_OK(wok_file_open_with(path_of("f"), "a", &(wok_file_options){.buffer_size = 1000},
				     &file));
	for (int i = 0; i < RECORDS; i++) {
		int size = snprintf(record, sizeof(record), "%d %d %.*s\n", *(int *) number, i,
				    i % 50, "----------------------------------------------------");
		WOK_TRY(wok_file_write(file, record, (size_t) size));
		if (i % 97 == 0)
			WOK_TRY(wok_file_flush(file));
	}
	return wok_file_close(file);
}

static size_t check_records(FILE *file)
{
	int seen[WRITERS] = {0}, who, i;
	char dashes[60];
	size_t n = 0;

	for (char line[100]; fgets(line, sizeof(line), file); n++) {
		dashes[0] = '\0';
		ASSERT(sscanf(line, "%d %d %59s", &who, &i, dashes) >= 2);
		ASSERT(who >= 0 && who < WRITERS);
		ASSERT_EQ(i, seen[who]++);
		ASSERT_EQ(strlen(dashes), i % 50);
	}
	return n;
}

TEST_TASK(records_that_several_append_are_never_mixed, "file-7", "E22")
{
	static int numbers[WRITERS] = {0, 1, 2, 3, 4, 5, 6, 7};
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) path_of("f");
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < WRITERS; i++)
		ASSERT_OK(wok_scope_spawn(scope, append_records, &numbers[i]));
	ASSERT_OK(wok_scope_join(scope));
	FILE *file = fopen(path_of("f"), "re");
	ASSERT_EQ(check_records(file), WRITERS * RECORDS);
	fclose(file);
}

TEST_TASK(a_write_somewhere_appends_where_a_file_is_open_for_that, "file-7")
{
	put_text("f", "abc");
	WOK_AUTO(wok_file) *file = open_file("f", "a+");
	ASSERT_OK(wok_file_pwrite(file, "d", 1, 0, NULL));
	ASSERT_OK(wok_file_write(file, "e", 1));
	ASSERT_OK(wok_file_flush(file));
	ASSERT_EQ(wok_file_tell(file), 5);
	ASSERT_OK(wok_file_close(file));
	expect_text("f", "abcde");
}

/* --- when it cannot be written ------------------------------------------------------------------
 */

TEST_TASK(a_full_disk_shows_at_the_flush_and_the_bytes_are_kept, "file-5", "filerow-7")
{
	WOK_AUTO(wok_file) *file = NULL;

	ASSERT_OK(wok_file_open("/dev/full", "w", &file));
	ASSERT_OK(wok_file_write(file, "hello", 5));
	ASSERT_ERR(wok_file_flush(file), -ENOSPC);
	ASSERT(strstr(wok_errmsg(-ENOSPC), "/dev/full"));
	ASSERT_ERR(wok_file_write(file, "more", 4), -ENOSPC);
	ASSERT_ERR(wok_file_flush(file), -ENOSPC);
	ASSERT_ERR(wok_file_close(file), -ENOSPC);
	ASSERT(strstr(wok_errmsg(-ENOSPC), "the last 5 bytes"));
	ASSERT_ERR(wok_file_close(file), -EBADF);
}

TEST_TASK(when_there_is_room_again_nothing_was_lost, "file-5")
{
	WOK_AUTO(wok_file) *file = open_file("f", "w");

	ASSERT_OK(wok_file_write(file, "one ", 4));
	wok_test_fail_system_call("pwritev2 nowait", 1, EOPNOTSUPP); /* no quick try */
	ASSERT_OK(wok_file_flush(file));
	ASSERT_OK(wok_file_write(file, "two ", 4));
	wok_test_fail_system_call("pwritev2", 1, ENOSPC);
	ASSERT_ERR(wok_file_flush(file), -ENOSPC);
	ASSERT_ERR(wok_file_write(file, "no", 2), -ENOSPC);
	ASSERT_EQ(wok_file_tell(file), 8);
	ASSERT_OK(wok_file_flush(file));
	ASSERT_OK(wok_file_write(file, "three", 5));
	/* Half of it goes, and then nothing. */
	wok_test_fail_system_call("pwritev2", 1, -2);
	ASSERT_OK(wok_file_close(file));
	expect_text("f", "one two three");
}

TEST_TASK(a_write_that_finds_the_buffer_full_tells_of_those_before, "file-5")
{
	WOK_AUTO(wok_file) *file = NULL;

	ASSERT_OK(wok_file_open_with("/dev/full", "w", &(wok_file_options){.buffer_size = 64},
				     &file));
	ASSERT_OK(wok_file_write(file, "0123456789012345678901234567890123456789", 40));
	ASSERT_ERR(wok_file_write(file, "0123456789012345678901234567890123456789", 40), -ENOSPC);
	ASSERT_ERR(wok_file_close(file), -ENOSPC);
	ASSERT(strstr(wok_errmsg(-ENOSPC), "the last 40 bytes"));
}

TEST_TASK(a_partial_write_says_how_much_it_was, "file-4", "filerow-18")
{
	const size_t size = 100 << 10, most = 40 << 10;
	const struct rlimit limit = {most, most};
	char *data = pattern(size);
	struct iovec part = {data, size};
	size_t done;

	WOK_AUTO(wok_file) *file = open_file("f", "w");
	ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ASSERT_ERR(wok_file_write_parts(file, &part, 1, &done), -EFBIG);
	ASSERT_EQ(done, most);
	ASSERT_EQ(wok_file_tell(file), most);
	ASSERT_ERR(wok_file_pwrite(file, data, 2, (off_t) most - 1, &done), -EFBIG);
	ASSERT_EQ(done, 1);
	ASSERT_OK(wok_file_close(file));
	free(data);
}

TEST_TASK(a_small_disk_that_fills_up_takes_what_fits, "file-4")
{
	const size_t size = 100 << 10;
	char *data = pattern(size), folder[420];
	struct iovec part = {data, size};
	size_t done;

	snprintf(folder, sizeof(folder), "%s", path_of("disk"));
	ASSERT_EQ(mkdir(folder, 0700), 0);
	/* For this process only, so that nothing is left whatever happens. */
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", folder, "tmpfs", 0, "size=64k") < 0)
		SKIP("cannot mount a small tmpfs");
	WOK_AUTO(wok_file) *file = open_file("disk/f", "w");
	int r = wok_file_write_parts(file, &part, 1, &done);
	bool kept = wok_file_close(file) == 0 && done == 64 << 10;
	ASSERT_EQ(umount(folder), 0);
	ASSERT_ERR(r, -ENOSPC);
	ASSERT(kept);
	free(data);
}

TEST_TASK(more_than_the_system_takes_at_once_is_written_whole, "file-4", "filerow-18")
{
	const size_t size = ((size_t) 1 << 31) + 4096; /* the system's limit is below 2^31 */
	void *data =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct iovec part = {data, size};
	size_t done;

	ASSERT(data != MAP_FAILED);
	WOK_AUTO(wok_file) *null = NULL;
	ASSERT_OK(wok_file_open("/dev/null", "w", &null));
	ASSERT_OK(wok_file_write_parts(null, &part, 1, &done));
	ASSERT_EQ(done, size);
	/* And in a thread, for a file that is not tried on the spot. */
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	WOK_AUTO(wok_file) *other = NULL;
	ASSERT_OK(wok_file_adopt(fd, "w", NULL, &other));
	part = (struct iovec){data, size};
	ASSERT_OK(wok_file_write_parts(other, &part, 1, &done));
	ASSERT_EQ(done, size);
	munmap(data, size);
}

/* --- the disk -----------------------------------------------------------------------------------
 */

TEST_TASK(a_sync_that_fails_is_said_once_and_then_nothing_is_written, "file-16", "filerow-4")
{
	char data[4];

	WOK_AUTO(wok_file) *file = open_file("f", "w+");
	ASSERT_OK(wok_file_write(file, "abcd", 4));
	ASSERT_OK(wok_file_sync(file));
	ASSERT_OK(wok_file_sync_data(file));
	wok_test_fail_system_call("fdatasync", 1, EIO);
	ASSERT_ERR(wok_file_sync_data(file), -EIO);
	ASSERT(strstr(wok_errmsg(-EIO), "cannot sync"));
	ASSERT_ERR(wok_file_sync(file), -EIO);
	ASSERT(strstr(wok_errmsg(-EIO), "an earlier sync failed"));
	ASSERT_ERR(wok_file_write(file, "x", 1), -EIO);
	ASSERT_ERR(wok_file_pwrite(file, "x", 1, 0, NULL), -EIO);
	ASSERT_ERR(wok_file_flush(file), -EIO);
	ASSERT_EQ(wok_file_pread(file, data, 4, 0), 4);
	ASSERT_OK(wok_file_close(file));
	expect_text("f", "abcd");
}

TEST_TASK(a_sync_that_was_left_behind_and_fails_is_heard_of, "file-16", "filerow-16")
{
	WOK_AUTO(wok_file) *file = open_file("f", "w+");
	WOK_AUTO(wok_file) *other = open_file("f", "r+");
	ASSERT_OK(wok_file_write(file, "abcd", 4));
	/* What its thread leaves. */
	atomic_store(&file->handle->failed, -EIO);
	atomic_store(&other->handle->failed, -EIO);
	ASSERT_ERR(wok_file_flush(file), -EIO);
	ASSERT(strstr(wok_errmsg(-EIO), "an earlier sync failed"));
	ASSERT_ERR(wok_file_write(file, "x", 1), -EIO);
	ASSERT_ERR(wok_file_close(file), -EIO);
	ASSERT(strstr(wok_errmsg(-EIO), "4 bytes could not be written"));
	ASSERT_ERR(wok_file_close(other), -EIO);
	ASSERT(strstr(wok_errmsg(-EIO), "was closed, but an earlier sync failed"));
	expect_text("f", "");
}

TEST_TASK(a_close_that_fails_says_so_and_has_closed, "file-15")
{
	int before = test_count_fds();
	WOK_AUTO(wok_file) *file = open_file("f", "w");

	ASSERT_OK(wok_file_write(file, "abc", 3));
	wok_test_fail_system_call("close", 1, EDQUOT);
	ASSERT_ERR(wok_file_close(file), -EDQUOT);
	ASSERT_EQ(test_count_fds(), before);
	WOK_AUTO(wok_file) *interrupted = open_file("f", "w");
	wok_test_fail_system_call("close", 1, EINTR);
	WOK_IGNORE(wok_file_close(interrupted));
	ASSERT_EQ(test_count_fds(), before);
}

static int free_with_error(void *unused)
{
	wok_file *file;

	(void) unused;
	ASSERT_OK(wok_file_open("/dev/full", "w", &file));
	ASSERT_OK(wok_file_write(file, "lost", 4));
	WOK_IGNORE(wok_fail(-EIO, "something else"));
	wok_file_free(file);
	ASSERT_STR(wok_errmsg(-EIO), "something else");
	return 0;
}

TEST(an_error_of_a_free_is_reported, "file-15")
{
	struct test_reports reports = {0};

	ASSERT_OK(test_run_reporting(&reports, free_with_error, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -ENOSPC);
	ASSERT(strstr(reports.kept[0].message, "the last 4 bytes"));
}

TEST_TASK(a_file_is_used_only_as_it_was_opened)
{
	char data[4];
	wok_view line;

	WOK_AUTO(wok_file) *written = open_file("f", "w");
	ASSERT_ERR(wok_file_read(written, data, 4), -EBADF);
	ASSERT_ERR(wok_file_next_line(written, &line), -EBADF);
	WOK_AUTO(wok_file) *read = open_file("f", "r");
	ASSERT_ERR(wok_file_write(read, data, 4), -EBADF);
	ASSERT_ERR(wok_file_flush(read), -EBADF);
	ASSERT_OK(wok_file_close(read));
	ASSERT_ERR(wok_file_read(read, data, 4), -EBADF);
	ASSERT_ERR(wok_file_next_line(read, &line), -EBADF);
}
