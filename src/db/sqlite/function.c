/* SPDX-License-Identifier: MIT */
/* Functions, aggregates, window functions, collations: see wok/sqlite_function.h. */
#include <limits.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/sqlite_function.h>

#include "base/memory.h"
#include "db/sqlite/run.h"

enum { FEW = 16 };

/* What SQLite keeps for us: the function, and whom it belongs to. */
struct function {
	wok_sqlite *db;
	wok_sqlite_function is;
};

struct wok_sqlite_function_call {
	struct function *function;
	sqlite3_context *context;
};

static wok_value value_of(sqlite3_value *from)
{
	wok_value value = {.kind = WOK_VALUE_NULL};

	switch (sqlite3_value_type(from)) {
	case SQLITE_INTEGER:
		return wok_value_int(sqlite3_value_int64(from));
	case SQLITE_FLOAT:
		return wok_value_double(sqlite3_value_double(from));
	case SQLITE_TEXT:
		value.text = (const char *) sqlite3_value_text(from);
		value.kind = WOK_VALUE_TEXT;
		break;
	case SQLITE_BLOB:
		value.data = sqlite3_value_blob(from);
		value.kind = WOK_VALUE_BLOB;
		break;
	default:
		return value;
	}
	value.size = (size_t) sqlite3_value_bytes(from);
	return value;
}

int wok_sqlite_return(wok_sqlite_function_call *call, wok_value value)
{
	switch (value.kind) {
	case WOK_VALUE_NULL:
		sqlite3_result_null(call->context);
		return 0;
	case WOK_VALUE_BOOL:
		sqlite3_result_int(call->context, value.boolean);
		return 0;
	case WOK_VALUE_INT:
		sqlite3_result_int64(call->context, value.integer);
		return 0;
	case WOK_VALUE_DOUBLE:
		sqlite3_result_double(call->context, value.real);
		return 0;
	case WOK_VALUE_TEXT:
		sqlite3_result_text64(call->context, value.text, value.size, SQLITE_TRANSIENT,
				      SQLITE_UTF8);
		return 0;
	case WOK_VALUE_BLOB:
		sqlite3_result_blob64(call->context, value.data, value.size, SQLITE_TRANSIENT);
		return 0;
	default:
		return wok_fail(-EINVAL, "a function of SQLite cannot return such a value");
	}
}

void *wok_sqlite_state(wok_sqlite_function_call *call, size_t size)
{
	return size > INT_MAX ? NULL : sqlite3_aggregate_context(call->context, (int) size);
}

bool wok_sqlite_stops(const wok_sqlite_function_call *call)
{
	const struct wok__sqlite_job *job = call->function->db->current;

	return job && wok__sqlite_stops(job);
}

static void finish_call(wok_sqlite_function_call *call, int r)
{
	if (r >= 0)
		return;
	if (r == -ENOMEM)
		sqlite3_result_error_nomem(call->context);
	else if (wok_sqlite_stops(call))
		sqlite3_result_error_code(call->context, SQLITE_INTERRUPT);
	else
		sqlite3_result_error(call->context, wok_errmsg(r), -1);
}

typedef int function_body(wok_sqlite_function_call *call, const wok_args *args, void *arg);

static void call_with_values(sqlite3_context *context, int n, sqlite3_value **from,
			     function_body *body)
{
	struct function *function = sqlite3_user_data(context);
	wok_sqlite_function_call call = {function, context};
	wok_value few[FEW], *values = few;

	if (n > FEW && !(values = wok__alloc_array((size_t) n, sizeof(values[0])))) {
		sqlite3_result_error_nomem(context);
		return;
	}
	for (int i = 0; i < n; i++)
		values[i] = value_of(from[i]);
	finish_call(&call, body(&call, &(wok_args){values, (size_t) n}, function->is.arg));
	if (values != few)
		wok_free(values);
}

static void on_call(sqlite3_context *context, int n, sqlite3_value **values)
{
	call_with_values(context, n, values,
			 ((struct function *) sqlite3_user_data(context))->is.call);
}

static void on_step(sqlite3_context *context, int n, sqlite3_value **values)
{
	call_with_values(context, n, values,
			 ((struct function *) sqlite3_user_data(context))->is.step);
}

static void on_inverse(sqlite3_context *context, int n, sqlite3_value **values)
{
	call_with_values(context, n, values,
			 ((struct function *) sqlite3_user_data(context))->is.inverse);
}

static void call_for_result(sqlite3_context *context,
			    int (*body)(wok_sqlite_function_call *call, void *arg))
{
	struct function *function = sqlite3_user_data(context);
	wok_sqlite_function_call call = {function, context};

	finish_call(&call, body(&call, function->is.arg));
}

static void on_finish(sqlite3_context *context)
{
	call_for_result(context, ((struct function *) sqlite3_user_data(context))->is.finish);
}

