/* SPDX-License-Identifier: MIT */
/* Temporary files that begin in memory: see wok/temp.h. */
#include "fs/folder.h"

static wok_spool *new_spool(size_t max_memory)
{
	const wok_spool_options options = {.max_memory = max_memory, .temp.folder = folder};
	wok_spool *spool;

	ASSERT_OK(wok_spool_new(&options, &spool));
	return spool;
}

static void expect_content(wok_spool *spool, const char *text)
{
	char data[100];
	size_t size = strlen(text);

	ASSERT_EQ(wok_spool_seek(spool, 0, SEEK_SET), 0);
	ASSERT_EQ(wok_spool_read(spool, data, sizeof(data)), (ssize_t) size);
	ASSERT_MEM(data, text, size);
	ASSERT_EQ(wok_spool_read(spool, data, sizeof(data)), 0);
}

/* In memory, or in a file from the start: it makes no difference. */
static void use(wok_spool *spool)
{
	char data[4];

	ASSERT_OK(wok_spool_write(spool, "hello ", 6));
	ASSERT_OK(wok_spool_write(spool, "world", 5));
	expect_content(spool, "hello world");
	ASSERT_EQ(wok_spool_seek(spool, -5, SEEK_END), 6);
	ASSERT_EQ(wok_spool_read(spool, data, 4), 4);
	ASSERT_MEM(data, "worl", 4);
	ASSERT_EQ(wok_spool_seek(spool, -3, SEEK_CUR), 7);
	ASSERT_OK(wok_spool_write(spool, "ARLDS", 5));
	expect_content(spool, "hello wARLDS");
	ASSERT_ERR(wok_spool_seek(spool, -1, SEEK_SET), -EINVAL);
	ASSERT_ERR(wok_spool_seek(spool, 0, 99), -EINVAL);
	/* A gap is zeros. */
	ASSERT_EQ(wok_spool_seek(spool, 14, SEEK_SET), 14);
	ASSERT_EQ(wok_spool_read(spool, data, 4), 0);
	ASSERT_OK(wok_spool_write(spool, "x", 1));
	ASSERT_EQ(wok_spool_seek(spool, 11, SEEK_SET), 11);
	ASSERT_EQ(wok_spool_read(spool, data, 4), 4);
	ASSERT_MEM(data, "S\0\0x", 4);
	ASSERT_OK(wok_spool_write(spool, "", 0));
	ASSERT_EQ(wok_spool_seek(spool, 0, SEEK_END), 15);
}

TEST_TASK(a_small_spool_is_in_memory, "filerow-10")
{
	wok_thread_pool_info before, after;

	IN_FOLDER;
	WOK_AUTO(wok_spool) *spool = new_spool(0);
	wok_thread_pool_get_info(NULL, &before);
	use(spool);
	wok_thread_pool_get_info(NULL, &after);
	ASSERT(wok_spool_in_memory(spool));
	ASSERT_EQ(before.completed, after.completed);
}

TEST_TASK(a_spool_in_a_file_behaves_the_same)
{
	wok_file *file;

	IN_FOLDER;
	WOK_AUTO(wok_spool) *spool = new_spool(0);
	ASSERT_OK(wok_spool_file(spool, &file));
	ASSERT(!wok_spool_in_memory(spool));
	use(spool);
	ASSERT_EQ(count_names(folder), 0);
}

