/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_CATALOG_H
#define WOK_DB_POSTGRES_CATALOG_H
/*
 * The types that are not built in: enums, domains, records, ranges, arrays of them, and those that
 * the application has codecs for. A connection asks the server for each unknown OID once.
 *
 * A catalog never changes: learning makes a new one, and the connection replaces its own. So rows
 * may keep the one that they were read with, and be read and freed in any thread.
 *
 *     if (!wok__pg_type_find(types, oid))       for the columns of a statement that was described
 *             ... wok__pg_types_query with the OIDs as "{1,2}", all rows fetched;
 *             wok__pg_types_learn(types, rows, &more)
 */
#include <stdatomic.h>
#include <wok/row.h>

#include "db/postgres/types/types.h"

struct wok_pg_types {
	struct wok__dialect dialect; /* for the columns of results */
	_Atomic unsigned refs;
	size_t count;
	struct wok__pg_type *types; /* by OID */
};

/* A built-in type; NULL if it is none. */
const struct wok__pg_type *wok__pg_builtin(uint32_t oid);

/* The OID of the built-in array over an element, 0: there is none. */
uint32_t wok__pg_builtin_array(uint32_t element);
#endif
