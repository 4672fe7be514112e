/* SPDX-License-Identifier: MIT */
/*
 * Values of a task's own: see wok/local.h. A list, since tasks have none or a handful; it hangs on
 * the part of the header that most tasks do without.
 */
#include "task/local.h"

#include <wok/error.h>

#include "base/memory.h"
#include "task/task.h"

static struct wok__local_value *find(const struct wok_task *task, const wok_local *key)
{
	struct wok__local_value *value = task && task->extra ? task->extra->locals : NULL;

	while (value && value->key != key)
		value = value->next;
	return value;
}

static int push(struct wok__local_value **values, const wok_local *key, void *content)
{
	struct wok__local_value *value = wok_alloc(sizeof(*value));

	if (!value)
		return -ENOMEM;
	*value = (struct wok__local_value){*values, key, content};
	*values = value;
	return 0;
}

int wok_local_set(const wok_local *key, void *content)
{
	struct wok_task *task = wok__current();

	if (!task)
		return wok_fail(-EINVAL, "wok_local_set: only a task has values of its own");
	struct wok__local_value *value = find(task, key);
	if (!value) {
		struct wok__extra *extra = wok__task_extra(task);
		return extra ? push(&extra->locals, key, content) : -ENOMEM;
	}
	void *old = value->value;
	value->value = content;
	if (key->free && old != content)
		key->free(old);
	return 0;
}

void *wok_local_get(const wok_local *key)
{
	struct wok__local_value *value = find(wok__current(), key);

	return value ? value->value : NULL;
}

int wok_local_share(void *value, void **ret_value)
{
	*ret_value = value;
	return 0;
}

void wok__locals_free(struct wok__local_value **values)
{
	while (*values) {
		struct wok__local_value *value = *values;
		*values = value->next;
		if (value->key->free)
			value->key->free(value->value);
		wok_free(value);
	}
}

int wok__locals_inherit(const struct wok__local_value *from, struct wok__local_value **ret_values)
{
	struct wok__local_value *copy = NULL;

	for (; from; from = from->next) {
		void *content = NULL;
		if (!from->key->inherit)
			continue;
		if (from->key->inherit(from->value, &content) < 0) {
			wok__locals_free(&copy);
			return -ENOMEM;
		}
		if (push(&copy, from->key, content) < 0) {
			if (from->key->free)
				from->key->free(content);
			wok__locals_free(&copy);
			return -ENOMEM;
		}
	}
	*ret_values = copy;
	return 0;
}
