/* SPDX-License-Identifier: MIT */
/*
 * A name's way through c-ares: see dns/lookup.h.
 *
 * It waits in the queue until fewer than max_queries are under way; c-ares holds it until it has
 * answered, which it does exactly once. Whoever waited may have gone by then: the answer is kept
 * nevertheless, since who asked and gave up often asks again. A name whose time is over is answered
 * for with -ETIMEDOUT; what c-ares says later is dropped.
 */
#include <netinet/in.h>
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "base/time.h"
#include "dns/lookup.h"

enum { ASK_AT_ONCE = 32 }; /* in one callback: each may read the hosts file */

/* How long the answer is worth to be kept. */
static wok_time keep_for(const struct wok__dns_name *name)
{
	const struct wok__dns_settings *settings = wok__dns_settings();

	if (settings->max_entries == 0)
		return 0;
	if (name->code == 0)
		return wok__time_min(name->ttl, settings->max_ttl);
	if (name->status == ARES_ENOTFOUND || name->status == ARES_ENODATA)
		return settings->negative_ttl;
	return 0;
}

static void evict(struct wok__dns *dns)
{
	struct wok__dns_names *names = &dns->names;

	while (names->n_kept > wok__dns_settings()->max_entries) {
		struct wok__dns_name *name =
			WOK__CONTAINER(names->used.head.prev, struct wok__dns_name, order);
		dns->counts.evicted += name->expires > wok_now();
		wok__dns_names_remove(names, name);
	}
}

/* The name is known now: wake who waits, and keep it if it is worth it. */
static void finish(struct wok__dns_name *name, int status, int code)
{
	struct wok__dns *dns = name->dns;

	wok__timer_stop(wok_current_loop(), &name->limit);
	wok__timer_unreserve(wok_current_loop());
	name->state = WOK__DNS_KNOWN;
	name->status = status;
	name->code = code;
	dns->counts.timeouts += code == -ETIMEDOUT;
	wok_event_set(&name->done);
	wok_time span = keep_for(name);
	if (!name->in_table)
		return;
	if (span <= 0) {
		wok__dns_names_remove(&dns->names, name);
		return;
	}
	name->expires = wok__time_add(wok_now(), span);
	wok__dns_names_use(&dns->names, name);
	evict(dns);
}

static void unqueue(struct wok__dns_name *name)
{
	wok__list_remove(&name->order);
	name->dns->n_queued--;
}

static void on_limit(struct wok__timer *timer)
{
	struct wok__dns_name *name = WOK__CONTAINER(timer, struct wok__dns_name, limit);

	wok__dns_name_keep(name);
	if (name->state == WOK__DNS_QUEUED)
		unqueue(name);
	finish(name, ARES_ETIMEOUT, -ETIMEDOUT);
	wok__dns_name_drop(name);
}

static bool usable(const struct ares_addrinfo_node *node)
{
	return (node->ai_family == AF_INET || node->ai_family == AF_INET6) &&
	       node->ai_addrlen <= sizeof(struct sockaddr_storage);
}

/* How long an answer is good: what lasts for the shortest time, of the addresses and the aliases.
 */
static wok_time ttl_of(const struct ares_addrinfo *list)
{
	int least = INT32_MAX;

	for (const struct ares_addrinfo_node *node = list->nodes; node; node = node->ai_next)
		least = node->ai_ttl < least ? node->ai_ttl : least;
	for (const struct ares_addrinfo_cname *cname = list->cnames; cname; cname = cname->next)
		least = cname->ttl < least ? cname->ttl : least;
	/* RFC 2181, 8: with the highest bit set it means nothing. */
	return least > 0 ? least * WOK_SECOND : 0;
}

/* Copy what c-ares has found: a status of c-ares. */
static int take(struct wok__dns_name *name, const struct ares_addrinfo *list)
{
	size_t n = 0;

	for (const struct ares_addrinfo_node *node = list->nodes; node; node = node->ai_next)
		n += usable(node);
	if (n == 0)
		return ARES_ENODATA;
	name->list = wok__alloc_zeroed(n * sizeof(*name->list));
	if (!name->list)
		return ARES_ENOMEM;
	for (const struct ares_addrinfo_node *node = list->nodes; node; node = node->ai_next) {
		if (!usable(node))
			continue;
		name->list[name->n].size = node->ai_addrlen;
		memcpy(&name->list[name->n++].storage, node->ai_addr, node->ai_addrlen);
	}
	name->ttl = ttl_of(list);
	return ARES_SUCCESS;
}