TEST_TASK(a_spool_that_grows_goes_into_a_file_as_it_is, "filerow-10")
{
	wok_file *file = NULL, *again = NULL;
	char data[2];

	IN_FOLDER;
	WOK_AUTO(wok_spool) *spool = new_spool(10);
	ASSERT_OK(wok_spool_write(spool, "0123456789", 10));
	ASSERT(wok_spool_in_memory(spool));
	ASSERT_EQ(wok_spool_seek(spool, 5, SEEK_SET), 5);
	ASSERT_OK(wok_spool_write(spool, "56789x", 6));
	ASSERT(!wok_spool_in_memory(spool));
	expect_content(spool, "0123456789x");
	ASSERT_EQ(wok_spool_seek(spool, 3, SEEK_SET), 3);
	ASSERT_OK(wok_spool_file(spool, &file));
	ASSERT_OK(wok_spool_file(spool, &again));
	ASSERT(file == again);
	ASSERT_EQ(wok_file_read(file, data, 2), 2);
	ASSERT_MEM(data, "34", 2);
	/* Not only what is written counts, but where. */
	WOK_AUTO(wok_spool) *far = new_spool(10);
	ASSERT_EQ(wok_spool_seek(far, 1000000, SEEK_SET), 1000000);
	ASSERT_OK(wok_spool_write(far, "x", 1));
	ASSERT(!wok_spool_in_memory(far));
	ASSERT_EQ(wok_spool_seek(far, 0, SEEK_END), 1000001);
}

TEST_TASK(a_spool_that_gets_no_file_is_as_it_was)
{
	wok_file *file = NULL;

	IN_FOLDER;
	WOK_AUTO(wok_spool) *spool = new_spool(10);
	ASSERT_OK(wok_spool_write(spool, "0123456789", 10));
	wok_test_fail_system_call("openat", 1, ENOSPC);
	ASSERT_ERR(wok_spool_write(spool, "x", 1), -ENOSPC);
	wok_test_fail_system_call("openat", 1, EMFILE);
	ASSERT_ERR(wok_spool_file(spool, &file), -EMFILE);
	ASSERT(!file && wok_spool_in_memory(spool));
	expect_content(spool, "0123456789");
	ASSERT_OK(wok_spool_write(spool, "x", 1));
	expect_content(spool, "0123456789x");
}

TEST_TASK(each_call_on_a_spool_is_a_checkpoint)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_file *file = NULL;
	char data[1];
	int r;

	IN_FOLDER;
	WOK_AUTO(wok_spool) *spool = new_spool(0);
	WOK_ASSERT_CHECKPOINT(r = wok_spool_write(spool, "x", 1));
	ASSERT_OK(r);
	WOK_ASSERT_CHECKPOINT(r = (int) wok_spool_read(spool, data, 1));
	ASSERT_OK(r);
	WOK_ASSERT_CHECKPOINT(r = (int) wok_spool_seek(spool, 0, SEEK_SET));
	ASSERT_OK(r);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_spool_write(spool, "y", 1), -ECANCELED);
		ASSERT_ERR(wok_spool_read(spool, data, 1), -ECANCELED);
		ASSERT_ERR(wok_spool_seek(spool, 0, SEEK_END), -ECANCELED);
		ASSERT_ERR(wok_spool_file(spool, &file), -ECANCELED);
	}
	expect_content(spool, "x");
}

static int bring_into_file(void *spool)
{
	wok_file *file;

	return wok_spool_file(spool, &file);
}

TEST_TASK(a_spool_is_for_one_task_at_a_time)
{
	static struct plug plug;
	wok_file *file = NULL;
	char data[1];

	IN_FOLDER;
	WOK_AUTO(wok_spool) *spool = new_spool(0);
	ASSERT_OK(wok_spool_write(spool, "x", 1));
	plug_in(&plug);
	WOK_AUTO(wok_task) *task = wok_create_task(bring_into_file, spool);
	test_settle();
	ASSERT_ERR(wok_spool_write(spool, "y", 1), -EBUSY);
	ASSERT_ERR(wok_spool_read(spool, data, 1), -EBUSY);
	ASSERT_ERR(wok_spool_seek(spool, 0, SEEK_SET), -EBUSY);
	ASSERT_ERR(wok_spool_file(spool, &file), -EBUSY);
	plug_out(&plug);
	ASSERT_OK(wok_await(task));
	ASSERT(!file && !wok_spool_in_memory(spool));
	expect_content(spool, "x");
}
