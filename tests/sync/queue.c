/* SPDX-License-Identifier: MIT */
/* Queues, putting and getting: see wok/queue.h. Their end is in queue_end.c. */
#include <wok/wok.h>

#include "harness/test.h"

enum { N = 6 };

static wok_queue *new_queue(size_t maxsize)
{
	wok_queue *queue = NULL;

	ASSERT_OK(wok_queue_new(sizeof(int), maxsize, &queue));
	return queue;
}

static void put(wok_queue *queue, int item)
{
	ASSERT_OK(wok_queue_put(queue, &item));
}

static int get(wok_queue *queue)
{
	int item = -1;

	ASSERT_OK(wok_queue_try_get(queue, &item));
	return item;
}

TEST_TASK(a_queue_gives_out_what_came_first)
{
	WOK_AUTO(wok_queue) *queue = new_queue(0);
	int item = 7;

	ASSERT(wok_queue_empty(queue) && !wok_queue_full(queue));
	ASSERT_ERR(wok_queue_try_get(queue, &item), -EAGAIN);
	ASSERT_EQ(item, 7);
	/* The ring grows, also where it has wrapped around. */
	for (int i = 0, next = 0; i < 5000; i++) {
		put(queue, i);
		if (i % 3 == 0)
			ASSERT_EQ(get(queue), next++);
		ASSERT_EQ(wok_queue_size(queue), i + 1 - next);
	}
	for (int next = 1667; next < 5000; next++)
		ASSERT_EQ(get(queue), next);
	ASSERT(wok_queue_empty(queue));
}

TEST_TASK(a_lifo_queue_gives_out_what_came_last)
{
	WOK_AUTO(wok_queue) *queue = NULL;

	ASSERT_OK(wok_lifo_queue_new(sizeof(int), 100, &queue));
	for (int i = 0; i < 100; i++)
		put(queue, i);
	ASSERT(wok_queue_full(queue));
	for (int i = 99; i >= 50; i--)
		ASSERT_EQ(get(queue), i);
	put(queue, 1000);
	ASSERT_EQ(get(queue), 1000);
	for (int i = 49; i >= 0; i--)
		ASSERT_EQ(get(queue), i);
}

struct job {
	char name[13];
	unsigned char urgency;
	short number;
};

static int by_urgency(const void *a, const void *b)
{
	return ((const struct job *) a)->urgency - ((const struct job *) b)->urgency;
}

TEST_TASK(a_priority_queue_gives_out_the_least_and_of_equals_the_oldest)
{
	WOK_AUTO(wok_queue) *queue = NULL;
	struct job job = {"", 0, 0}, last = {"", 0, 0};
	uint32_t state = 12345;
	int in = 0, out = 0;

	ASSERT_OK(wok_priority_queue_new(sizeof(job), 0, by_urgency, &queue));
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 100; i++) {
			state = state * 1664525 + 1013904223;
			job.urgency = (unsigned char) (state >> 28);
			job.number = (short) in++;
			ASSERT_OK(wok_queue_put(queue, &job));
		}
		last = (struct job){"", 0, -1};
		for (int i = 0; i < (round == 19 ? in - out : 60); i++) {
			ASSERT_OK(wok_queue_get(queue, &job));
			ASSERT(job.urgency > last.urgency ||
			       (job.urgency == last.urgency && job.number > last.number));
			last = job;
		}
		out += round == 19 ? 0 : 60;
	}
	ASSERT(wok_queue_empty(queue));
}

/* --- waiting ---------------------------------------------------------------------------------- */

struct flow {
	wok_queue *queue;
	int next;    /* what is put next */
	int got[64]; /* in the order in which the getters ran */
	int n_got;
	wok_task *asked[N];
	int n_asked;
	int item_of[N]; /* what the getter that asked as i-th got */
};

