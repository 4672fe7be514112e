/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_SIBLING_H
#define WOK_HTTP_STATIC_SIBLING_H
/*
 * Files beside a file that have its content in a coding: a.html.br for a.html. No library is needed
 * to send them.
 */
#include "http/coding/coding.h"

enum { WOK__SIBLINGS = 3 };

const char *wok__sibling_suffix(enum wok__coding coding); /* ".br" */

/*
 * Which siblings a client takes, and likes at least as much as the file itself.
 *
 * accept: the header Accept-Encoding; NULL if there is none
 * Returns: how many; the best one comes first
 */
size_t wok__siblings_for(const char *accept, enum wok__coding ret_siblings[WOK__SIBLINGS]);
#endif
