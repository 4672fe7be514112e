/* SPDX-License-Identifier: MIT */
/* Prepared statements: see statement.h. */
#include "db/postgres/statement.h"

#include <stdio.h>
#include <wok/loop.h>

#include "base/memory.h"
#include "db/postgres/connection.h"
#include "db/postgres/types/catalog.h"

void wok__pg_statements_init(struct wok__pg_statements *statements)
{
	wok__list_init(&statements->lru);
}

/* Eight bytes at a time: a cache's lookup is a part of each query. */
static uint64_t hash_of(const char *sql, size_t size)
{
	uint64_t hash = 0x9e3779b97f4a7c15u ^ size;

	while (size > 0) {
		const size_t n = size < 8 ? size : 8;
		uint64_t word = 0;

		memcpy(&word, sql, n);
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
		sql += n;
		size -= n;
	}
	return hash;
}

static struct wok__pg_statement **bucket_of(struct wok__pg_statements *statements, uint64_t hash)
{
	return &statements->buckets[hash % WOK__PG_BUCKETS];
}

struct wok__pg_statement *wok__pg_statement_ref(struct wok__pg_statement *statement)
{
	statement->refs++;
	return statement;
}

static void forget_types(struct wok__pg_statement *statement)
{
	wok_free(WOK_TAKE(statement->found));
	wok__pg_types_unref(WOK_TAKE(statement->among));
}

void wok__pg_statement_unref(struct wok__pg_statement *statement)
{
	if (--statement->refs > 0)
		return;
	wok__pg_shape_unref(statement->shape);
	wok_free(statement->declared);
	wok_free(statement->types);
	forget_types(statement);
	wok_free(statement);
}

/* Out of the cache, which gives up its reference. */
static void unlink_from(struct wok__pg_statements *statements, struct wok__pg_statement *statement)
{
	struct wok__pg_statement **at = bucket_of(statements, statement->hash);

	while (*at && *at != statement)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = statement->next;
	wok__list_remove(&statement->lru);
	statements->count--;
	statement->state = WOK__PG_GONE;
	wok__pg_statement_unref(statement);
}

void wok__pg_statements_free(struct wok__pg_statements *statements)
{
	struct wok__node *node;

	while ((node = wok__list_first(&statements->lru)))
		unlink_from(statements, WOK__CONTAINER(node, struct wok__pg_statement, lru));
}

static void closed(struct wok__pg_op *op)
{
	wok__pg_statement_unref(WOK__CONTAINER(op, struct wok__pg_statement, closing));
}

void wok__pg_statement_drop(struct wok_pg_conn *conn, struct wok__pg_statement *statement,
			    bool tell)
{
	const size_t mark = conn->out.size;

	wok__pg_statement_ref(statement);
	unlink_from(&conn->statements, statement);
	statement->state = WOK__PG_GONE;
	if (tell && statement->name[0]) {
		/* With a Sync of its own: what comes next may be a simple query. */
		wok__pg_send_named(&conn->out, 'C', 'S', statement->name);
		wok__pg_send_bare(&conn->out, 'S');
		if (conn->out.error == 0) {
			wok__pg_op_init(&statement->closing, "cz");
			statement->closing.finished = closed;
			wok__pg_op_queue(conn, &statement->closing, mark);
			return;
		}
		conn->out.size = mark;
		conn->out.error = 0;
	}
	wok__pg_statement_unref(statement);
}

