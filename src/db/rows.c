/* SPDX-License-Identifier: MIT */
/* Rows of results: see rows.h. */
#include "db/rows.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

/*
 * Blocks double from the first size to the last; what is larger gets one of its own. The first is
 * small enough for malloc() to keep it at hand: most results have one row.
 */
#define FIRST_BLOCK ((size_t) 1000)
#define ROUNDED(size) (((size) + 7) & ~(size_t) 7)
#define LAST_BLOCK ((size_t) 1 << 20)

struct wok__rows_block {
	struct wok__rows_block *next;
	size_t size;
	_Alignas(8) char data[];
};

int wok__columns_new(const struct wok__dialect *dialect, const struct wok__column *columns,
		     size_t n, struct wok__columns **ret_columns)
{
	size_t size = sizeof(struct wok__columns) + n * sizeof(struct wok__column);
	const size_t names_at = size;

	for (size_t i = 0; i < n; i++)
		size += strlen(columns[i].name) + 1;
	struct wok__columns *copy = wok__alloc_zeroed(size);
	if (!copy)
		return -ENOMEM;
	char *name = (char *) copy + names_at;
	for (size_t i = 0; i < n; i++) {
		copy->columns[i] = (struct wok__column){name, columns[i].type};
		name = stpcpy(name, columns[i].name) + 1;
	}
	copy->refs = 1;
	copy->dialect = dialect;
	if (dialect && dialect->ref)
		dialect->ref(dialect);
	copy->count = n;
	*ret_columns = copy;
	return 0;
}

struct wok__columns *wok__columns_ref(struct wok__columns *columns)
{
	atomic_fetch_add_explicit(&columns->refs, 1, memory_order_relaxed);
	return columns;
}

void wok__columns_unref(struct wok__columns *columns)
{
	if (!columns || atomic_fetch_sub_explicit(&columns->refs, 1, memory_order_acq_rel) != 1)
		return;
	const struct wok__dialect *dialect = columns->dialect;
	wok_free(columns);
	if (dialect && dialect->unref)
		dialect->unref(dialect);
}

int wok__rows_new(struct wok__columns *columns, size_t limit, wok_rows **ret_rows)
{
	wok_rows *rows = wok__alloc_zeroed(sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	rows->columns = wok__columns_ref(columns);
	rows->head = sizeof(struct wok_row) + columns->count * sizeof(wok_value);
	rows->limit = limit;
	*ret_rows = rows;
	return 0;
}

static void free_blocks(struct wok__rows_block *block)
{
	while (block) {
		struct wok__rows_block *next = block->next;

		wok_free(block);
		block = next;
	}
}

void wok_rows_free(wok_rows *rows)
{
	if (!rows)
		return;
	free_blocks(rows->blocks);
	wok__columns_unref(rows->columns);
	wok_free(rows->rows);
	wok_free(rows);
}

static void use_block(wok_rows *rows, struct wok__rows_block *block)
{
	rows->blocks = block;
	rows->at = block->data;
	rows->end = block->data + block->size;
}

static int add_block(wok_rows *rows, size_t need)
{
	size_t size = rows->blocks ? rows->blocks->size * 2 : FIRST_BLOCK;

	if (size > LAST_BLOCK)
		size = LAST_BLOCK;
	if (size < need)
		size = need;
	if (size > SIZE_MAX - sizeof(struct wok__rows_block) - 7)
		return -ENOMEM;
	size = ROUNDED(size);
	struct wok__rows_block *block = wok_alloc(sizeof(*block) + size);
	if (!block)
		return -ENOMEM;
	*block = (struct wok__rows_block){.next = rows->blocks, .size = size};
	use_block(rows, block);
	return 0;
}

void *wok__rows_alloc(wok_rows *rows, size_t size)
{
	if (size > SIZE_MAX - 7)
		return NULL;
	size = ROUNDED(size);
	if ((size_t) (rows->end - rows->at) < size && add_block(rows, size) < 0)
		return NULL;
	void *data = rows->at;
	rows->at += size;
	return data;
}

static int grow(wok_rows *rows)
{
	return wok__grow((void **) &rows->rows, &rows->capacity, rows->count + 1, sizeof(void *));
}

int wok__rows_begin_anew(wok_rows *rows, size_t counted, size_t size, struct wok_row **ret_row)
{
	const size_t left = rows->limit - rows->bytes;

	if (rows->head > left || counted > left - rows->head)
		return wok_fail(WOK_ELIMIT,
				"the result has more than %zu bytes: read it row by row, or raise "
				"max_result",
				rows->limit);
	if (size > SIZE_MAX - rows->head || (rows->count == rows->capacity && grow(rows) < 0))
		return -ENOMEM;
	struct wok_row *row = wok__rows_alloc(rows, rows->head + size);
	if (!row)
		return -ENOMEM;
	*row = (struct wok_row){.rows = rows};
	rows->bytes += rows->head + counted;
	*ret_row = row;
	return 0;
}

int wok__rows_add(wok_rows *rows, size_t size, struct wok_row **ret_row, char **ret_bytes)
{
	struct wok_row *row;

	WOK_TRY(wok__rows_begin(rows, size, size, &row));
	memset(row->values, 0, rows->columns->count * sizeof(wok_value));
	wok__rows_end(rows, row);
	*ret_row = row;
	*ret_bytes = (char *) (row->values + rows->columns->count);
	return 0;
}

/* The newest block is the largest that rows of the usual size have needed. */
void wok__rows_clear(wok_rows *rows)
{
	if (rows->blocks) {
		free_blocks(rows->blocks->next);
		rows->blocks->next = NULL;
		use_block(rows, rows->blocks);
	}
	rows->count = 0;
	rows->bytes = 0;
}

struct wok__columns *wok__rows_columns(const wok_rows *rows)
{
	return rows->columns;
}

size_t wok_rows_count(const wok_rows *rows)
{
	return rows ? rows->count : 0;
}

const wok_row *wok_rows_at(const wok_rows *rows, size_t index)
{
	return index < wok_rows_count(rows) ? rows->rows[index] : NULL;
}

size_t wok_rows_columns(const wok_rows *rows)
{
	return rows->columns->count;
}

const char *wok_rows_column_name(const wok_rows *rows, size_t column)
{
	return column < rows->columns->count ? rows->columns->columns[column].name : NULL;
}

uint32_t wok_rows_column_type(const wok_rows *rows, size_t column)
{
	return column < rows->columns->count ? rows->columns->columns[column].type : 0;
}
