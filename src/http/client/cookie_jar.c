/* SPDX-License-Identifier: MIT */
/* The jar: see http/client/cookie.h. What may come into it is for cookie_rules.c to say. */
#include <errno.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/cookie.h"

enum { BUCKETS = 64, LIMIT = 3000, LIMIT_PER_HOST = 50, MAX_SIZE = 4096, MAX_HEADER = 8190 };

static struct wok__cookie *in_jar(struct wok__node *node)
{
	return WOK__CONTAINER(node, struct wok__cookie, in_jar);
}

static struct wok__cookie *in_domain(struct wok__node *node)
{
	return WOK__CONTAINER(node, struct wok__cookie, in_domain);
}

static size_t or_default(size_t value, size_t otherwise)
{
	return value ? value : otherwise;
}

int wok_cookie_jar_new(const wok_cookie_jar_options *options, wok_cookie_jar **ret_jar)
{
	const wok_cookie_jar_options defaults = {0};
	wok_cookie_jar *jar = wok__alloc_zeroed(sizeof(*jar));

	if (!jar)
		return -ENOMEM;
	options = options ? options : &defaults;
	jar->limits = (wok_cookie_jar_options){
		.limit = or_default(options->limit, LIMIT),
		.limit_per_host = or_default(options->limit_per_host, LIMIT_PER_HOST),
		.max_size = or_default(options->max_size, MAX_SIZE),
		.max_header = or_default(options->max_header, MAX_HEADER),
	};
	wok__list_init(&jar->all);
	*ret_jar = jar;
	return 0;
}

/* --- domains ---------------------------------------------------------------------------------- */

static uint32_t hash_of(const char *data, size_t size)
{
	uint32_t hash = 2166136261;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char) data[i]) * 16777619;
	return hash;
}

struct wok__cookie_domain *wok__cookie_domain_find(const wok_cookie_jar *jar, const char *name,
						   size_t size)
{
	uint32_t hash = hash_of(name, size);

	if (jar->n_buckets == 0)
		return NULL;
	struct wok__cookie_domain *domain = jar->buckets[hash & (jar->n_buckets - 1)];
	while (domain && (domain->hash != hash || domain->size != size ||
			  memcmp(domain->name, name, size) != 0))
		domain = domain->next;
	return domain;
}

/* Twice as many buckets; the number is a power of two. */
static int grow_buckets(wok_cookie_jar *jar)
{
	size_t n = jar->n_buckets ? 2 * jar->n_buckets : BUCKETS;
	struct wok__cookie_domain **buckets =
		wok__alloc_zeroed(n * sizeof(struct wok__cookie_domain *));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i < jar->n_buckets; i++)
		for (struct wok__cookie_domain *d = jar->buckets[i], *next; d; d = next) {
			next = d->next;
			d->next = buckets[d->hash & (n - 1)];
			buckets[d->hash & (n - 1)] = d;
		}
	wok_free(jar->buckets);
	jar->buckets = buckets;
	jar->n_buckets = n;
	return 0;
}

static int domain_get(wok_cookie_jar *jar, struct wok__h1_span name,
		      struct wok__cookie_domain **ret_domain)
{
	struct wok__cookie_domain *domain = wok__cookie_domain_find(jar, name.data, name.size);

	if (domain) {
		*ret_domain = domain;
		return 0;
	}
	if (jar->n_domains >= jar->n_buckets)
		WOK_TRY(grow_buckets(jar));
	domain = wok__alloc_zeroed(sizeof(*domain) + name.size + 1);
	if (!domain)
		return -ENOMEM;
	memcpy(domain->name, name.data, name.size);
	domain->size = (uint32_t) name.size;
	domain->hash = hash_of(name.data, name.size);
	wok__list_init(&domain->cookies);
	struct wok__cookie_domain **bucket = &jar->buckets[domain->hash & (jar->n_buckets - 1)];
	domain->next = *bucket;
	*bucket = domain;
	jar->n_domains++;
	*ret_domain = domain;
	return 0;
}

static void domain_drop_if_empty(wok_cookie_jar *jar, struct wok__cookie_domain *domain)
{
	struct wok__cookie_domain **link = &jar->buckets[domain->hash & (jar->n_buckets - 1)];

	if (domain->n_cookies > 0)
		return;
	while (*link != domain)
		link = &(*link)->next;
	*link = domain->next;
	jar->n_domains--;
	wok_free(domain);
}

