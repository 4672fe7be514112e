/* SPDX-License-Identifier: MIT */
/* Types that were looked up: see catalog.h. */
#include "db/postgres/types/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <wok/pg_array.h>
#include <wok/pg_codec.h>

#include "base/memory.h"
#include "db/postgres/types/own.h"

int wok__pg_decode_user(const struct wok__pg_type *type, int format, char *data, size_t size,
			wok_value *ret_value)
{
	data[size] = '\0';
	return type->codec->decode(type->codec->arg, (wok_view){data, size},
				   format == WOK__PG_FORM_BINARY, ret_value);
}
