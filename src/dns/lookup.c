/* SPDX-License-Identifier: MIT */
/*
 * The resolver of libwok-dns: see wok/dns.h.
 *
 * A look-up finds its name in the loop's table: known, under way, or not at all; then it begins a
 * query. In each case it waits for the name's event, holding the name. So a task that is cancelled
 * just lets go, and whoever answers never touches a waiter's memory.
 */
#include "dns/lookup.h"

#include <string.h>
#include <sys/stat.h>
#include <wok/error.h>

#include "base/memory.h"
#include "base/time.h"
#include "task/park.h"

enum { NAME_MAX_BYTES = 255 };
#define LOOK_INTERVAL (5 * WOK_SECOND)

/* --- the state of a loop --------------------------------------------------------------------- */

static void forget_all(struct wok__dns *dns)
{
	for (size_t i = 0; i < dns->names.n_buckets; i++) {
		for (struct wok__dns_name *name = dns->names.buckets[i], *next; name; name = next) {
			next = name->next;
			if (name->state != WOK__DNS_QUEUED)
				wok__dns_names_remove(&dns->names, name);
		}
	}
}

static void end(struct wok__ending *ending)
{
	struct wok__dns *dns = WOK__CONTAINER(ending, struct wok__dns, ending);
	struct wok__node *node;

	while ((node = wok__list_first(&dns->queue)))
		wok__dns_withdraw(WOK__CONTAINER(node, struct wok__dns_name, order));
	while ((node = wok__list_first(&dns->channels)))
		wok__dns_channel_free(WOK__CONTAINER(node, struct wok__dns_channel, link));
	forget_all(dns);
	wok__dns_names_close(&dns->names);
	wok_free(dns);
}

static struct wok__dns *find(void)
{
	struct wok__ending *ending = wok_current_loop() ? wok__loop_find_ending(end) : NULL;

	return ending ? WOK__CONTAINER(ending, struct wok__dns, ending) : NULL;
}

static int find_or_new(struct wok__dns **ret_dns)
{
	struct wok__dns *dns = find();

	if (!dns) {
		dns = wok__alloc_zeroed(sizeof(*dns));
		if (!dns)
			return -ENOMEM;
		if (wok__dns_names_open(&dns->names) < 0) {
			wok_free(dns);
			return -ENOMEM;
		}
		wok__list_init(&dns->queue);
		wok__list_init(&dns->channels);
		dns->ending.end = end;
		wok__loop_at_end(&dns->ending);
	}
	*ret_dns = dns;
	return 0;
}

/* --- the channel ------------------------------------------------------------------------- */

/* Which resolv.conf it is, as far as a look from outside tells. */
static uint64_t mark_of_file(void)
{
	const char *own = wok__dns_settings()->resolv_conf;
	struct stat found;

	if (stat(own[0] ? own : "/etc/resolv.conf", &found) < 0)
		return 0;
	return (uint64_t) found.st_mtim.tv_sec * WOK_SECOND + (uint64_t) found.st_mtim.tv_nsec +
	       ((uint64_t) found.st_ino << 40) + (uint64_t) found.st_size;
}

/* Whether resolv.conf has changed; looked at every five seconds only. */
static bool has_changed(struct wok__dns *dns)
{
	uint64_t before = dns->file_mark;
	wok_time now = wok_now();

	if (dns->looked_at != 0 && now - dns->looked_at < LOOK_INTERVAL)
		return false;
	dns->looked_at = now;
	dns->file_mark = mark_of_file();
	return dns->file_mark != before;
}

static void retire(struct wok__dns_channel *channel)
{
	channel->retired = true;
	if (channel->asking == 0)
		wok__dns_channel_free(channel);
}

/* Have a channel that knows the present resolv.conf. With no memory for it the old one will do. */
static int renew_channel(struct wok__dns *dns)
{
	struct wok__dns_channel *channel, *old = dns->channel;
	const char *before;

	if (!has_changed(dns) && old)
		return 0;
	before = wok__nowait_enter("a callback of c-ares");
	int r = wok__dns_channel_new(wok__dns_settings(), &channel);
	if (r == 0) {
		channel->owner = dns;
		channel->more = wok__dns_ask_queued;
		wok__list_push_back(&dns->channels, &channel->link);
		dns->channel = channel;
		if (old)
			retire(old);
		if (dns->n_queued > 0)
			wok__dns_channel_kick(channel);
	} else {
		dns->looked_at = 0;
		dns->file_mark = 0;
	}
	wok__nowait_leave(before);
	return old ? 0 : r;
}

/* --- looking up -------------------------------------------------------------------------- */

