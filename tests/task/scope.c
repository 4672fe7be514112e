/* SPDX-License-Identifier: MIT */
/* Scopes own their children: joining, errors, cancellation. See wok/scope.h. */
#include <wok/wok.h>

#include "harness/test.h"

static int fail_with(void *code)
{
	return *(int *) code;
}

/* Counts the times that it was cancelled. */
static int wait_long(void *canceled)
{
	int r = wok_sleep(WOK_MINUTE);

	*(int *) canceled += r == -ECANCELED;
	return r;
}

struct hydra {
	wok_scope *scope;
	int depth;
	int *ended;
};

static int grow(void *arg)
{
	struct hydra *hydra = arg;
	struct hydra heads[2];

	WOK_TRY(wok_sleep(WOK_MS));
	for (int i = 0; i < 2 && hydra->depth > 0; i++) {
		heads[i] = (struct hydra){hydra->scope, hydra->depth - 1, hydra->ended};
		ASSERT_OK(wok_scope_spawn(hydra->scope, grow, &heads[i]));
	}
	/* The children borrow this frame: it waits for them by time alone. */
	WOK_TRY(wok_sleep(hydra->depth * WOK_SECOND));
	++*hydra->ended;
	return 0;
}

TEST_TASK(join_waits_for_children_that_are_spawned_meanwhile, "C15")
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int ended = 0;

	ASSERT_OK(wok_scope_new(&scope));
	struct hydra hydra = {scope, 4, &ended};
	ASSERT_OK(wok_scope_spawn(scope, grow, &hydra));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(ended, 31);
	ASSERT_EQ(wok_scope_children(scope), 0);
}

TEST_TASK(nothing_is_spawned_into_a_scope_that_was_joined, "C15")
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int code = 0;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_ERR(wok_scope_spawn(scope, fail_with, &code), -EINVAL);
	ASSERT_ERR(wok_scope_join(scope), -EINVAL);
}

TEST_TASK(the_first_error_cancels_the_siblings_and_the_body, "C16")
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int code = -EIO, canceled = 0;
	wok_time before = wok_now();

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_long, &canceled));
	ASSERT_OK(wok_scope_spawn(scope, fail_with, &code));
	ASSERT_ERR(wok_sleep(WOK_MINUTE), -ECANCELED);
	ASSERT(wok_scope_canceled(scope));
	ASSERT_ERR(wok_scope_join(scope), -EIO);
	ASSERT_EQ(canceled, 1);
	ASSERT_EQ(wok_now(), before);
}

TEST_TASK(a_child_spawned_after_the_error_starts_and_is_cancelled, "C16", "B19")
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int code = -EIO, canceled = 0;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, fail_with, &code));
	test_settle();
	ASSERT_OK(wok_scope_spawn(scope, wait_long, &canceled));
	ASSERT_ERR(wok_scope_join(scope), -EIO);
	ASSERT_EQ(canceled, 1);
}

TEST_TASK(all_errors_of_children_are_kept, "C16")
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int codes[] = {-EIO, -EPIPE, -ENOENT}, seen = 0;
	const wok_scope_error *errors;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_scope_spawn(scope, fail_with, &codes[i]));
	int first = wok_scope_join(scope);
	ASSERT_EQ(wok_scope_errors(scope, &errors), 3);
	ASSERT_EQ(first, errors[0].code);
	for (int i = 0; i < 3; i++) {
		ASSERT_STR(errors[i].task, "fail_with");
		ASSERT_STR(errors[i].message, wok_strerror(errors[i].code));
		seen |= errors[i].code == -EIO ? 1 : errors[i].code == -EPIPE ? 2 : 4;
	}
	ASSERT_EQ(seen, 7);
	ASSERT_EQ(errors[3].code, 0);
}

TEST_TASK(errors_beyond_the_sixty_fourth_are_counted)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	const wok_scope_error *errors;
	int code = -EIO;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 100; i++)
		ASSERT_OK(wok_scope_spawn(scope, fail_with, &code));
	ASSERT_ERR(wok_scope_join(scope), -EIO);
	ASSERT_EQ(wok_scope_errors(scope, &errors), 100);
	ASSERT_EQ(errors[63].code, -EIO);
	ASSERT_EQ(errors[64].code, 0);
}

