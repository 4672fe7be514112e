/* SPDX-License-Identifier: MIT */
/* Very many files at once, and cancels at random: no descriptor is lost. */
#include "fs/folder.h"

enum { MANY = 10000, AT_ONCE = 50 };

struct using
{
	wok_semaphore free;
	char path[PATH_MAX];
	size_t open, most_open, read;
};

static int use_file(struct using *using)
{
	char data[8];

	WOK_AUTO(wok_file) *file = NULL;
	WOK_TRY(wok_file_open(using->path, "r", &file));
	using->open++;
	using->most_open = using->open > using->most_open ? using->open : using->most_open;
	ssize_t n = wok_file_read(file, data, sizeof(data));
	int r = wok_yield();
	using->open--;
	WOK_TRY(n);
	using->read += (size_t) n;
	return r;
}

static int use_in_turn(void *arg)
{
	struct using *using = arg;
	int r;

	WOK_TRY(wok_semaphore_acquire(&using->free));
	r = use_file(using);
	ASSERT_OK(wok_semaphore_release(&using->free));
	return r;
}

static int use_many(void *arg)
{
	struct using *using = arg;

	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < MANY; i++)
		ASSERT_OK(wok_scope_spawn(scope, use_in_turn, using));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(using->read, 4 * MANY);
	ASSERT_EQ(using->open, 0);
	ASSERT(using->most_open > 1 && using->most_open <= AT_ONCE);
	return 0;
}

TEST(ten_thousand_files_are_opened_with_a_limit_on_how_many_are_open, "file-29")
{
	static struct using using = {.free = WOK_SEMAPHORE_INIT(AT_ONCE)};

	if (TEST_FEW_STACKS)
		SKIP("ThreadSanitizer dies at its 8,129th stack");
	IN_FAST_FOLDER;
	put_text("file", "1234");
	strcpy(using.path, in("file"));
	ASSERT_OK(wok_run(use_many, &using));
}

/* --- cancels at random --------------------------------------------------------------------------
 */

static int use_everything(void *arg)
{
	struct using *using = arg;
	wok_dir_entry entry;
	wok_walk_entry step;

	WOK_TRY(use_file(using));
	WOK_AUTO(wok_dir) *dir = NULL;
	WOK_AUTO(wok_walk) *walk = NULL;
	WOK_AUTO(wok_temp) *temp = NULL;
	WOK_AUTO(wok_spool) *spool = NULL;
	wok_file *file;
	WOK_TRY(wok_dir_open(folder, &dir));
	WOK_TRY(wok_walk_open(folder, &walk));
	WOK_TRY(wok_temp_file_new(&(wok_temp_options){.folder = folder}, &temp));
	WOK_TRY(wok_dir_next(dir, &entry));
	WOK_TRY(wok_spool_new(&(wok_spool_options){.temp.folder = folder}, &spool));
	WOK_TRY(wok_spool_file(spool, &file));
	WOK_TRY(wok_walk_next(walk, &step));
	return wok_fs_copy(using->path, wok_temp_path(temp));
}

TEST_TASK(cancels_at_random_lose_no_descriptor_and_leave_no_file, "file-29")
{
	static struct using using;
	unsigned random = (unsigned) test_seed() + 7;

	IN_FOLDER;
	using = (struct using){.open = 0};
	put_text("file", "1234");
	strcpy(using.path, in("file"));
	ASSERT_OK(use_everything(&using)); /* what the loop needs is open now */
	int fds = test_count_fds();
	for (int round = 0; round < 20; round++) {
		wok_task *tasks[10];
		for (int i = 0; i < 10; i++)
			tasks[i] = wok_create_task(use_everything, &using);
		for (int i = 0; i < 10; i++) {
			random = random * 1103515245 + 12345;
			for (unsigned n = random >> 16 & 31; n > 0; n--)
				ASSERT_OK(wok_yield());
			if (random >> 24 & 1)
				wok_cancel(tasks[i]);
		}
		for (int i = 0; i < 10; i++)
			wok_task_free(tasks[i]);
		ASSERT_EQ(test_count_fds(), fds);
		ASSERT_EQ(count_names(folder), 1);
	}
}
