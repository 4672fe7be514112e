/* SPDX-License-Identifier: MIT */
/* Messages of errors: see base/message.h and wok/error.h. */
#include "base/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { MESSAGE_MAX = 1024 };

_Thread_local struct wok__message **wok__message_slot;

/* Outside of tasks there is nobody to release a message when the thread ends, so it lies here. */
static _Thread_local struct {
	int code;
	char text[MESSAGE_MAX];
} thread_message;

/* NULL if there is no memory. */
static struct wok__message *new_message(int code, const char *text)
{
	size_t size = strlen(text) + 1;
	struct wok__message *message = wok_alloc(sizeof(*message) + size);

	if (!message)
		return NULL;
	message->code = code;
	message->refs = 1;
	memcpy(message->text, text, size);
	return message;
}

struct wok__message *wok__message_ref(struct wok__message *message)
{
	if (message)
		message->refs++;
	return message;
}

void wok__message_unref(struct wok__message *message)
{
	if (message && --message->refs == 0)
		wok_free(message);
}

const char *wok__message_text(const struct wok__message *message, int code)
{
	return message && message->code == code ? message->text : wok_strerror(code);
}

static void set_slot(struct wok__message *message)
{
	wok__message_unref(*wok__message_slot);
	*wok__message_slot = message;
}

static void set_thread_message(int code, const char *text)
{
	thread_message.code = code;
	snprintf(thread_message.text, sizeof(thread_message.text), "%s", text);
}

void wok__message_adopt(struct wok__message *message)
{
	if (wok__message_slot)
		set_slot(wok__message_ref(message));
	else if (message)
		set_thread_message(message->code, message->text);
	else
		thread_message.code = 0;
}

const char *wok_errmsg(int code)
{
	if (wok__message_slot)
		return wok__message_text(*wok__message_slot, code);
	if (code < 0 && thread_message.code == code)
		return thread_message.text;
	return wok_strerror(code);
}

struct wok__message *wok__message_copy(int code)
{
	const struct wok__message *message = wok__message_slot ? *wok__message_slot : NULL;

	if (message && message->code == code)
		return new_message(code, message->text);
	if (!wok__message_slot && code < 0 && thread_message.code == code)
		return new_message(code, thread_message.text);
	return NULL;
}

int(wok_fail)(int code, const char *format, ...)
{
	char text[MESSAGE_MAX];
	va_list args;

	/* Formatted aside first: the arguments may include the message that is about to go. */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!wok__message_slot) {
		set_thread_message(code, text);
		return code;
	}
	set_slot(new_message(code, text));
	return code;
}

struct wok__saved_error wok__error_save(void)
{
	struct wok__message *message = wok__message_slot ? *wok__message_slot : NULL;
	return (struct wok__saved_error){wok__message_ref(message), errno};
}

void wok__error_restore(struct wok__saved_error saved)
{
	if (wok__message_slot)
		set_slot(saved.message);
	errno = saved.number;
}