/* Fails, but only when it is cancelled. */
static int fail_when_cancelled(void *code)
{
	return wok_sleep(WOK_MINUTE) == -ECANCELED ? *(int *) code : 0;
}

struct parent {
	int code;  /* of the child that fails when it is cancelled; 0: it does not fail */
	int join;  /* what the join gave */
	int after; /* what a wait after it gave */
	int canceled;
};

static int parent(void *arg)
{
	struct parent *self = arg;
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_long, &self->canceled));
	if (self->code)
		ASSERT_OK(wok_scope_spawn(scope, fail_when_cancelled, &self->code));
	self->join = wok_scope_join(scope);
	ASSERT_EQ(wok_scope_children(scope), 0);
	self->after = wok_yield();
	return self->join;
}

TEST_TASK(cancelling_a_join_cancels_the_children_and_waits_for_them, "C17", "B7")
{
	struct parent self = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(parent, &self);

	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(self.join, -ECANCELED);
	ASSERT_EQ(self.canceled, 1);
}

TEST_TASK(an_error_and_an_outer_cancel_both_survive, "C18", "C17")
{
	struct parent self = {.code = -EIO};
	WOK_AUTO(wok_task) *task = wok_create_task(parent, &self);

	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), -EIO);
	ASSERT_EQ(self.join, -EIO);
	ASSERT_EQ(self.after, -ECANCELED);
}

TEST_TASK(an_inner_scope_passes_the_cancel_of_the_outer_one_through, "C18")
{
	WOK_AUTO(wok_scope) *outer = NULL;
	WOK_AUTO(wok_scope) *inner = NULL;
	int canceled = 0;

	ASSERT_OK(wok_scope_new(&outer));
	ASSERT_OK(wok_scope_new(&inner));
	ASSERT_OK(wok_scope_spawn(inner, wait_long, &canceled));
	test_settle();
	wok_scope_cancel(inner, NULL);
	wok_scope_cancel(outer, NULL);
	ASSERT_ERR(wok_scope_join(inner), -ECANCELED);
	ASSERT_ERR(wok_yield(), -ECANCELED);
	ASSERT_OK(wok_scope_join(outer));
	ASSERT_OK(wok_yield());
	ASSERT_EQ(canceled, 1);
}

TEST_TASK(a_scope_absorbs_the_cancel_that_it_caused, "C19")
{
	WOK_AUTO(wok_scope) *by_call = NULL;
	WOK_AUTO(wok_scope) *by_error = NULL;
	int canceled = 0, code = -EIO;

	ASSERT_OK(wok_scope_new(&by_call));
	ASSERT_OK(wok_scope_spawn(by_call, wait_long, &canceled));
	wok_scope_cancel(by_call, "enough");
	ASSERT_ERR(wok_yield(), -ECANCELED);
	ASSERT_OK(wok_scope_join(by_call));
	ASSERT_OK(wok_yield());

	ASSERT_OK(wok_scope_new(&by_error));
	ASSERT_OK(wok_scope_spawn(by_error, fail_with, &code));
	ASSERT_ERR(wok_scope_join(by_error), -EIO);
	ASSERT_OK(wok_yield());
}

struct level {
	int depth;
	int *canceled;
};

static int descend(void *arg)
{
	struct level *self = arg;
	struct level below[2] = {{self->depth - 1, self->canceled},
				 {self->depth - 1, self->canceled}};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 2 && self->depth > 0; i++)
		ASSERT_OK(wok_scope_spawn(scope, descend, &below[i]));
	return wait_long(self->canceled);
}

TEST_TASK(a_cancel_reaches_every_descendant_in_one_pass, "C22")
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int canceled = 0;
	struct level top = {6, &canceled};

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, descend, &top));
	test_settle();
	wok_scope_cancel(scope, NULL);
	WOK_SHIELD (WOK_SECOND) {
		/* Everybody was woken at once, and has its turn by the second of ours. */
		ASSERT_OK(wok_yield());
		ASSERT_OK(wok_yield());
		ASSERT_EQ(canceled, 127);
	}
	ASSERT_OK(wok_scope_join(scope));
}

