/* SPDX-License-Identifier: MIT */
/* Read-write locks: see wok/rwlock.h. */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

struct book {
	wok_rwlock lock;
	char order[64]; /* r, w: who got in */
	int n;
	int reading, writing; /* inside now */
	bool go;              /* until then they stay inside */
};

static int leave(struct book *self, bool writes)
{
	int r = 0;

	while (!self->go && r == 0)
		r = wok_sleep(WOK_MS);
	if (writes) {
		self->writing--;
		ASSERT_OK(wok_rwlock_release_write(&self->lock));
	} else {
		self->reading--;
		ASSERT_OK(wok_rwlock_release_read(&self->lock));
	}
	return r;
}

static int reads(void *arg)
{
	struct book *self = arg;

	WOK_TRY(wok_rwlock_acquire_read(&self->lock));
	self->order[self->n++] = 'r';
	self->reading++;
	ASSERT_EQ(self->writing, 0);
	return leave(self, false);
}

static int writes(void *arg)
{
	struct book *self = arg;

	WOK_TRY(wok_rwlock_acquire_write(&self->lock));
	self->order[self->n++] = 'w';
	self->writing++;
	ASSERT_EQ(self->writing, 1);
	ASSERT_EQ(self->reading, 0);
	return leave(self, true);
}

/* Let tasks queue one after the other, as the letters say. */
static void queue_up(struct book *self, const char *who, wok_task **tasks)
{
	for (int i = 0; who[i]; i++) {
		tasks[i] = wok_create_task(who[i] == 'r' ? reads : writes, self);
		test_settle();
	}
}

static void finish(wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		wok_task_free(tasks[i]);
}

TEST_TASK(readers_share_and_a_writer_is_alone, "D20")
{
	struct book self = {.lock = WOK_RWLOCK_INIT};
	wok_task *tasks[4];

	queue_up(&self, "rrr", tasks);
	ASSERT_STR(self.order, "rrr");
	ASSERT_EQ(wok_rwlock_readers(&self.lock), 3);
	ASSERT_ERR(wok_rwlock_try_acquire_write(&self.lock), -EAGAIN);
	ASSERT_OK(wok_rwlock_try_acquire_read(&self.lock));
	ASSERT_OK(wok_rwlock_release_read(&self.lock));
	self.go = true;
	ASSERT_OK(wok_gather(tasks, 3, 0));
	ASSERT_OK(wok_rwlock_acquire_write(&self.lock));
	ASSERT(wok_rwlock_writing(&self.lock));
	queue_up(&self, "w", tasks + 3);
	ASSERT_STR(self.order, "rrr");
	ASSERT_OK(wok_rwlock_release_write(&self.lock));
	test_settle();
	ASSERT_STR(self.order, "rrrw");
	finish(tasks, 4);
}

TEST_TASK(readers_behind_a_waiting_writer_queue_up, "D20")
{
	struct book self = {.lock = WOK_RWLOCK_INIT};
	wok_task *tasks[7];

	ASSERT_OK(wok_rwlock_acquire_read(&self.lock));
	queue_up(&self, "wrrwwrr", tasks);
	ASSERT_STR(self.order, "");
	ASSERT_ERR(wok_rwlock_try_acquire_read(&self.lock), -EAGAIN);
	self.go = true;
	ASSERT_OK(wok_rwlock_release_read(&self.lock));
	ASSERT_ERR(wok_rwlock_try_acquire_read(&self.lock), -EAGAIN); /* it is the writer's */
	ASSERT_OK(wok_gather(tasks, 7, 0));
	ASSERT_STR(self.order, "wrrwwrr");
	ASSERT_EQ(wok_rwlock_readers(&self.lock), 0);
	ASSERT(!wok_rwlock_writing(&self.lock));
	finish(tasks, 7);
}

struct hogs {
	wok_rwlock lock;
	bool over;
};

static int read_on_and_on(void *arg)
{
	struct hogs *hogs = arg;

	while (!hogs->over) {
		WOK_TRY(wok_rwlock_acquire_read(&hogs->lock));
		int r = wok_sleep(2 * WOK_MS);
		ASSERT_OK(wok_rwlock_release_read(&hogs->lock));
		WOK_TRY(r);
	}
	return 0;
}

static int write_on_and_on(void *arg)
{
	struct hogs *hogs = arg;

	while (!hogs->over) {
		WOK_TRY(wok_rwlock_acquire_write(&hogs->lock));
		int r = wok_sleep(2 * WOK_MS);
		ASSERT_OK(wok_rwlock_release_write(&hogs->lock));
		WOK_TRY(r);
	}
	return 0;
}

