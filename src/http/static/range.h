/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_RANGE_H
#define WOK_HTTP_STATIC_RANGE_H
/*
 * Parts of a file: the Range header (RFC 9110, 14.2).
 *
 * A header that makes no sense is ignored, as the RFC has it, and so is one that asks for too many
 * parts: the whole file is a right answer, and costs less. Parts that overlap, or lie so near each
 * other that a head between them would be larger than the gap, become one. So a reply is never
 * larger than the file and the heads of as many parts as the limit allows.
 */
#include <stddef.h>
#include <stdint.h>

struct wok__range {
	uint64_t start, size;
};

/*
 * What a Range header asks of a file of size bytes.
 *
 * ret_ranges: room for max parts; they come in the order in which they were asked for
 * Returns: how many parts; 0 if the header is to be ignored; -ERANGE if there is none of them in
 *          the file (416)
 */
int wok__range_parse(const char *value, uint64_t size, struct wok__range *ret_ranges, size_t max);
#endif
