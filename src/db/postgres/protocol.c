/* SPDX-License-Identifier: MIT */
/* The messages of PostgreSQL's protocol: see protocol.h. */
#include "db/postgres/protocol.h"

#include <ctype.h>
#include <stdlib.h>
#include <wok/error.h>

int wok__pg_message_next(const char *data, size_t size, size_t limit,
			 struct wok__pg_message *ret_message, size_t *ret_need)
{
	if (size < WOK__PG_HEAD) {
		*ret_need = WOK__PG_HEAD;
		return 0;
	}
	const uint32_t length = wok__pg_get32(data + 1);
	if (length < 4 || length > INT32_MAX)
		return wok_fail(WOK_EPEER, "PostgreSQL sent a message of the length %ld",
				(long) (int32_t) length);
	const size_t body = length - 4;
	if (body > limit)
		return wok_fail(WOK_ELIMIT,
				"PostgreSQL sent a message of %zu bytes; the option max_message "
				"is %zu",
				body, limit);
	if (size - WOK__PG_HEAD < body) {
		*ret_need = WOK__PG_HEAD + body;
		return 0;
	}
	*ret_message = (struct wok__pg_message){data[0], data + WOK__PG_HEAD, body};
	return 1;
}

const char *wok__pg_read_bytes(struct wok__pg_reader *reader, size_t size)
{
	const char *at = reader->at;

	if (reader->left < size) {
		reader->failed = true;
		reader->left = 0;
		return NULL;
	}
	reader->at += size;
	reader->left -= size;
	return at;
}

uint8_t wok__pg_read_byte(struct wok__pg_reader *reader)
{
	const char *at = wok__pg_read_bytes(reader, 1);

	return at ? (uint8_t) *at : 0;
}

uint16_t wok__pg_read_int16(struct wok__pg_reader *reader)
{
	const char *at = wok__pg_read_bytes(reader, 2);

	return at ? wok__pg_get16(at) : 0;
}

uint32_t wok__pg_read_int32(struct wok__pg_reader *reader)
{
	const char *at = wok__pg_read_bytes(reader, 4);

	return at ? wok__pg_get32(at) : 0;
}

const char *wok__pg_read_text(struct wok__pg_reader *reader)
{
	const char *end = reader->left ? memchr(reader->at, '\0', reader->left) : NULL;

	if (!end) {
		reader->failed = true;
		reader->left = 0;
		return "";
	}
	return wok__pg_read_bytes(reader, (size_t) (end - reader->at) + 1);
}

void wok__pg_columns_next(struct wok__pg_reader *reader, struct wok__pg_column *ret_column)
{
	ret_column->name = wok__pg_read_text(reader);
	ret_column->table = wok__pg_read_int32(reader);
	ret_column->number = (int16_t) wok__pg_read_int16(reader);
	ret_column->type = wok__pg_read_int32(reader);
	ret_column->size = (int16_t) wok__pg_read_int16(reader);
	ret_column->modifier = (int32_t) wok__pg_read_int32(reader);
	ret_column->format = (int16_t) wok__pg_read_int16(reader);
}

/* All of it is checked here, so that who goes through it afterwards need not. */
int wok__pg_columns_begin(const struct wok__pg_message *message, struct wok__pg_reader *ret_reader,
			  size_t *ret_count)
{
	struct wok__pg_reader reader = wok__pg_read(message);
	struct wok__pg_column column;
	const uint16_t count = wok__pg_read_int16(&reader);

	*ret_reader = reader;
	*ret_count = count;
	for (size_t i = 0; i < count && !reader.failed; i++)
		wok__pg_columns_next(&reader, &column);
	if (!wok__pg_read_all(&reader))
		return wok_fail(WOK_EPEER, "PostgreSQL sent a broken RowDescription");
	return 0;
}

static const char **field_of(wok_db_error *error, char code)
{
	switch (code) {
	case 'V': /* the severity, never translated; 'S' comes before it */
	case 'S':
		return &error->severity;
	case 'M':
		return &error->message;
	case 'D':
		return &error->detail;
	case 'H':
		return &error->hint;
	case 'W':
		return &error->context;
	case 's':
		return &error->schema;
	case 't':
		return &error->table;
	case 'c':
		return &error->column;
	case 'd':
		return &error->type;
	case 'n':
		return &error->constraint;
	case 'R':
		return &error->routine;
	default:
		return NULL;
	}
}

int wok__pg_read_error(const struct wok__pg_message *message, wok_db_error *ret_error)
{
	struct wok__pg_reader reader = wok__pg_read(message);
	wok_db_error error = {0};
	char code;

	while ((code = (char) wok__pg_read_byte(&reader)) != '\0') {
		const char *text = wok__pg_read_text(&reader);
		const char **field = field_of(&error, code);

		if (field)
			*field = text;
		else if (code == 'C' && strlen(text) == 5)
			memcpy(error.sqlstate, text, 6);
		else if (code == 'P')
			error.position = (int) strtol(text, NULL, 10);
	}
	if (!wok__pg_read_all(&reader))
		return wok_fail(WOK_EPEER, "PostgreSQL sent a broken error or notice");
	*ret_error = error;
	return 0;
}

int64_t wok__pg_tag_changes(const char *tag, size_t size)
{
	size_t begin = size;
	int64_t changes = 0;

	/* By hand: each statement ends with it. */
	while (begin > 0 && tag[begin - 1] >= '0' && tag[begin - 1] <= '9')
		begin--;
	if (begin == 0 || tag[begin - 1] != ' ')
		return 0;
	for (size_t i = begin; i < size; i++) {
		if (changes > INT64_MAX / 10 - 1)
			return INT64_MAX;
		changes = changes * 10 + (tag[i] - '0');
	}
	return changes;
}
