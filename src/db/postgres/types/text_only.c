/* SPDX-License-Identifier: MIT */
/* Every type as text, until the codecs are there: see types.h. */
#include <stdio.h>

#include "db/postgres/types/types.h"

static size_t render(const wok_value *value, char *text, size_t size)
{
	return (size_t) snprintf(text, size, "%.*s", (int) value->size, value->text);
}

const struct wok__dialect wok__pg_dialect = {render};

const struct wok__pg_type *wok__pg_type_find(const struct wok_pg_types *types, uint32_t oid)
{
	(void) types;
	(void) oid;
	return NULL;
}

int wok__pg_decode(const struct wok__pg_type *type, int format, char *data, size_t size,
		   wok_value *ret_value)
{
	(void) type;
	(void) format;
	data[size] = '\0';
	*ret_value = (wok_value){.kind = WOK_VALUE_TEXT, .size = size, .text = data};
	return 0;
}

int wok__pg_encode(const struct wok_pg_types *types, ssize_t place, uint32_t oid,
		   const wok_value *value, struct wok__pg_buffer *out, int16_t *ret_format)
{
	char text[40];
	wok_view bytes = {text, 0};

	(void) types;
	(void) oid;
	*ret_format = 0;
	switch (value->kind) {
	case WOK_VALUE_NULL:
		wok__pg_buffer_int32(out, UINT32_MAX);
		return 0;
	case WOK_VALUE_BOOL:
		bytes.size = (size_t) snprintf(text, sizeof(text), "%d", value->boolean);
		break;
	case WOK_VALUE_INT:
		bytes.size =
			(size_t) snprintf(text, sizeof(text), "%lld", (long long) value->integer);
		break;
	case WOK_VALUE_DOUBLE:
		bytes.size = (size_t) snprintf(text, sizeof(text), "%.17g", value->real);
		break;
	case WOK_VALUE_TEXT:
		bytes = (wok_view){value->text, value->size};
		break;
	default:
		return wok_fail(-EINVAL, "parameter $%zd is of no kind that can be sent", place);
	}
	wok__pg_buffer_int32(out, (uint32_t) bytes.size);
	wok__pg_buffer_add(out, bytes.data, bytes.size);
	return out->error;
}
