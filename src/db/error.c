/* SPDX-License-Identifier: MIT */
/* Errors of databases: see error.h. */
#include "db/error.h"

#include <stdio.h>
#include <string.h>
#include <wok/local.h>
#include <wok/memory.h>

static const wok_local last_error = {.free = wok_free};

const wok_db_error *wok_db_last_error(void)
{
	return wok_local_get(&last_error);
}

static const char **texts_of(wok_db_error *error, size_t i)
{
	const char **const texts[] = {
		&error->severity, &error->message,    &error->detail,  &error->hint,
		&error->context,  &error->schema,     &error->table,   &error->column,
		&error->type,     &error->constraint, &error->routine,
	};

	return i < sizeof(texts) / sizeof(texts[0]) ? texts[i] : NULL;
}

/* One allocation: the struct and all its texts. NULL without memory. */
static wok_db_error *copy_of(const wok_db_error *error)
{
	wok_db_error filled = *error;
	size_t size = sizeof(filled);
	const char **text;

	for (size_t i = 0; (text = texts_of(&filled, i)) != NULL; i++) {
		if (!*text)
			*text = "";
		size += strlen(*text) + 1;
	}
	wok_db_error *copy = wok_alloc(size);
	if (!copy)
		return NULL;
	*copy = filled;
	char *at = (char *) (copy + 1);
	for (size_t i = 0; (text = texts_of(copy, i)) != NULL; i++) {
		const char *from = *text;

		*text = at;
		at = stpcpy(at, from) + 1;
	}
	return copy;
}

static bool said(const char *text)
{
	return text && text[0];
}

int wok__db_fail(const wok_db_error *error)
{
	wok_db_error *copy = copy_of(error);
	char number[40] = "";

	/* Without memory, or outside of tasks, the message has to do: not what failed before. */
	if (!copy)
		WOK_IGNORE(wok_local_set(&last_error, NULL));
	else if (wok_local_set(&last_error, copy) < 0)
		wok_free(copy);
	if (error->sqlstate[0])
		snprintf(number, sizeof(number), " (SQLSTATE %s)", error->sqlstate);
	else if (error->number)
		snprintf(number, sizeof(number), " (code %d)", error->number);
	return wok_fail(error->code, "%s%s%s%s%s%s",
			said(error->message) ? error->message : wok_strerror(error->code), number,
			said(error->detail) ? ": " : "", said(error->detail) ? error->detail : "",
			said(error->hint) ? "; hint: " : "", said(error->hint) ? error->hint : "");
}
