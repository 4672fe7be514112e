/* SPDX-License-Identifier: MIT */
/* URLs of proxies, and which one a request goes through: see http/client/proxy.h. */
#include "http/client/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/auth.h"

static const struct {
	const char *name;
	enum wok__proxy_kind kind;
	uint16_t port;
} schemes[] = {
	{"http", WOK__PROXY_HTTP, 80},         {"https", WOK__PROXY_HTTPS, 443},
	{"socks5h", WOK__PROXY_SOCKS5H, 1080}, {"socks5", WOK__PROXY_SOCKS5, 1080},
	{"socks4a", WOK__PROXY_SOCKS4A, 1080},
};

enum { SCHEMES = sizeof(schemes) / sizeof(schemes[0]) };

/* --- URLs ------------------------------------------------------------------------------------- */

static int find_scheme(const char *text, size_t *ret_scheme, const char **ret_rest)
{
	const char *colon = strstr(text, "://");

	*ret_scheme = 0;
	*ret_rest = colon ? colon + 3 : text;
	if (!colon)
		return 0;
	for (size_t i = 0; i < SCHEMES; i++)
		if (strlen(schemes[i].name) == (size_t) (colon - text) &&
		    strncasecmp(text, schemes[i].name, (size_t) (colon - text)) == 0) {
			*ret_scheme = i;
			return 0;
		}
	return wok__bad_url(-EPROTONOSUPPORT, text,
			    "a proxy's scheme must be http, https, socks5, socks5h or socks4a");
}

static int parse_as(const char *scheme, const char *rest, struct wok__url *ret_url)
{
	struct wok__buffer text = {0};

	wok__buffer_text(&text, scheme);
	wok__buffer_text(&text, rest);
	wok__buffer_add(&text, "", 1);
	int r = text.error < 0 ? text.error : wok__url_parse(text.data, ret_url);
	if (text.data)
		explicit_bzero(text.data, text.size);
	wok__buffer_free(&text);
	return r;
}

/* A port that follows the scheme's default was not given. */
static int parse_rest(const char *rest, struct wok__url *ret_url, bool *ret_has_port)
{
	struct wok__url other = {0};

	WOK_TRY(parse_as("http://", rest, ret_url));
	int r = parse_as("https://", rest, &other);
	if (r < 0)
		wok__url_free(ret_url);
	*ret_has_port = other.port == ret_url->port;
	wok__url_free(&other);
	return r;
}

static void put_origin(struct wok__buffer *out, const struct wok__url *url, uint16_t port)
{
	bool v6 = memchr(url->host.data, ':', url->host.size);

	wok__buffer_text(out, v6 ? "[" : "");
	wok__buffer_add(out, url->host.data, url->host.size);
	wok__buffer_text(out, v6 ? "]:" : ":");
	wok__buffer_decimal(out, port);
	wok__buffer_add(out, "", 1);
}

static int put_together(size_t scheme, const struct wok__url *url, uint16_t port,
			struct wok__proxy *ret_proxy)
{
	struct wok__buffer out = {0};
	size_t key, host, user, password;

	wok__buffer_text(&out, schemes[scheme].name);
	wok__buffer_text(&out, "://");
	put_origin(&out, url, port);
	key = out.size;
	wok__buffer_text(&out, schemes[scheme].name);
	if (url->user) { /* apart by bytes that neither of them has */
		wok__buffer_text(&out, "\n");
		wok__buffer_text(&out, url->user);
		wok__buffer_text(&out, "\n");
		wok__buffer_text(&out, url->password);
	}
	wok__buffer_text(&out, "\n");
	put_origin(&out, url, port);
	host = out.size;
	wok__buffer_add(&out, url->host.data, url->host.size + 1);
	user = out.size;
	wok__buffer_text(&out, url->user ? url->user : "");
	wok__buffer_add(&out, "", 1);
	password = out.size;
	wok__buffer_text(&out, url->password ? url->password : "");
	wok__buffer_add(&out, "", 1);
	if (out.error < 0) {
		int error = out.error;
		wok__buffer_free(&out);
		return error;
	}
	*ret_proxy = (struct wok__proxy){
		.memory = out.data,
		.text = out.data,
		.key = out.data + key,
		.host = out.data + host,
		.user = url->user ? out.data + user : NULL,
		.password = url->user ? out.data + password : NULL,
		.kind = schemes[scheme].kind,
		.port = port,
	};
	return 0;
}