/* Names are the same whatever the size of their letters. */
static int to_small(const char *host, char text[NAME_MAX_BYTES + 1])
{
	size_t n = strlen(host);

	if (n > NAME_MAX_BYTES)
		return wok_fail(WOK_ENAME,
				"cannot look up %.20s...: of %zu bytes, and a name has %d at most",
				host, n, NAME_MAX_BYTES);
	for (size_t i = 0; i <= n; i++) {
		text[i] = host[i];
		if (host[i] >= 'A' && host[i] <= 'Z')
			text[i] = (char) (host[i] + ('a' - 'A'));
	}
	return 0;
}

static int begin(struct wok__dns *dns, const char *text, struct wok__dns_name **ret_name)
{
	WOK_TRY(renew_channel(dns));
	struct wok__dns_name *name = wok__dns_name_new(dns, text);
	if (!name)
		return -ENOMEM;
	int r = wok__dns_ask(dns, name);
	if (r < 0) {
		wok__dns_name_drop(name);
		return r;
	}
	dns->counts.misses++;
	*ret_name = name;
	return 0;
}

/* The name, held by the caller, whatever is known of it. */
static int get_name(struct wok__dns *dns, const char *text, struct wok__dns_name **ret_name)
{
	struct wok__dns_name *name = wok__dns_names_find(&dns->names, text);

	if (name && name->state == WOK__DNS_KNOWN && name->expires <= wok_now()) {
		wok__dns_names_remove(&dns->names, name);
		name = NULL;
	}
	if (!name)
		return begin(dns, text, ret_name);
	if (name->state == WOK__DNS_KNOWN) {
		dns->counts.hits++;
		wok__dns_names_use(&dns->names, name);
	} else {
		dns->counts.shared++;
	}
	*ret_name = wok__dns_name_keep(name);
	return 0;
}

static void set_port(wok_address *address, uint16_t port)
{
	if (address->storage.ss_family == AF_INET)
		((struct sockaddr_in *) (void *) &address->storage)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *) (void *) &address->storage)->sin6_port = htons(port);
}

static int give(const struct wok__dns_name *name, uint16_t port, wok_addresses *ret_addresses)
{
	if (name->code < 0)
		return wok__dns_fail(name);
	wok_addresses copy = {name->n, wok__alloc_array(name->n, sizeof(*copy.list))};
	if (!copy.list)
		return -ENOMEM;
	memcpy(copy.list, name->list, name->n * sizeof(*copy.list));
	for (size_t i = 0; i < copy.n; i++)
		set_port(&copy.list[i], port);
	*ret_addresses = copy;
	return 0;
}

/* The table's hold alone, and nobody waits: a name that is still in the queue need not be asked. */
static void leave(struct wok__dns_name *name)
{
	if (name->state == WOK__DNS_QUEUED && name->refs == 2)
		wok__dns_withdraw(name);
	wok__dns_name_drop(name);
}

int wok__dns_lookup(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	char text[NAME_MAX_BYTES + 1];
	struct wok__dns_name *name;
	struct wok__dns *dns;

	WOK_TRY(to_small(host, text));
	WOK_TRY(find_or_new(&dns));
	WOK_TRY(get_name(dns, text, &name));
	int r = wok_event_wait(&name->done);
	if (r == 0)
		r = give(name, port, ret_addresses);
	leave(name);
	return r;
}

/* --- what can be asked of it ------------------------------------------------------------- */

static size_t count_sockets(const struct wok__dns *dns)
{
	size_t n = 0;

	WOK__LIST_EACH (node, &dns->channels)
		n += WOK__CONTAINER(node, struct wok__dns_channel, link)->n_open;
	return n;
}

int wok_dns_get_info(wok_dns_info *ret_info)
{
	const struct wok__dns *dns = find();
	const char *more = wok__dns_settings()->more;
	wok_dns_info info = {0};

	if (!wok_current_loop())
		return wok_fail(-EINVAL, "wok_dns_get_info: this thread runs no loop");
	if (dns) {
		info = dns->counts;
		info.in_flight = dns->n_asked;
		info.queued = dns->n_queued;
		info.entries = dns->names.n_kept;
		info.sockets = count_sockets(dns);
	}
	info.fallback = more[0] ? more : NULL;
	*ret_info = info;
	return 0;
}

void wok_dns_flush(const char *host)
{
	struct wok__dns *dns = find();
	char text[NAME_MAX_BYTES + 1];

	if (!dns || (host && to_small(host, text) < 0))
		return;
	if (!host) {
		forget_all(dns);
		dns->looked_at = 0;
		dns->file_mark = 0;
		return;
	}
	struct wok__dns_name *name = wok__dns_names_find(&dns->names, text);
	if (name && name->state != WOK__DNS_QUEUED)
		wok__dns_names_remove(&dns->names, name);
}
