/* SPDX-License-Identifier: MIT */
/*
 * Results that are read row by row: see wok/sqlite.h.
 *
 * There are two chunks: one is read, while the connection's thread fills the other. To fill one is
 * a job, so that other statements have their turn between two chunks. The cursor belongs to the
 * loop; the statement in it to the thread. Its end is a job that nobody waits for, and which
 * releases it: it stands behind the last one that fills.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/task.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "db/sqlite/pool.h"
#include "db/sqlite/run.h"
#include "task/park.h"

enum { MAX_ROWS = 256, MAX_BYTES = 64 << 10 };

struct wok_sqlite_cursor {
	wok_sqlite *db;
	struct wok__node link; /* among the open ones of the connection */
	const struct wok_task *task;
	struct wok__sqlite_job fill; /* the next chunk */
	struct wok__sqlite_job release;
	bool filling; /* it was submitted, and its outcome not taken */
	bool ended;   /* no more rows will come */
	bool failed;
	bool writes;                             /* INSERT ... RETURNING: set by the first fill */
	void (*then)(void *arg, wok_sqlite *db); /* at the end; NULL */
	void *then_arg;
	wok_rows *current;
	size_t position; /* in it */
	/* The thread's, and when the fill is DONE, the loop's: */
	struct wok__sqlite_held held;
	struct wok__sqlite_statement *statement; /* NULL: released */
	wok_rows *next;
	size_t next_bytes;
	bool last; /* the statement has come to its end */
	/* For the begin: */
	const char *sql;
	const wok_args *args;
};

const struct wok_task *wok__sqlite_cursor_task(const struct wok__node *node)
{
	return WOK__CONTAINER(node, wok_sqlite_cursor, link)->task;
}

/* On the thread. After the connection's close, what is left of the result is lost: -EBADF. */
static void drop(struct wok__sqlite_held *held)
{
	wok_sqlite_cursor *cursor = WOK__CONTAINER(held, wok_sqlite_cursor, held);

	wok__list_remove(&held->link);
	wok__sqlite_release(cursor->db, WOK_TAKE(cursor->statement));
}

static size_t size_of_row(const wok_row *row, size_t n)
{
	size_t size = sizeof(*row) + n * sizeof(row->values[0]);

	for (size_t i = 0; i < n; i++)
		if (row->values[i].kind == WOK_VALUE_TEXT || row->values[i].kind == WOK_VALUE_BLOB)
			size += row->values[i].size + 1;
	return size;
}

static int fill_rows(wok_sqlite_cursor *cursor, struct wok__sqlite_job *job)
{
	struct wok__sqlite_statement *statement = cursor->statement;
	struct wok__columns *columns = NULL;
	size_t bytes = 0;
	int r;

	while ((r = wok__sqlite_step(job->db, statement->handle)) == SQLITE_ROW) {
		if (!columns)
			WOK_TRY(wok__sqlite_columns(job, statement, &columns));
		if (!cursor->next)
			WOK_TRY(wok__rows_new(columns, WOK_UNLIMITED, &cursor->next));
		WOK_TRY(wok__sqlite_add_row(job, statement, cursor->next));
		const size_t n = wok_rows_count(cursor->next);
		bytes += size_of_row(wok_rows_at(cursor->next, n - 1), columns->count);
		if (n == MAX_ROWS || bytes >= MAX_BYTES)
			return 0;
	}
	if (r != SQLITE_DONE)
		return wok__sqlite_fail(job, r, NULL);
	cursor->last = true;
	return 0;
}

/* On the thread: the next chunk. */
static int fill(struct wok__sqlite_job *job)
{
	wok_sqlite_cursor *cursor = WOK__CONTAINER(job, wok_sqlite_cursor, fill);
	int r = 0;

	if (cursor->next)
		wok__rows_clear(cursor->next);
	if (!cursor->statement)
		return cursor->last ? 0 : -EBADF;
	r = fill_rows(cursor, job);
	if (r < 0 || cursor->last)
		drop(&cursor->held);
	return r;
}

static int start(struct wok__sqlite_job *job)
{
	wok_sqlite_cursor *cursor = WOK__CONTAINER(job, wok_sqlite_cursor, fill);

	WOK_TRY(wok__sqlite_prepare(job, cursor->sql, &cursor->statement));
	cursor->held.drop = drop;
	wok__list_push_back(&job->db->held, &cursor->held.link);
	cursor->writes =
		cursor->statement->handle && !sqlite3_stmt_readonly(cursor->statement->handle);
	int r = wok__sqlite_bind(job, cursor->statement, cursor->args, true);
	if (r == 0 && cursor->statement->handle)
		return fill(job);
	cursor->last = true;
	drop(&cursor->held);
	return r;
}

static void free_memory(wok_sqlite_cursor *cursor)
{
	wok_free(cursor->fill.failure.message);
	wok_rows_free(cursor->current);
	wok_rows_free(cursor->next);
	wok_free(cursor);
}

/* On the thread: the end of an abandoned cursor. */
static int release(struct wok__sqlite_job *job)
{
	wok_sqlite_cursor *cursor = WOK__CONTAINER(job, wok_sqlite_cursor, release);

	if (cursor->statement)
		drop(&cursor->held);
	free_memory(cursor);
	return 0;
}

