/* SPDX-License-Identifier: MIT */
/* Waiting for several channels: see wok_select() in wok/channel.h. */
#include <wok/wok.h>

#include "harness/test.h"

enum { N = 3 };

static void open_all(wok_channel **channels, size_t capacity)
{
	for (int i = 0; i < N; i++)
		ASSERT_OK(wok_channel_new(sizeof(int), capacity, &channels[i]));
}

static void free_all(wok_channel **channels)
{
	for (int i = 0; i < N; i++)
		wok_channel_free(channels[i]);
}

/* A task that waits for all channels: sends to the last, receives from the others. */
struct choice {
	wok_channel *channels[N];
	int items[N];
	wok_select_case cases[N];
	int result;
};

static int choose(void *arg)
{
	struct choice *choice = arg;

	for (int i = 0; i < N; i++) {
		choice->items[i] = i == N - 1 ? 1000 : -1;
		choice->cases[i] = (wok_select_case){.channel = choice->channels[i]};
		if (i == N - 1)
			choice->cases[i].send = &choice->items[i];
		else
			choice->cases[i].receive = &choice->items[i];
	}
	choice->result = -1;
	return choice->result = wok_select(choice->cases, N);
}

TEST_TASK(select_does_one_of_what_can_be_done, "D18")
{
	struct choice choice = {.result = -1};
	int item = 5;

	open_all(choice.channels, 1);
	ASSERT_OK(wok_channel_send(choice.channels[2], &item)); /* is full now */
	ASSERT_OK(wok_channel_send(choice.channels[1], &item));
	ASSERT_EQ(choose(&choice), 1);
	ASSERT_OK(choice.cases[1].result);
	ASSERT_EQ(choice.items[1], 5);
	ASSERT_EQ(choice.items[0], -1);
	ASSERT_EQ(wok_try_select(choice.cases, N), -EAGAIN);
	ASSERT_OK(wok_channel_receive(choice.channels[2], &item));
	ASSERT_EQ(wok_try_select(choice.cases, N), 2);
	ASSERT_OK(wok_channel_receive(choice.channels[2], &item));
	ASSERT_EQ(item, 1000);
	free_all(choice.channels);
}

TEST_TASK(select_waits_and_does_only_what_comes_first, "D18", "D15")
{
	struct choice choice = {.result = -1};
	int item = 5;

	open_all(choice.channels, 0);
	for (int i = 0; i < N; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(choose, &choice);
		test_settle();
		ASSERT_EQ(choice.result, -1);
		if (i == N - 1)
			ASSERT_OK(wok_channel_try_receive(choice.channels[i], &item));
		else
			ASSERT_OK(wok_channel_try_send(choice.channels[i], &item));
		/* It has not run, but stands in no queue any more. */
		for (int k = 0; k < N; k++) {
			ASSERT_ERR(wok_channel_try_send(choice.channels[k], &item), -EAGAIN);
			ASSERT_ERR(wok_channel_try_receive(choice.channels[k], &item), -EAGAIN);
		}
		ASSERT_EQ(wok_await(task), i);
		ASSERT_OK(choice.cases[i].result);
		ASSERT_EQ(i == N - 1 ? item : choice.items[i], i == N - 1 ? 1000 : 5);
	}
	free_all(choice.channels);
}

TEST_TASK(a_select_that_is_cancelled_has_done_nothing, "D18", "D15")
{
	struct choice choice = {.result = -1};
	int item = 5;

	open_all(choice.channels, 0);
	ASSERT_ERR(wok_wait_for(choose, &choice, WOK_SECOND), -ETIMEDOUT);
	ASSERT_ERR(choice.result, -ECANCELED);
	for (int i = 0; i < N; i++) {
		ASSERT_ERR(wok_channel_try_send(choice.channels[i], &item), -EAGAIN);
		ASSERT_ERR(wok_channel_try_receive(choice.channels[i], &item), -EAGAIN);
	}
	/* Cancelled after something was done, it says what. */
	WOK_AUTO(wok_task) *task = wok_create_task(choose, &choice);
	test_settle();
	ASSERT_OK(wok_channel_try_send(choice.channels[0], &item));
	wok_cancel(task);
	ASSERT_EQ(wok_await(task), 0);
	ASSERT_EQ(choice.items[0], 5);
	free_all(choice.channels);
}

