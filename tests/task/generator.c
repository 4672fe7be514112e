/* SPDX-License-Identifier: MIT */
/* Generators: see wok/generator.h. */
#include <wok/wok.h>

#include "harness/test.h"

static int count_to(void *arg)
{
	for (int i = 0; i < *(int *) arg; i++) {
		WOK_TRY(wok_sleep(WOK_SECOND));
		WOK_TRY(wok_gen_yield(&i));
	}
	return 0;
}

TEST_TASK(a_generator_hands_out_its_values_and_ends)
{
	int five = 5, r, i, n = 0;
	WOK_AUTO(wok_gen) *gen = NULL;

	ASSERT_OK(wok_gen_new(count_to, &five, sizeof(int), &gen));
	ASSERT_OK(wok_sleep(WOK_MINUTE)); /* it is lazy: nothing runs before it is asked */
	while ((r = wok_gen_next(gen, &i)) > 0) {
		ASSERT_EQ(i, n++);
		ASSERT_EQ(wok_now(), WOK_MINUTE + n * WOK_SECOND);
	}
	ASSERT_EQ(r, 0);
	ASSERT_EQ(n, 5);
	ASSERT_EQ(wok_gen_next(gen, &i), 0);
	ASSERT_OK(wok_gen_close(gen));
}

struct body {
	int fail_at;
	int yielded;
	int cleaned; /* its clean-up ran, and could wait */
	int last;    /* what the last yield said */
};

static int clean_up(struct body *body)
{
	WOK_SHIELD (WOK_MINUTE) {
		WOK_TRY(wok_sleep(WOK_SECOND));
		body->cleaned++;
	}
	return 0;
}

static int produce(void *arg)
{
	struct body *body = arg;
	int i = 0;

	do {
		body->yielded = i;
		body->last = wok_gen_yield(&i);
	} while (body->last == 0 && ++i != body->fail_at);
	WOK_TRY(clean_up(body));
	return body->last < 0 ? body->last : wok_fail(-EIO, "no more after %d", i);
}

TEST_TASK(the_body_goes_on_only_when_the_next_is_asked_for)
{
	struct body body = {.fail_at = -1};
	WOK_AUTO(wok_gen) *gen = NULL;
	int i;

	ASSERT_OK(wok_gen_new(produce, &body, sizeof(int), &gen));
	ASSERT_EQ(wok_gen_next(gen, &i), 1);
	ASSERT_EQ(wok_gen_next(gen, &i), 1);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	ASSERT_EQ(i, 1);
	ASSERT_EQ(body.yielded, 1);
}

TEST_TASK(the_error_of_the_body_comes_once_with_its_message)
{
	struct body body = {.fail_at = 2};
	WOK_AUTO(wok_gen) *gen = NULL;
	int i, n = 0, r;

	ASSERT_OK(wok_gen_new(produce, &body, sizeof(int), &gen));
	while ((r = wok_gen_next(gen, &i)) > 0)
		n++;
	ASSERT_ERR(r, -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "no more after 2");
	ASSERT_EQ(n, 2);
	ASSERT_EQ(wok_gen_next(gen, &i), 0);
}

TEST_TASK(closing_early_runs_the_clean_up_which_may_wait)
{
	struct body body = {.fail_at = -1};
	wok_gen *gen = NULL;
	int i;

	ASSERT_OK(wok_gen_new(produce, &body, sizeof(int), &gen));
	ASSERT_EQ(wok_gen_next(gen, &i), 1);
	ASSERT_OK(wok_gen_close(gen));
	ASSERT_EQ(body.cleaned, 1);
	ASSERT_ERR(body.last, -ECANCELED);
	ASSERT_EQ(wok_now(), WOK_SECOND);
	ASSERT_EQ(wok_gen_next(gen, &i), 0);
	wok_gen_free(gen);
}

TEST_TASK(freeing_early_runs_the_clean_up_too)
{
	struct body body = {.fail_at = -1};
	int i;

	{
		WOK_AUTO(wok_gen) *gen = NULL;
		ASSERT_OK(wok_gen_new(produce, &body, sizeof(int), &gen));
		ASSERT_EQ(wok_gen_next(gen, &i), 1);
	}
	ASSERT_EQ(body.cleaned, 1);
}

static int yield_and_fail(void *unused)
{
	int i = 0;

	(void) unused;
	WOK_IGNORE(wok_gen_yield(&i));
	return wok_fail(-ENOSPC, "could not flush");
}

TEST_TASK(closing_tells_how_the_clean_up_failed)
{
	WOK_AUTO(wok_gen) *gen = NULL;
	int i;

	ASSERT_OK(wok_gen_new(yield_and_fail, NULL, sizeof(int), &gen));
	ASSERT_EQ(wok_gen_next(gen, &i), 1);
	ASSERT_ERR(wok_gen_close(gen), -ENOSPC);
	ASSERT_STR(wok_errmsg(-ENOSPC), "could not flush");
	ASSERT_OK(wok_gen_close(gen));
}

