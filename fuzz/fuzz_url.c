/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes URLs and references. Up to the first NUL the input is a URL, behind it a reference.
 * Claims:
 *
 *   - a URL that is taken can be sent: its target and its Host are what the codec's writer takes;
 *   - what it is written as is taken again, and stays as it is;
 *   - percent signs are nobody's to change: without its "%XX" escapes of illegal bytes the target
 *     is the input's;
 *   - a reference that is resolved can be resolved again: it is a URL then, and stays one;
 *   - quoting and its undoing are each other's inverse.
 */
#include <stdlib.h>
#include <string.h>
#include <wok/memory.h>
#include <wok/url.h>

#include "http/client/proxy.h"
#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A C string of its own; strndup() would look behind the input for a NUL. */
static char *text_of(const void *data, size_t size)
{
	char *text = calloc(1, size + 1);

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	return text;
}

static void require_same(struct wok__h1_span a, struct wok__h1_span b)
{
	require(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
}

static void check_parts(const struct wok__url *url)
{
	require(wok__h1_valid_target(url->target.data, url->target.size));
	require(wok__h1_valid_host(url->authority.data, url->authority.size));
	require(url->target.data[0] == '/' && url->port != 0);
	require(!memchr(url->authority.data, '@', url->authority.size));
	require(url->host.data[url->host.size] == '\0');
	require(!url->user == !url->password);
}

static void check_url(const char *text)
{
	struct wok__url url = {0}, again = {0};

	if (wok__url_parse(text, &url) < 0)
		return;
	check_parts(&url);
	require(wok__url_parse(url.text, &again) == 0);
	require(strcmp(url.text, again.text) == 0 && !again.user && !again.fragment);
	require_same(url.target, again.target);
	require_same(url.authority, again.authority);
	require(url.scheme == again.scheme && url.port == again.port);
	const char *given = strstr(text, "://") + 3;
	given += strcspn(given, "/?#");
	for (size_t i = *given == '/' ? 0 : 1; i < url.target.size; i++, given++) {
		unsigned char c = (unsigned char) *given;
		if (c == ' ' || c >= 0x80)
			i += 2;
		else
			require(url.target.data[i] == *given);
	}
	require(*given == '\0' || *given == '#');
	(void) wok__no_proxy_has(url.text, url.host.data, url.port);
	wok__url_free(&url);
	wok__url_free(&again);
}

static void check_join(const char *base, const char *reference)
{
	char *joined = NULL, *again = NULL;

	if (wok_url_join(base, reference, &joined) < 0)
		return;
	check_url(joined);
	require(wok_url_join(base, joined, &again) == 0);
	wok_free(again);
	again = NULL;
	require(wok__url_redirect(joined, "", &again) == 0);
	/* no more than what both have, and what stands between */
	require(strlen(joined) <= strlen(base) + strlen(reference) + 2);
	wok_free(joined);
	wok_free(again);
}

static void check_quoting(const char *text)
{
	const wok_url_param param = {text, text};
	char *quoted = NULL, *back = NULL, *url = NULL;
	size_t size;

	require(wok_url_quote(text, NULL, &quoted) == 0);
	require(wok_url_unquote(quoted, &back, &size) == 0);
	require(size == strlen(text) && strcmp(back, text) == 0);
	require(wok_url_with_query("http://h/", &param, 1, &url) == 0);
	check_url(url);
	wok_free(quoted);
	wok_free(back);
	wok_free(url);
	back = NULL;
	if (wok_url_unquote(text, &back, &size) == 0)
		wok_free(back);
}

static void check_proxy(const char *text)
{
	struct wok__proxy proxy = {0};

	if (wok__proxy_parse(text, &proxy) == 0)
		wok__proxy_free(&proxy);
	(void) wok__no_proxy_has(text, "a.test", 80);
	(void) wok__no_proxy_has(text, "10.1.2.3", 80);
	(void) wok__no_proxy_has(text, "fe80::1", 80);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	size_t first = nul ? (size_t) (nul - data) : size;
	/* in blocks of their own, so that a read behind them is seen */
	char *base = text_of(data, first);
	char *reference = text_of(nul ? nul + 1 : NULL, nul ? size - first - 1 : 0);

	require(base && reference);
	check_url(base);
	check_join(base, reference);
	check_quoting(reference);
	check_proxy(base);
	free(base);
	free(reference);
	return 0;
}
