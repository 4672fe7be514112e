/* SPDX-License-Identifier: MIT */
/* The settings that the server tells of. */
#include <stdlib.h>

#include "base/memory.h"
#include "db/postgres/connection.h"
#include "task/park.h"

/* A server has about fifteen. */
enum { PARAMETERS_MAX = 100 };

static struct wok__pg_parameter *find(const wok_pg_conn *conn, const char *name)
{
	struct wok__pg_parameter *parameter = conn->parameters;

	while (parameter && strcmp(parameter->name, name) != 0)
		parameter = parameter->next;
	return parameter;
}

static struct wok__pg_parameter *add(wok_pg_conn *conn, const char *name)
{
	const size_t size = strlen(name) + 1;

	if (conn->n_parameters >= PARAMETERS_MAX)
		return NULL;
	struct wok__pg_parameter *parameter = wok__alloc_zeroed(sizeof(*parameter) + size);
	if (!parameter)
		return NULL;
	memcpy(parameter->name, name, size);
	parameter->next = conn->parameters;
	conn->parameters = parameter;
	conn->n_parameters++;
	return parameter;
}

int wok__pg_parameter_status(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	struct wok__pg_reader reader = wok__pg_read(message);
	const char *name = wok__pg_read_text(&reader);
	const char *value = wok__pg_read_text(&reader);

	if (!wok__pg_read_all(&reader))
		return wok_fail(WOK_EPEER, "PostgreSQL sent a broken ParameterStatus");
	struct wok__pg_parameter *parameter = find(conn, name);
	if (!parameter)
		parameter = add(conn, name);
	char *copy = parameter ? wok__strdup(value) : NULL;
	if (!copy)
		return conn->n_parameters >= PARAMETERS_MAX ? 0 : -ENOMEM;
	wok_free(parameter->value);
	parameter->value = copy;
	if (conn->options.on_parameter) {
		const char *before = wok__nowait_enter("a parameter's callback");

		conn->options.on_parameter(name, copy, conn->options.arg);
		wok__nowait_leave(before);
	}
	return 0;
}

void wok__pg_parameters_free(wok_pg_conn *conn)
{
	while (conn->parameters) {
		struct wok__pg_parameter *next = conn->parameters->next;

		wok_free(conn->parameters->value);
		wok_free(conn->parameters);
		conn->parameters = next;
	}
	conn->n_parameters = 0;
}

const char *wok_pg_parameter(const wok_pg_conn *conn, const char *name)
{
	const struct wok__pg_parameter *parameter = find(conn, name);

	return parameter ? parameter->value : NULL;
}

/* "15.8 (Debian 15.8-0+deb12u1)", "9.6.24", "17beta1" */
int wok_pg_server_version(const wok_pg_conn *conn)
{
	const char *text = wok_pg_parameter(conn, "server_version");
	char *end;

	if (!text)
		return 0;
	const long major = strtol(text, &end, 10);
	const long minor = *end == '.' ? strtol(end + 1, &end, 10) : 0;
	if (major < 0 || major > 1000 || minor < 0 || minor > 99)
		return 0;
	if (major >= 10)
		return (int) (major * 10000 + minor);
	const long patch = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	return (int) (major * 10000 + minor * 100 + (patch > 99 || patch < 0 ? 0 : patch));
}
