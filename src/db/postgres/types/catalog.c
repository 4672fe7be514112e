/* SPDX-License-Identifier: MIT */
/*
 * Types that were looked up: see catalog.h. What a type is follows from others: a domain is what
 * its base is, and an array has a binary form if its elements have. So all are read first, and
 * settled then.
 */
#include "db/postgres/types/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <wok/pg_array.h>
#include <wok/pg_codec.h>

#include "base/memory.h"
#include "db/postgres/types/own.h"

enum { MAX_TYPES = 20000, MAX_FIELDS = 1664, MAX_NESTING = 32 };

#define NEEDED                                                                                     \
	"WITH RECURSIVE needed(oid) AS (SELECT unnest($1::oid[]) UNION "                           \
	"SELECT more.oid FROM needed JOIN pg_catalog.pg_type t ON t.oid = needed.oid, LATERAL ("   \
	"SELECT t.typelem UNION ALL SELECT t.typbasetype UNION ALL "                               \
	"SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid UNION ALL "       \
	"SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE t.typtype = 'c' AND "              \
	"a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped"

#define TOLD                                                                                       \
	") more(oid) WHERE more.oid >= 16384) "                                                    \
	"SELECT t.oid, n.nspname::text, t.typname::text, "                                         \
	"(CASE WHEN t.typelem <> 0 AND e.typarray = t.oid THEN 'a' ELSE t.typtype END)::text, "    \
	"coalesce(r.rngsubtype, nullif(t.typbasetype, 0), nullif(t.typelem, 0), 0::oid), "         \
	"coalesce(e.typdelim, ',')::text, "                                                        \
	"array(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE t.typtype = 'c' AND "   \
	"a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum), "     \
	"array(SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE t.typtype = 'c' AND "        \
	"a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) "      \
	"FROM needed JOIN pg_catalog.pg_type t ON t.oid = needed.oid "                             \
	"JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "                                \
	"LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem "

const char *wok__pg_types_query(bool multiranges)
{
	if (!multiranges)
		return NEEDED TOLD "LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid";
	/* A multirange's element is its range. */
	return NEEDED " UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r "
		      "WHERE r.rngmultitypid = t.oid" TOLD
		      "LEFT JOIN LATERAL (SELECT CASE WHEN g.rngtypid = t.oid THEN g.rngsubtype "
		      "ELSE g.rngtypid END FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid "
		      "OR g.rngmultitypid = t.oid) r(rngsubtype) ON true";
}

void wok__pg_types_ref(const struct wok_pg_types *types)
{
	if (types)
		atomic_fetch_add_explicit(&((struct wok_pg_types *) types)->refs, 1,
					  memory_order_relaxed);
}

static void entry_unref(struct wok__pg_entry *entry)
{
	if (entry && atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) == 1)
		wok_free(entry);
}

void wok__pg_types_unref(const struct wok_pg_types *types)
{
	struct wok_pg_types *mine = (struct wok_pg_types *) types;

	if (!mine || atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < mine->count; i++)
		entry_unref(mine->entries[i]);
	wok_free(mine);
}

static const struct wok_pg_types *of_dialect(const struct wok__dialect *dialect)
{
	return (const struct wok_pg_types *) (const void *) dialect;
}

static size_t render(const struct wok__dialect *dialect, const wok_value *value, char *text,
		     size_t size)
{
	return wok__pg_render(of_dialect(dialect), value, text, size);
}

static void ref(const struct wok__dialect *dialect)
{
	wok__pg_types_ref(of_dialect(dialect));
}

static void unref(const struct wok__dialect *dialect)
{
	wok__pg_types_unref(of_dialect(dialect));
}

const struct wok__dialect *wok__pg_dialect_of(const struct wok_pg_types *types)
{
	return types ? &types->dialect : &wok__pg_dialect;
}

const wok_pg_types *wok_pg_types_of(const wok_rows *rows)
{
	const struct wok__dialect *dialect = wok__rows_columns(rows)->dialect;

	return dialect && dialect->render == render ? of_dialect(dialect) : NULL;
}

