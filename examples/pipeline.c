/* SPDX-License-Identifier: MIT */
/* pipeline: three cooks prepare what two waiters order. Shows a queue with a limit between them,
 * the wait until all work is done, and how the cooks then go home. Try:      pipeline */
#include <stdio.h>
#include <wok/wok.h>

enum { ORDERS = 6, ROOM = 2, COOKS = 3 };

struct kitchen {
	wok_queue *orders;
	int cooked;
};

struct waiter {
	struct kitchen *kitchen;
	const char *name;
	int first; /* order number; the others follow in steps of two */
};

static int wait_tables(void *arg)
{
	struct waiter *self = arg;

	for (int order = self->first; order <= ORDERS; order += 2) {
		WOK_TRY(wok_queue_put(self->kitchen->orders, &order)); /* waits while it is full */
		printf("%s: order %d\n", self->name, order);
	}
	return 0;
}

static int cook(void *arg)
{
	struct kitchen *kitchen = arg;
	int order, r;

	while ((r = wok_queue_next(kitchen->orders, &order)) > 0) {
		WOK_TRY(wok_sleep(100 * WOK_MS));
		printf("dish %d is ready\n", order);
		kitchen->cooked++;
		WOK_TRY(wok_queue_task_done(kitchen->orders));
	}
	return r; /* 0: the kitchen is closed */
}

static int evening(void *unused)
{
	WOK_AUTO(wok_queue) *orders = NULL;
	WOK_AUTO(wok_scope) *cooks = NULL;
	WOK_AUTO(wok_scope) *waiters = NULL;

	(void) unused;
	WOK_TRY(wok_queue_new(sizeof(int), ROOM, &orders));
	struct kitchen kitchen = {.orders = orders};
	struct waiter anna = {&kitchen, "Anna", 1}, ben = {&kitchen, "Ben", 2};
	WOK_TRY(wok_scope_new(&cooks));
	for (int i = 0; i < COOKS; i++)
		WOK_TRY(wok_scope_spawn(cooks, cook, &kitchen));
	WOK_TRY(wok_scope_new(&waiters));
	WOK_TRY(wok_scope_spawn(waiters, wait_tables, &anna));
	WOK_TRY(wok_scope_spawn(waiters, wait_tables, &ben));
	WOK_TRY(wok_scope_join(waiters)); /* all orders are in the queue */
	WOK_TRY(wok_queue_join(orders));  /* and each was cooked */
	wok_queue_shutdown(orders, false);
	WOK_TRY(wok_scope_join(cooks));
	printf("%d dishes, closed\n", kitchen.cooked);
	return 0;
}

int main(void)
{
	int r = wok_run(evening, NULL);
	if (r < 0)
		fprintf(stderr, "pipeline: %s\n", wok_errmsg(r));
	return r < 0;
}
