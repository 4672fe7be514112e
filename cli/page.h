/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_PAGE_H
#define WOK_CLI_PAGE_H
#include <stdio.h>

/*
 * A report as a page: one file, without scripts and without a network; light or dark as the
 * reader's system is; from a phone to a wide screen. The commands differ in what stands on it.
 */

/**
 * Look whether a page could be written there: better now than after the experiment.
 *
 * Returns:    0; -EINVAL with a message; -ENOMEM
 */
int page_check(const char *name);

typedef void page_fn(FILE *out, void *arg);

/**
 * Write a page as a whole or not at all: to a temporary file beside its place, which is renamed. A
 * reader, or a second command, sees the old page or the new one, never a part.
 *
 * Returns:    0; a negative errno
 */
int page_save(const char *name, page_fn *print, void *arg);

/* The beginning, up to <main>. style: rules besides the common ones, with --ink, --soft, --line ...
 */
void page_begin(FILE *out, const char *title, const char *style);
void page_end(FILE *out);

/* Text with HTML's own letters escaped. */
void page_text(FILE *out, const char *text);

/* Rows of a <dl>: the command as a shell would take it, and where and when it ran. */
void page_command(FILE *out, char **argv);
void page_machine(FILE *out);

#endif