static int get_one(void *arg)
{
	struct flow *flow = arg;
	int item = -1, i = flow->n_asked++;

	flow->asked[i] = wok_current_task();
	flow->item_of[i] = -1;
	int r = wok_queue_get(flow->queue, &item);
	if (r == 0)
		flow->item_of[i] = flow->got[flow->n_got++] = item;
	else
		ASSERT_EQ(item, -1);
	return r;
}

static int put_one(void *arg)
{
	struct flow *flow = arg;
	int item = flow->next++;

	flow->asked[flow->n_asked++] = wok_current_task();
	return wok_queue_put(flow->queue, &item);
}

static void start(struct flow *flow, wok_fn *fn, wok_task **tasks, int n)
{
	flow->n_asked = 0;
	for (int i = 0; i < n; i++)
		tasks[i] = wok_create_task(fn, flow);
	test_settle();
	ASSERT_EQ(flow->n_asked, n);
}

static void finish(wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		wok_task_free(tasks[i]);
}

TEST_TASK(getters_wait_in_line_and_the_size_counts_what_nobody_has_taken)
{
	struct flow flow = {.queue = new_queue(0)};
	wok_task *tasks[N];
	int item;

	start(&flow, get_one, tasks, N);
	for (int i = 0; i < N; i++) {
		put(flow.queue, i);
		ASSERT_EQ(wok_queue_size(flow.queue), i + 1);
	}
	/* They are reserved: a late-comer cannot have one. */
	ASSERT_ERR(wok_queue_try_get(flow.queue, &item), -EAGAIN);
	test_settle();
	ASSERT(wok_queue_empty(flow.queue));
	for (int i = 0; i < N; i++)
		ASSERT_EQ(flow.item_of[i], i);
	finish(tasks, N);
	wok_queue_free(flow.queue);
}

TEST_TASK(putters_wait_while_the_queue_is_full_and_come_in_in_their_order)
{
	struct flow flow = {.queue = new_queue(2)};
	wok_task *tasks[N];
	int item = 99;

	start(&flow, put_one, tasks, N);
	ASSERT(wok_queue_full(flow.queue));
	ASSERT_ERR(wok_queue_try_put(flow.queue, &item), -EAGAIN);
	for (int i = 0; i < N; i++) {
		ASSERT_EQ(get(flow.queue), i);
		/* The next one is in at once: there was never room for a late-comer. */
		if (i < N - 2)
			ASSERT_ERR(wok_queue_try_put(flow.queue, &item), -EAGAIN);
	}
	test_settle();
	for (int i = 0; i < N; i++)
		ASSERT_OK(wok_task_result(tasks[i]));
	finish(tasks, N);
	wok_queue_free(flow.queue);
}

TEST_TASK(an_item_that_was_handed_to_a_getter_before_its_cancel_is_not_lost, "D13")
{
	struct flow flow = {.queue = new_queue(0)};
	wok_task *tasks[2];

	start(&flow, get_one, tasks, 2);
	put(flow.queue, 1);
	wok_cancel(flow.asked[0]); /* it has the item, and returns it */
	put(flow.queue, 2);
	ASSERT_EQ(wok_gather(tasks, 2, WOK_COLLECT), 0);
	ASSERT_EQ(flow.item_of[0], 1);
	ASSERT_EQ(flow.item_of[1], 2);
	finish(tasks, 2);
	wok_queue_free(flow.queue);
}

TEST_TASK(an_item_that_comes_after_the_cancel_of_its_getter_goes_to_the_next, "D13", "D15")
{
	struct flow flow = {.queue = new_queue(0)};
	wok_task *tasks[N];

	start(&flow, get_one, tasks, N);
	for (int i = 0; i < N; i += 2)
		wok_cancel(flow.asked[i]);
	for (int i = 0; i < N; i++)
		put(flow.queue, i);
	ASSERT_EQ(wok_gather(tasks, N, WOK_COLLECT), N / 2);
	for (int i = 0; i < N; i++)
		ASSERT_EQ(flow.item_of[i], i % 2 ? i / 2 : -1);
	for (int i = N / 2; i < N; i++)
		ASSERT_EQ(get(flow.queue), i);
	finish(tasks, N);
	wok_queue_free(flow.queue);
}

