/* SPDX-License-Identifier: MIT */
/*
 * Every call of wok's synchronisation that waits, cancelled before, while and just after it is
 * granted what it waits for, and under a deadline that has passed: all of them answer alike, and
 * what was not taken is there for the next.
 */
#include <wok/wok.h>

#include "harness/test.h"

static struct objects {
	wok_lock lock, guard;
	wok_condition condition;
	bool ready;
	wok_event event;
	wok_semaphore semaphore;
	wok_rwlock rwlock;
	wok_barrier barrier;
	wok_queue *queue, *full, *work;
	wok_channel *channel, *backlog;
	int item;
} o;

static void make_objects(void)
{
	int item = 7;

	o = (struct objects){
		.lock = WOK_LOCK_INIT,
		.guard = WOK_LOCK_INIT,
		.condition = WOK_CONDITION_INIT(&o.guard),
		.event = WOK_EVENT_INIT,
		.semaphore = WOK_SEMAPHORE_INIT(0),
		.rwlock = WOK_RWLOCK_INIT,
		.barrier = WOK_BARRIER_INIT(2),
	};
	ASSERT_OK(wok_queue_new(sizeof(int), 1, &o.queue));
	ASSERT_OK(wok_queue_new(sizeof(int), 1, &o.full));
	ASSERT_OK(wok_queue_put(o.full, &item));
	ASSERT_OK(wok_queue_new(sizeof(int), 1, &o.work));
	ASSERT_OK(wok_queue_put(o.work, &item));
	ASSERT_OK(wok_channel_new(sizeof(int), 0, &o.channel));
	ASSERT_OK(wok_channel_new(sizeof(int), 1, &o.backlog));
	ASSERT_OK(wok_channel_send(o.backlog, &item));
	/* The main task holds these; the calls wait for them. */
	ASSERT_OK(wok_lock_acquire(&o.lock));
	ASSERT_OK(wok_rwlock_acquire_write(&o.rwlock));
}

static void free_objects(void)
{
	wok_queue_free(o.queue);
	wok_queue_free(o.full);
	wok_queue_free(o.work);
	wok_channel_free(o.channel);
	wok_channel_free(o.backlog);
}

/* --- the calls: each waits for something that its partner below grants ------------------------ */

static int lock(void *unused)
{
	(void) unused;
	int r = wok_lock_acquire(&o.lock);
	if (r == 0)
		ASSERT_OK(wok_lock_release(&o.lock));
	return r;
}

static void grant_lock(void)
{
	ASSERT_OK(wok_lock_release(&o.lock));
}

static void take_lock_back(void)
{
	ASSERT_OK(wok_lock_acquire(&o.lock));
}

static int read_lock(void *unused)
{
	(void) unused;
	int r = wok_rwlock_acquire_read(&o.rwlock);
	if (r == 0)
		ASSERT_OK(wok_rwlock_release_read(&o.rwlock));
	return r;
}

static int write_lock(void *unused)
{
	(void) unused;
	int r = wok_rwlock_acquire_write(&o.rwlock);
	if (r == 0)
		ASSERT_OK(wok_rwlock_release_write(&o.rwlock));
	return r;
}

static void grant_rwlock(void)
{
	ASSERT_OK(wok_rwlock_release_write(&o.rwlock));
}

static void take_rwlock_back(void)
{
	ASSERT_OK(wok_rwlock_acquire_write(&o.rwlock));
}

static bool is_ready(void *unused)
{
	(void) unused;
	return o.ready;
}

static int condition(void *unused)
{
	(void) unused;
	int r = wok_lock_acquire(&o.guard);
	if (r < 0)
		return r;
	r = wok_condition_wait(&o.condition);
	ASSERT_OK(wok_lock_release(&o.guard));
	return r;
}

static int condition_until(void *unused)
{
	(void) unused;
	int r = wok_lock_acquire(&o.guard);
	if (r < 0)
		return r;
	r = wok_condition_wait_until(&o.condition, is_ready, NULL);
	o.ready = false;
	ASSERT_OK(wok_lock_release(&o.guard));
	return r;
}

/* try: under a shuffled schedule, somebody who was cancelled may have the lock just now. */
static void grant_condition(void)
{
	int r = wok_lock_try_acquire(&o.guard);

	if (r == -EAGAIN)
		ASSERT_OK(r = wok_lock_acquire(&o.guard));
	ASSERT_OK(r);
	o.ready = true;
	ASSERT_OK(wok_condition_notify(&o.condition, 1));
	ASSERT_OK(wok_lock_release(&o.guard));
}

static void ungrant_condition(void)
{
	o.ready = false;
}