/* Two of a kind, of which always one is inside or about to be. */
static void hog(struct hogs *hogs, wok_fn *fn, wok_task **tasks)
{
	hogs->over = false;
	for (int i = 0; i < 2; i++) {
		tasks[i] = wok_create_task(fn, hogs);
		ASSERT_OK(wok_sleep(WOK_MS));
	}
}

TEST_TASK(neither_side_starves, "D20")
{
	struct hogs hogs = {.lock = WOK_RWLOCK_INIT};
	wok_task *tasks[2];

	hog(&hogs, read_on_and_on, tasks);
	for (int i = 0; i < 100; i++) {
		wok_time start = wok_now();
		ASSERT_OK(wok_rwlock_acquire_write(&hogs.lock));
		ASSERT(wok_now() - start <= 2 * WOK_MS);
		ASSERT_OK(wok_rwlock_release_write(&hogs.lock));
		ASSERT_OK(wok_sleep(WOK_MS));
	}
	hogs.over = true;
	ASSERT_OK(wok_gather(tasks, 2, 0));
	finish(tasks, 2);
	hog(&hogs, write_on_and_on, tasks);
	for (int i = 0; i < 100; i++) {
		wok_time start = wok_now();
		ASSERT_OK(wok_rwlock_acquire_read(&hogs.lock));
		ASSERT(wok_now() - start <= 4 * WOK_MS);
		ASSERT_OK(wok_rwlock_release_read(&hogs.lock));
		ASSERT_OK(wok_sleep(WOK_MS));
	}
	hogs.over = true;
	ASSERT_OK(wok_gather(tasks, 2, 0));
	finish(tasks, 2);
}

TEST_TASK(a_writer_that_gives_up_lets_the_readers_behind_it_in, "D20", "D15")
{
	struct book self = {.lock = WOK_RWLOCK_INIT};
	wok_task *tasks[4];

	ASSERT_OK(wok_rwlock_acquire_read(&self.lock));
	queue_up(&self, "wrrw", tasks);
	wok_cancel(tasks[0]);
	test_settle();
	ASSERT_STR(self.order, "rr");
	wok_cancel(tasks[3]);
	self.go = true;
	ASSERT_EQ(wok_gather(tasks, 4, WOK_COLLECT), 2);
	ASSERT(!self.lock.waiters.first && !self.lock.waiters.last);
	ASSERT_OK(wok_rwlock_release_read(&self.lock));
	finish(tasks, 4);
}

TEST_TASK(who_was_let_in_and_then_cancelled_has_the_lock, "D20")
{
	struct book self = {.lock = WOK_RWLOCK_INIT};
	wok_task *tasks[3];

	ASSERT_OK(wok_rwlock_acquire_write(&self.lock));
	queue_up(&self, "wrr", tasks);
	ASSERT_OK(wok_rwlock_release_write(&self.lock));
	wok_cancel(tasks[0]);
	self.go = true;
	ASSERT_EQ(wok_gather(tasks, 3, WOK_COLLECT), 0);
	ASSERT_STR(self.order, "wrr");
	finish(tasks, 3);
}

static int release_write(void *lock)
{
	return wok_rwlock_release_write(lock);
}

TEST_TASK(what_is_not_held_is_not_released, "D20")
{
	wok_rwlock lock = WOK_RWLOCK_INIT;

	ASSERT_ERR(wok_rwlock_release_read(&lock), -EPERM);
	ASSERT_ERR(wok_rwlock_release_write(&lock), -EPERM);
	ASSERT_OK(wok_rwlock_acquire_read(&lock));
	ASSERT_ERR(wok_rwlock_release_write(&lock), -EPERM);
	ASSERT_OK(wok_rwlock_release_read(&lock));
	ASSERT_OK(wok_rwlock_try_acquire_write(&lock));
	ASSERT_ERR(wok_rwlock_acquire_write(&lock), -EDEADLK);
	ASSERT_ERR(wok_rwlock_acquire_read(&lock), -EDEADLK);
	ASSERT_ERR(wok_rwlock_release_read(&lock), -EPERM);
	WOK_AUTO(wok_task) *thief = wok_create_task(release_write, &lock);
	ASSERT_ERR(wok_await(thief), -EPERM);
	ASSERT_OK(wok_rwlock_release_write(&lock));
	ASSERT_ERR(wok_rwlock_release_write(&lock), -EPERM);
}