TEST_TASK(two_selects_meet, "D18")
{
	wok_channel *channels[N];
	struct choice a = {.result = -1}, b = {.result = -1};

	open_all(channels, 0);
	for (int i = 0; i < N; i++) {
		a.channels[i] = channels[i];
		b.channels[i] =
			channels[(i + 1) % N]; /* what one sends to the other receives from */
	}
	WOK_AUTO(wok_task) *first = wok_create_task(choose, &a);
	WOK_AUTO(wok_task) *second = wok_create_task(choose, &b);
	int sent = wok_await(first), got = wok_await(second);
	if (sent == N - 1) {
		ASSERT_EQ(got, 1);
		ASSERT_EQ(b.items[1], 1000);
	} else {
		ASSERT_EQ(sent, 0);
		ASSERT_EQ(got, N - 1);
		ASSERT_EQ(a.items[0], 1000);
	}
	free_all(channels);
}

TEST_TASK(a_select_does_not_meet_itself, "D18")
{
	WOK_AUTO(wok_channel) *channel = NULL;
	int in = 1, out = 2;
	wok_select_case cases[2];

	ASSERT_OK(wok_channel_new(sizeof(int), 0, &channel));
	cases[0] = (wok_select_case){.channel = channel, .send = &in};
	cases[1] = (wok_select_case){.channel = channel, .receive = &out};
	ASSERT_ERR(wok_try_select(cases, 2), -EAGAIN);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		ASSERT_ERR(wok_select(cases, 2), -ECANCELED);
	}
	ASSERT_EQ(out, 2);
}

TEST_TASK(a_channel_that_is_closed_or_freed_ends_a_select_with_its_result, "D18")
{
	struct choice choice = {.result = -1};

	open_all(choice.channels, 0);
	WOK_AUTO(wok_task) *task = wok_create_task(choose, &choice);
	test_settle();
	wok_channel_close(choice.channels[1]);
	ASSERT_EQ(wok_await(task), 1);
	ASSERT_ERR(choice.cases[1].result, -ESHUTDOWN);
	ASSERT_EQ(choose(&choice), 1); /* it stays closed */
	ASSERT_ERR(choice.cases[1].result, -ESHUTDOWN);
	wok_channel_free(choice.channels[1]);

	choice.channels[1] = NULL; /* a case that is left out */
	WOK_AUTO(wok_task) *again = wok_create_task(choose, &choice);
	test_settle();
	ASSERT_EQ(choice.result, -1);
	wok_channel_free(choice.channels[2]);
	ASSERT_EQ(wok_await(again), 2);
	ASSERT_ERR(choice.cases[2].result, -EBADF);
	wok_channel_free(choice.channels[0]);
}

TEST_TASK(cases_that_are_always_ready_are_chosen_evenly, "D18")
{
	struct choice choice = {.result = -1};
	int count[N] = {0}, item = 0;

	open_all(choice.channels, 1000);
	for (int i = 0; i < 1000; i++)
		for (int k = 0; k < N - 1; k++)
			ASSERT_OK(wok_channel_send(choice.channels[k], &item));
	for (int i = 0; i < 900; i++)
		count[choose(&choice)]++;
	for (int i = 0; i < N; i++)
		ASSERT(count[i] > 200 && count[i] < 400);
	free_all(choice.channels);
}

