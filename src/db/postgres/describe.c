/* SPDX-License-Identifier: MIT */
/* What a statement takes and gives: see wok/pg.h. */
#include "base/memory.h"
#include "db/postgres/run.h"

static wok_pg_description *description_of(const struct wok__pg_statement *statement)
{
	const struct wok__pg_shape *shape = statement->shape;
	const size_t n_columns = shape ? shape->count : 0, n = statement->n_types;
	size_t size = sizeof(wok_pg_description) + n_columns * sizeof(wok_pg_column) +
		      n * sizeof(uint32_t);

	for (size_t i = 0; i < n_columns; i++)
		size += strlen(shape->columns->columns[i].name) + 1;
	wok_pg_description *description = wok__alloc_zeroed(size);
	if (!description)
		return NULL;
	wok_pg_column *columns = (wok_pg_column *) (description + 1);
	uint32_t *types = (uint32_t *) (columns + n_columns);
	char *name = (char *) (types + n);
	if (n > 0)
		memcpy(types, statement->types, n * sizeof(*types));
	for (size_t i = 0; i < n_columns; i++) {
		const struct wok__pg_shape_column *column = &shape->column[i];

		columns[i] = (wok_pg_column){
			.name = name,
			.type = column->oid,
			.modifier = column->modifier,
			.table = column->table,
			.number = column->number,
		};
		name = stpcpy(name, shape->columns->columns[i].name) + 1;
	}
	description->n_parameters = n;
	description->parameters = types;
	description->n_columns = n_columns;
	description->columns = columns;
	return description;
}

int wok_pg_describe(wok_pg_conn *conn, const char *sql, wok_pg_description **ret_description)
{
	struct wok__pg_statement *statement;
	bool prepared = false;

	WOK_TRY(wok__pg_check_call(sql, NULL));
	WOK_TRY(wok__pg_statement_ready(conn, sql, NULL, false, &statement, &prepared));
	wok_pg_description *description = description_of(statement);
	if (statement->temporary)
		wok__pg_statement_drop(conn, statement, true);
	wok__pg_statement_unref(statement);
	if (!description)
		return -ENOMEM;
	*ret_description = description;
	return 0;
}
