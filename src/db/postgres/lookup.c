/* SPDX-License-Identifier: MIT */
/* Asking for types: see lookup.h. */
#include "db/postgres/lookup.h"

#include <stdio.h>
#include <string.h>

#include "db/postgres/types/catalog.h"

static void add_unknown(const wok_pg_conn *conn, uint32_t oid, struct wok__pg_buffer *list)
{
	char text[16];

	if (oid == 0 || wok__pg_type_find(conn->types, oid))
		return;
	snprintf(text, sizeof(text), "%s%u", list->size > 0 ? "," : "{", oid);
	wok__pg_buffer_add(list, text, strlen(text));
}

/* As an array's text; empty if all are known. */
static void find_unknown(const wok_pg_conn *conn, const struct wok__pg_statement *statement,
			 struct wok__pg_buffer *list)
{
	const struct wok__pg_shape *shape = statement->shape;

	for (size_t i = 0; i < statement->n_types; i++)
		add_unknown(conn, statement->types[i], list);
	for (size_t i = 0; shape && i < shape->count; i++)
		add_unknown(conn, shape->column[i].oid, list);
	if (list->size > 0)
		wok__pg_buffer_text(list, "}");
}

static int ask(wok_pg_conn *conn, const char *list)
{
	const int version = wok_pg_server_version(conn);
	const char *query = wok__pg_types_query(version == 0 || version >= 140000);
	WOK_AUTO(wok_rows) *rows = NULL;
	struct wok_pg_types *types;

	WOK_TRY(wok_pg_fetch(conn, query, WOK_ARGS(list), &rows));
	WOK_TRY(wok__pg_types_learn(conn->types, rows, conn->options.codecs, conn->options.n_codecs,
				    &types));
	wok__pg_types_unref(conn->types);
	conn->types = types;
	return 0;
}

int wok__pg_look_up(wok_pg_conn *conn, struct wok__pg_statement *statement)
{
	struct wok__pg_buffer list = {0};
	int r = 0;

	find_unknown(conn, statement, &list);
	if (list.error < 0)
		r = list.error;
	else if (list.size > 0)
		r = ask(conn, list.data);
	/* Before the asking or after it: others may have learnt the types in between. */
	if (r == 0 && statement->shape)
		r = wok__pg_shape_retype(conn->types, &statement->shape);
	wok__pg_buffer_free(&list);
	return r == WOK_EDB && !conn->dead ? 0 : r;
}

/*
 * Those of the same pool are told, but of tables only that they have changed: a temporary one that
 * is dropped is nobody's business. What another program drops is not noticed: its number comes
 * again after four billion others.
 */
void wok__pg_look_at_tag(wok_pg_conn *conn, const char *tag)
{
	/* Each statement of a batch ends with one. */
	if (*tag != 'D' && *tag != 'A')
		return;
	if (strncmp(tag, "DROP ", 5) != 0 && strncmp(tag, "ALTER ", 6) != 0)
		return;
	conn->outdated |= WOK__PG_OUTDATED_TYPES;
	if (strcmp(tag, "DROP TABLE") != 0)
		wok__pg_outdate(conn, WOK__PG_OUTDATED_TYPES);
}

/* Whether it gives, or takes, what had to be looked up. */
static bool is_looked_up(const struct wok__pg_statement *statement)
{
	enum { FIRST_OF_USERS = 16384 };

	for (size_t i = 0; statement->shape && i < statement->shape->count; i++)
		if (statement->shape->column[i].oid >= FIRST_OF_USERS)
			return true;
	for (size_t i = 0; i < statement->n_types; i++)
		if (statement->types[i] >= FIRST_OF_USERS)
			return true;
	return false;
}

void wok__pg_forget(wok_pg_conn *conn)
{
	if (!conn->outdated)
		return;
	const bool all = conn->outdated & WOK__PG_OUTDATED_STATEMENTS;

	WOK__LIST_EACH (node, &conn->statements.lru) {
		struct wok__pg_statement *statement =
			WOK__CONTAINER(node, struct wok__pg_statement, lru);

		if (statement->state == WOK__PG_READY && (all || is_looked_up(statement)))
			wok__pg_statement_drop(conn, statement, true);
	}
	if (conn->outdated & WOK__PG_OUTDATED_TYPES) {
		wok__pg_types_unref(conn->types);
		conn->types = NULL;
	}
	conn->outdated = 0;
}