/* --- cookies ---------------------------------------------------------------------------------- */

/* The domain stays, even if this was its last. */
static void cookie_unlink(wok_cookie_jar *jar, struct wok__cookie *cookie)
{
	wok__list_remove(&cookie->in_jar);
	wok__list_remove(&cookie->in_domain);
	cookie->domain->n_cookies--;
	jar->n_cookies--;
	explicit_bzero(cookie->text, (size_t) cookie->name_size + cookie->value_size);
	wok_free(cookie);
}

static void cookie_remove(wok_cookie_jar *jar, struct wok__cookie *cookie)
{
	struct wok__cookie_domain *domain = cookie->domain;

	cookie_unlink(jar, cookie);
	domain_drop_if_empty(jar, domain);
}

void wok__cookie_used(wok_cookie_jar *jar, struct wok__cookie *cookie)
{
	wok__list_remove(&cookie->in_jar);
	wok__list_remove(&cookie->in_domain);
	wok__list_push_front(&jar->all, &cookie->in_jar);
	wok__list_push_front(&cookie->domain->cookies, &cookie->in_domain);
}

static bool equal(struct wok__h1_span span, const char *text, size_t size)
{
	return span.size == size && (size == 0 || memcmp(span.data, text, size) == 0);
}

static bool is_same(const struct wok__cookie *cookie, const struct wok__new_cookie *new_cookie)
{
	const char *path = cookie->text + cookie->name_size + cookie->value_size + 2;

	return equal(new_cookie->name, cookie->text, cookie->name_size) &&
	       equal(new_cookie->path, path, cookie->path_size) &&
	       cookie->subdomains == new_cookie->subdomains;
}

static struct wok__cookie *find(const wok_cookie_jar *jar, const struct wok__new_cookie *like)
{
	struct wok__cookie_domain *domain =
		wok__cookie_domain_find(jar, like->domain.data, like->domain.size);

	if (domain)
		WOK__LIST_EACH (node, &domain->cookies)
			if (is_same(in_domain(node), like))
				return in_domain(node);
	return NULL;
}

/*
 * Plain http must not replace or hide what https has set: RFC 6265bis section 5.7, step 8. That
 * looks at all cookies, by the hash of the name.
 */
static bool hides_secure(const wok_cookie_jar *jar, const struct wok__new_cookie *cookie)
{
	uint32_t hash = hash_of(cookie->name.data, cookie->name.size);

	if (!cookie->weak)
		return false;
	WOK__LIST_EACH (node, &jar->all) {
		const struct wok__cookie *old = in_jar(node);
		const struct wok__h1_span domain = {old->domain->name, old->domain->size};
		if (old->secure && old->hash == hash &&
		    equal(cookie->name, old->text, old->name_size) &&
		    (wok__domain_match(cookie->domain, domain) ||
		     wok__domain_match(domain, cookie->domain)) &&
		    wok__cookie_path_match(cookie->path.data, cookie->path.size,
					   old->text + old->name_size + old->value_size + 2,
					   old->path_size))
			return true;
	}
	return false;
}

/* --- eviction --------------------------------------------------------------------------------- */

/* At most once a second, so that a full jar does not look at all it has for each that comes. */
static void sweep(wok_cookie_jar *jar, int64_t now)
{
	if (jar->swept == now)
		return;
	jar->swept = now;
	WOK__LIST_EACH (node, &jar->all)
		if (in_jar(node)->expires <= now)
			cookie_remove(jar, in_jar(node));
}

/* Of a full domain: one that has expired, else the stalest that is not secure, else the stalest. */
static void evict_of(wok_cookie_jar *jar, struct wok__cookie_domain *domain, int64_t now)
{
	struct wok__cookie *victim = NULL;

	WOK__LIST_EACH (node, &domain->cookies) {
		struct wok__cookie *cookie = in_domain(node);
		if (cookie->expires <= now) {
			cookie_unlink(jar, cookie);
			return;
		}
		if (!victim || !cookie->secure || victim->secure)
			victim = cookie;
	}
	if (victim)
		cookie_unlink(jar, victim);
}

