/* SPDX-License-Identifier: MIT */
/* notes_service: a small service, JSON over HTTP. Shows one face over pools of two databases,
 *                migrations, and a transaction around what belongs together: a note and its tags.
 * Try:           notes_service 127.0.0.1:7004 notes.db
 *                notes_service 127.0.0.1:7004 postgresql://user:password@127.0.0.1/mydb   then
 *                curl -H 'Content-Type: application/json' -d '{"text": "milk", "tags": ["shop"]}' \
 *                     http://127.0.0.1:7004/notes
 *                curl http://127.0.0.1:7004/notes   .../notes/1   .../notes?tag=shop   then Ctrl-C
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/http.h>
#include <wok/http_json.h>
#include <wok/migrate.h>
#include <wok/pg_pool.h>
#include <wok/sqlite_pool.h>
#include <wok/wok.h>

enum { MOST_TAGS = 20 };

struct service {
	const char *where;
	wok_sqlite_pool *file; /* one connection that writes, and some that read */
	wok_pg_pool *server;   /* or this */
	wok_db *db;            /* a view of it: each call takes the connection that it needs */
};

/* The same SQL for both, but for the numbers that a database makes itself. */
static const wok_migration in_sqlite[] = {
	{1, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"},
	{2, "tags",
	 "CREATE TABLE tags (note INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE,"
	 " tag TEXT NOT NULL, PRIMARY KEY (note, tag))"},
};
static const wok_migration in_postgres[] = {
	{1, "notes", "CREATE TABLE notes (id bigserial PRIMARY KEY, body text NOT NULL)"},
	{2, "tags",
	 "CREATE TABLE tags (note bigint NOT NULL REFERENCES notes ON DELETE CASCADE,"
	 " tag text NOT NULL, PRIMARY KEY (note, tag))"},
};

static int startup(void *arg)
{
	struct service *service = arg;
	bool server = strncmp(service->where, "postgres", 8) == 0;

	if (server) {
		WOK_TRY(wok_pg_pool_new(service->where, NULL, &service->server));
		WOK_TRY(wok_pg_pool_ready(service->server));
		service->db = wok_pg_pool_db(service->server);
	} else {
		WOK_TRY(wok_sqlite_pool_open(service->where, NULL, &service->file));
		service->db = wok_sqlite_pool_db(service->file);
	}
	int r = wok_migrate(service->db, server ? in_postgres : in_sqlite, 2, NULL);
	return r < 0 ? r : 0;
}

static void cleanup(void *arg)
{
	struct service *service = arg;

	wok_pg_pool_free(service->server);
	wok_sqlite_pool_free(service->file);
}

/* The first of what is made up of rows (note, body, tag) in order: a note has a row for each tag.
 */
static json_t *take_note(const wok_rows *rows, size_t *at)
{
	const wok_row *row = wok_rows_at(rows, *at);
	int64_t id = wok_row_int(row, "id");
	json_t *tags = json_array();

	json_t *note = json_pack("{s:I, s:s, s:o}", "id", (json_int_t) id, "text",
				 wok_row_text(row, "body"), "tags", tags);
	for (; row && wok_row_int(row, "id") == id; row = wok_rows_at(rows, ++*at)) {
		if (note && !wok_row_is_null(row, "tag"))
			json_array_append_new(tags, json_string(wok_row_text(row, "tag")));
	}
	return note;
}

#define NOTES "SELECT id, body, tag FROM notes LEFT JOIN tags ON tags.note = notes.id "

static int list_notes(wok_http_request *request, void *arg)
{
	struct service *service = arg;
	WOK_AUTO(wok_rows) *rows = NULL;
	char *tag = NULL;
	size_t at = 0;

	int r = wok_http_request_query_value(request, "tag", 0, &tag);
	if (r == 0)
		r = wok_db_fetch(service->db,
				 NOTES "WHERE id IN (SELECT note FROM tags WHERE tag = $1) "
				       "ORDER BY id, tag",
				 WOK_ARGS(tag), &rows);
	else if (r == -ENOENT)
		r = wok_db_fetch(service->db, NOTES "ORDER BY id, tag", NULL, &rows);
	wok_free(tag);
	WOK_TRY(r);
	json_t *list = json_array();
	while (at < wok_rows_count(rows))
		json_array_append_new(list, take_note(rows, &at));
	r = wok_http_reply_json(request, 200, list);
	json_decref(list);
	return r;
}

static int64_t id_of(const wok_http_request *request)
{
	return strtoll(wok_http_request_param(request, "id"), NULL, 10);
}

static int show_note(wok_http_request *request, void *arg)
{
	struct service *service = arg;
	WOK_AUTO(wok_rows) *rows = NULL;
	size_t at = 0;

	WOK_TRY(wok_db_fetch(service->db, NOTES "WHERE id = $1 ORDER BY tag",
			     WOK_ARGS(id_of(request)), &rows));
	if (wok_rows_count(rows) == 0)
		return wok_http_reply_text(request, 404, "There is no such note.\n");
	json_t *note = take_note(rows, &at);
	int r = wok_http_reply_json(request, 200, note);
	json_decref(note);
	return r;
}

static int remove_note(wok_http_request *request, void *arg)
{
	struct service *service = arg;
	wok_db_result result;

	WOK_TRY(wok_db_execute(service->db, "DELETE FROM notes WHERE id = $1",
			       WOK_ARGS(id_of(request)), &result));
	if (result.changes == 0)
		return wok_http_reply_text(request, 404, "There is no such note.\n");
	return wok_http_reply(request, &(wok_http_reply_options){.status = 204});
}

struct new_note {
	const json_t *json;
	int64_t id;
};

/* In a transaction: when a tag is refused, there is no note, either. */
static int insert_note(wok_db *db, void *arg)
{
	struct new_note *note = arg;
	const json_t *tags = json_object_get(note->json, "tags");
	WOK_AUTO(wok_rows) *rows = NULL;

	WOK_TRY(wok_db_fetch(db, "INSERT INTO notes (body) VALUES ($1) RETURNING id",
			     WOK_ARGS(json_string_value(json_object_get(note->json, "text"))),
			     &rows));
	note->id = wok_row_int(wok_rows_at(rows, 0), "id");
	for (size_t i = 0; i < json_array_size(tags); i++)
		WOK_TRY(wok_db_execute(
			db, "INSERT INTO tags (note, tag) VALUES ($1, $2)",
			WOK_ARGS(note->id, json_string_value(json_array_get(tags, i))), NULL));
	return 0;
}

static bool is_note(const json_t *json)
{
	const json_t *tags = json_object_get(json, "tags");
	bool good = json_is_string(json_object_get(json, "text")) &&
		    (!tags || (json_is_array(tags) && json_array_size(tags) <= MOST_TAGS));

	for (size_t i = 0; good && i < json_array_size(tags); i++)
		good = json_is_string(json_array_get(tags, i));
	return good;
}

static int add_note(wok_http_request *request, void *arg)
{
	struct service *service = arg;
	struct new_note note = {.id = 0};
	json_t *json;
	char place[40];

	WOK_TRY(wok_http_request_json(request, &json));
	note.json = json;
	bool good = is_note(json);
	int r = good ? wok_db_transaction(service->db, insert_note, &note) : 0;
	json_decref(json);
	if (!good)
		return wok_http_reply_text(request, 400,
					   "A note is {\"text\": ..., \"tags\": []}.\n");
	if (r == WOK_EDB) /* as a tag that stands there twice */
		return wok_http_reply_text(request, 409, wok_db_last_error()->message);
	WOK_TRY(r);
	snprintf(place, sizeof(place), "/notes/%" PRId64, note.id);
	WOK_TRY(wok_http_reply_header(request, "Location", place));
	return wok_http_reply_text(request, 201, "");
}

static int make_routes(wok_http_app *app, struct service *service)
{
	const wok_http_hooks hooks = {.startup = startup, .cleanup = cleanup};

	WOK_TRY(wok_http_add_hooks(app, &hooks, service));
	WOK_TRY(wok_http_route(app, "GET", "/notes", list_notes, service));
	WOK_TRY(wok_http_route(app, "POST", "/notes", add_note, service));
	WOK_TRY(wok_http_route(app, "GET", "/notes/{id:\\d+}", show_note, service));
	return wok_http_route(app, "DELETE", "/notes/{id:\\d+}", remove_note, service);
}

int main(int argc, char **argv)
{
	struct service service = {.where = argc > 2 ? argv[2] : "notes.db"};
	WOK_AUTO(wok_http_app) *app = NULL;

	int r = wok_http_app_new(&app);
	if (r == 0)
		r = make_routes(app, &service);
	if (r == 0)
		r = wok_http_serve_main(app, argc > 1 ? argv[1] : "127.0.0.1:7004", NULL);
	if (r < 0)
		fprintf(stderr, "notes_service: %s\n", wok_errmsg(r));
	return r < 0;
}