static int code_of(const struct wok__dns_name *name, int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENOMEM:
		return -ENOMEM;
	case ARES_ETIMEOUT:
		return -ETIMEDOUT;
	case ARES_ECANCELLED: /* given up: the channel says why */
		return name->channel->error;
	case ARES_EDESTRUCTION: /* with its loop: nobody waits any more */
		return -ESHUTDOWN;
	default:
		return WOK_ENAME;
	}
}

/* c-ares has answered. */
static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *list)
{
	struct wok__dns_name *name = arg;

	(void) timeouts;
	name->channel->asking--;
	name->dns->n_asked--;
	if (name->state == WOK__DNS_ASKED) {
		if (status == ARES_SUCCESS)
			status = take(name, list);
		finish(name, status, code_of(name, status));
	}
	if (list)
		ares_freeaddrinfo(list);
	wok__dns_name_drop(name);
}

static void ask_now(struct wok__dns_channel *channel, struct wok__dns_name *name)
{
	const struct ares_addrinfo_hints hints = {.ai_socktype = SOCK_STREAM};

	unqueue(name);
	name->state = WOK__DNS_ASKED;
	name->channel = channel;
	channel->asking++;
	name->dns->n_asked++;
	name->dns->counts.queries++;
	ares_getaddrinfo(channel->ares, name->text, NULL, &hints, on_answer,
			 wok__dns_name_keep(name));
}

void wok__dns_ask_queued(struct wok__dns_channel *channel)
{
	struct wok__dns *dns = channel->owner;
	size_t most = wok__dns_settings()->max_queries;
	int n = 0;

	if (channel != dns->channel) {
		/* A retired one has made room. */
		if (dns->n_queued > 0)
			wok__dns_channel_kick(dns->channel);
		return;
	}
	while (dns->n_queued > 0 && dns->n_asked < most) {
		if (n++ == ASK_AT_ONCE) {
			wok__dns_channel_kick(channel);
			return;
		}
		ask_now(channel,
			WOK__CONTAINER(wok__list_first(&dns->queue), struct wok__dns_name, order));
	}
}

int wok__dns_ask(struct wok__dns *dns, struct wok__dns_name *name)
{
	wok_loop *loop = wok_current_loop();

	if (wok__timer_reserve(loop) < 0)
		return -ENOMEM;
	name->limit.fire = on_limit;
	wok__timer_start(loop, &name->limit, wok__time_add(wok_now(), wok__dns_settings()->limit));
	wok__list_push_back(&dns->queue, &name->order);
	dns->n_queued++;
	wok__dns_names_add(&dns->names, name);
	wok__dns_channel_kick(dns->channel);
	return 0;
}

void wok__dns_withdraw(struct wok__dns_name *name)
{
	if (name->state != WOK__DNS_QUEUED)
		return;
	unqueue(name);
	wok__timer_stop(wok_current_loop(), &name->limit);
	wok__timer_unreserve(wok_current_loop());
	wok__dns_names_remove(&name->dns->names, name);
}

int wok__dns_fail(const struct wok__dns_name *name)
{
	const char *servers = name->dns->channel ? name->dns->channel->servers : "the name servers";

	if (name->code == -ETIMEDOUT)
		return wok_fail(
			-ETIMEDOUT,
			"cannot look up %s: no answer in time from %s: see that they can be "
			"reached, or ask others (resolv.conf, wok_dns_options.servers)",
			name->text, servers);
	if (name->code != WOK_ENAME)
		return name->code == -ENOMEM
			       ? -ENOMEM
			       : wok_fail(name->code, "cannot look up %s: a socket to %s: %s",
					  name->text, servers, wok_strerror(name->code));
	switch (name->status) {
	case ARES_ENOTFOUND:
		return wok_fail(WOK_ENAME,
				"cannot look up %s: there is no such name, says %s: look at how it "
				"is spelt and, if it is a short one, at the search domains",
				name->text, servers);
	case ARES_ENODATA:
		return wok_fail(WOK_ENAME,
				"cannot look up %s: the name exists, but has no address, says %s",
				name->text, servers);
	case ARES_ECONNREFUSED: /* what c-ares makes of SERVFAIL and REFUSED, too */
		return wok_fail(WOK_ENAME,
				"cannot look up %s: none of the servers answered it, for they "
				"failed, refused, or cannot be reached: %s",
				name->text, servers);
	default:
		return wok_fail(WOK_ENAME, "cannot look up %s: %s (asked: %s)", name->text,
				ares_strerror(name->status), servers);
	}
}