static void make_room(wok_cookie_jar *jar, struct wok__cookie_domain *domain, int64_t now)
{
	while (domain->n_cookies >= jar->limits.limit_per_host)
		evict_of(jar, domain, now);
	if (jar->n_cookies < jar->limits.limit)
		return;
	/* The domain of the new cookie must live, though it may be empty: it counts for one. */
	domain->n_cookies++;
	sweep(jar, now);
	while (jar->n_cookies >= jar->limits.limit)
		cookie_remove(jar, in_jar(jar->all.head.prev));
	domain->n_cookies--;
}

/* --- coming in -------------------------------------------------------------------------------- */

static char *put(char *at, struct wok__h1_span span)
{
	if (span.size > 0)
		memcpy(at, span.data, span.size);
	return at + span.size + 1;
}

static struct wok__cookie *make(const struct wok__new_cookie *from)
{
	struct wok__cookie *cookie = wok__alloc_zeroed(sizeof(*cookie) + from->name.size +
						       from->value.size + from->path.size + 3);
	if (!cookie)
		return NULL;
	cookie->expires = from->expires;
	cookie->hash = hash_of(from->name.data, from->name.size);
	cookie->name_size = (uint32_t) from->name.size;
	cookie->value_size = (uint32_t) from->value.size;
	cookie->path_size = (uint32_t) from->path.size;
	cookie->same_site = from->same_site;
	cookie->subdomains = from->subdomains;
	cookie->secure = from->secure;
	cookie->http_only = from->http_only;
	put(put(put(cookie->text, from->name), from->value), from->path);
	return cookie;
}

int wok__cookies_add(wok_cookie_jar *jar, const struct wok__new_cookie *from, int64_t now)
{
	struct wok__cookie_domain *domain = NULL;

	if (from->name.size + from->value.size > jar->limits.max_size || hides_secure(jar, from))
		return 0;
	struct wok__cookie *old = find(jar, from);
	if (from->expires <= now) {
		if (old)
			cookie_remove(jar, old);
		return old != NULL;
	}
	struct wok__cookie *cookie = make(from);
	if (!cookie)
		return -ENOMEM;
	int r = domain_get(jar, from->domain, &domain);
	if (r < 0) {
		wok_free(cookie);
		return r;
	}
	/* One that is replaced keeps its place in the order in which cookies are sent. */
	cookie->number = old ? old->number : jar->next_number++;
	if (old)
		cookie_unlink(jar, old);
	else
		make_room(jar, domain, now);
	cookie->domain = domain;
	domain->n_cookies++;
	jar->n_cookies++;
	wok__list_push_front(&jar->all, &cookie->in_jar);
	wok__list_push_front(&domain->cookies, &cookie->in_domain);
	return 1;
}

/* --- looking and clearing --------------------------------------------------------------------- */

void wok__cookie_describe(const struct wok__cookie *cookie, wok_cookie *ret_cookie)
{
	*ret_cookie = (wok_cookie){
		.name = cookie->text,
		.value = cookie->text + cookie->name_size + 1,
		.path = cookie->text + cookie->name_size + cookie->value_size + 2,
		.domain = cookie->domain->name,
		.expires = cookie->expires == INT64_MAX ? 0 : cookie->expires,
		.same_site = cookie->same_site,
		.subdomains = cookie->subdomains,
		.secure = cookie->secure,
		.http_only = cookie->http_only,
	};
}

bool wok_cookie_jar_next(const wok_cookie_jar *jar, const void **position, wok_cookie *ret_cookie)
{
	const struct wok__node *node = *position ? *position : &jar->all.head;
	int64_t now = wok__wall_clock();

	while ((node = node->next) != &jar->all.head) {
		const struct wok__cookie *cookie =
			WOK__CONTAINER(node, const struct wok__cookie, in_jar);
		if (cookie->expires <= now)
			continue;
		*position = node;
		wok__cookie_describe(cookie, ret_cookie);
		return true;
	}
	return false;
}

void wok_cookie_jar_clear(wok_cookie_jar *jar, const char *domain)
{
	struct wok__h1_span name = {domain, domain ? strlen(domain) : 0};

	WOK__LIST_EACH (node, &jar->all) {
		struct wok__cookie *cookie = in_jar(node);
		const struct wok__h1_span of = {cookie->domain->name, cookie->domain->size};
		if (!domain || wok__domain_match(of, name))
			cookie_remove(jar, cookie);
	}
}

void wok_cookie_jar_free(wok_cookie_jar *jar)
{
	if (!jar)
		return;
	wok_cookie_jar_clear(jar, NULL);
	wok_free(jar->buckets);
	wok_free(jar);
}