int wok__proxy_parse(const char *text, struct wok__proxy *ret_proxy)
{
	struct wok__url url = {0};
	bool has_port = false;
	const char *rest = NULL;
	size_t scheme;

	WOK_TRY(find_scheme(text, &scheme, &rest));
	int r = parse_rest(rest, &url, &has_port);
	if (r < 0)
		return r == -ENOMEM ? r : wok_fail(r, "the proxy's URL: %s", wok_errmsg(r));
	r = put_together(scheme, &url, has_port ? url.port : schemes[scheme].port, ret_proxy);
	wok__url_free(&url);
	return r;
}

void wok__proxy_free(struct wok__proxy *proxy)
{
	wok_free(proxy->memory);
	*proxy = (struct wok__proxy){0};
}

void wok__proxy_put_authorization(const struct wok__proxy *proxy, struct wok__buffer *out)
{
	if (proxy->user)
		wok__basic_put(out, "Proxy-Authorization", proxy->user, proxy->password);
}

/* --- the environment -------------------------------------------------------------------------- */

/* The first that is set, be it empty, which then means none. */
static const char *variable(const char *const *names, const char **ret_name)
{
	for (; *names; names++) {
		const char *value = getenv(*names);
		*ret_name = *names;
		if (value)
			return value;
	}
	return NULL;
}

static int from_environment(const char *const *names, struct wok__proxy *proxy)
{
	const char *name = NULL, *value = variable(names, &name);

	if (!value || !*value)
		return 0;
	int r = wok__proxy_parse(value, proxy);
	return r < 0 && r != -ENOMEM ? wok_fail(r, "the environment's %s: %s", name, wok_errmsg(r))
				     : r;
}

static int open_environment(struct wok__proxies *proxies)
{
	static const char *const http[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY",
					   NULL};
	static const char *const http_of_cgi[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
	static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
					    NULL};

	WOK_TRY(from_environment(getenv("REQUEST_METHOD") ? http_of_cgi : http, &proxies->http));
	return from_environment(https, &proxies->https);
}

static int open_all(struct wok__proxies *proxies, const char *proxy, const char *no_proxy)
{
	static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
	const char *unused;

	if (!proxy)
		WOK_TRY(open_environment(proxies));
	else if (*proxy)
		WOK_TRY(wok__proxy_parse(proxy, &proxies->http));
	if (proxy && *proxy)
		WOK_TRY(wok__proxy_parse(proxy, &proxies->https));
	if (!no_proxy && !proxy)
		no_proxy = variable(exceptions, &unused);
	proxies->no_proxy = no_proxy ? wok__strdup(no_proxy) : NULL;
	return no_proxy && !proxies->no_proxy ? -ENOMEM : 0;
}

int wok__proxies_open(struct wok__proxies *proxies, const char *proxy, const char *no_proxy)
{
	*proxies = (struct wok__proxies){0};
	int r = open_all(proxies, proxy, no_proxy);
	if (r < 0)
		wok__proxies_close(proxies);
	return r;
}

void wok__proxies_close(struct wok__proxies *proxies)
{
	wok__proxy_free(&proxies->http);
	wok__proxy_free(&proxies->https);
	wok_free(proxies->no_proxy);
	proxies->no_proxy = NULL;
}

const struct wok__proxy *wok__proxies_choose(const struct wok__proxies *proxies,
					     const struct wok__url *url)
{
	const struct wok__proxy *proxy = url->secure ? &proxies->https : &proxies->http;

	if (!proxy->memory)
		return NULL;
	if (proxies->no_proxy && wok__no_proxy_has(proxies->no_proxy, url->host.data, url->port))
		return NULL;
	return proxy;
}