static int event(void *unused)
{
	(void) unused;
	return wok_event_wait(&o.event);
}

static void grant_event(void)
{
	wok_event_set(&o.event);
}

static void clear_event(void)
{
	wok_event_clear(&o.event);
}

static int semaphore(void *unused)
{
	(void) unused;
	return wok_semaphore_acquire(&o.semaphore);
}

static void grant_permit(void)
{
	ASSERT_OK(wok_semaphore_release(&o.semaphore));
}

static void take_permit_back(void)
{
	ASSERT_OK(wok_semaphore_try_acquire(&o.semaphore));
}

static int barrier(void *unused)
{
	(void) unused;
	return wok_barrier_wait(&o.barrier);
}

/* The other party: another task, for the last of a group does not wait. */
static wok_task *other_party;

static void grant_barrier(void)
{
	/* Only when somebody waits does this complete the group; else it would wait itself. */
	if (wok_barrier_waiting(&o.barrier) == 1)
		ASSERT_EQ(wok_barrier_wait(&o.barrier), 1);
	else
		other_party = wok_create_task(barrier, NULL);
}

static void undo_barrier(void)
{
	test_settle();
	ASSERT_EQ(wok_barrier_waiting(&o.barrier), 1);
	wok_task_free(WOK_TAKE(other_party));
	ASSERT_EQ(wok_barrier_waiting(&o.barrier), 0);
}

static int queue_get(void *unused)
{
	(void) unused;
	return wok_queue_get(o.queue, &o.item);
}

static int queue_next(void *unused)
{
	(void) unused;
	int r = wok_queue_next(o.queue, &o.item);
	return r == 1 ? 0 : r;
}

static void grant_item(void)
{
	int item = 7;

	ASSERT_OK(wok_queue_try_put(o.queue, &item));
}

static void take_item_back(void)
{
	ASSERT_OK(wok_queue_try_get(o.queue, &o.item));
}

static int queue_put(void *unused)
{
	int item = 8;

	(void) unused;
	return wok_queue_put(o.full, &item);
}

static void grant_room(void)
{
	ASSERT_OK(wok_queue_try_get(o.full, &o.item));
}

static void fill_room(void)
{
	int item = 7;

	ASSERT_OK(wok_queue_try_put(o.full, &item));
}

static int queue_join(void *unused)
{
	(void) unused;
	return wok_queue_join(o.work);
}

static void grant_join(void)
{
	ASSERT_OK(wok_queue_task_done(o.work));
}

static void undo_join(void)
{
	int item;

	ASSERT_OK(wok_queue_get(o.work, &item));
	ASSERT_OK(wok_queue_put(o.work, &item));
}

static int channel_receive(void *unused)
{
	(void) unused;
	return wok_channel_receive(o.channel, &o.item);
}

static int channel_next(void *unused)
{
	(void) unused;
	int r = wok_channel_next(o.channel, &o.item);
	return r == 1 ? 0 : r;
}

static int select_receive(void *unused)
{
	wok_select_case cases[] = {
		{.channel = o.channel, .receive = &o.item},
		{.channel = o.backlog, .send = &o.item},
	};

	(void) unused;
	return wok_select(cases, 2);
}

/* Nobody there to receive: then nothing was sent, and there is nothing to undo. */
static void grant_send(void)
{
	int item = 7, r = wok_channel_try_send(o.channel, &item);

	ASSERT(r == 0 || r == -EAGAIN);
}

static void undo_nothing(void)
{
}

static int channel_send(void *unused)
{
	(void) unused;
	return wok_channel_send(o.backlog, &o.item);
}

static void grant_receive(void)
{
	int item;

	ASSERT_OK(wok_channel_try_receive(o.backlog, &item));
}

static void undo_receive(void)
{
	int item = 7;

	ASSERT_OK(wok_channel_try_send(o.backlog, &item));
}