TEST_TASK(a_deadline_at_the_tick_of_the_item_does_not_lose_it, "D13")
{
	struct flow flow = {.queue = new_queue(0)};

	for (int i = 0; i < 20; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(put_one, &flow);
		flow.n_asked = 0;
		int r = wok_wait_for(get_one, &flow, i % 2);
		ASSERT(r == 0 || r == -ETIMEDOUT);
		ASSERT_OK(wok_await(task));
	}
	ASSERT_EQ((size_t) flow.n_got + wok_queue_size(flow.queue), 20);
	for (int i = 0; i < flow.n_got; i++)
		ASSERT_EQ(flow.got[i], i);
	wok_queue_free(flow.queue);
}

TEST_TASK(a_putter_that_is_cancelled_puts_nothing, "D15", "D16")
{
	struct flow flow = {.queue = new_queue(1)};
	wok_task *tasks[N];

	start(&flow, put_one, tasks, N);
	for (int i = 1; i < N; i += 2)
		wok_cancel(flow.asked[i]);
	for (int i = 0; i < N; i += 2)
		ASSERT_EQ(get(flow.queue), i);
	ASSERT(wok_queue_empty(flow.queue));
	ASSERT_EQ(wok_gather(tasks, N, WOK_COLLECT), N / 2);
	finish(tasks, N);
	/* One that was let in, and is cancelled before it runs, has put its item. */
	start(&flow, put_one, tasks, 2);
	ASSERT_EQ(get(flow.queue), N);
	wok_cancel(flow.asked[1]);
	ASSERT_EQ(wok_gather(tasks, 2, WOK_COLLECT), 0);
	ASSERT_EQ(get(flow.queue), N + 1);
	finish(tasks, 2);
	wok_queue_free(flow.queue);
}

TEST_TASK(putting_and_getting_are_checkpoints_even_when_they_need_not_wait)
{
	WOK_AUTO(wok_queue) *queue = new_queue(0);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int item = 1;
	uint64_t before = wok_test_checkpoints();

	ASSERT_OK(wok_queue_put(queue, &item));
	ASSERT_OK(wok_queue_get(queue, &item));
	ASSERT_OK(wok_queue_task_done(queue));
	ASSERT_OK(wok_queue_join(queue));
	ASSERT_EQ(wok_test_checkpoints(), before + 3);
	before = wok_test_checkpoints();
	ASSERT_OK(wok_queue_try_put(queue, &item));
	ASSERT_OK(wok_queue_try_get(queue, &item));
	ASSERT_EQ(wok_test_checkpoints(), before);
	put(queue, 5);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_queue_put(queue, &item), -ECANCELED);
		ASSERT_ERR(wok_queue_get(queue, &item), -ECANCELED);
		ASSERT_ERR(wok_queue_next(queue, &item), -ECANCELED);
		ASSERT_ERR(wok_queue_join(queue), -ECANCELED);
	}
	ASSERT_EQ(wok_queue_size(queue), 1);
}

static int put_in_callback(void *queue)
{
	int item = 3;

	ASSERT_ERR(wok_queue_put(queue, &item), -EDEADLK);
	ASSERT_ERR(wok_queue_get(queue, &item), -EDEADLK);
	ASSERT_OK(wok_queue_try_put(queue, &item));
	return 0;
}

TEST_TASK(a_callback_puts_without_waiting)
{
	WOK_AUTO(wok_queue) *queue = new_queue(1);
	int item;

	wok_call_later(WOK_SECOND, put_in_callback, queue);
	ASSERT_OK(wok_queue_get(queue, &item));
	ASSERT_EQ(item, 3);
}