/* The block of one row: the entry, its fields, its name and theirs. */
static struct wok__pg_entry *new_entry(const char *name, const wok_pg_items *names,
				       const wok_pg_items *types)
{
	const size_t n = wok_pg_items_count(types);
	size_t size = sizeof(struct wok__pg_entry) + n * sizeof(struct wok__pg_field);

	for (size_t i = 0; i < n; i++)
		size += wok_pg_items_at(names, i)->size + 1;
	struct wok__pg_entry *entry = wok__alloc_zeroed(size + strlen(name) + 1);
	if (!entry)
		return NULL;
	struct wok__pg_field *fields = (struct wok__pg_field *) (entry + 1);
	char *text = (char *) (fields + n);
	for (size_t i = 0; i < n; i++) {
		fields[i] = (struct wok__pg_field){
			.name = text,
			.type = (uint32_t) wok_pg_items_at(types, i)->integer,
		};
		text = stpcpy(text, wok_pg_items_at(names, i)->text) + 1;
	}
	memcpy(text, name, strlen(name) + 1);
	entry->refs = 1;
	entry->type.name = text;
	entry->type.n_fields = n;
	entry->type.fields = fields;
	return entry;
}

static bool all_of(const wok_pg_items *items, unsigned kind)
{
	for (size_t i = 0; i < wok_pg_items_count(items); i++) {
		if (wok_pg_items_at(items, i)->kind != kind)
			return false;
	}
	return true;
}

/* One row of the query: see TOLD. */
static int read_entry(const wok_row *row, struct wok__pg_entry **ret_entry)
{
	WOK_AUTO(wok_pg_items) *names = NULL, *types = NULL;

	if (wok_row_columns(row) != 8 || !wok_row_text_at(row, 1) || !wok_row_text_at(row, 2) ||
	    !wok_row_text_at(row, 3) || !wok_row_text_at(row, 5))
		return wok_fail(WOK_EPEER, "PostgreSQL told of no type when it was asked for one");
	WOK_TRY(wok_pg_items_read(wok_row_at(row, 6), NULL, &names));
	WOK_TRY(wok_pg_items_read(wok_row_at(row, 7), NULL, &types));
	if (wok_pg_items_count(names) != wok_pg_items_count(types) ||
	    wok_pg_items_count(names) > MAX_FIELDS || !all_of(names, WOK_VALUE_TEXT) ||
	    !all_of(types, WOK_VALUE_INT))
		return wok_fail(WOK_EPEER, "PostgreSQL told of a record without names or types");
	struct wok__pg_entry *entry = new_entry(wok_row_text_at(row, 2), names, types);
	if (!entry)
		return -ENOMEM;
	entry->type.oid = (uint32_t) wok_row_int_at(row, 0);
	entry->type.element = (uint32_t) wok_row_int_at(row, 4);
	entry->type.delimiter = wok_row_text_at(row, 5)[0];
	entry->found = (uint8_t) wok_row_text_at(row, 3)[0];
	*ret_entry = entry;
	return 0;
}

static const wok_pg_codec *codec_of(const wok_row *row, const wok_pg_codec *codecs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(codecs[i].name, wok_row_text_at(row, 2)) == 0 &&
		    (!codecs[i].schema || strcmp(codecs[i].schema, wok_row_text_at(row, 1)) == 0))
			return &codecs[i];
	}
	return NULL;
}

/* Whether a type has a binary form that is known here. */
static bool has_binary(const struct wok__pg_type *type)
{
	return type && (type->format == WOK__PG_FORM_BINARY || type->kind == WOK__PG_TEXT);
}

static int by_oid(const void *a, const void *b)
{
	const uint32_t x = (*(struct wok__pg_entry *const *) a)->type.oid;
	const uint32_t y = (*(struct wok__pg_entry *const *) b)->type.oid;

	return x < y ? -1 : x > y;
}

static struct wok__pg_entry *find(const struct wok_pg_types *types, uint32_t oid)
{
	const struct wok__pg_entry key = {.type.oid = oid}, *wanted = &key;
	struct wok__pg_entry *const *found =
		bsearch(&wanted, types->entries, types->count, sizeof(void *), by_oid);

	return found ? *found : NULL;
}

static const struct wok__pg_type *settle(const struct wok_pg_types *types, uint32_t oid,
					 unsigned depth);

static bool record_has_binary(const struct wok_pg_types *types, const struct wok__pg_type *type,
			      unsigned depth)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		if (!has_binary(settle(types, type->fields[i].type, depth + 1)))
			return false;
	}
	return true;
}

/* A domain keeps its number and its name, and is otherwise what its base is. */
static void be_like(struct wok__pg_type *type, const struct wok__pg_type *base)
{
	const uint32_t oid = type->oid;
	const char *name = type->name;

	*type = *base;
	type->oid = oid;
	type->name = name;
}

