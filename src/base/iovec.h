/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_IOVEC_H
#define WOK_BASE_IOVEC_H
#include <stddef.h>
#include <sys/uio.h>

/* Step over the first n bytes of a list of parts, and over the empty parts that follow. */
static inline void wok__iovec_skip(struct iovec **parts, int *n_parts, size_t n)
{
	while (*n_parts > 0 && n >= (*parts)->iov_len) {
		n -= (*parts)->iov_len;
		(*parts)++;
		(*n_parts)--;
	}
	if (n > 0 && *n_parts > 0) {
		(*parts)->iov_base = (char *) (*parts)->iov_base + n;
		(*parts)->iov_len -= n;
	}
}
#endif
