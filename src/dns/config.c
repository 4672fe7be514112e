/* SPDX-License-Identifier: MIT */
/* c-ares' settings: see dns/config.h. */
#include "dns/config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

enum { DOMAINS_MAX = 16, DNS_PORT = 53 };

/* c-ares asks for nothing now and then, and takes NULL for "no memory". */
static void *take(size_t size)
{
	return wok_alloc(size ? size : 1);
}

static void *resize(void *pointer, size_t size)
{
	return wok_realloc(pointer, size ? size : 1);
}

void wok__dns_adopt_memory(void)
{
	static bool done;

	/* Counted, and never given back: others of the process may use c-ares as well. */
	if (!done)
		done = ares_library_init_mem(ARES_LIB_INIT_ALL, take, wok_free, resize) ==
		       ARES_SUCCESS;
}

/* Cut a list of names at its commas and spaces. */
static int split(char *list, char *ret_names[DOMAINS_MAX])
{
	char *rest = NULL;
	int n = 0;

	for (char *name = strtok_r(list, ", \t", &rest); name && n < DOMAINS_MAX;
	     name = strtok_r(NULL, ", \t", &rest))
		ret_names[n++] = name;
	return n;
}

static int fill(const struct wok__dns_settings *settings, struct ares_options *options)
{
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;

	options->timeout = settings->timeout_ms;
	options->tries = settings->tries;
	if (settings->ndots > 0) {
		options->ndots = settings->ndots;
		mask |= ARES_OPT_NDOTS;
	}
	if (settings->no_hosts) {
		options->lookups = (char *) (uintptr_t) "b"; /* c-ares copies it */
		mask |= ARES_OPT_LOOKUPS;
	}
	if (settings->resolv_conf[0]) {
		options->resolvconf_path = (char *) (uintptr_t) settings->resolv_conf;
		mask |= ARES_OPT_RESOLVCONF;
	}
#ifdef ARES_OPT_QUERY_CACHE /* 1.31: it would keep answers by a clock of its own */
	options->qcache_max_ttl = 0;
	mask |= ARES_OPT_QUERY_CACHE;
#endif
#ifdef ARES_OPT_UDP_MAX_QUERIES /* 1.20: a new port now and then is harder to guess */
	options->udp_max_queries = 100;
	mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif
	return mask;
}

static int outcome(int status, const struct wok__dns_settings *settings)
{
	if (status == ARES_SUCCESS)
		return 0;
	if (status == ARES_ENOMEM)
		return -ENOMEM;
	return wok_fail(-EINVAL, "c-ares cannot be set up%s%s: %s",
			settings->servers[0] ? " with the servers " : "", settings->servers,
			ares_strerror(status));
}

int wok__dns_configure(const struct wok__dns_settings *settings, ares_sock_state_cb on_socket,
		       void *arg, ares_channel *ret_channel)
{
	struct ares_options options = {.sock_state_cb = on_socket, .sock_state_cb_data = arg};
	char domains[WOK__DNS_TEXT_MAX], *names[DOMAINS_MAX];
	int mask = fill(settings, &options);
	ares_channel channel = NULL;

	if (on_socket)
		mask |= ARES_OPT_SOCK_STATE_CB;
	if (settings->own_domains) {
		memcpy(domains, settings->domains, sizeof(domains));
		options.domains = names;
		options.ndomains = split(domains, names);
		mask |= ARES_OPT_DOMAINS;
	}
	int status = ares_init_options(&channel, &options, mask);
	if (status == ARES_SUCCESS && settings->servers[0]) {
		status = ares_set_servers_ports_csv(channel, settings->servers);
		if (status != ARES_SUCCESS)
			ares_destroy(channel);
	}
	if (status == ARES_SUCCESS)
		*ret_channel = channel;
	return outcome(status, settings);
}

static int server_text(const struct ares_addr_port_node *server, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN] = "?";
	int port = server->udp_port ? server->udp_port : DNS_PORT;

	inet_ntop(server->family, &server->addr, address, sizeof(address));
	if (port == DNS_PORT)
		return snprintf(text, size, "%s", address);
	return snprintf(text, size, server->family == AF_INET6 ? "[%s]:%d" : "%s:%d", address,
			port);
}

size_t wok__dns_servers_text(ares_channel channel, char *text, size_t size)
{
	struct ares_addr_port_node *servers = NULL;
	size_t n = 0, used = 0;

	snprintf(text, size, "the name servers");
	if (ares_get_servers_ports(channel, &servers) != ARES_SUCCESS)
		return 0;
	for (struct ares_addr_port_node *server = servers; server; server = server->next, n++) {
		if (used + INET6_ADDRSTRLEN + 16 > size)
			continue;
		if (n > 0)
			used += (size_t) snprintf(text + used, size - used, ", ");
		used += (size_t) server_text(server, text + used, size - used);
	}
	ares_free_data(servers);
	return n;
}
