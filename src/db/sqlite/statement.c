/* SPDX-License-Identifier: MIT */
/* Prepared statements: see statement.h. */
#include "db/sqlite/statement.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <wok/memory.h>

#include "base/memory.h"

/* What is longer was put together for this one time. */
enum { MAX_KEPT = 16384 };

static uint32_t hash_of(const char *sql, size_t *ret_size)
{
	/* FNV-1a: Fowler, Noll, Vo. */
	uint32_t hash = 2166136261U;
	const char *at = sql;

	for (; *at; at++)
		hash = (hash ^ (unsigned char) *at) * 16777619U;
	*ret_size = (size_t) (at - sql);
	return hash;
}

static void finalize(struct wok__sqlite_statement *statement)
{
	sqlite3_finalize(statement->handle);
	wok__columns_unref(statement->columns);
	wok_free(statement->places);
	wok_free(statement);
}

static struct wok__sqlite_statement *statement_of(struct wok__node *node)
{
	return WOK__CONTAINER(node, struct wok__sqlite_statement, link);
}

/* It is in use from now on. */
static struct wok__sqlite_statement *take_out(wok_sqlite *db,
					      struct wok__sqlite_statement *statement)
{
	wok__list_remove(&statement->link);
	db->n_statements--;
	return statement;
}

static struct wok__sqlite_statement *find(wok_sqlite *db, const char *sql, size_t size,
					  uint32_t hash)
{
	WOK__LIST_EACH (node, &db->statements) {
		struct wok__sqlite_statement *statement = statement_of(node);

		if (statement->hash == hash && statement->size == size &&
		    memcmp(statement->sql, sql, size) == 0)
			return take_out(db, statement);
	}
	return NULL;
}

/* The one that ran last is the likeliest: it needs no hash. */
static struct wok__sqlite_statement *find_hottest(wok_sqlite *db, const char *sql)
{
	struct wok__node *first = wok__list_first(&db->statements);

	if (!first || strcmp(statement_of(first)->sql, sql) != 0)
		return NULL;
	return take_out(db, statement_of(first));
}

/* Which value "$7" is: 7; 0 for any other name. */
static uint32_t number_of(const char *name)
{
	uint32_t n = 0;

	if (!name || name[0] != '$' || !name[1])
		return 0;
	for (const char *c = name + 1; *c; c++) {
		if (!isdigit((unsigned char) *c) || n > 1000000)
			return 0;
		n = n * 10 + (uint32_t) (*c - '0');
	}
	return n;
}

/* SQLite numbers "$2" by where it stands; here it is the second value. */
static int look_at_parameters(struct wok__sqlite_statement *statement)
{
	const int n = sqlite3_bind_parameter_count(statement->handle);
	bool any = false;

	statement->n_parameters = n;
	statement->n_values = (size_t) n;
	for (int i = 1; i <= n && !any; i++)
		any = number_of(sqlite3_bind_parameter_name(statement->handle, i)) > 0;
	if (!any)
		return 0;
	statement->places = wok__alloc_array((size_t) n, sizeof(statement->places[0]));
	if (!statement->places)
		return -ENOMEM;
	statement->n_values = 0;
	for (int i = 1; i <= n; i++) {
		const uint32_t number =
			number_of(sqlite3_bind_parameter_name(statement->handle, i));
		const uint32_t place = number ? number : (uint32_t) i;

		statement->places[i - 1] = place - 1;
		if (place > statement->n_values)
			statement->n_values = place;
	}
	return 0;
}

static int make(struct wok__sqlite_job *job, const char *sql, size_t size, unsigned flags,
		const char **ret_rest, struct wok__sqlite_statement **ret_statement)
{
	struct wok__sqlite_statement *statement = wok_alloc(sizeof(*statement) + size + 1);

	if (!statement)
		return -ENOMEM;
	*statement = (struct wok__sqlite_statement){.size = size};
	wok__list_init_node(&statement->link);
	memcpy(statement->sql, sql, size);
	statement->sql[size] = '\0';
	int r = size >= INT_MAX ? SQLITE_TOOBIG
				: sqlite3_prepare_v3(job->db->handle, sql, (int) size + 1, flags,
						     &statement->handle, ret_rest);
	r = r == SQLITE_OK ? look_at_parameters(statement) : wok__sqlite_fail(job, r, sql);
	if (r < 0) {
		finalize(statement);
		return r;
	}
	*ret_statement = statement;
	return 0;
}