TEST_TASK(a_queue_that_cannot_be_is_refused)
{
	wok_queue *queue = NULL;

	ASSERT_ERR(wok_queue_new(0, 1, &queue), -EINVAL);
	ASSERT_ERR(wok_queue_new(SIZE_MAX, 1, &queue), -EINVAL);
	ASSERT_ERR(wok_lifo_queue_new(0, 1, &queue), -EINVAL);
	ASSERT_ERR(wok_priority_queue_new(4, 1, NULL, &queue), -EINVAL);
	ASSERT(!queue);
	wok_queue_free(NULL);
}

/* --- conservation ----------------------------------------------------------------------------- */

struct crowd {
	wok_queue *queue;
	int put, got;      /* how many */
	long long in, out; /* and their sums */
	int next;
	int putters_left;
};

static int put_many(void *arg)
{
	struct crowd *crowd = arg;

	for (int i = 0; i < 40; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int item = ++crowd->next, r = 0;
		WOK_TIMEOUT (&timeout, (i * 7 % 5) * WOK_MS) {
			r = wok_queue_put(crowd->queue, &item);
		}
		if (r == 0) {
			crowd->put++;
			crowd->in += item;
		}
		WOK_TRY(i % 3 == 0 ? wok_sleep((i * 3 % 4) * WOK_MS) : wok_yield());
	}
	return 0;
}

static int get_many(void *arg)
{
	struct crowd *crowd = arg;

	for (int i = 0; i < 40; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int item = 0, r = 0;
		WOK_TIMEOUT (&timeout, (i * 5 % 7) * WOK_MS) {
			r = wok_queue_get(crowd->queue, &item);
		}
		if (r == 0) {
			crowd->got++;
			crowd->out += item;
		}
		WOK_TRY(i % 4 == 0 ? wok_sleep((i % 3) * WOK_MS) : 0);
	}
	return 0;
}

static void mix(size_t maxsize)
{
	struct crowd crowd = {.queue = new_queue(maxsize)};
	wok_task *tasks[16];

	for (int i = 0; i < 16; i++)
		tasks[i] = wok_create_task(i % 2 ? put_many : get_many, &crowd);
	for (int i = 0; i < 30; i++) {
		ASSERT_OK(wok_sleep(WOK_MS));
		ASSERT(wok_queue_size(crowd.queue) <= maxsize);
		if (i % 4 == 3)
			wok_cancel(tasks[i % 16]);
	}
	WOK_IGNORE(wok_gather(tasks, 16, WOK_COLLECT));
	ASSERT(crowd.put > 20 && crowd.got > 20);
	while (!wok_queue_empty(crowd.queue)) {
		crowd.got++;
		crowd.out += get(crowd.queue);
	}
	ASSERT_EQ(crowd.got, crowd.put);
	ASSERT_EQ(crowd.out, crowd.in);
	finish(tasks, 16);
	wok_queue_free(crowd.queue);
}

TEST_TASK(what_was_put_was_got_or_is_left_whoever_is_cancelled, "D16")
{
	for (size_t maxsize = 1; maxsize <= 5; maxsize += 2)
		mix(maxsize);
}

static int ping(void *arg)
{
	wok_queue **pair = arg;
	int item = 0;

	for (int i = 0; i < 1000; i++) {
		WOK_TRY(wok_queue_put(pair[0], &i));
		WOK_TRY(wok_queue_get(pair[1], &item));
		ASSERT_EQ(item, i);
	}
	return 0;
}

static int pong(void *arg)
{
	wok_queue **pair = arg;
	int item;

	for (int i = 0; i < 1000; i++) {
		WOK_TRY(wok_queue_get(pair[0], &item));
		WOK_TRY(wok_queue_put(pair[1], &item));
	}
	return 0;
}

TEST_TASK(full_and_empty_take_turns_without_a_lost_wakeup, "D16")
{
	wok_queue *pair[] = {new_queue(1), new_queue(1)};
	WOK_AUTO(wok_task) *a = wok_create_task(ping, pair);
	WOK_AUTO(wok_task) *b = wok_create_task(pong, pair);

	ASSERT_OK(wok_await(a));
	ASSERT_OK(wok_await(b));
	wok_queue_free(pair[0]);
	wok_queue_free(pair[1]);
}
