/* SPDX-License-Identifier: MIT */
/* Parameters of a part's fields: see http/body/part_param.h. */
#include "http/body/part_param.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <wok/memory.h>

#include "http/params.h"

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

int wok__part_param(const char *value, const char *name, char **ret_text)
{
	struct wok__params params;
	struct wok__param param, found = {0};
	int r;

	wok__params_begin(&params, value, strlen(value));
	while ((r = wok__params_next(&params, &param)) > 0) {
		if (!param.value.data)
			return -EINVAL;
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
