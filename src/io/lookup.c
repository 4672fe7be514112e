/* SPDX-License-Identifier: MIT */
/*
 * Looking up names: see wok_lookup().
 *
 * getaddrinfo(3) blocks and cannot be stopped, so it runs in a thread of wok's own. A query owns
 * all that it touches there. It comes back as mail, and only the loop's thread looks at who waits
 * for it: a task that was cancelled has left by then, and the answer is dropped.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/net.h>

#include "base/memory.h"
#include "base/settle.h"
#include "exec/lane.h"
#include "loop/mailbox.h"
#include "task/park.h"
#include "task/run.h"

struct query {
	struct wok__work work;
	struct wok__mail mail;
	struct wok__mailbox *mailbox;
	struct wok__parker *waiter; /* NULL: abandoned. The loop's thread only */
	uint16_t port;
	int error;  /* of getaddrinfo, EAI_... */
	int number; /* errno, for EAI_SYSTEM */
	wok_addresses answer;
	char host[];
};

static struct wok__lane dns_lane = WOK__LANE_INIT("dns", 1);

static void release(struct query *query)
{
	wok_addresses_clear(&query->answer);
	wok__mailbox_unref(query->mailbox);
	wok_free(query);
}

static size_t count(const struct addrinfo *list)
{
	size_t n = 0;

	for (; list; list = list->ai_next)
		n += list->ai_addrlen <= sizeof(struct sockaddr_storage);
	return n;
}

/* A copy of getaddrinfo's list, in its order, which is RFC 6724's. */
static int copy_list(const struct addrinfo *list, wok_addresses *ret)
{
	size_t n = count(list);
	wok_addresses copy = {.addresses = wok__alloc_zeroed(n * sizeof(struct sockaddr_storage))};

	if (!copy.addresses)
		return EAI_MEMORY;
	for (; list; list = list->ai_next)
		if (list->ai_addrlen <= sizeof(struct sockaddr_storage))
			memcpy(&copy.addresses[copy.n++], list->ai_addr, list->ai_addrlen);
	*ret = copy;
	return 0;
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *) (void *) address)->sin_port = htons(port);
	else if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *) (void *) address)->sin6_port = htons(port);
}

/* In the lane's thread. */
static void run_query(struct wok__work *work)
{
	struct query *query = WOK__CONTAINER(work, struct query, work);
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;

	query->error = getaddrinfo(query->host, NULL, &hints, &list);
	query->number = errno;
	if (query->error == 0) {
		query->error = copy_list(list, &query->answer);
		freeaddrinfo(list);
	}
	for (size_t i = 0; i < query->answer.n; i++)
		set_port(&query->answer.addresses[i], query->port);
	if (wok__mailbox_post(query->mailbox, &query->mail) < 0)
		release(query);
}

/* Back on the loop. */
static void come_back(struct wok__mail *mail, bool lost)
{
	struct query *query = WOK__CONTAINER(mail, struct query, mail);

	if (!lost && query->waiter)
		wok__wake(query->waiter, 0);
	else
		release(query);
}

static struct query *new_query(const char *host, uint16_t port)
{
	size_t size = strlen(host) + 1;
	struct query *query = wok__alloc_zeroed(sizeof(*query) + size);

	if (!query)
		return NULL;
	query->work.run = run_query;
	query->mail.deliver = come_back;
	query->mailbox = wok__mailbox_ref(wok__loop->mailbox);
	query->port = port;
	memcpy(query->host, host, size);
	return query;
}

static int outcome(struct query *query, wok_addresses *ret_addresses)
{
	if (query->error == EAI_MEMORY)
		return -ENOMEM;
	if (query->error == EAI_SYSTEM)
		return wok_fail(WOK_ENAME, "cannot look up %s: %s", query->host,
				wok_strerror(-query->number));
	if (query->error != 0)
		return wok_fail(WOK_ENAME, "cannot look up %s: %s", query->host,
				gai_strerror(query->error));
	*ret_addresses = query->answer;
	query->answer = (wok_addresses){0};
	return 0;
}

static int lookup_in_thread(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	struct wok__parker parker = WOK__PARKER_INIT("a name to be looked up");
	struct query *query = new_query(host, port);

	if (!query)
		return -ENOMEM;
	int r = wok__lane_submit(&dns_lane, &query->work);
	if (r < 0) {
		release(query);
		return wok_fail(r, "cannot look up %s: no thread for it: %s", host,
				wok_strerror(r));
	}
	struct wok__mailbox *mailbox = wok__loop->mailbox;
	wok__mailbox_expect(mailbox);
	query->waiter = &parker;
	r = wok__park(&parker, NULL);
	wok__mailbox_unexpect(mailbox);
	if (r < 0) {
		query->waiter = NULL; /* it comes back to nobody, and is released there */
		return r;
	}
	r = outcome(query, ret_addresses);
	release(query);
	return r;
}

static const wok_resolver getaddrinfo_resolver = {"getaddrinfo", lookup_in_thread};
static const wok_resolver *resolver = &getaddrinfo_resolver;

int wok_set_resolver(const wok_resolver *replacement)
{
	if (wok__settled())
		return -EBUSY;
	resolver = replacement ? replacement : &getaddrinfo_resolver;
	return 0;
}

/* An address in numbers needs no resolver; false if it is a name. */
static bool is_numeric(const char *host, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	memset(ret_address, 0, sizeof(*ret_address));
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
		memcpy(ret_address, &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
		memcpy(ret_address, &v6, sizeof(v6));
	else
		return false;
	return true;
}

int wok_lookup(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	struct sockaddr_storage address;

	WOK_TRY(wok__check());
	if (port == 0 || host[0] == '\0')
		return wok_fail(-EINVAL, "\"%s:%u\" is no host and port", host, port);
	if (!is_numeric(host, &address))
		return resolver->lookup(host, port, ret_addresses);
	set_port(&address, port);
	ret_addresses->addresses = wok_alloc(sizeof(address));
	if (!ret_addresses->addresses)
		return -ENOMEM;
	ret_addresses->addresses[0] = address;
	ret_addresses->n = 1;
	wok__spend();
	return 0;
}

void wok_addresses_clear(wok_addresses *addresses)
{
	wok_free(addresses->addresses);
	*addresses = (wok_addresses){0};
}
