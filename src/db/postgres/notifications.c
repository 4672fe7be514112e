/* SPDX-License-Identifier: MIT */
/* A queue of notifications: see notify.h. */
#include <string.h>

#include "base/memory.h"
#include "db/postgres/notify.h"

struct wok__pg_notification {
	struct wok__node link;
	size_t lost; /* before it */
	uint32_t process;
	const char *payload; /* behind the channel */
	char channel[];
};

void wok__pg_notifications_init(struct wok__pg_notifications *queue)
{
	*queue = (struct wok__pg_notifications){.count = 0};
	wok__list_init(&queue->list);
}

void wok__pg_notifications_clear(struct wok__pg_notifications *queue)
{
	struct wok__node *node;

	while ((node = wok__list_pop(&queue->list)))
		wok_free(WOK__CONTAINER(node, struct wok__pg_notification, link));
	wok_free(queue->taken);
	wok__pg_notifications_init(queue);
}

void wok__pg_notifications_lose(struct wok__pg_notifications *queue, size_t n)
{
	queue->lost = n < WOK_UNLIMITED - queue->lost ? queue->lost + n : WOK_UNLIMITED;
}

void wok__pg_notifications_push(struct wok__pg_notifications *queue, size_t max,
				const wok_pg_notification *from)
{
	const size_t channel = strlen(from->channel) + 1, payload = strlen(from->payload) + 1;
	struct wok__pg_notification *copy = NULL;

	if (queue->count < max)
		copy = wok_alloc(sizeof(*copy) + channel + payload);
	if (!copy) {
		wok__pg_notifications_lose(queue, 1);
		return;
	}
	copy->lost = queue->lost;
	copy->process = from->process;
	memcpy(copy->channel, from->channel, channel);
	copy->payload = memcpy(copy->channel + channel, from->payload, payload);
	wok__list_push_back(&queue->list, &copy->link);
	queue->count++;
	queue->lost = 0;
}

/* The gap stands before the first one, or is all that there is. */
static bool take_gap(struct wok__pg_notifications *queue, wok_pg_notification *ret_notification)
{
	struct wok__node *first = wok__list_first(&queue->list);
	size_t *lost = first ? &WOK__CONTAINER(first, struct wok__pg_notification, link)->lost
			     : &queue->lost;

	if (*lost == 0)
		return false;
	*ret_notification = (wok_pg_notification){.channel = "", .payload = "", .lost = *lost};
	*lost = 0;
	return true;
}

void wok__pg_notifications_take(struct wok__pg_notifications *queue,
				wok_pg_notification *ret_notification)
{
	wok_free(WOK_TAKE(queue->taken));
	if (take_gap(queue, ret_notification))
		return;
	queue->taken =
		WOK__CONTAINER(wok__list_pop(&queue->list), struct wok__pg_notification, link);
	queue->count--;
	*ret_notification = (wok_pg_notification){
		.channel = queue->taken->channel,
		.payload = queue->taken->payload,
		.process = queue->taken->process,
	};
}
