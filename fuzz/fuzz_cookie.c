/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes cookies. The first line is a URL; each further one is a Set-Cookie of it, or, with a tab
 * in it, a line of a file. Claims:
 *
 *   - what a request gets is a value that the codec's writer takes;
 *   - the limits hold, and what is counted is there;
 *   - a jar that is written and read back gives the same requests, and is written the same;
 *   - a date that is read can be written, and is read the same.
 */
#include <stdlib.h>
#include <string.h>

#include "http/client/cookie.h"
#include "http/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1700000000, LIMIT = 8, PER_HOST = 3 };

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

static wok_cookie_jar *new_jar(size_t limit, size_t limit_per_host)
{
	const wok_cookie_jar_options options = {.limit = limit, .limit_per_host = limit_per_host};
	wok_cookie_jar *jar = NULL;

	require(wok_cookie_jar_new(&options, &jar) == 0);
	return jar;
}

static void check_counts(const wok_cookie_jar *jar)
{
	size_t n = 0;

	WOK__LIST_EACH (node, &jar->all) {
		const struct wok__cookie *cookie = WOK__CONTAINER(node, struct wok__cookie, in_jar);
		require(cookie->domain->n_cookies <= PER_HOST);
		require(wok__cookie_domain_find(jar, cookie->domain->name, cookie->domain->size) ==
			cookie->domain);
		n++;
	}
	require(n == jar->n_cookies && n <= LIMIT && jar->n_domains <= n);
}

static struct wok__buffer value_for(wok_cookie_jar *jar, const struct wok__url *url)
{
	struct wok__buffer out = {0};

	require(wok__cookies_value(jar, url, NOW, &out) == 0);
	require(wok__h1_valid_value(out.data, out.size));
	return out;
}

static void check_file(wok_cookie_jar *jar, const struct wok__url *url)
{
	wok_cookie_jar *back = new_jar(LIMIT, PER_HOST);
	struct wok__buffer first = {0}, second = {0};

	require(wok__cookies_write(jar, NOW, &first) == 0);
	require(wok__cookies_read(back, first.data, first.size, NOW) == 0);
	require(wok__cookies_write(back, NOW, &second) == 0);
	require(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
	struct wok__buffer a = value_for(jar, url), b = value_for(back, url);
	require(a.size == b.size); /* the order of making is not in a file */
	wok__buffer_free(&a);
	wok__buffer_free(&b);
	wok__buffer_free(&first);
	wok__buffer_free(&second);
	wok_cookie_jar_free(back);
}

static void check_dates(const char *text, size_t size)
{
	char written[WOK__HTTP_DATE_SIZE];
	int64_t seconds, again;

	(void) wok__retry_after_parse(text, size, NOW, &seconds);
	if (!wok__http_date_parse(text, size, NOW, &seconds) &&
	    !wok__cookie_date_parse(text, size, &seconds))
		return;
	wok__http_date_put(seconds, written);
	require(wok__http_date_parse(written, strlen(written), NOW, &again) && again == seconds);
}

static void take_line(wok_cookie_jar *jar, const struct wok__url *url, const uint8_t *data,
		      size_t size)
{
	/* in a block of its own, so that a read behind it is seen */
	char *line = text_of(data, size);

	require(line != NULL);
	if (strchr(line, '\t'))
		require(wok__cookies_read(jar, line, strlen(line), NOW) == 0);
	else
		require(wok__cookies_store(jar, url, line, NOW) >= 0);
	check_dates(line, strlen(line));
	check_counts(jar);
	free(line);
}

static size_t line_size(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;

	return newline ? (size_t) (newline - data) : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = line_size(data, size);
	char *text = text_of(data, n);
	struct wok__url url = {0};

	require(text != NULL);
	int r = wok__url_parse(text, &url);
	free(text);
	if (r < 0)
		return 0;
	wok_cookie_jar *jar = new_jar(LIMIT, PER_HOST);
	while (n < size) {
		data += n + 1;
		size -= n + 1;
		n = line_size(data, size);
		take_line(jar, &url, data, n);
		struct wok__buffer value = value_for(jar, &url);
		wok__buffer_free(&value);
	}
	check_file(jar, &url);
	wok_cookie_jar_free(jar);
	wok__url_free(&url);
	return 0;
}
