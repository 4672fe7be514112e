/* SPDX-License-Identifier: MIT */
/* Channels: see wok/channel.h. wok_select() is in select.c. */
#include <wok/wok.h>

#include "harness/test.h"

enum { N = 5 };

struct link {
	wok_channel *channel;
	int next;
	int results[N]; /* of the task that asked as i-th */
	int n_results;
	wok_task *asked[N];
	int n_asked;
	int item_of[N]; /* what the receiver that asked as i-th got */
	int got;
	long long in, out;
};

static void open_link(struct link *link, size_t capacity)
{
	*link = (struct link){0};
	ASSERT_OK(wok_channel_new(sizeof(int), capacity, &link->channel));
}

static int send_one(void *arg)
{
	struct link *link = arg;
	int item = link->next++, i = link->n_asked++;

	link->asked[i] = wok_current_task();
	link->results[i] = wok_channel_send(link->channel, &item);
	link->n_results++;
	return link->results[i];
}

static int receive_one(void *arg)
{
	struct link *link = arg;
	int item = -1, i = link->n_asked++;

	link->asked[i] = wok_current_task();
	int r = wok_channel_receive(link->channel, &item);
	link->item_of[i] = item;
	link->n_results++;
	return link->results[i] = r;
}

static void start(struct link *link, wok_fn *fn, wok_task **tasks, int n)
{
	link->n_asked = 0;
	for (int i = 0; i < n; i++)
		tasks[i] = wok_create_task(fn, link);
	test_settle();
	ASSERT_EQ(link->n_asked, n);
}

static void finish(wok_task **tasks, int n)
{
	WOK_IGNORE(wok_gather(tasks, (size_t) n, WOK_COLLECT));
	for (int i = 0; i < n; i++)
		wok_task_free(tasks[i]);
}

static int receive(wok_channel *channel)
{
	int item = -1;

	ASSERT_OK(wok_channel_try_receive(channel, &item));
	return item;
}

TEST_TASK(without_a_capacity_sender_and_receiver_meet, "D18")
{
	struct link link;
	wok_task *tasks[N];
	int item = 77;

	open_link(&link, 0);
	ASSERT_ERR(wok_channel_try_send(link.channel, &item), -EAGAIN);
	ASSERT_ERR(wok_channel_try_receive(link.channel, &item), -EAGAIN);
	start(&link, send_one, tasks, N);
	ASSERT_EQ(link.n_results, 0);
	for (int i = 0; i < N; i++)
		ASSERT_EQ(receive(link.channel), i);
	finish(tasks, N);
	ASSERT_EQ(link.n_results, N);

	start(&link, receive_one, tasks, N);
	for (int i = 0; i < N; i++)
		ASSERT_OK(wok_channel_try_send(link.channel, &i));
	ASSERT_ERR(wok_channel_try_send(link.channel, &item), -EAGAIN);
	ASSERT_EQ(wok_channel_size(link.channel), 0);
	finish(tasks, N);
	for (int i = 0; i < N; i++)
		ASSERT_EQ(link.item_of[i], i);
	wok_channel_free(link.channel);
}

TEST_TASK(with_a_capacity_senders_run_ahead_and_keep_their_order, "D18")
{
	struct link link;
	wok_task *tasks[N];

	open_link(&link, 2);
	start(&link, send_one, tasks, N);
	ASSERT_EQ(link.n_results, 2);
	ASSERT_EQ(wok_channel_size(link.channel), 2);
	for (int i = 0; i < N; i++)
		ASSERT_EQ(receive(link.channel), i);
	finish(tasks, N);
	ASSERT_EQ(link.n_results, N);
	wok_channel_free(link.channel);
}

TEST_TASK(a_cancelled_send_is_delivered_or_not, "D18", "D15")
{
	struct link link;
	wok_task *tasks[N];

	open_link(&link, 0);
	start(&link, send_one, tasks, N);
	wok_cancel(link.asked[0]); /* before: nobody gets 0 */
	ASSERT_EQ(receive(link.channel), 1);
	wok_cancel(link.asked[1]); /* after: it was sent, and says so */
	wok_cancel(link.asked[3]);
	ASSERT_EQ(receive(link.channel), 2);
	ASSERT_EQ(receive(link.channel), 4);
	ASSERT_EQ(wok_gather(tasks, N, WOK_COLLECT), 2);
	ASSERT_OK(wok_task_result(link.asked[1]));
	finish(tasks, N);
	wok_channel_free(link.channel);
}

TEST_TASK(a_cancelled_receive_takes_the_item_or_leaves_it, "D18", "D13")
{
	struct link link;
	wok_task *tasks[3];

	open_link(&link, 0);
	start(&link, receive_one, tasks, 3);
	wok_cancel(link.asked[0]);
	for (int i = 0; i < 2; i++)
		ASSERT_OK(wok_channel_try_send(link.channel, &i));
	wok_cancel(link.asked[1]);
	ASSERT_EQ(wok_gather(tasks, 3, WOK_COLLECT), 1);
	ASSERT_EQ(link.item_of[0], -1);
	ASSERT_EQ(link.item_of[1], 0);
	ASSERT_EQ(link.item_of[2], 1);
	finish(tasks, 3);
	wok_channel_free(link.channel);
}

