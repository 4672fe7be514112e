/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_TERMINAL_H
#define WOK_CLI_TERMINAL_H
#include <stdbool.h>
#include <stdio.h>

/* Whether a stream goes to a person's screen, on which a line can be drawn again. */
bool terminal_is(FILE *stream);

/* Columns of it: the terminal's, or else $COLUMNS, or else 80; at least 20. */
int terminal_width(FILE *stream);

/* Whether the user's locale is UTF-8. */
bool terminal_utf8(void);

/* Whether to use colours there: on a terminal, unless NO_COLOR is set (no-color.org). */
bool terminal_colours(FILE *stream);

#endif