/* No more rows come: others may begin transactions. */
static void leave(wok_sqlite_cursor *cursor)
{
	if (cursor->ended)
		return;
	cursor->ended = true;
	wok__list_remove(&cursor->link);
	wok_event_set(&cursor->db->cursor_ended);
	if (cursor->then)
		cursor->then(cursor->then_arg, cursor->db);
}

void wok__sqlite_cursor_then(wok_sqlite_cursor *cursor, void (*fn)(void *arg, wok_sqlite *db),
			     void *arg)
{
	cursor->then = fn;
	cursor->then_arg = arg;
}

static void reset_job(struct wok__sqlite_job *job)
{
	*job = (struct wok__sqlite_job){.only_once = true};
	wok__list_init_node(&job->link);
}

/* Have the next chunk made, if there is one, while this one is read. */
static void read_ahead(wok_sqlite_cursor *cursor)
{
	wok_sqlite *db = cursor->db;

	if (cursor->last || db->settings.options.on_loop)
		return;
	reset_job(&cursor->fill);
	cursor->filling = wok__sqlite_submit(db, &cursor->fill, fill) == 0;
}

/* The chunk that was made becomes the one that is read. */
static void turn_over(wok_sqlite_cursor *cursor)
{
	wok_rows *read = cursor->current;

	cursor->current = cursor->next;
	cursor->next = read;
	cursor->position = 0;
}

static int fill_and_wait(wok_sqlite_cursor *cursor)
{
	if (!cursor->filling) {
		reset_job(&cursor->fill);
		WOK_TRY(wok__sqlite_usable(cursor->db));
		WOK_TRY(wok__sqlite_submit(cursor->db, &cursor->fill, fill));
	}
	cursor->filling = false;
	return wok__sqlite_wait(&cursor->fill);
}

static int wait_for_chunk(wok_sqlite_cursor *cursor)
{
	const wok_time timeout = cursor->db->settings.options.timeout;
	wok_timeout limit = WOK_TIMEOUT_INIT;
	int r = 0;

	if (!timeout || timeout == WOK_FOREVER)
		return fill_and_wait(cursor);
	WOK_TIMEOUT (&limit, timeout)
		r = fill_and_wait(cursor);
	return wok_timeout_result(&limit, r);
}

static int take_chunk(wok_sqlite_cursor *cursor)
{
	/* As long as it is filled, what is the last is the thread's to know. */
	if (!cursor->filling && cursor->last) {
		if (cursor->current)
			wok__rows_clear(cursor->current);
		cursor->position = 0;
		return 0;
	}
	/* Taken back: nothing was lost, and it can be asked for again. */
	WOK_TRY(wait_for_chunk(cursor));
	turn_over(cursor);
	return 0;
}

int wok_sqlite_cursor_next(wok_sqlite_cursor *cursor, const wok_row **ret_row)
{
	if (cursor->failed)
		return wok_fail(-EBADF, "the result has ended with an error");
	WOK_TRY(wok__sqlite_here(cursor->db));
	WOK_TRY(wok__check());
	if (cursor->position >= wok_rows_count(cursor->current) && !cursor->ended) {
		const int r = take_chunk(cursor);

		if (r < 0) {
			cursor->failed = r != -ECANCELED || !cursor->fill.taken_back;
			if (cursor->failed)
				leave(cursor);
			return r;
		}
		read_ahead(cursor);
	}
	if (cursor->position >= wok_rows_count(cursor->current)) {
		leave(cursor);
		wok__spend();
		return 0;
	}
	*ret_row = wok_rows_at(cursor->current, cursor->position++);
	wok__spend();
	return 1;
}

static int begin(wok_sqlite_cursor *cursor)
{
	wok_sqlite *db = cursor->db;

	reset_job(&cursor->fill);
	cursor->fill.only_once = false;
	WOK_TRY(wok__sqlite_call_for(db, &cursor->fill, start, 0));
	cursor->task = wok_current_task();
	wok__list_push_back(&db->cursors, &cursor->link);
	wok__sqlite_ref(db);
	turn_over(cursor);
	read_ahead(cursor);
	return 0;
}

int wok_sqlite_query(wok_sqlite *db, const char *sql, const wok_args *args,
		     wok_sqlite_cursor **ret_cursor)
{
	wok_sqlite_cursor *cursor = wok__alloc_zeroed(sizeof(*cursor));

	if (!cursor)
		return -ENOMEM;
	cursor->db = db;
	cursor->sql = sql;
	cursor->args = args;
	wok__list_init_node(&cursor->link);
	wok__list_init_node(&cursor->held.link);
	const int r = begin(cursor);
	if (r < 0) {
		free_memory(cursor);
		return r;
	}
	*ret_cursor = cursor;
	return 0;
}

void wok_sqlite_cursor_free(wok_sqlite_cursor *cursor)
{
	if (!cursor || !wok__sqlite_is_here(cursor->db, "wok_sqlite_cursor_free"))
		return;
	wok_sqlite *db = cursor->db;
	leave(cursor);
	/* What RETURNING has changed stays: an interrupt would take it back. */
	if (cursor->filling && !cursor->writes)
		wok__sqlite_cancel(&cursor->fill);
	reset_job(&cursor->release);
	cursor->release.detached = true;
	/* On the loop's own thread it is done now; after the close there is nothing to release. */
	if (wok__sqlite_submit(db, &cursor->release, release) < 0)
		free_memory(cursor);
	wok__sqlite_unref(db);
}