int wok__pg_statement_set_types(struct wok__pg_statement *statement, const char *types, size_t n)
{
	uint32_t *copy = wok__alloc_array(n + 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		copy[i] = wok__pg_get32(types + 4 * i);
	forget_types(statement);
	wok_free(statement->types);
	statement->types = copy;
	statement->n_types = n;
	return 0;
}

int wok__pg_statement_find_types(struct wok_pg_conn *conn, struct wok__pg_statement *statement)
{
	if (statement->n_types == 0 || (statement->found && statement->among == conn->types))
		return 0;
	forget_types(statement);
	statement->found = wok__alloc_array(statement->n_types, sizeof(void *));
	if (!statement->found)
		return -ENOMEM;
	for (size_t i = 0; i < statement->n_types; i++)
		statement->found[i] = wok__pg_type_find(conn->types, statement->types[i]);
	wok__pg_types_ref(conn->types);
	statement->among = conn->types;
	return 0;
}

static uint32_t declared_type(const wok_args *args, size_t i)
{
	return args && i < args->count ? args->values[i].type : 0;
}

static size_t count_declared(const wok_args *args)
{
	size_t n = args ? args->count : 0;

	while (n > 0 && declared_type(args, n - 1) == 0)
		n--;
	return n;
}

static bool is_of(const struct wok__pg_statement *statement, uint64_t hash, const char *sql,
		  const wok_args *args, size_t n_declared)
{
	if (statement->hash != hash || statement->n_declared != n_declared ||
	    strcmp(statement->sql, sql) != 0)
		return false;
	for (size_t i = 0; i < n_declared; i++)
		if (statement->declared[i] != declared_type(args, i))
			return false;
	return true;
}

static int make(struct wok_pg_conn *conn, const char *sql, size_t size, const wok_args *args,
		size_t n_declared, struct wok__pg_statement **ret_statement)
{
	struct wok__pg_statement *statement = wok__alloc_zeroed(sizeof(*statement) + size + 1);
	uint32_t *declared = wok__alloc_array(n_declared + 1, sizeof(*declared));

	if (!statement || !declared) {
		wok_free(statement);
		wok_free(declared);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n_declared; i++)
		declared[i] = declared_type(args, i);
	statement->declared = declared;
	statement->n_declared = n_declared;
	statement->refs = 1;
	statement->born = wok_now();
	memcpy(statement->sql, sql, size);
	wok__list_init_node(&statement->lru);
	if (!conn->options.no_statement_names)
		statement->name_size = (size_t) snprintf(statement->name, sizeof(statement->name),
							 "wok_%u", ++conn->statements.numbers);
	*ret_statement = statement;
	return 0;
}

/* What somebody uses just now stays, even if there are more than there should be. */
static void make_room(struct wok_pg_conn *conn)
{
	struct wok__pg_statements *statements = &conn->statements;
	struct wok__node *node = statements->lru.head.prev;

	while (statements->count >= conn->options.statements && node != &statements->lru.head) {
		struct wok__pg_statement *last =
			WOK__CONTAINER(node, struct wok__pg_statement, lru);

		node = node->prev;
		if (last->refs == 1)
			wok__pg_statement_drop(conn, last, last->state == WOK__PG_READY);
	}
}

static bool too_old(const struct wok_pg_conn *conn, const struct wok__pg_statement *statement)
{
	return conn->options.statement_lifetime != WOK_FOREVER &&
	       statement->state == WOK__PG_READY &&
	       wok_now() - statement->born >= conn->options.statement_lifetime;
}

int wok__pg_statement_get(struct wok_pg_conn *conn, const char *sql, const wok_args *args,
			  struct wok__pg_statement **ret_statement)
{
	const size_t size = strlen(sql), n_declared = count_declared(args);
	const uint64_t hash = hash_of(sql, size);
	struct wok__pg_statements *statements = &conn->statements;
	struct wok__pg_statement *statement = *bucket_of(statements, hash);

	while (statement && !is_of(statement, hash, sql, args, n_declared))
		statement = statement->next;
	if (statement && too_old(conn, statement)) {
		wok__pg_statement_drop(conn, statement, true);
		statement = NULL;
	}
	if (statement) {
		if (statements->lru.head.next != &statement->lru) {
			wok__list_remove(&statement->lru);
			wok__list_push_front(&statements->lru, &statement->lru);
		}
		*ret_statement = wok__pg_statement_ref(statement);
		return 0;
	}
	WOK_TRY(make(conn, sql, size, args, n_declared, &statement));
	statement->hash = hash;
	statement->temporary =
		size > conn->options.statement_max_sql || conn->options.statements == WOK_UNLIMITED;
	*ret_statement = statement;
	if (statement->temporary)
		return 0;
	make_room(conn);
	statement->next = *bucket_of(statements, hash);
	*bucket_of(statements, hash) = wok__pg_statement_ref(statement);
	wok__list_push_front(&statements->lru, &statement->lru);
	statements->count++;
	return 0;
}