static const struct call {
	const char *name;
	wok_fn *fn;
	void (*grant)(void);
	void (*undo)(void); /* takes back what was granted, and nobody took */
} calls[] = {
	{"lock", lock, grant_lock, take_lock_back},
	{"read", read_lock, grant_rwlock, take_rwlock_back},
	{"write", write_lock, grant_rwlock, take_rwlock_back},
	{"condition", condition, grant_condition, ungrant_condition},
	{"condition until", condition_until, grant_condition, ungrant_condition},
	{"event", event, grant_event, clear_event},
	{"semaphore", semaphore, grant_permit, take_permit_back},
	{"barrier", barrier, grant_barrier, undo_barrier},
	{"queue get", queue_get, grant_item, take_item_back},
	{"queue next", queue_next, grant_item, take_item_back},
	{"queue put", queue_put, grant_room, fill_room},
	{"queue join", queue_join, grant_join, undo_join},
	{"channel receive", channel_receive, grant_send, undo_nothing},
	{"channel next", channel_next, grant_send, undo_nothing},
	{"channel send", channel_send, grant_receive, undo_receive},
	{"select", select_receive, grant_send, undo_nothing},
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* --- what happens to them --------------------------------------------------------------------- */

static void with_call(void (*check)(const struct call *call))
{
	for (int i = 0; i < CALLS; i++) {
		make_objects();
		check(&calls[i]);
		free_objects();
	}
}

#define EXPECT(call, r, expected)                                                                  \
	do {                                                                                       \
		int got_ = (r);                                                                    \
		if (got_ != (expected))                                                            \
			FAIL("%s: %s, not %s", (call)->name, wok_errname(got_),                    \
			     wok_errname(expected));                                               \
	} while (0)

static int call_in_deadline(void *arg)
{
	const struct call *call = arg;

	return wok_wait_for(call->fn, NULL, 0);
}

static void past_deadline(const struct call *call)
{
	WOK_AUTO(wok_task) *task = wok_create_task(call_in_deadline, (void *) call);

	EXPECT(call, wok_await(task), -ETIMEDOUT);
	ASSERT_EQ(wok_now(), 0);
}

TEST_TASK(each_wait_fails_at_once_when_its_deadline_has_passed, "G14")
{
	with_call(past_deadline);
}

static void past_deadline_though_granted(const struct call *call)
{
	call->grant();
	WOK_AUTO(wok_task) *task = wok_create_task(call_in_deadline, (void *) call);
	EXPECT(call, wok_await(task), -ETIMEDOUT);
	call->undo();
}

TEST_TASK(each_wait_fails_in_a_cancelled_scope_though_it_could_complete, "G14")
{
	with_call(past_deadline_though_granted);
}

static void deadline_during(const struct call *call)
{
	WOK_AUTO(wok_task) *task = wok_create_task(call->fn, NULL);

	EXPECT(call, wok_await_for(task, WOK_SECOND), -ETIMEDOUT);
	/* Nobody is left in a queue: what is granted now is there to be taken back. */
	call->grant();
	call->undo();
}

TEST_TASK(each_wait_ends_at_its_deadline_and_leaves_nothing_behind, "G14", "D15")
{
	with_call(deadline_during);
}

static void cancel_during(const struct call *call)
{
	WOK_AUTO(wok_task) *task = wok_create_task(call->fn, NULL);

	test_settle();
	ASSERT(!wok_task_done(task));
	wok_cancel(task);
	EXPECT(call, wok_await(task), WOK_ETASKCANCELED);
	call->grant();
	call->undo();
}

TEST_TASK(each_wait_ends_when_it_is_cancelled_and_leaves_nothing_behind, "G14", "D15")
{
	with_call(cancel_during);
}

static void cancel_after_grant(const struct call *call)
{
	WOK_AUTO(wok_task) *task = wok_create_task(call->fn, NULL);

	test_settle();
	call->grant();
	ASSERT(!wok_task_done(task));
	wok_cancel(task); /* too late: it has what it waited for */
	EXPECT(call, wok_await(task), 0);
}

TEST_TASK(each_wait_returns_what_was_granted_before_its_cancel, "G14", "D2")
{
	with_call(cancel_after_grant);
}

static void cancel_before_grant(const struct call *call)
{
	WOK_AUTO(wok_task) *first = wok_create_task(call->fn, NULL);

	test_settle();
	wok_cancel(first);
	call->grant(); /* in the same tick, before the cancelled task has run */
	EXPECT(call, wok_await(first), WOK_ETASKCANCELED);
	call->undo();
}

TEST_TASK(each_wait_leaves_what_is_granted_after_its_cancel_to_the_next, "G14", "D1")
{
	with_call(cancel_before_grant);
}

static int call_from_callback(void *arg)
{
	const struct call *call = arg;

	EXPECT(call, call->fn(NULL), -EDEADLK);
	return 0;
}

static void in_callback(const struct call *call)
{
	wok_call_soon(call_from_callback, (void *) call);
	ASSERT_OK(wok_yield());
	ASSERT_OK(wok_yield());
}

TEST_TASK(no_callback_may_wait, "G14")
{
	with_call(in_callback);
}

static void on_big_stack(const struct call *call)
{
	ASSERT_OK(wok_on_big_stack(call_from_callback, (void *) call));
}

TEST_TASK(nothing_waits_on_the_large_stack, "G14")
{
	with_call(on_big_stack);
}
