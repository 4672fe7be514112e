/* SPDX-License-Identifier: MIT */
/* Parameters of a field's value: see http/body/params.h. */
#include "http/body/params.h"

#include <errno.h>
#include <string.h>
#include <wok/memory.h>

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

const char *wok__params_begin(const char *value)
{
	return value + strcspn(value, ";");
}

/* Behind the opening quote: the closing one; NULL if there is none. */
static const char *find_quote(const char *p)
{
	for (; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p : NULL;
}

int wok__params_next(const char **at, struct wok__param *ret_param)
{
	const char *p = skip_blanks(*at), *end;

	while (*p == ';')
		p = skip_blanks(p + 1);
	if (!*p)
		return 0;
	end = p + strcspn(p, "=; \t\"");
	if (*end != '=' || !wok__h1_valid_token(p, (size_t) (end - p)))
		return -EINVAL;
	ret_param->name = (struct wok__h1_span){p, (size_t) (end - p)};
	p = end + 1;
	ret_param->quoted = *p == '"';
	end = ret_param->quoted ? find_quote(++p) : p + strcspn(p, "; \t\"");
	if (!end)
		return -EINVAL;
	ret_param->value = (struct wok__h1_span){p, (size_t) (end - p)};
	p = skip_blanks(ret_param->quoted ? end + 1 : end);
	if (*p && *p != ';')
		return -EINVAL;
	*at = p;
	return 1;
}

/*
 * Escapes within quotes: of a quote and of a backslash. Another backslash is one: clients that mean
 * C:\dir write so. Browsers write %22 for a quote (the WHATWG's way), and no other escape for it.
 */
static char *copy_value(const struct wok__param *param)
{
	size_t size = 0;
	char *text = wok_alloc(param->value.size + 1);

	for (size_t i = 0; text && i < param->value.size; i++) {
		const char *p = param->value.data + i;
		size_t left = param->value.size - i;
		if (param->quoted && *p == '\\' && left > 1 && (p[1] == '"' || p[1] == '\\')) {
			text[size++] = p[1];
			i++;
		} else if (param->quoted && left > 2 && memcmp(p, "%22", 3) == 0) {
			text[size++] = '"';
			i += 2;
		} else {
			text[size++] = *p;
		}
	}
	if (text)
		text[size] = '\0';
	return text;
}

int wok__params_find(const char *value, const char *name, char **ret_text)
{
	const char *at = wok__params_begin(value);
	struct wok__param param, found = {0};
	int r;

	while ((r = wok__params_next(&at, &param)) > 0) {
		if (param.name.size != strlen(name) ||
		    strncasecmp(param.name.data, name, param.name.size) != 0)
			continue;
		if (found.name.data)
			return -EINVAL;
		found = param;
	}
	if (r < 0 || !found.name.data)
		return r;
	char *text = copy_value(&found);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 1;
}
