/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_BODY_PART_H
#define WOK_HTTP_BODY_PART_H
/* The head of a part of a form: its header lines, and what they say. */
#include "http/message.h"

struct wok__part {
	struct wok__head head;
	char *name;
	char *filename; /* NULL: no file */
	const char *content_type;
};

/*
 * Understand the header lines of a part (each with its CRLF). WOK_EPEER for what is malformed, has
 * no name, or is a multipart body itself; -ENOMEM.
 */
int wok__part_parse(struct wok__part *part, const char *lines, size_t size);
void wok__part_free(struct wok__part *part);

/* The boundary of a Content-Type: 1; 0 if it is no multipart/form-data; WOK_EPEER; -ENOMEM. */
int wok__multipart_boundary(const char *content_type, char **ret_boundary);
#endif
