/* SPDX-License-Identifier: MIT */
/* The origins of a pool: see http/client/origin.h. */
#include "http/client/origin.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

enum { BUCKETS_FIRST = 16 };

/* FNV-1a of the host, which is in lower case always, and the port. */
static uint64_t hash_of(const struct wok__route *route)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ route->port ^ (uint64_t) route->secure << 16;

	for (size_t i = 0; i < route->host.size; i++)
		hash = (hash ^ (unsigned char) route->host.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_origin_of(const struct wok__origin *origin, const struct wok__route *route,
			 uint64_t hash)
{
	const struct wok__route *own = &origin->route;

	return origin->hash == hash && own->port == route->port && own->secure == route->secure &&
	       own->h1_only == route->h1_only && own->host.size == route->host.size &&
	       memcmp(own->host.data, route->host.data, route->host.size) == 0 &&
	       same_text(own->unix_path, route->unix_path) && same_text(own->proxy, route->proxy) &&
	       same_text(own->server_name, route->server_name);
}

static int grow_buckets(struct wok__pool *pool)
{
	size_t n = pool->n_buckets ? pool->n_buckets * 2 : BUCKETS_FIRST;
	struct wok__origin **buckets = wok__alloc_zeroed(n * sizeof(struct wok__origin *));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i < pool->n_buckets; i++) {
		while (pool->buckets[i]) {
			struct wok__origin *origin = pool->buckets[i];
			pool->buckets[i] = origin->next;
			origin->next = buckets[origin->hash & (n - 1)];
			buckets[origin->hash & (n - 1)] = origin;
		}
	}
	wok_free(pool->buckets);
	pool->buckets = buckets;
	pool->n_buckets = n;
	return 0;
}

static size_t text_room(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Copy a text to *at, and go on behind it; a NULL stays one. */
static const char *put_text(char **at, const char *text)
{
	char *copy = *at;

	if (!text)
		return NULL;
	*at = stpcpy(copy, text) + 1;
	return copy;
}

static struct wok__origin *new_origin(const struct wok__route *route)
{
	struct wok__origin *origin = wok__alloc_zeroed(
		sizeof(*origin) + route->host.size + 1 + text_room(route->unix_path) +
		text_room(route->proxy) + text_room(route->server_name));
	if (!origin)
		return NULL;
	char *at = origin->texts + route->host.size + 1;
	memcpy(origin->texts, route->host.data, route->host.size);
	origin->route = *route;
	origin->route.host.data = origin->texts;
	origin->route.unix_path = put_text(&at, route->unix_path);
	origin->route.proxy = put_text(&at, route->proxy);
	origin->route.server_name = put_text(&at, route->server_name);
	wok__list_init(&origin->idle);
	wok__list_init(&origin->shared);
	wok__list_init(&origin->waiters);
	return origin;
}

static struct wok__origin *add_origin(struct wok__pool *pool, const struct wok__route *route,
				      uint64_t hash)
{
	if (pool->n_origins >= pool->n_buckets && grow_buckets(pool) < 0)
		return NULL;
	struct wok__origin *origin = new_origin(route);
	if (!origin)
		return NULL;
	origin->hash = hash;
	struct wok__origin **bucket = &pool->buckets[hash & (pool->n_buckets - 1)];
	origin->next = *bucket;
	*bucket = origin;
	pool->n_origins++;
	return origin;
}

struct wok__origin *wok__pool_find_origin(struct wok__pool *pool, const struct wok__route *route)
{
	uint64_t hash = hash_of(route);
	struct wok__origin *origin =
		pool->n_buckets ? pool->buckets[hash & (pool->n_buckets - 1)] : NULL;

	while (origin && !is_origin_of(origin, route, hash))
		origin = origin->next;
	return origin ? origin : add_origin(pool, route, hash);
}

void wok__pool_forget_if_unused(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__origin **at = &pool->buckets[origin->hash & (pool->n_buckets - 1)];

	if (origin->open > 0 || origin->n_waiting > 0)
		return;
	for (; *at != origin; at = &(*at)->next)
		assert(*at);
	*at = origin->next;
	pool->n_origins--;
	wok_free(origin);
}

void wok__pool_open(struct wok__pool *pool, const struct wok__pool_limits *limits)
{
	*pool = (struct wok__pool){.limits = *limits, .loop = wok_current_loop()};
	wok__list_init(&pool->idle);
	wok__list_init(&pool->waiters);
}

void wok__pool_free(struct wok__pool *pool)
{
	for (size_t i = 0; i < pool->n_buckets; i++) {
		while (pool->buckets[i]) {
			struct wok__origin *origin = pool->buckets[i];
			pool->buckets[i] = origin->next;
			wok_free(origin);
		}
	}
	wok_free(pool->buckets);
}

bool wok__pool_next_origin(const struct wok__pool *pool, size_t *position,
			   struct wok__origin_info *ret_info)
{
	size_t left = *position;

	for (size_t i = 0; i < pool->n_buckets; i++) {
		for (const struct wok__origin *origin = pool->buckets[i]; origin;
		     origin = origin->next) {
			if (left-- > 0)
				continue;
			++*position;
			*ret_info = (struct wok__origin_info){
				.host = origin->route.host.data,
				.port = origin->route.port,
				.secure = origin->route.secure,
				.open = origin->open,
				.idle = origin->n_idle,
				.waiting = origin->n_waiting,
			};
			return true;
		}
	}
	return false;
}
