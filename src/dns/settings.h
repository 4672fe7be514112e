/* SPDX-License-Identifier: MIT */
#ifndef WOK_DNS_SETTINGS_H
#define WOK_DNS_SETTINGS_H
#include <wok/dns.h>

enum { WOK__DNS_TEXT_MAX = 1024 };

/* What wok_dns_use() was told, with the defaults filled in. Constant once a loop has run. */
struct wok__dns_settings {
	char servers[WOK__DNS_TEXT_MAX];     /* "": resolv.conf's */
	char domains[WOK__DNS_TEXT_MAX];     /* if own_domains */
	char resolv_conf[WOK__DNS_TEXT_MAX]; /* "": the usual one */
	bool own_domains;
	int ndots; /* 0: resolv.conf's */
	int timeout_ms;
	int tries;
	wok_time limit;
	size_t max_queries;
	size_t max_entries; /* 0: nothing is remembered */
	wok_time max_ttl;
	wok_time negative_ttl;
	bool no_hosts;
	char more[64]; /* what nsswitch.conf asks for beside files and DNS; "" */
};

const struct wok__dns_settings *wok__dns_settings(void);
#endif