TEST_TASK(acquiring_is_a_checkpoint_even_when_the_lock_is_free, "D20")
{
	wok_rwlock lock = WOK_RWLOCK_INIT;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	uint64_t before = wok_test_checkpoints();

	ASSERT_OK(wok_rwlock_acquire_read(&lock));
	ASSERT_EQ(wok_test_checkpoints(), before + 1);
	ASSERT_OK(wok_rwlock_release_read(&lock));
	ASSERT_OK(wok_rwlock_acquire_write(&lock));
	ASSERT_EQ(wok_test_checkpoints(), before + 2);
	ASSERT_OK(wok_rwlock_release_write(&lock));
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_rwlock_acquire_read(&lock), -ECANCELED);
		ASSERT_ERR(wok_rwlock_acquire_write(&lock), -ECANCELED);
		ASSERT_OK(wok_rwlock_try_acquire_write(&lock));
		ASSERT_OK(wok_rwlock_release_write(&lock));
	}
}

/* --- a writer that dies with the lock --------------------------------------------------------- */

static int keep_writing(void *lock)
{
	WOK_TRY(wok_rwlock_acquire_write(lock));
	return wok_sleep(WOK_SECOND);
}

static int try_to_read(void *lock)
{
	int r = wok_rwlock_acquire_read(lock);

	if (r == 0 || r == -EOWNERDEAD)
		ASSERT_OK(wok_rwlock_release_read(lock));
	return r;
}

static int die_writing(void *unused)
{
	static wok_rwlock lock = WOK_RWLOCK_INIT;

	(void) unused;
	WOK_AUTO(wok_task) *owner = wok_create_task(keep_writing, &lock);
	test_settle();
	WOK_AUTO(wok_task) *canceled = wok_create_task(try_to_read, &lock);
	test_settle();
	WOK_AUTO(wok_task) *first = wok_create_task(try_to_read, &lock);
	WOK_AUTO(wok_task) *second = wok_create_task(try_to_read, &lock);
	test_settle();
	wok_cancel(canceled); /* the one that watched the owner */
	ASSERT_ERR(wok_await(first), -EOWNERDEAD);
	ASSERT_ERR(wok_await(second), -EOWNERDEAD);
	ASSERT_OK(wok_rwlock_acquire_write(&lock));
	ASSERT_OK(wok_rwlock_release_write(&lock));
	/* And where nobody waits. */
	WOK_AUTO(wok_task) *other = wok_create_task(keep_writing, &lock);
	ASSERT_OK(wok_await(other));
	ASSERT_ERR(wok_rwlock_acquire_write(&lock), -EOWNERDEAD);
	return wok_rwlock_release_write(&lock);
}

TEST(a_lock_whose_writer_ended_goes_on_with_a_word_of_it, "D4", "D20")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, die_writing, NULL));
	ASSERT_EQ(reports.n, 2);
	ASSERT_STR(reports.kept[0].task, "keep_writing");
	ASSERT_REPORT(&reports, 0, "without releasing a read-write lock");
}

TEST_TASK(the_block_forms_release_on_every_way_out)
{
	wok_rwlock lock = WOK_RWLOCK_INIT;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	for (int i = 0; i < 2; i++) {
		WOK_WITH_READ_LOCK (&lock, r) {
			ASSERT_EQ(wok_rwlock_readers(&lock), 1);
			if (i == 1)
				break;
		}
		ASSERT_OK(r);
		ASSERT_EQ(wok_rwlock_readers(&lock), 0);
		WOK_WITH_WRITE_LOCK (&lock, r) {
			ASSERT(wok_rwlock_writing(&lock));
			if (i == 1)
				continue;
			WOK_WITH_READ_LOCK (&lock, r) {
				FAIL("entered to read while it writes");
			}
			ASSERT_ERR(r, -EDEADLK);
			r = 0;
		}
		ASSERT_OK(r);
		ASSERT(!wok_rwlock_writing(&lock));
	}
	WOK_TIMEOUT (&timeout, 0) {
		WOK_WITH_READ_LOCK (&lock, r) {
			FAIL("entered though the lock was not acquired");
		}
		ASSERT_ERR(r, -ECANCELED);
		WOK_WITH_WRITE_LOCK (&lock, r) {
			FAIL("entered though the lock was not acquired");
		}
	}
	ASSERT_ERR(r, -ECANCELED);
	ASSERT_OK(wok_rwlock_try_acquire_write(&lock));
	ASSERT_OK(wok_rwlock_release_write(&lock));
}

