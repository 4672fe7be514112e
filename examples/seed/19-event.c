/* SPDX-License-Identifier: MIT */
/* 19-event: section 6, asyncio.Event. Shows a flag that wakes all who wait for it.
 * Try:      19-event   (it takes 2 seconds) */
#include <stdio.h>
#include <wok/wok.h>

struct waiter {
	wok_event *event;
	const char *name;
};

static int waiter(void *arg)
{
	struct waiter *self = arg;

	printf("%s 等待事件...\n", self->name);
	WOK_TRY(wok_event_wait(self->event));
	printf("%s 收到事件,继续执行\n", self->name);
	return 0;
}

static int setter(void *arg)
{
	wok_event *event = arg;

	WOK_TRY(wok_sleep(2 * WOK_SECOND));
	puts("触发事件!");
	wok_event_set(event);
	return 0;
}

static int async_main(void *unused)
{
	wok_event event = WOK_EVENT_INIT;
	struct waiter w1 = {&event, "W1"};
	struct waiter w2 = {&event, "W2"};

	(void) unused;
	WOK_AUTO(wok_task) *a = wok_create_task(waiter, &w1);
	WOK_AUTO(wok_task) *b = wok_create_task(waiter, &w2);
	WOK_AUTO(wok_task) *c = wok_create_task(setter, &event);
	return wok_gather((wok_task *[]){a, b, c}, 3, 0);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "19-event: %s\n", wok_errmsg(r));
	return r < 0;
}
