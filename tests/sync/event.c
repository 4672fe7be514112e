/* SPDX-License-Identifier: MIT */
/* Events: see wok/event.h. */
#include <wok/wok.h>

#include "harness/test.h"

struct waiting {
	wok_event event;
	int woken;
};

static int wait_for(void *arg)
{
	struct waiting *self = arg;
	int r = wok_event_wait(&self->event);

	self->woken += r == 0;
	return r;
}

TEST_TASK(waiting_for_a_set_event_is_a_checkpoint_and_succeeds, "D8")
{
	wok_event event = WOK_EVENT_INIT;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	wok_event_set(&event);
	ASSERT(wok_event_is_set(&event));
	uint64_t before = wok_test_checkpoints();
	ASSERT_OK(wok_event_wait(&event));
	ASSERT(wok_test_checkpoints() > before);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_event_wait(&event), -ECANCELED);
	}
}

TEST_TASK(setting_wakes_all_and_clearing_at_once_blocks_none_of_them_again, "D8")
{
	struct waiting self = {.event = WOK_EVENT_INIT};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 10; i++)
		ASSERT_OK(wok_scope_spawn(scope, wait_for, &self));
	test_settle();
	ASSERT_EQ(self.woken, 0);
	wok_event_set(&self.event);
	wok_event_clear(&self.event);
	ASSERT(!wok_event_is_set(&self.event));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(self.woken, 10);
}

TEST_TASK(a_cleared_event_blocks_who_comes_later, "D8")
{
	struct waiting self = {.event = WOK_EVENT_INIT};

	wok_event_set(&self.event);
	wok_event_clear(&self.event);
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &self);
	test_settle();
	ASSERT(!wok_task_done(task));
}

TEST_TASK(cancelling_a_waiter_unlinks_it, "D15")
{
	struct waiting self = {.event = WOK_EVENT_INIT};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_scope_spawn(scope, wait_for, &self));
	test_settle();
	wok_scope_cancel(scope, NULL);
	ASSERT_OK(wok_scope_join(scope));
	wok_event_set(&self.event); /* ASan objects here if a waiter is still linked */
	ASSERT(!self.event.waiters.first && !self.event.waiters.last);
	ASSERT_EQ(self.woken, 0);
}

TEST_TASK(a_waiter_leaves_from_the_middle_of_the_queue, "D15")
{
	struct waiting self = {.event = WOK_EVENT_INIT};
	wok_task *tasks[5];

	for (int i = 0; i < 5; i++)
		tasks[i] = wok_create_task(wait_for, &self);
	test_settle();
	wok_task_free(tasks[2]);
	wok_task_free(tasks[0]);
	wok_task_free(tasks[4]);
	wok_event_set(&self.event);
	test_settle();
	ASSERT_EQ(self.woken, 2);
	wok_task_free(tasks[1]);
	wok_task_free(tasks[3]);
}

static int set_in_callback(void *event)
{
	wok_event_set(event);
	ASSERT_ERR(wok_event_wait(event), -EDEADLK);
	return 0;
}

TEST_TASK(a_callback_sets_an_event_and_cannot_wait_for_one)
{
	wok_event event = WOK_EVENT_INIT;

	wok_call_later(WOK_SECOND, set_in_callback, &event);
	ASSERT_OK(wok_event_wait(&event));
	ASSERT_EQ(wok_now(), WOK_SECOND);
}
