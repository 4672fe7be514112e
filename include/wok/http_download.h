/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_DOWNLOAD_H
#define WOK_HTTP_DOWNLOAD_H
#include <wok/http_client.h>

WOK_BEGIN_DECLS

/* How to download. Zero in a field means the default. */
typedef struct {
	/*
	 * Headers, timeouts, who asks, retries; no body, no Range. A timeout counts for each
	 * request, and there is none by default: large files take long. Instead a server may not be
	 * silent for more than a minute, if neither this nor the session says how long.
	 */
	const wok_http_options *request;
	uint64_t max_size;    /* bytes of the file; no limit but the disk's */
	unsigned permissions; /* of the file, less the umask; 0666 */
	bool no_resume;       /* begin anew in any case, and keep no part of what fails */
	bool no_replace;      /* -EEXIST if there is something at the path */
	bool no_sync;         /* after a loss of power the file may be incomplete */
	/*
	 * Told of each piece: how many bytes there are, and how many there will be, 0 if nobody
	 * knows. It may wait; an error ends the download, which returns it.
	 */
	int (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;
} wok_http_download_options;

/**
 * Download to a file. It gets its name when it is complete: until then its bytes are in PATH.part,
 * and PATH.part-note says what they are of, if the server gave them a strong ETag, or a date that
 * serves as well. What fails or is cancelled keeps these two, and the next download of the same URL
 * to the same path goes on where the last one ended, if the server's file is still the same. So
 * does, with retry options, this one when a connection ends half-way. Bytes are stored as they are:
 * no content coding is asked for, none is taken off.
 *
 * path:       a file there is replaced in one step
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; as wok_http_get(); WOK_ESTATUS for a status other than 200 and 206; WOK_ELIMIT
 *             beyond max_size, with nothing kept; WOK_EEOF for a body that is cut short; -EAGAIN
 *             if another download to this path is under way; -EEXIST by the option; -EINVAL for
 *             options that make no sense; -ENOSPC, -EACCES ... of the files
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_download(wok_http_session *session, const char *url, const char *path,
		      const wok_http_download_options *options) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