TEST_TASK(closing_ends_all_waits_and_leaves_what_the_channel_holds, "D18")
{
	struct link link;
	wok_task *tasks[N];
	int item = 0;

	open_link(&link, 0);
	start(&link, receive_one, tasks, N);
	wok_channel_close(link.channel);
	wok_channel_close(link.channel);
	finish(tasks, N);
	for (int i = 0; i < N; i++)
		ASSERT_ERR(link.results[i], -ESHUTDOWN);
	ASSERT_ERR(wok_channel_send(link.channel, &item), -ESHUTDOWN);
	ASSERT_ERR(wok_channel_try_send(link.channel, &item), -ESHUTDOWN);
	wok_channel_free(link.channel);

	open_link(&link, 2);
	start(&link, send_one, tasks, N);
	wok_channel_close(link.channel);
	finish(tasks, N);
	for (int i = 0; i < N; i++)
		ASSERT_EQ(link.results[i], i < 2 ? 0 : -ESHUTDOWN);
	ASSERT_OK(wok_channel_receive(link.channel, &item));
	ASSERT_EQ(wok_channel_next(link.channel, &item), 1);
	ASSERT_EQ(wok_channel_next(link.channel, &item), 0);
	ASSERT_ERR(wok_channel_receive(link.channel, &item), -ESHUTDOWN);
	ASSERT_ERR(wok_channel_try_receive(link.channel, &item), -ESHUTDOWN);
	wok_channel_free(link.channel);
}

TEST_TASK(a_channel_lasts_as_long_as_it_has_an_owner, "D18")
{
	struct link link;
	wok_task *tasks[N];

	open_link(&link, 0);
	wok_channel *other = wok_channel_ref(link.channel);
	start(&link, receive_one, tasks, N);
	wok_channel_free(link.channel);
	for (int i = 0; i < 2; i++)
		ASSERT_OK(wok_channel_send(other, &i));
	wok_channel_free(other);
	finish(tasks, N);
	for (int i = 0; i < N; i++)
		ASSERT_EQ(link.results[i], i < 2 ? 0 : -EBADF);

	open_link(&link, 0);
	start(&link, send_one, tasks, N);
	wok_channel_free(link.channel);
	finish(tasks, N);
	for (int i = 0; i < N; i++)
		ASSERT_ERR(link.results[i], -EBADF);
	wok_channel_free(NULL);
}

TEST_TASK(sending_and_receiving_are_checkpoints_even_when_they_need_not_wait, "D18")
{
	WOK_AUTO(wok_channel) *channel = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int item = 1;

	ASSERT_OK(wok_channel_new(sizeof(item), 2, &channel));
	uint64_t before = wok_test_checkpoints();
	ASSERT_OK(wok_channel_send(channel, &item));
	ASSERT_OK(wok_channel_receive(channel, &item));
	ASSERT_EQ(wok_test_checkpoints(), before + 2);
	ASSERT_OK(wok_channel_try_send(channel, &item));
	ASSERT_EQ(wok_test_checkpoints(), before + 2);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_channel_send(channel, &item), -ECANCELED);
		ASSERT_ERR(wok_channel_receive(channel, &item), -ECANCELED);
		ASSERT_ERR(wok_channel_next(channel, &item), -ECANCELED);
	}
	ASSERT_EQ(wok_channel_size(channel), 1);
}

TEST_TASK(a_channel_that_cannot_be_is_refused)
{
	wok_channel *channel = NULL;

	ASSERT_ERR(wok_channel_new(0, 1, &channel), -EINVAL);
	ASSERT_ERR(wok_channel_new(SIZE_MAX, 1, &channel), -EINVAL);
	ASSERT_ERR(wok_channel_new(8, SIZE_MAX, &channel), -ENOMEM);
	ASSERT(!channel);
}

static int send_many(void *arg)
{
	struct link *link = arg;

	for (int i = 0; i < 40; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int item = ++link->next, r = 0;
		WOK_TIMEOUT (&timeout, (i * 7 % 5) * WOK_MS) {
			r = wok_channel_send(link->channel, &item);
		}
		if (r == 0)
			link->in += item;
		WOK_TRY(i % 3 == 0 ? wok_sleep((i * 3 % 4) * WOK_MS) : wok_yield());
	}
	return 0;
}

static int receive_many(void *arg)
{
	struct link *link = arg;

	for (int i = 0; i < 40; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int item = 0, r = 0;
		WOK_TIMEOUT (&timeout, (i * 5 % 7) * WOK_MS) {
			r = wok_channel_receive(link->channel, &item);
		}
		if (r == 0)
			link->out += item;
	}
	return 0;
}

TEST_TASK(what_was_sent_was_received_or_is_left_whoever_is_cancelled, "D18")
{
	for (size_t capacity = 0; capacity < 4; capacity++) {
		struct link link;
		wok_task *tasks[16];
		int item;
		open_link(&link, capacity);
		for (int i = 0; i < 16; i++)
			tasks[i] = wok_create_task(i % 2 ? send_many : receive_many, &link);
		for (int i = 0; i < 30; i++) {
			ASSERT_OK(wok_sleep(WOK_MS));
			if (i % 4 == 3)
				wok_cancel(tasks[i % 16]);
		}
		finish(tasks, 16);
		ASSERT(link.in > 0);
		while (wok_channel_try_receive(link.channel, &item) == 0)
			link.out += item;
		ASSERT_EQ(link.out, link.in);
		wok_channel_free(link.channel);
	}
}
