/* SPDX-License-Identifier: MIT */
/* 21-queue-producer-consumer: section 7, asyncio.Queue. Shows a queue between one producer and two
 *                             consumers, and how each of these is told that there is no more.
 * Try:                        21-queue-producer-consumer   (it takes 6 seconds) */
#include <stdio.h>
#include <wok/wok.h>

enum { ITEMS = 10, CONSUMERS = 2, NO_MORE = -1 };

struct consumer {
	wok_queue *queue;
	const char *name;
};

static int producer(void *arg)
{
	wok_queue *queue = arg;
	int end = NO_MORE;

	for (int i = 0; i < ITEMS; i++) {
		WOK_TRY(wok_sleep(500 * WOK_MS)); /* stands for the work of producing */
		WOK_TRY(wok_queue_put(queue, &i));
		printf("生产:%d,队列大小:%zu\n", i, wok_queue_size(queue));
	}
	for (int i = 0; i < CONSUMERS; i++)
		WOK_TRY(wok_queue_put(queue, &end)); /* the signal of the end, one for each */
	return 0;
}

static int consumer(void *arg)
{
	struct consumer *self = arg;
	int item;

	for (;;) {
		WOK_TRY(wok_queue_get(self->queue, &item));
		if (item == NO_MORE)
			return wok_queue_task_done(self->queue);
		WOK_TRY(wok_sleep(WOK_SECOND)); /* stands for the work of consuming */
		printf("[%s] 消费:%d\n", self->name, item);
		WOK_TRY(wok_queue_task_done(self->queue));
	}
}

static int async_main(void *unused)
{
	WOK_AUTO(wok_queue) *queue = NULL;

	(void) unused;
	WOK_TRY(wok_queue_new(sizeof(int), /* maxsize= */ 5, &queue));
	struct consumer a = {queue, "消费者A"}, b = {queue, "消费者B"};
	WOK_AUTO(wok_task) *producing = wok_create_task(producer, queue);
	WOK_AUTO(wok_task) *consuming_a = wok_create_task(consumer, &a);
	WOK_AUTO(wok_task) *consuming_b = wok_create_task(consumer, &b);
	wok_task *tasks[] = {producing, consuming_a, consuming_b};
	return wok_gather(tasks, 3, 0);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "21-queue-producer-consumer: %s\n", wok_errmsg(r));
	return r < 0;
}
