/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_DOWNLOAD_H
#define WOK_HTTP_CLIENT_DOWNLOAD_H
/*
 * A part of a file that is downloaded, and the note that says what it is a part of.
 *
 * The note is written when the part is empty, and removed before the part is emptied: so at any
 * time, if there is a note, all bytes of the part are of the version that it names.
 */
#include <wok/file.h>
#include <wok/http_download.h>

enum { WOK__VALIDATOR_SIZE = 512 };

struct wok__part {
	char *path, *note_path;
	char *url;                           /* without user and password */
	wok_file *file;                      /* locked: nobody else downloads to this path */
	char validator[WOK__VALIDATOR_SIZE]; /* for If-Range; "" if there is none: no going on */
	uint64_t done;                       /* bytes that are there */
	uint64_t total;                      /* 0: nobody knows */
};

/*
 * Open the part of a path, and see what is there: 0; -EAGAIN; an error. On failure too it is to be
 * closed.
 */
int wok__part_open(struct wok__part *part, const char *path,
		   const wok_http_download_options *options);

/* Close it; what cannot be gone on with, or is not to be kept, is removed. */
void wok__part_close(struct wok__part *part, bool keep);

/* Begin with nothing, of a version that is known by a validator; "" if it is not. */
int wok__part_restart(struct wok__part *part, const char *validator, uint64_t total);

/* The part is the whole: it gets its name. */
int wok__part_complete(struct wok__part *part, const char *path,
		       const wok_http_download_options *options);

/* What tells this version of a file from all others, by its head; "" for nothing. */
void wok__validator_of(const wok_http_response *response, char ret_validator[WOK__VALIDATOR_SIZE]);

/* Whether a response, as far as it says, is of the version that a validator names. */
bool wok__validator_fits(const wok_http_response *response, const char *validator);
#endif