static int read_and_return(void *lock)
{
	int r;

	WOK_WITH_READ_LOCK (lock, r) {
		WOK_TRY(wok_fail(-EIO, "a return out of the block"));
	}
	return r;
}

static int die_before_a_block(void *unused)
{
	static wok_rwlock lock = WOK_RWLOCK_INIT;
	int r;

	(void) unused;
	ASSERT_ERR(read_and_return(&lock), -EIO);
	ASSERT_EQ(wok_rwlock_readers(&lock), 0);
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_task) *owner = wok_create_task(keep_writing, &lock);
		ASSERT_OK(wok_await(owner));
		if (i == 0)
			WOK_WITH_READ_LOCK (&lock, r) {
				FAIL("entered a block that a writer has left half way");
			}
		else
			WOK_WITH_WRITE_LOCK (&lock, r) {
				FAIL("entered a block that a writer has left half way");
			}
		ASSERT_ERR(r, -EOWNERDEAD);
		ASSERT_OK(wok_rwlock_try_acquire_write(&lock)); /* the block gave it back */
		ASSERT_OK(wok_rwlock_release_write(&lock));
	}
	return 0;
}

TEST(the_block_forms_are_not_entered_after_a_dead_writer)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, die_before_a_block, NULL));
	ASSERT_EQ(reports.n, 2);
}

static int come_and_go(void *arg)
{
	struct book *self = arg;

	for (int i = 0; i < 20; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		self->n = 0;
		WOK_TIMEOUT (&timeout, (i * 7 % 5) * WOK_MS) {
			WOK_IGNORE(i % 3 == 0 ? writes(self) : reads(self));
		}
		WOK_TRY(wok_sleep((i * 3 % 4) * WOK_MS));
		if (i % 5 == 4)
			self->go = !self->go;
	}
	return 0;
}

TEST_TASK(nobody_is_left_inside_under_timeouts_and_cancels, "D20")
{
	struct book self = {.lock = WOK_RWLOCK_INIT};
	wok_task *tasks[20];

	for (int i = 0; i < 20; i++)
		tasks[i] = wok_create_task(come_and_go, &self);
	for (int i = 0; i < 20; i++) {
		ASSERT_OK(wok_sleep(WOK_MS));
		if (i % 3 == 0)
			wok_cancel(tasks[i]);
	}
	WOK_IGNORE(wok_gather(tasks, 20, WOK_COLLECT));
	ASSERT_OK(wok_rwlock_try_acquire_write(&self.lock));
	ASSERT_OK(wok_rwlock_release_write(&self.lock));
	finish(tasks, 20);
}

static int fail_writing(void *lock)
{
	WOK_TRY(wok_rwlock_acquire_write(lock));
	WOK_TRY(wok_yield());
	return -EIO; /* it never releases the lock */
}

static int write_once(void *lock)
{
	int r = wok_rwlock_acquire_write(lock);

	if (r == 0 || r == -EOWNERDEAD)
		WOK_IGNORE(wok_rwlock_release_write(lock));
	return r;
}

static int gather_three(void *tasks)
{
	return wok_gather(tasks, 3, 0);
}

/* The end of the writer ends the gather, which cancels who waits for the writer's end. */
static int die_in_a_gather(void *unused)
{
	wok_rwlock lock = WOK_RWLOCK_INIT;
	wok_task *tasks[3];

	(void) unused;
	tasks[0] = wok_create_task(fail_writing, &lock);
	ASSERT_OK(wok_yield());
	tasks[1] = wok_create_task(write_once, &lock);
	tasks[2] = wok_create_task(write_once, &lock);
	WOK_AUTO(wok_task) *gathering = wok_create_task(gather_three, tasks);
	WOK_AUTO(wok_task) *last = wok_create_task(write_once, &lock);
	ASSERT_ERR(wok_await(gathering), -EIO);
	int r = wok_await(last);
	ASSERT(r == 0 || r == -EOWNERDEAD);
	ASSERT(!wok_rwlock_writing(&lock));
	finish(tasks, 3);
	return 0;
}

TEST(a_writers_end_may_cancel_those_who_wait_for_it, "D4")
{
	struct test_reports reports;

	for (uint64_t seed = 0; seed < 100; seed++) {
		memset(&reports, 0, sizeof(reports));
		if (seed == 0)
			ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
		ASSERT_OK(wok_test_run(die_in_a_gather, NULL, &(wok_test_options){.seed = seed}));
		ASSERT_EQ(reports.n, 1);
	}
}