static int prepare_new(struct wok__sqlite_job *job, const char *sql, size_t size, uint32_t hash,
		       struct wok__sqlite_statement **ret_statement)
{
	struct wok__sqlite_statement *statement;
	const char *rest = "";

	WOK_TRY(make(job, sql, size, SQLITE_PREPARE_PERSISTENT, &rest, &statement));
	statement->hash = hash;
	statement->controls = wok__sqlite_controls(sql);
	if (*wok__sqlite_skip_blanks(rest)) {
		finalize(statement);
		return wok__sqlite_fail_text(job, -EINVAL,
					     "there is more than one statement: use "
					     "wok_sqlite_script()");
	}
	*ret_statement = statement;
	return 0;
}

/* Under a transaction of ours: nobody would know any more what is committed. */
static int check_control(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement)
{
	if (!statement->controls || !(job->db->in_transaction || job->whole))
		return 0;
	wok__sqlite_release(job->db, statement);
	return wok__sqlite_fail_text(
		job, -EINVAL,
		"within a transaction only wok_sqlite_transaction_commit() and "
		"its like begin and end one: leave out BEGIN, COMMIT, ROLLBACK");
}

int wok__sqlite_prepare(struct wok__sqlite_job *job, const char *sql,
			struct wok__sqlite_statement **ret_statement)
{
	struct wok__sqlite_statement *statement = find_hottest(job->db, sql);
	size_t size;

	if (!statement) {
		const uint32_t hash = hash_of(sql, &size);

		statement = find(job->db, sql, size, hash);
		if (!statement)
			WOK_TRY(prepare_new(job, sql, size, hash, &statement));
	}
	WOK_TRY(check_control(job, statement));
	*ret_statement = statement;
	return 0;
}

int wok__sqlite_prepare_next(struct wok__sqlite_job *job, const char *sql, const char **ret_rest,
			     struct wok__sqlite_statement **ret_statement)
{
	const char *rest;

	/* SQLite looks at no more than the first statement; a copy of the rest would be for each.
	 */
	struct wok__sqlite_statement *statement = wok__alloc_zeroed(sizeof(*statement) + 1);
	if (!statement)
		return -ENOMEM;
	wok__list_init_node(&statement->link);
	int r = sqlite3_prepare_v3(job->db->handle, sql, -1, 0, &statement->handle, &rest);
	if (r != SQLITE_OK) {
		finalize(statement);
		return wok__sqlite_fail(job, r, sql);
	}
	statement->size = SIZE_MAX;
	statement->controls = wok__sqlite_controls(sql);
	WOK_TRY(check_control(job, statement));
	*ret_statement = statement;
	*ret_rest = rest;
	return 0;
}

static void forget_last(wok_sqlite *db)
{
	struct wok__node *last = db->statements.head.prev;

	wok__list_remove(last);
	db->n_statements--;
	finalize(statement_of(last));
}

void wok__sqlite_release(wok_sqlite *db, struct wok__sqlite_statement *statement)
{
	const size_t limit = db->settings.options.statement_cache;

	if (!statement)
		return;
	if (statement->size > MAX_KEPT || !statement->handle) {
		finalize(statement);
		return;
	}
	sqlite3_reset(statement->handle);
	if (statement->bound)
		sqlite3_clear_bindings(statement->handle);
	statement->bound = false;
	wok__list_push_front(&db->statements, &statement->link);
	if (++db->n_statements > limit)
		forget_last(db);
}

void wok__sqlite_forget_statements(wok_sqlite *db)
{
	while (!wok__list_empty(&db->statements))
		forget_last(db);
}
