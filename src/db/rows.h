/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_ROWS_H
#define WOK_DB_ROWS_H
/*
 * The rows of a result. A row is an array of values, with the bytes that they point to behind it,
 * in blocks that the whole result is freed by. Whoever fills one adds a row with room for its
 * bytes, and sets each value; the columns are shared by all results of a statement.
 */
#include <stdatomic.h>
#include <string.h>
#include <wok/row.h>

/* How a database writes values that only it knows. */
struct wok__dialect {
	/* As snprintf(3): the length of the text, of which size - 1 bytes at most are written. */
	size_t (*render)(const struct wok__dialect *dialect, const wok_value *value, char *text,
			 size_t size);
	/* NULL, or called with each reference that columns take to the dialect, and give up. */
	void (*ref)(const struct wok__dialect *dialect);
	void (*unref)(const struct wok__dialect *dialect);
};

struct wok__column {
	const char *name;
	uint32_t type;
};

struct wok__columns {
	_Atomic unsigned refs;              /* results may be freed in any thread */
	const struct wok__dialect *dialect; /* NULL: the database has no kinds of its own */
	size_t count;
	struct wok__column columns[]; /* their names stand behind them */
};

struct wok_row {
	struct wok_rows *rows;
	const char **texts; /* what wok_row_text() has written; NULL before the first */
	wok_value values[];
};

struct wok__rows_block;

/* Open to whoever fills one, as that is done a million times. */
struct wok_rows {
	struct wok__columns *columns;
	struct wok_row **rows;
	size_t count;
	size_t capacity;
	struct wok__rows_block *blocks; /* the newest first */
	char *at, *end;                 /* what is left of it: multiples of 8 */
	size_t head;                    /* of a row: all but its bytes */
	size_t bytes;                   /* of rows, against the limit */
	size_t limit;
};

/* The extension face: the libraries of the databases fill what libwok-db reads. */
WOK_BEGIN_DECLS

/*
 * Columns with all their names, n of them, copied; one reference is the caller's. -ENOMEM.
 */
int wok__columns_new(const struct wok__dialect *dialect, const struct wok__column *columns,
		     size_t n, struct wok__columns **ret_columns);
struct wok__columns *wok__columns_ref(struct wok__columns *columns);
void wok__columns_unref(struct wok__columns *columns); /* NULL does nothing */

/* An empty result. limit: bytes that its rows may take, WOK_UNLIMITED for any. -ENOMEM. */
int wok__rows_new(struct wok__columns *columns, size_t limit, wok_rows **ret_rows);

/* wok__rows_begin(), where that is not quick. */
int wok__rows_begin_anew(wok_rows *rows, size_t counted, size_t size, struct wok_row **ret_row);

/*
 * Room for one row more, with size bytes behind its values: those are the caller's to set, each of
 * them, before wok__rows_end() makes the row one of the result. counted: what they are against the
 * limit. -ENOMEM; WOK_ELIMIT: the result is larger than its limit.
 */
static inline int wok__rows_begin(wok_rows *rows, size_t counted, size_t size,
				  struct wok_row **ret_row)
{
	const size_t room = (size_t) (rows->end - rows->at), left = rows->limit - rows->bytes;

	/* What fits fits rounded up, too. */
	if (rows->count == rows->capacity || rows->head > left || counted > left - rows->head ||
	    room < rows->head || room - rows->head < size)
		return wok__rows_begin_anew(rows, counted, size, ret_row);
	struct wok_row *row = (struct wok_row *) rows->at;
	rows->at += (rows->head + size + 7) & ~(size_t) 7;
	rows->bytes += rows->head + counted;
	row->rows = rows;
	row->texts = NULL;
	*ret_row = row;
	return 0;
}

static inline void wok__rows_end(wok_rows *rows, struct wok_row *row)
{
	rows->rows[rows->count++] = row;
}

/* One row more, all NULL, with room for size bytes. As wok__rows_begin(). */
int wok__rows_add(wok_rows *rows, size_t size, struct wok_row **ret_row, char **ret_bytes);

/* Forget all rows, and keep memory for the next: for whoever reads a result piece by piece. */
void wok__rows_clear(wok_rows *rows);

/* Bytes that live as long as the rows do, aligned to 8; NULL without memory. */
void *wok__rows_alloc(wok_rows *rows, size_t size);

struct wok__columns *wok__rows_columns(const wok_rows *rows);
WOK_END_DECLS
#endif
