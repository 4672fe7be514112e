/* SPDX-License-Identifier: MIT */
/* Locks on files, between tasks that have opened them each for themselves. */
#include "check.h"

struct locker {
	wok_file *file;
	int flags;
	bool range;
	int result;
};

static int lock_it(void *arg)
{
	struct locker *self = arg;

	self->result = self->range ? wok_file_lock_range(self->file, 10, 5, self->flags)
				   : wok_file_lock(self->file, self->flags);
	return self->result;
}

static void try_locks(bool range)
{
	struct locker a = {open_file("f", "w+"), 0, range, 1};
	struct locker b = {open_file("f", "r+"), 0, range, 1};
	struct locker c = {open_file("f", "r+"), WOK_FILE_SHARED | WOK_FILE_TRY, range, 1};

	ASSERT_OK(lock_it(&a));
	ASSERT_ERR(lock_it(&c), -EAGAIN);
	WOK_AUTO(wok_task) *waiting = wok_create_task(lock_it, &b);
	wok_test_advance(WOK_SECOND);
	ASSERT(!wok_task_done(waiting));
	ASSERT_OK(range ? wok_file_unlock_range(a.file, 10, 5) : wok_file_unlock(a.file));
	ASSERT_OK(wok_await(waiting));
	ASSERT_ERR(lock_it(&c), -EAGAIN);
	/* Closing releases it. */
	ASSERT_OK(wok_file_close(b.file));
	ASSERT_OK(lock_it(&c));
	/* Shared, it is for all who share. */
	a.flags = WOK_FILE_SHARED | WOK_FILE_TRY;
	ASSERT_OK(lock_it(&a));
	a.flags = WOK_FILE_TRY;
	ASSERT_ERR(lock_it(&a), -EAGAIN);
	ASSERT_ERR(lock_it(&b), -EBADF);
	wok_file_free(a.file);
	wok_file_free(b.file);
	wok_file_free(c.file);
}

TEST_TASK(a_whole_file_is_locked_against_others, "filerow-15")
{
	try_locks(false);
}

TEST_TASK(a_part_of_a_file_is_locked_against_others, "filerow-15")
{
	try_locks(true);
	WOK_AUTO(wok_file) *a = open_file("f", "r+");
	WOK_AUTO(wok_file) *b = open_file("f", "r+");
	ASSERT_OK(wok_file_lock_range(a, 0, 10, 0));
	ASSERT_OK(wok_file_lock_range(b, 10, 0, 0));
	ASSERT_ERR(wok_file_lock_range(a, 1000000, 1, WOK_FILE_TRY), -EAGAIN);
	ASSERT_ERR(wok_file_lock(a, 64), -EINVAL);
}

TEST_TASK(who_waits_for_a_lock_can_be_cancelled_and_holds_no_thread, "filerow-15", "filerow-16")
{
	wok_thread_pool_info info;
	WOK_AUTO(wok_file) *holder = open_file("f", "w");
	struct locker other = {open_file("f", "r+"), 0, false, 1};

	ASSERT_OK(wok_file_lock(holder, 0));
	WOK_AUTO(wok_task) *task = wok_create_task(lock_it, &other);
	/* It asks a thread, which does not wait: else this would not end. */
	wok_test_advance(WOK_SECOND);
	do {
		ASSERT_OK(wok_yield());
		wok_thread_pool_get_info(NULL, &info);
	} while (info.active + info.queued > 0);
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(other.result, -ECANCELED);
	/* It was not taken behind the back of who gave up. */
	ASSERT_OK(wok_file_unlock(holder));
	ASSERT_OK(wok_file_lock(holder, WOK_FILE_TRY));
	wok_file_free(other.file);
}

static int unlock_when_cancelled(void *file)
{
	wok_cancel(wok_current_task());
	ASSERT_OK(wok_file_unlock(file));
	return 0;
}

TEST_TASK(a_cancelled_task_can_release_its_lock, "filerow-15")
{
	WOK_AUTO(wok_file) *a = open_file("f", "w");
	WOK_AUTO(wok_file) *b = open_file("f", "r+");

	ASSERT_OK(wok_file_lock(a, 0));
	WOK_AUTO(wok_task) *task = wok_create_task(unlock_when_cancelled, a);
	WOK_IGNORE(wok_await(task));
	ASSERT_OK(wok_file_lock(b, WOK_FILE_TRY));
}