static void on_value(sqlite3_context *context)
{
	call_for_result(context, ((struct function *) sqlite3_user_data(context))->is.value);
}

static void free_function(void *arg)
{
	struct function *function = arg;

	if (function->is.arg_free)
		function->is.arg_free(function->is.arg);
	wok_free(function);
}

struct adding {
	struct wok__sqlite_job job;
	const wok_sqlite_function *function;
};

static int add_function(struct wok__sqlite_job *job)
{
	const wok_sqlite_function *is = WOK__CONTAINER(job, struct adding, job)->function;
	const int flags = SQLITE_UTF8 | (is->deterministic ? SQLITE_DETERMINISTIC : 0) |
			  (is->direct_only ? SQLITE_DIRECTONLY : 0);
	struct function *function = wok_alloc(sizeof(*function));

	if (!function)
		return -ENOMEM;
	/* SQLite would release the argument also when it fails: until it has not, it is not ours.
	 */
	*function = (struct function){job->db, *is};
	function->is.arg_free = NULL;
	const int r =
		is->value
			? sqlite3_create_window_function(job->db->handle, is->name, is->n_args,
							 flags, function, on_step, on_finish,
							 on_value, on_inverse, free_function)
			: sqlite3_create_function_v2(job->db->handle, is->name, is->n_args, flags,
						     function, is->call ? on_call : NULL,
						     is->step ? on_step : NULL,
						     is->finish ? on_finish : NULL, free_function);
	if (r != SQLITE_OK)
		return wok__sqlite_fail(job, r, NULL);
	function->is.arg_free = is->arg_free;
	return 0;
}

int wok_sqlite_add_function(wok_sqlite *db, const wok_sqlite_function *function)
{
	struct adding adding = {.function = function};

	if (!function->name || !function->step != !function->finish ||
	    !function->call == !function->step || !function->value != !function->inverse ||
	    (function->value && !function->step))
		return wok_fail(-EINVAL, "wok_sqlite_add_function: it needs a name, and either "
					 "call, or step and finish, or these with value and "
					 "inverse");
	return wok__sqlite_call(db, &adding.job, add_function);
}

struct collation {
	int (*compare)(void *arg, wok_view a, wok_view b);
	void *arg;
	wok_free_fn *arg_free;
};

static int on_compare(void *arg, int n_a, const void *a, int n_b, const void *b)
{
	const struct collation *collation = arg;

	return collation->compare(collation->arg, (wok_view){a, (size_t) n_a},
				  (wok_view){b, (size_t) n_b});
}

static void free_collation(void *arg)
{
	struct collation *collation = arg;

	if (collation->arg_free)
		collation->arg_free(collation->arg);
	wok_free(collation);
}

struct adding_collation {
	struct wok__sqlite_job job;
	const char *name;
	struct collation is;
};

static int add_collation(struct wok__sqlite_job *job)
{
	struct adding_collation *adding = WOK__CONTAINER(job, struct adding_collation, job);
	struct collation *collation = wok_alloc(sizeof(*collation));

	if (!collation)
		return -ENOMEM;
	*collation = adding->is;
	const int r = sqlite3_create_collation_v2(job->db->handle, adding->name, SQLITE_UTF8,
						  collation, on_compare, free_collation);
	if (r == SQLITE_OK)
		return 0;
	wok_free(collation); /* unlike the above, it does not */
	return wok__sqlite_fail(job, r, NULL);
}

int wok_sqlite_add_collation(wok_sqlite *db, const char *name,
			     int (*compare)(void *arg, wok_view a, wok_view b), void *arg,
			     wok_free_fn *arg_free)
{
	struct adding_collation adding = {.name = name, .is = {compare, arg, arg_free}};

	return wok__sqlite_call(db, &adding.job, add_collation);
}

struct loading {
	struct wok__sqlite_job job;
	const char *path, *entry;
};

static int load(struct wok__sqlite_job *job)
{
	struct loading *loading = WOK__CONTAINER(job, struct loading, job);
	sqlite3 *handle = job->db->handle;
	char *message = NULL;

	/* By the C interface only, and no longer than for this: not by SQL. */
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
	const int r = sqlite3_load_extension(handle, loading->path, loading->entry, &message);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	if (r == SQLITE_OK)
		return 0;
	const int code = wok__sqlite_fail(job, r, NULL);
	if (message)
		wok__sqlite_fail_prefix(job, "%s: %s: ", loading->path, message);
	sqlite3_free(message);
	return code;
}

int wok_sqlite_load_extension(wok_sqlite *db, const char *path, const char *entry)
{
	struct loading loading = {.path = path, .entry = entry};

	if (!db->settings.options.load_extensions)
		return wok_fail(-EPERM, "wok_sqlite_load_extension: the connection was not opened "
					"with load_extensions");
	return wok__sqlite_call(db, &loading.job, load);
}
