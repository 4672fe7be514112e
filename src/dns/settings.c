/* SPDX-License-Identifier: MIT */
/* wok_dns_use(): see wok/dns.h. */
#include "dns/settings.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/net.h>

#include "dns/config.h"
#include "dns/lookup.h"
#include "dns/nsswitch.h"

enum { TRIES_DEFAULT = 3, TRIES_MAX = 100, QUERIES_DEFAULT = 80, ENTRIES_DEFAULT = 1024 };
#define TIMEOUT_DEFAULT (2 * WOK_SECOND)
#define LIMIT_DEFAULT (30 * WOK_SECOND)
#define TTL_DEFAULT (5 * WOK_MINUTE)
#define NEGATIVE_TTL_DEFAULT WOK_SECOND

/* Process-wide: frozen with the resolver, at the first run. */
static struct wok__dns_settings settled;

const struct wok__dns_settings *wok__dns_settings(void)
{
	return &settled;
}

static int copy_text(const char *from, char to[WOK__DNS_TEXT_MAX], const char *what)
{
	if (from && strlen(from) >= WOK__DNS_TEXT_MAX)
		return wok_fail(-ENAMETOOLONG, "wok_dns_use: %s are more than %d bytes", what,
				WOK__DNS_TEXT_MAX - 1);
	snprintf(to, WOK__DNS_TEXT_MAX, "%s", from ? from : "");
	return 0;
}

static int copy_texts(const wok_dns_options *options, struct wok__dns_settings *settings)
{
	settings->own_domains = options->domains != NULL;
	WOK_TRY(copy_text(options->servers, settings->servers, "the servers"));
	WOK_TRY(copy_text(options->domains, settings->domains, "the domains"));
	return copy_text(options->resolv_conf, settings->resolv_conf, "the file's path");
}

static wok_time time_or(wok_time value, wok_time preset)
{
	return value ? value : preset;
}

static size_t count_or(size_t value, size_t preset)
{
	return value ? value : preset;
}

static int copy_numbers(const wok_dns_options *options, struct wok__dns_settings *settings)
{
	wok_time timeout = time_or(options->timeout, TIMEOUT_DEFAULT);

	if (timeout < WOK_MS || timeout / WOK_MS > INT_MAX)
		return wok_fail(-EINVAL, "wok_dns_use: a timeout of %lld ns makes no sense",
				(long long) timeout);
	if (options->tries < 0 || options->tries > TRIES_MAX)
		return wok_fail(-EINVAL, "wok_dns_use: tries must be 1 to %d, or 0 for %d",
				TRIES_MAX, TRIES_DEFAULT);
	if (options->ndots < 0 || options->limit < 0 || options->max_ttl < 0)
		return wok_fail(-EINVAL,
				"wok_dns_use: ndots, limit and max_ttl cannot be negative");
	settings->timeout_ms = (int) (timeout / WOK_MS);
	settings->tries = options->tries ? options->tries : TRIES_DEFAULT;
	settings->ndots = options->ndots;
	settings->limit = time_or(options->limit, LIMIT_DEFAULT);
	settings->max_queries = count_or(options->max_queries, QUERIES_DEFAULT);
	settings->max_entries =
		options->no_cache ? 0 : count_or(options->max_entries, ENTRIES_DEFAULT);
	settings->max_ttl = time_or(options->max_ttl, TTL_DEFAULT);
	settings->negative_ttl = time_or(options->negative_ttl, NEGATIVE_TTL_DEFAULT);
	settings->no_hosts = options->no_hosts;
	return 0;
}

/* A channel for a moment: what c-ares does not take shows here, and not at the first look-up. */
static int try_out(const struct wok__dns_settings *settings)
{
	ares_channel channel;

	WOK_TRY(wok__dns_configure(settings, NULL, NULL, &channel));
	ares_destroy(channel);
	return 0;
}

/* A file that is not there asks for nothing. */
static void read_nsswitch(struct wok__dns_settings *settings)
{
	char text[16384];
	FILE *file = fopen("/etc/nsswitch.conf", "re");

	if (!file)
		return;
	size_t n = fread(text, 1, sizeof(text), file);
	fclose(file);
	wok_view more = wok__nsswitch_more((wok_view){text, n});
	if (more.data)
		snprintf(settings->more, sizeof(settings->more), "%.*s",
			 (int) (more.size < sizeof(settings->more) ? more.size : 63), more.data);
}

static const wok_resolver resolver = {"c-ares", wok__dns_lookup};

int wok_dns_use(const wok_dns_options *options)
{
	const wok_dns_options defaults = {0};
	struct wok__dns_settings settings = {0};

	options = options ? options : &defaults;
	WOK_TRY(copy_texts(options, &settings));
	WOK_TRY(copy_numbers(options, &settings));
	wok__dns_adopt_memory();
	WOK_TRY(try_out(&settings));
	if (!options->force)
		read_nsswitch(&settings);
	int r = wok_set_resolver(settings.more[0] ? NULL : &resolver);
	if (r < 0)
		return wok_fail(r, "wok_dns_use: a loop has run, so the resolver is settled: call "
				   "this first in main()");
	settled = settings;
	return settings.more[0] ? 1 : 0;
}
