/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVER_EXCHANGE_H
#define TESTS_SERVER_EXCHANGE_H
/* One request, one answer, on a peer's connection: see tests/http/server_check.h. */
#include <stdarg.h>
#include <stdio.h>

#include "http/server_check.h"

/* Send what printf makes of it, and take the answer. */
__attribute__((format(printf, 3, 4))) static inline void
exchange(struct peer *peer, struct answer *answer, const char *format, ...)
{
	char text[16384];
	va_list args;

	va_start(args, format);
	int size = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ASSERT(size > 0 && (size_t) size < sizeof(text));
	peer_send_bytes(peer, text, (size_t) size);
	peer_listen(peer);
	if (!next_answer(&peer->in, strncmp(text, "HEAD ", 5) == 0 ? WOK__H1_FOR_HEAD : 0, answer))
		FAIL("nothing answered\n%s", text);
}

/* Ask for a path, and say what has to come. */
static inline void expect_reply(struct peer *peer, const char *method, const char *path, int status,
				const char *body)
{
	struct answer answer;

	exchange(peer, &answer, "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", method, path);
	if (answer.status != status)
		FAIL("%s %s: %d, not %d\n%s", method, path, answer.status, status, answer.head);
	if (body && strcmp(answer.body, body) != 0)
		FAIL("%s %s: \"%s\", not \"%s\"", method, path, answer.body, body);
}
#endif
