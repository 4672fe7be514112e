/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_H
#define WOK_HTTP_STATIC_H
#include <wok/http_server.h>

WOK_BEGIN_DECLS

/*
 * Files as replies. A GET or HEAD gets what HTTP knows about files: an ETag (made of the time of
 * the last change, the size and the inode) and Last-Modified, "304 Not Modified" and "412
 * Precondition Failed" by If-None-Match, If-Modified-Since, If-Match and If-Unmodified-Since;
 * ranges, several of them as multipart/byteranges, with If-Range. Bytes of large files go from the
 * page cache to the socket, where the stream can do that. A file that becomes shorter while it is
 * sent breaks the connection off: nobody takes the part for the whole.
 */

/* How to reply with a file. Zero in a field means the default. */
typedef struct {
	int status;                /* 200. With another one there are no ranges and conditions */
	const char *content_type;  /* by the end of the file's name; of a descriptor
				      "application/octet-stream" */
	const char *charset;       /* of types "text/..." that name none; "utf-8"; "" adds none */
	const char *cache_control; /* this header's value: "max-age=3600"; none */
	const wok_http_header *headers; /* besides those that wok sets */
	size_t n_headers;
	size_t max_ranges; /* after overlapping ones were joined; with more, the whole file is sent;
			      32 */
	bool no_ranges;
	bool no_etag;
	/*
	 * If there is FILE.br, FILE.zst or FILE.gz, send that, to who takes its coding. Nothing
	 * checks that it has the same content.
	 */
	bool precompressed;
} wok_http_file_options;

/**
 * Reply with a file. What is not there, and what is neither file nor link to one (a folder, a pipe,
 * a device), is answered by 404; what the process may not read by 403. The path is the program's
 * own, and may lead anywhere: for paths that clients choose, see wok_http_static().
 *
 * path:       a relative one begins in the process's folder
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; WOK_EEOF if the file became shorter; -errno of the file; as wok_http_reply()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_file(wok_http_request *request, const char *path,
			const wok_http_file_options *options) WOK_MUST_CHECK;

/**
 * wok_http_reply_file() of an open file.
 *
 * fd:         borrowed for the call; its position is neither used nor moved
 * options:    precompressed has no effect
 * Returns:    as wok_http_reply_file(); -EINVAL if it is no file
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_fd(wok_http_request *request, int fd, const wok_http_file_options *options)
	WOK_MUST_CHECK;

/* What becomes of symbolic links below a folder that is served. */
typedef enum {
	WOK_HTTP_LINKS_INSIDE, /* followed as long as they stay in the folder; absolute ones do not
				*/
	WOK_HTTP_LINKS_NONE,   /* not found */
	WOK_HTTP_LINKS_ALL,    /* followed wherever they lead */
} wok_http_links;

/* A type for names that end so. */
typedef struct {
	const char *suffix; /* without the dot: "html" */
	const char *type;   /* "text/html" */
} wok_http_file_type;

/* How to serve a folder. Zero in a field means the default. */
typedef struct {
	wok_http_file_options file; /* for each of its files; status has no effect */
	const char *index;          /* the file that stands for its folder; "index.html"; "" none */
	bool listing;               /* show what is in a folder that has no index: else 404 */
	size_t max_listing;         /* names on such a page; 10,000 */
	bool dot_files;             /* serve also what begins with a dot */
	wok_http_links links;
	const char *types_file;          /* more types, in the form of /etc/mime.types; read once */
	const wok_http_file_type *types; /* these go first; copied */
	size_t n_types;
} wok_http_static_options;

/**
 * Serve the files in a folder and below it. What leads out of the folder is not found: "..", also
 * as "%2e%2e", slashes that are encoded, links as the option says. Only files are served, and
 * nothing waits for a pipe or a device. The folder is looked up each time: another one may take its
 * place.
 *
 * prefix:     "/files/", or "/" for all that has no other route; "/files" is redirected to it
 * folder:     a relative one begins where the process's folder is at the time of the call
 * options:    NULL for the defaults; copied, but the texts and headers in it are borrowed for as
 *             long as the app lives
 * Returns:    0; -EINVAL if the prefix has no slash at its ends; -errno of the folder or of
 *             types_file; as wok_http_route()
 * Checkpoint: never
 * Threads:    as wok_http_route()
 */
int wok_http_static(wok_http_app *app, const char *prefix, const char *folder,
		    const wok_http_static_options *options) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