TEST_TASK(a_scope_that_keeps_going_lets_the_others_finish)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int code = -EIO, canceled = 0;

	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.keep_going = true}, &scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_long, &canceled));
	ASSERT_OK(wok_scope_spawn(scope, fail_with, &code));
	ASSERT_ERR(wok_scope_join(scope), -EIO);
	ASSERT_EQ(canceled, 0);
	ASSERT_EQ(wok_now(), WOK_MINUTE);
}

TEST_TASK(a_scope_whose_time_has_run_out_before_is_cancelled_from_the_start, "C4")
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.timeout = -1}, &scope));
	ASSERT_ERR(wok_yield(), -ECANCELED);
	ASSERT_ERR(wok_scope_join(scope), -ETIMEDOUT);
	ASSERT_OK(wok_yield());
}

TEST_TASK(the_time_limit_of_a_scope_ends_its_children)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int canceled = 0;

	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.timeout = WOK_SECOND}, &scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_long, &canceled));
	ASSERT_OK(wok_scope_set_deadline(scope, 2 * WOK_SECOND));
	ASSERT_ERR(wok_scope_join(scope), -ETIMEDOUT);
	ASSERT_EQ(canceled, 1);
	ASSERT_EQ(wok_now(), 2 * WOK_SECOND);
	ASSERT_ERR(wok_scope_set_deadline(scope, WOK_FOREVER), -ESTALE);
}

/* Ends a while after it was cancelled. */
static int end_late(void *unused)
{
	(void) unused;
	WOK_IGNORE(wok_sleep(WOK_MINUTE));
	WOK_SHIELD (WOK_MINUTE) {
		ASSERT_OK(wok_sleep(3 * WOK_SECOND));
	}
	return 0;
}

TEST_TASK(a_deadline_that_passes_after_a_cancel_changes_nothing)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.timeout = WOK_SECOND}, &scope));
	ASSERT_OK(wok_scope_spawn(scope, end_late, NULL));
	test_settle();
	wok_scope_cancel(scope, NULL);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(wok_now(), 3 * WOK_SECOND);
}

static int spawn_and_return_early(void *canceled)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, wait_long, canceled));
	WOK_TRY(wok_yield());
	return -EIO;
}

TEST_TASK(an_early_return_cancels_and_joins_the_children)
{
	int canceled = 0;

	ASSERT_ERR(spawn_and_return_early(&canceled), -EIO);
	ASSERT_EQ(canceled, 1);
	ASSERT_EQ(wok_now(), 0);
}

static void note_free(void *arg)
{
	++*(int *) arg;
}

TEST_TASK(an_argument_is_freed_when_its_child_cannot_start)
{
	const wok_task_options options = {.arg_free = note_free};
	WOK_AUTO(wok_scope) *scope = NULL;
	int freed = 0;

	ASSERT_OK(wok_scope_new(&scope));
	wok_test_fail_allocation(1, false);
	int r = wok_scope_spawn_with(scope, fail_with, &freed, &options);
	wok_test_fail_allocation(0, false);
	ASSERT_ERR(r, -ENOMEM);
	ASSERT_EQ(freed, 1);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_ERR(wok_scope_spawn_with(scope, fail_with, &freed, &options), -EINVAL);
	ASSERT_EQ(freed, 2);
}

TEST_TASK(a_scope_lost_its_memory_for_errors_and_still_tells_the_first)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	const wok_scope_error *errors;
	int code = -EIO;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, fail_with, &code));
	wok_test_fail_allocation(1, true);
	test_settle();
	wok_test_fail_allocation(0, false);
	ASSERT_EQ(wok_scope_errors(scope, &errors), 1);
	ASSERT_EQ(errors[0].code, 0);
	ASSERT_ERR(wok_scope_join(scope), -EIO);
}
