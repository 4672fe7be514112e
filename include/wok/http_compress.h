/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_COMPRESS_H
#define WOK_HTTP_COMPRESS_H
#include <wok/http_server.h>

WOK_BEGIN_DECLS

/*
 * How to compress replies. Zero in a field means the default.
 *
 * Do not compress a page that shows a secret (a token, a session's number) next to text that comes
 * out of the request: from its size, which TLS does not hide, an attacker who chooses that text
 * learns the secret letter by letter (the attack is called BREACH). Leave such routes out.
 */
typedef struct {
	const char *codings; /* those to use, what we like best first; "zstd, br, gzip", as far as
				they are built in. Lives as long as the request */
	int level;           /* the coding's own: 1 is the fastest; its usual one */
	size_t min_size;     /* bytes; a body that is smaller stays as it is; 1024 */
	/*
	 * Media types that stay as they are, as "application/zip", or "image/" for all that begin
	 * so; besides those that wok knows to be compressed already. Borrowed as codings.
	 */
	const char *const *skip;
	size_t n_skip;
	bool strict; /* tell of a client that refuses all our codings, and identity, too; otherwise
			it gets what it refused */
} wok_http_compress_options;

/**
 * Have the reply to a request compressed, if the client accepts that and it is worth it: as a
 * whole where it is small, else as it goes out. What a handler writes in pieces is flushed with
 * each of them. Sets Content-Encoding and Vary, and makes a strong ETag a weak one. A reply that
 * has a Content-Encoding or a Content-Range already, or says "no-transform", stays as it is.
 *
 * To be called before the reply, by a handler or a middleware.
 *
 * options:    NULL for the defaults; copied
 * Returns:    0; with strict perhaps 406, which is the status to reply with; -EINVAL for an unknown
 *             coding; -ENOTSUP for one that is not built in; -EALREADY after a reply has begun;
 *             -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_compress(wok_http_request *request, const wok_http_compress_options *options)
	WOK_MUST_CHECK;

/**
 * Choose what to reply with by what the client accepts (its Accept header and the weights there).
 *
 * types:      n media types that the handler can make, what it likes best first
 * Returns:    an index; -1 if the client accepts none of them, which calls for a 406
 * Checkpoint: never
 * Threads:    the loop's
 */
ssize_t wok_http_accepts(const wok_http_request *request, const char *const *types, size_t n);

WOK_END_DECLS
#endif
