/* SPDX-License-Identifier: MIT */
/*
 * Looking up names: see wok_lookup().
 *
 * getaddrinfo(3) blocks and cannot be stopped, so it runs in the default pool, in the lane for what
 * is slow. A query owns all that it touches there: a task that is cancelled leaves it behind.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/net.h>
#include <wok/thread_pool.h>

#include "base/memory.h"
#include "base/settle.h"
#include "io/lookup.h"
#include "task/park.h"

struct query {
	char *host;
	uint16_t port;
	wok_addresses answer;
};

static void release(void *arg)
{
	struct query *query = arg;

	wok_addresses_clear(&query->answer);
	wok_free(query->host);
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
	wok_addresses copy = {.list = wok__alloc_zeroed(n * sizeof(wok_address))};

	if (!copy.list)
		return EAI_MEMORY;
	for (; list; list = list->ai_next) {
		if (list->ai_addrlen > sizeof(struct sockaddr_storage))
			continue;
		copy.list[copy.n].size = list->ai_addrlen;
		memcpy(&copy.list[copy.n++].storage, list->ai_addr, list->ai_addrlen);
	}
	*ret = copy;
	return 0;
}

static void set_port(wok_address *address, uint16_t port)
{
	if (address->storage.ss_family == AF_INET)
		((struct sockaddr_in *) (void *) &address->storage)->sin_port = htons(port);
	else if (address->storage.ss_family == AF_INET6)
		((struct sockaddr_in6 *) (void *) &address->storage)->sin6_port = htons(port);
}

static int outcome(const char *host, int error, int number)
{
	if (error == 0)
		return 0;
	if (error == EAI_MEMORY)
		return -ENOMEM;
	return wok_fail(WOK_ENAME, "cannot look up %s: %s", host,
			error == EAI_SYSTEM ? wok_strerror(-number) : gai_strerror(error));
}

/* In the pool's thread. */
static int run_query(void *arg)
{
	struct query *query = arg;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;

	int error = getaddrinfo(query->host, NULL, &hints, &list);
	int number = errno;
	if (error == 0) {
		error = copy_list(list, &query->answer);
		freeaddrinfo(list);
	}
	for (size_t i = 0; i < query->answer.n; i++)
		set_port(&query->answer.list[i], query->port);
	return outcome(query->host, error, number);
}

static int lookup_in_thread(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	const wok_thread_job_options options = {
		.flags = WOK_ABANDON,
		.lane = WOK_LANE_SLOW,
		.arg_size = sizeof(struct query),
		.arg_free = release,
	};
	struct query query = {.host = wok__strdup(host), .port = port};

	if (!query.host)
		return -ENOMEM;
	int r = wok_thread_pool_run_with(NULL, run_query, &query, &options);
	if (r == 0) {
		*ret_addresses = query.answer;
		query.answer = (wok_addresses){0};
	}
	if (r != -ECANCELED)
		release(&query);
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

const char *wok__resolver_name(void)
{
	return resolver->name;
}

/* An address in numbers needs no resolver; false if it is a name. */
static bool is_numeric(const char *host, wok_address *ret_address)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	memset(ret_address, 0, sizeof(*ret_address));
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
		memcpy(&ret_address->storage, &v4, ret_address->size = sizeof(v4));
	else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
		memcpy(&ret_address->storage, &v6, ret_address->size = sizeof(v6));
	else
		return false;
	return true;
}

int wok_lookup(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	wok_address address;

	WOK_TRY(wok__check());
	if (port == 0 || host[0] == '\0')
		return wok_fail(-EINVAL, "\"%s:%u\" is no host and port", host, port);
	if (!is_numeric(host, &address))
		return resolver->lookup(host, port, ret_addresses);
	set_port(&address, port);
	ret_addresses->list = wok_alloc(sizeof(address));
	if (!ret_addresses->list)
		return -ENOMEM;
	ret_addresses->list[0] = address;
	ret_addresses->n = 1;
	wok__spend();
	return 0;
}

void wok_addresses_clear(wok_addresses *addresses)
{
	wok_free(addresses->list);
	*addresses = (wok_addresses){0};
}
