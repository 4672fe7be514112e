/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_MESSAGE_H
#define WOK_BASE_MESSAGE_H
/*
 * The message that stands behind an error code. Each task has a slot for one, and so has each
 * thread for the time outside of tasks; wok_fail() fills the slot of whoever runs.
 */
#include <wok/error.h>

struct wok__message {
	int code;
	unsigned refs;
	char text[];
};

/* The slot of what runs in this thread now; NULL outside of tasks. Set at each switch. */
extern _Thread_local struct wok__message **wok__message_slot
	__attribute__((tls_model("initial-exec")));

struct wok__message *wok__message_ref(struct wok__message *message);
void wok__message_unref(struct wok__message *message);

/* The text, if message belongs to code, or else what wok_strerror() says. */
const char *wok__message_text(const struct wok__message *message, int code);

/* Make message (may be NULL) that of the current task or thread; the caller keeps its reference. */
void wok__message_adopt(struct wok__message *message);

/* A copy of the current message, to be handed to another thread; NULL if it is not about code. */
struct wok__message *wok__message_copy(int code);

/* The current message, kept over a clean-up that may leave one of its own; with errno. */
struct wok__saved_error {
	struct wok__message *message;
	int number;
};
WOK_BEGIN_DECLS
struct wok__saved_error wok__error_save(void);
void wok__error_restore(struct wok__saved_error saved);
WOK_END_DECLS
#endif