static void settle_entry(const struct wok_pg_types *types, struct wok__pg_entry *entry,
			 unsigned depth)
{
	struct wok__pg_type *type = &entry->type;
	const struct wok__pg_type *element =
		type->element ? settle(types, type->element, depth + 1) : NULL;

	switch (entry->found) {
	case 'e':
		type->kind = WOK__PG_TEXT;
		break;
	case 'd':
		if (element)
			be_like(type, element);
		break;
	case 'c':
		type->kind = WOK__PG_RECORD;
		type->format = record_has_binary(types, type, depth);
		break;
	case 'a':
	case 'r':
	case 'm':
		type->kind = entry->found == 'a'   ? WOK__PG_ARRAY
			     : entry->found == 'r' ? WOK__PG_RANGE
						   : WOK__PG_MULTIRANGE;
		type->format = has_binary(element);
		break;
	default:
		break;
	}
}

/* A type that contains itself (no server has one) stays text where it does. */
static const struct wok__pg_type *settle(const struct wok_pg_types *types, uint32_t oid,
					 unsigned depth)
{
	struct wok__pg_entry *entry = find(types, oid);

	if (!entry || depth == MAX_NESTING)
		return entry ? NULL : wok__pg_builtin(oid);
	if (!entry->settled) {
		entry->settled = true;
		settle_entry(types, entry, depth);
	}
	return &entry->type;
}

/* By OID, each once. */
static void sort(struct wok_pg_types *types)
{
	size_t n = 0;

	if (types->count > 1)
		qsort(types->entries, types->count, sizeof(void *), by_oid);
	for (size_t i = 0; i < types->count; i++) {
		if (n > 0 && types->entries[n - 1]->type.oid == types->entries[i]->type.oid)
			entry_unref(types->entries[i]);
		else
			types->entries[n++] = types->entries[i];
	}
	types->count = n;
}

static int learn(const struct wok_pg_types *known, struct wok_pg_types *types, const wok_rows *rows,
		 const wok_pg_codec *codecs, size_t n_codecs)
{
	for (size_t i = 0; i < wok_rows_count(rows); i++) {
		const wok_row *row = wok_rows_at(rows, i);
		struct wok__pg_entry *entry;

		WOK_TRY(read_entry(row, &entry));
		if (wok__pg_type_find(known, entry->type.oid)) {
			entry_unref(entry);
			continue;
		}
		const wok_pg_codec *codec = codec_of(row, codecs, n_codecs);
		if (codec) {
			entry->type.kind = WOK__PG_USER;
			entry->type.codec = codec;
			entry->type.format = codec->binary;
			entry->settled = true;
		}
		types->entries[types->count++] = entry;
	}
	sort(types);
	for (size_t i = 0; i < types->count; i++)
		settle(types, types->entries[i]->type.oid, 0);
	return 0;
}

int wok__pg_types_learn(const struct wok_pg_types *types, const wok_rows *rows,
			const wok_pg_codec *codecs, size_t n_codecs,
			struct wok_pg_types **ret_types)
{
	const size_t before = types ? types->count : 0, n = before + wok_rows_count(rows);

	if (n > MAX_TYPES)
		return wok_fail(WOK_EPEER, "PostgreSQL told of more than %d types", MAX_TYPES);
	struct wok_pg_types *more = wok__alloc_zeroed(sizeof(*more) + n * sizeof(void *));
	if (!more)
		return -ENOMEM;
	more->dialect = (struct wok__dialect){render, ref, unref};
	more->refs = 1;
	for (size_t i = 0; i < before; i++) {
		atomic_fetch_add_explicit(&types->entries[i]->refs, 1, memory_order_relaxed);
		more->entries[more->count++] = types->entries[i];
	}
	const int r = learn(types, more, rows, codecs, n_codecs);
	if (r < 0) {
		wok__pg_types_unref(more);
		return r;
	}
	*ret_types = more;
	return 0;
}

int wok__pg_decode_user(const struct wok__pg_type *type, int format, char *data, size_t size,
			wok_value *ret_value)
{
	data[size] = '\0';
	WOK_TRY(type->codec->decode(type->codec->arg, (wok_view){data, size},
				    format == WOK__PG_FORM_BINARY, ret_value));
	return 0;
}