static int draw(void *arg)
{
	struct choice choice = {.result = -1};
	char *drawn = arg;
	int item = 0;

	open_all(choice.channels, 40);
	for (int i = 0; i < 40; i++)
		for (int k = 0; k < N - 1; k++)
			ASSERT_OK(wok_channel_send(choice.channels[k], &item));
	for (int i = 0; i < 30; i++)
		drawn[i] = (char) ('a' + choose(&choice));
	free_all(choice.channels);
	return 0;
}

TEST(a_seed_repeats_the_draw, "D18")
{
	char first[31] = "", again[31] = "", other[31] = "";

	ASSERT_OK(wok_test_run(draw, first, &(wok_test_options){.seed = 5}));
	ASSERT_OK(wok_test_run(draw, again, &(wok_test_options){.seed = 5}));
	ASSERT_OK(wok_test_run(draw, other, &(wok_test_options){.seed = 6}));
	ASSERT_STR(first, again);
	ASSERT(strcmp(first, other) != 0);
}

TEST_TASK(a_select_that_is_not_well_formed_is_refused, "D18")
{
	WOK_AUTO(wok_channel) *channel = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int item = 0;

	ASSERT_OK(wok_channel_new(sizeof(int), 1, &channel));
	wok_select_case neither[] = {{.channel = channel}};
	wok_select_case both[] = {{.channel = channel, .send = &item, .receive = &item}};
	wok_select_case left_out[] = {{.send = &item}};
	wok_select_case good[] = {{.channel = channel, .send = &item}};
	ASSERT_ERR(wok_select(neither, 1), -EINVAL);
	ASSERT_ERR(wok_select(both, 1), -EINVAL);
	ASSERT_ERR(wok_select(left_out, 1), -EINVAL);
	ASSERT_ERR(wok_try_select(NULL, 0), -EINVAL);
	uint64_t before = wok_test_checkpoints();
	ASSERT_EQ(wok_select(good, 1), 0);
	ASSERT_EQ(wok_test_checkpoints(), before + 1);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_select(good, 1), -ECANCELED);
	}
}

struct crowd {
	wok_channel *channels[N];
	long long in, out;
	int next;
};

static int trade(void *arg)
{
	struct crowd *crowd = arg;

	int first = crowd->next++; /* or all would send to the same channel at a time */
	for (int i = first; i < first + 40; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int out = ++crowd->next, in[2] = {0, 0}, r = 0;
		wok_select_case cases[] = {
			{.channel = crowd->channels[i % N], .send = &out},
			{.channel = crowd->channels[(i + 1) % N], .receive = &in[0]},
			{.channel = crowd->channels[(i + 2) % N], .receive = &in[1]},
		};
		WOK_TIMEOUT (&timeout, (i * 7 % 5) * WOK_MS) {
			r = wok_select(cases, 3);
		}
		if (r == 0)
			crowd->in += out;
		else if (r > 0)
			crowd->out += in[r - 1];
		WOK_TRY(i % 3 == 0 ? wok_sleep((i * 3 % 4) * WOK_MS) : 0);
	}
	return 0;
}

TEST_TASK(nothing_is_done_twice_or_lost_between_selects, "D18")
{
	struct crowd crowd = {.in = 0};
	wok_task *tasks[16];
	int item;

	open_all(crowd.channels, 0);
	for (int i = 0; i < 16; i++)
		tasks[i] = wok_create_task(trade, &crowd);
	for (int i = 0; i < 30; i++) {
		ASSERT_OK(wok_sleep(WOK_MS));
		if (i % 4 == 3)
			wok_cancel(tasks[i % 16]);
	}
	WOK_IGNORE(wok_gather(tasks, 16, WOK_COLLECT));
	ASSERT(crowd.in > 0);
	ASSERT_EQ(crowd.in, crowd.out);
	for (int i = 0; i < N; i++)
		ASSERT_ERR(wok_channel_try_receive(crowd.channels[i], &item), -EAGAIN);
	for (int i = 0; i < 16; i++)
		wok_task_free(tasks[i]);
	free_all(crowd.channels);
}
