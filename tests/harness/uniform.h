/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_UNIFORM_H
#define WOK_TEST_UNIFORM_H
/*
 * Calls that wait, under the same conditions, row by row: all of them are to answer alike. A table
 * says what there is to call; the checks here are the same for each.
 */
#include <wok/wok.h>

#include "harness/test.h"

struct uniform_row {
	const char *name;
	wok_fn *call;        /* waits; returns 0 when it has got what it waited for */
	void (*grant)(void); /* gives it that; NULL: it is time that has to pass */
	void (*end)(void);   /* shuts down, cancels or frees what it waits for; NULL */
	int ended;           /* what the call returns then */
	int in_callback;     /* what it returns there; 0: -EDEADLK */
};

struct uniform_table {
	const struct uniform_row *rows;
	size_t n;
	void (*make)(void); /* everything anew, for each row */
	void (*clean)(void);
};

typedef void uniform_check(const struct uniform_row *row);

static inline void uniform_each(const struct uniform_table *table, uniform_check *check)
{
	for (size_t i = 0; i < table->n; i++) {
		table->make();
		check(&table->rows[i]);
		table->clean();
	}
}

static inline void uniform_expect(const struct uniform_row *row, const char *when, int result,
				  int code)
{
	if (result != code)
		FAIL("%s, %s: %s, not %s", row->name, when, wok_errname(result), wok_errname(code));
}

/* A row's call in a task of its own. */
struct uniform_caller {
	const struct uniform_row *row;
	int result;
	int next; /* what the next checkpoint said */
};

static inline int uniform_call(void *arg)
{
	struct uniform_caller *self = arg;

	self->result = self->row->call(NULL);
	self->next = wok_yield();
	return self->result;
}

static inline int uniform_call_for_a_second(void *arg)
{
	return wok_wait_for(uniform_call, arg, WOK_SECOND);
}

static inline int uniform_call_too_late(void *arg)
{
	return wok_wait_for(uniform_call, arg, -1);
}

static inline void uniform_expect_waiting(const struct uniform_caller *self, const wok_task *task)
{
	if (wok_task_done(task))
		FAIL("%s does not wait: %s", self->row->name, wok_errname(self->result));
}

/* --- the checks --------------------------------------------------------------------------------
 */

static inline int uniform_call_canceled(void *arg)
{
	wok_cancel(wok_current_task());
	return uniform_call(arg);
}

static inline void uniform_canceled_before(const struct uniform_row *row)
{
	struct uniform_caller self = {row, 1, 1};
	wok_time now = wok_now();
	WOK_AUTO(wok_task) *task = wok_create_task(uniform_call_canceled, &self);

	uniform_expect(row, "cancelled before, its task", wok_await(task), WOK_ETASKCANCELED);
	uniform_expect(row, "cancelled before", self.result, -ECANCELED);
	ASSERT_EQ(wok_now(), now);
}

static inline void uniform_past_deadline(const struct uniform_row *row)
{
	struct uniform_caller self = {row, 1, 1};
	wok_time now = wok_now();
	WOK_AUTO(wok_task) *task = wok_create_task(uniform_call_too_late, &self);

	uniform_expect(row, "too late", wok_await(task), -ETIMEDOUT);
	uniform_expect(row, "in a limit that has passed", self.result, -ECANCELED);
	ASSERT_EQ(wok_now(), now);
}

static inline void uniform_canceled_during(const struct uniform_row *row)
{
	struct uniform_caller self = {row, 1, 1};
	WOK_AUTO(wok_task) *task = wok_create_task(uniform_call, &self);

	test_settle();
	uniform_expect_waiting(&self, task);
	ASSERT(wok_cancel(task));
	uniform_expect(row, "cancelled, its task", wok_await(task), WOK_ETASKCANCELED);
	uniform_expect(row, "cancelled during", self.result, -ECANCELED);
}

static inline void uniform_out_of_time(const struct uniform_row *row)
{
	struct uniform_caller self = {row, 1, 1};
	WOK_AUTO(wok_task) *task = wok_create_task(uniform_call_for_a_second, &self);

	test_settle();
	uniform_expect_waiting(&self, task);
	wok_test_advance(WOK_SECOND);
	uniform_expect(row, "out of time", wok_await(task), -ETIMEDOUT);
	uniform_expect(row, "in the limit", self.result, -ECANCELED);
}

