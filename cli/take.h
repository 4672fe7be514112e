/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_TAKE_H
#define WOK_CLI_TAKE_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What the commands that speak HTTP take from a command line. */

/* Say on stderr what is wrong with an option of a command. */
void take_reject(const char *command, const char *format, va_list args);

/* Whether a text is a token, as a method and a field's name are. */
bool take_is_token(const char *text);

/* Whether a text is "Name: value", and can be sent. */
bool take_is_header(const char *line);

/**
 * Read a file as a whole.
 *
 * name:       "-" is standard input
 * ret_data:   malloc'd
 * Returns:    0; -EFBIG if it is larger than max; -ENOMEM; a negative errno
 */
int take_file(const char *name, size_t max, char **ret_data, size_t *ret_size);

#endif
