/* SPDX-License-Identifier: MIT */
/* The table of names: see dns/names.h. */
#include "dns/names.h"

#include <string.h>

#include "base/memory.h"

enum { BUCKETS_FIRST = 64 };

/* FNV-1a: Fowler, Noll, Vo; letters as small ones. Names are few, so a chain is never long. */
static uint32_t hash_of(const struct wok__dns_names *names, const char *text)
{
	uint32_t hash = UINT32_C(0x811c9dc5) ^ names->seed;

	for (; *text; text++)
		hash = (hash ^ (unsigned char) *text) * UINT32_C(0x01000193);
	return hash;
}

static struct wok__dns_name **bucket_of(const struct wok__dns_names *names, uint32_t hash)
{
	return &names->buckets[hash & (names->n_buckets - 1)];
}

int wok__dns_names_open(struct wok__dns_names *names)
{
	*names = (struct wok__dns_names){.n_buckets = BUCKETS_FIRST};
	wok__list_init(&names->used);
	/* Where the table lies is not known from outside. */
	names->seed = (uint32_t) ((uintptr_t) names >> 4);
	names->buckets = wok__alloc_zeroed(BUCKETS_FIRST * sizeof(struct wok__dns_name *));
	return names->buckets ? 0 : -ENOMEM;
}

void wok__dns_names_close(struct wok__dns_names *names)
{
	wok_free(names->buckets);
}

struct wok__dns_name *wok__dns_name_new(struct wok__dns *dns, const char *text)
{
	size_t size = strlen(text) + 1;
	struct wok__dns_name *name = wok__alloc_zeroed(sizeof(*name) + size);

	if (!name)
		return NULL;
	memcpy(name->text, text, size);
	wok__list_init_node(&name->order);
	name->dns = dns;
	name->refs = 1;
	return name;
}

void wok__dns_name_drop(struct wok__dns_name *name)
{
	if (--name->refs > 0)
		return;
	wok_free(name->list);
	wok_free(name);
}

struct wok__dns_name *wok__dns_names_find(const struct wok__dns_names *names, const char *text)
{
	uint32_t hash = hash_of(names, text);
	struct wok__dns_name *name = *bucket_of(names, hash);

	while (name && (name->hash != hash || strcmp(name->text, text) != 0))
		name = name->next;
	return name;
}

static void link_name(struct wok__dns_names *names, struct wok__dns_name *name)
{
	struct wok__dns_name **bucket = bucket_of(names, name->hash);

	name->next = *bucket;
	*bucket = name;
}

/* Without memory the chains become longer, and all goes on. */
static void grow(struct wok__dns_names *names)
{
	size_t n_old = names->n_buckets;
	struct wok__dns_name **old = names->buckets;
	struct wok__dns_name **buckets = wok__alloc_zeroed(2 * n_old * sizeof(void *));

	if (!buckets)
		return;
	names->buckets = buckets;
	names->n_buckets = 2 * n_old;
	for (size_t i = 0; i < n_old; i++) {
		for (struct wok__dns_name *name = old[i], *next; name; name = next) {
			next = name->next;
			link_name(names, name);
		}
	}
	wok_free(old);
}

void wok__dns_names_add(struct wok__dns_names *names, struct wok__dns_name *name)
{
	if (names->n >= names->n_buckets)
		grow(names);
	name->hash = hash_of(names, name->text);
	link_name(names, wok__dns_name_keep(name));
	name->in_table = true;
	names->n++;
}

void wok__dns_names_remove(struct wok__dns_names *names, struct wok__dns_name *name)
{
	struct wok__dns_name **place = bucket_of(names, name->hash);

	if (!name->in_table)
		return;
	while (*place != name)
		place = &(*place)->next;
	*place = name->next;
	if (name->state == WOK__DNS_KNOWN && name->order.next != &name->order)
		names->n_kept--;
	wok__list_remove(&name->order);
	name->in_table = false;
	names->n--;
	wok__dns_name_drop(name);
}

void wok__dns_names_use(struct wok__dns_names *names, struct wok__dns_name *name)
{
	if (name->order.next == &name->order)
		names->n_kept++;
	wok__list_remove(&name->order);
	wok__list_push_front(&names->used, &name->order);
}