/* A cancel so many ticks after what was waited for has come: it is lost for neither. */
static inline bool uniform_canceled_after(const struct uniform_row *row, int ticks)
{
	struct uniform_caller self = {row, 1, 1};
	WOK_AUTO(wok_task) *task = wok_create_task(uniform_call, &self);

	test_settle();
	uniform_expect_waiting(&self, task);
	row->grant();
	for (int i = 0; i < ticks; i++)
		ASSERT_OK(wok_yield());
	bool returned = self.result != 1;
	bool canceled = wok_cancel(task);
	WOK_IGNORE(wok_await(task));
	if (self.result != -ECANCELED)
		uniform_expect(row, "granted", self.result, 0);
	/* It had what it waited for, and not run since: then the next wait tells. */
	if (canceled && !returned)
		uniform_expect(row, "granted, the next time", self.next, -ECANCELED);
	return canceled;
}

static inline void uniform_ended_during(const struct uniform_row *row)
{
	struct uniform_caller self = {row, 1, 1};

	if (!row->end)
		return;
	WOK_AUTO(wok_task) *task = wok_create_task(uniform_call, &self);
	test_settle();
	uniform_expect_waiting(&self, task);
	row->end();
	uniform_expect(row, "ended during", wok_await(task), row->ended);
	ASSERT_OK(self.next);
}

static inline int uniform_call_here(void *arg)
{
	struct uniform_caller *self = arg;

	self->result = self->row->call(NULL);
	return 0;
}

static inline void uniform_in_callback(const struct uniform_row *row)
{
	struct uniform_caller self = {row, 1, 1};

	wok_call_soon(uniform_call_here, &self);
	test_settle();
	uniform_expect(row, "in a callback", self.result,
		       row->in_callback ? row->in_callback : -EDEADLK);
}

static inline void uniform_on_big_stack(const struct uniform_row *row)
{
	struct uniform_caller self = {row, 1, 1};

	ASSERT_OK(wok_on_big_stack(uniform_call_here, &self));
	uniform_expect(row, "on the large stack", self.result, -EDEADLK);
}

/* The tests of a table: each of these conditions for each of its rows. */
#define UNIFORM_TESTS(table)                                                                       \
	static void canceled_around_the_grant(const struct uniform_row *row)                       \
	{                                                                                          \
		bool canceled = row->grant != NULL;                                                \
                                                                                                   \
		for (int ticks = 0; canceled && ticks < 20; ticks++) {                             \
			canceled = uniform_canceled_after(row, ticks);                             \
			(table)->clean();                                                          \
			(table)->make();                                                           \
		}                                                                                  \
	}                                                                                          \
	TEST_TASK(each_call_of_a_cancelled_task_fails_at_once, "G14")                              \
	{                                                                                          \
		uniform_each((table), uniform_canceled_before);                                    \
	}                                                                                          \
	TEST_TASK(each_call_whose_time_is_over_fails_at_once, "G14")                               \
	{                                                                                          \
		uniform_each((table), uniform_past_deadline);                                      \
	}                                                                                          \
	TEST_TASK(each_call_ends_when_its_task_is_cancelled, "G14")                                \
	{                                                                                          \
		uniform_each((table), uniform_canceled_during);                                    \
	}                                                                                          \
	TEST_TASK(each_call_ends_when_its_time_is_over, "G14")                                     \
	{                                                                                          \
		uniform_each((table), uniform_out_of_time);                                        \
	}                                                                                          \
	TEST_TASK(each_call_loses_neither_its_result_nor_a_cancel_in_the_same_tick, "G14", "B5")   \
	{                                                                                          \
		uniform_each((table), canceled_around_the_grant);                                  \
	}                                                                                          \
	TEST_TASK(each_call_ends_when_what_it_waits_for_does, "G14")                               \
	{                                                                                          \
		uniform_each((table), uniform_ended_during);                                       \
	}                                                                                          \
	TEST_TASK(each_call_in_a_callback_is_refused, "G14")                                       \
	{                                                                                          \
		uniform_each((table), uniform_in_callback);                                        \
	}                                                                                          \
	TEST_TASK(each_call_on_the_large_stack_is_refused, "G14")                                  \
	{                                                                                          \
		uniform_each((table), uniform_on_big_stack);                                       \
	}
#endif
