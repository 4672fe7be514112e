/* SPDX-License-Identifier: MIT */
/*
 * Looking up names for a session: see http/client/lookup.h.
 *
 * Who asks first asks for all. If it is cancelled or fails, the next of those who wait asks anew:
 * a cancel harms nobody else, and a failure is never kept.
 */
#include "http/client/lookup.h"

#include <string.h>
#include <wok/event.h>
#include <wok/loop.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "io/lookup.h"

#define TTL (10 * WOK_SECOND)

enum { MAX = 256 };

struct wok__lookup {
	struct wok__lookup *next;
	wok_addresses addresses;
	wok_time until;
	bool asking;
	size_t users; /* who asks, and who waits */
	wok_event asked;
	uint16_t port;
	char host[];
};

static void release(struct wok__lookup *lookup)
{
	wok_addresses_clear(&lookup->addresses);
	wok_free(lookup);
}

static struct wok__lookup *take_out(struct wok__lookups *lookups, const char *host, uint16_t port)
{
	struct wok__lookup **at = &lookups->first;

	while (*at && ((*at)->port != port || strcmp((*at)->host, host) != 0))
		at = &(*at)->next;
	struct wok__lookup *found = *at;
	if (found) {
		*at = found->next;
		lookups->n--;
	}
	return found;
}

static void put_in_front(struct wok__lookups *lookups, struct wok__lookup *lookup)
{
	lookup->next = lookups->first;
	lookups->first = lookup;
	lookups->n++;
}

/* The one that was not used for the longest goes, unless somebody waits for it. */
static void drop_last(struct wok__lookups *lookups)
{
	struct wok__lookup **at = &lookups->first, **last = NULL;

	for (; *at; at = &(*at)->next)
		if ((*at)->users == 0)
			last = at;
	if (!last)
		return;
	struct wok__lookup *lookup = *last;
	*last = lookup->next;
	lookups->n--;
	release(lookup);
}

static struct wok__lookup *find(struct wok__lookups *lookups, const char *host, uint16_t port)
{
	struct wok__lookup *lookup = take_out(lookups, host, port);
	size_t size = strlen(host) + 1;

	if (!lookup) {
		if (lookups->n >= MAX)
			drop_last(lookups);
		lookup = wok__alloc_zeroed(sizeof(*lookup) + size);
		if (!lookup)
			return NULL;
		lookup->port = port;
		memcpy(lookup->host, host, size);
	}
	put_in_front(lookups, lookup);
	return lookup;
}

static int ask(struct wok__lookup *lookup)
{
	wok_addresses answer = {0};

	lookup->asking = true;
	int r = wok_lookup(lookup->host, lookup->port, &answer);
	lookup->asking = false;
	if (r == 0) {
		wok_addresses_clear(&lookup->addresses);
		lookup->addresses = answer;
		lookup->until = wok_now() + TTL;
	}
	wok_event_set(&lookup->asked);
	wok_event_clear(&lookup->asked); /* it wakes who waits now */
	return r;
}

static int copy(const wok_addresses *from, wok_addresses *ret)
{
	wok_addresses copy = {.n = from->n, .list = wok__alloc_array(from->n, sizeof(wok_address))};

	if (!copy.list)
		return -ENOMEM;
	memcpy(copy.list, from->list, from->n * sizeof(wok_address));
	*ret = copy;
	return 0;
}

static int wait_or_ask(struct wok__lookup *lookup, wok_addresses *ret_addresses)
{
	while (lookup->until <= wok_now()) {
		if (lookup->asking)
			WOK_TRY(wok_event_wait(&lookup->asked));
		else
			WOK_TRY(ask(lookup));
	}
	return copy(&lookup->addresses, ret_addresses);
}

int wok__lookups_find(struct wok__lookups *lookups, const char *host, uint16_t port,
		      wok_addresses *ret_addresses)
{
	if (strcmp(wok__resolver_name(), "c-ares") == 0)
		return wok_lookup(host, port, ret_addresses);
	struct wok__lookup *lookup = find(lookups, host, port);
	if (!lookup)
		return -ENOMEM;
	lookup->users++;
	int r = wait_or_ask(lookup, ret_addresses);
	lookup->users--;
	return r;
}

void wok__lookups_clear(struct wok__lookups *lookups)
{
	struct wok__lookup *lookup;

	while ((lookup = lookups->first)) {
		lookups->first = lookup->next;
		release(lookup);
	}
}