TEST_TASK(one_that_was_never_asked_is_closed_without_running)
{
	struct body body = {.last = 7};
	WOK_AUTO(wok_gen) *gen = NULL;
	int i;

	ASSERT_OK(wok_gen_new(produce, &body, sizeof(int), &gen));
	ASSERT_OK(wok_gen_close(gen));
	ASSERT_EQ(wok_gen_next(gen, &i), 0);
	ASSERT_EQ(body.last, 7);
}

struct asker {
	wok_gen *gen;
	int r, item;
};

static int ask(void *arg)
{
	struct asker *asker = arg;

	asker->r = wok_gen_next(asker->gen, &asker->item);
	return asker->r;
}

TEST_TASK(cancelling_who_asks_loses_no_value)
{
	int five = 5, i;
	WOK_AUTO(wok_gen) *gen = NULL;

	ASSERT_OK(wok_gen_new(count_to, &five, sizeof(int), &gen));
	struct asker asker = {.gen = gen};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &asker);
	ASSERT_OK(wok_sleep(500 * WOK_MS));
	ASSERT_ERR(wok_gen_next(gen, &i), -EBUSY);
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_OK(wok_sleep(WOK_MINUTE)); /* meanwhile the body has come to its first yield */
	for (int k = 0; k < 5; k++) {
		ASSERT_EQ(wok_gen_next(gen, &i), 1);
		ASSERT_EQ(i, k);
	}
	ASSERT_EQ(wok_gen_next(gen, &i), 0);
}

TEST_TASK(a_value_that_came_before_the_cancel_is_returned)
{
	struct body body = {.fail_at = -1};
	WOK_AUTO(wok_gen) *gen = NULL;

	ASSERT_OK(wok_gen_new(produce, &body, sizeof(int), &gen));
	struct asker asker = {.gen = gen, .item = -1};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &asker);
	while (wok_task_result(task) == -EBUSY && asker.item < 0)
		ASSERT_OK(wok_yield());
	wok_cancel(task); /* the value is in its buffer, and it has not run yet, or it has */
	WOK_IGNORE(wok_await(task));
	ASSERT_EQ(asker.r, 1);
	ASSERT_EQ(asker.item, 0);
}

static int ask_oneself(void *arg)
{
	int i = 0;

	ASSERT_ERR(wok_gen_next(*(wok_gen **) arg, &i), -EDEADLK);
	ASSERT_ERR(wok_gen_close(*(wok_gen **) arg), -EDEADLK);
	return 0;
}

TEST_TASK(misuse_is_an_error)
{
	WOK_AUTO(wok_gen) *gen = NULL;
	int i = 0;

	ASSERT_ERR(wok_gen_yield(&i), -EINVAL);
	ASSERT_OK(wok_gen_new(ask_oneself, &gen, sizeof(int), &gen));
	ASSERT_EQ(wok_gen_next(gen, &i), 0);
}

static int await_consumer(void *consumer)
{
	return wok_await(consumer);
}

TEST_TASK(a_generator_that_awaits_who_asks_it_is_refused)
{
	WOK_AUTO(wok_gen) *gen = NULL;
	int i;

	ASSERT_OK(wok_gen_new(await_consumer, wok_current_task(), sizeof(int), &gen));
	ASSERT_ERR(wok_gen_next(gen, &i), -EDEADLK);
}

static int relay(void *gen)
{
	int i, r;

	while ((r = wok_gen_next(gen, &i)) > 0) {
		i *= 2;
		WOK_TRY(wok_gen_yield(&i));
	}
	return r;
}

TEST_TASK(generators_nest_and_collect_into_an_array)
{
	WOK_AUTO(wok_gen) *numbers = NULL;
	WOK_AUTO(wok_gen) *doubled = NULL;
	int ten = 10, *items = NULL;
	size_t n = 0;

	ASSERT_OK(wok_gen_new(count_to, &ten, sizeof(int), &numbers));
	ASSERT_OK(wok_gen_new(relay, numbers, sizeof(int), &doubled));
	ASSERT_OK(wok_gen_collect(doubled, 4, &items, &n));
	ASSERT_EQ(n, 4);
	ASSERT_EQ(items[3], 6);
	wok_free(items);
	ASSERT_OK(wok_gen_collect(doubled, 0, &items, &n));
	ASSERT_EQ(n, 6);
	ASSERT(items[0] == 8 && items[5] == 18);
	wok_free(items);
	ASSERT_OK(wok_gen_collect(doubled, 0, &items, &n));
	ASSERT(n == 0 && items == NULL);
}

static int collect_all(void *arg)
{
	WOK_AUTO(wok_gen) *gen = NULL;
	int *items = NULL;
	size_t n = 0;

	WOK_TRY(wok_gen_new(count_to, arg, sizeof(int), &gen));
	WOK_TRY(wok_gen_collect(gen, 0, &items, &n));
	ASSERT_EQ(n, 20);
	wok_free(items);
	return 0;
}

TEST_TASK(each_allocation_may_fail, "G3")
{
	int twenty = 20, r = -ENOMEM;

	for (int n = 1; r < 0; n++) {
		wok_test_fail_allocation((uint64_t) n, false);
		r = collect_all(&twenty);
		ASSERT(r == 0 || r == -ENOMEM);
		ASSERT(n < 50);
	}
	wok_test_fail_allocation(0, false);
}
