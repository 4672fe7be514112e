/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_FORM_H
#define WOK_HTTP_FORM_H
#include <wok/http_client.h>
#include <wok/http_server.h>
#include <wok/url.h>

WOK_BEGIN_DECLS

/*
 * Forms, both ways and in both formats: "application/x-www-form-urlencoded" for a few texts,
 * "multipart/form-data" for files.
 */

/* --- reading small forms ---------------------------------------------------------------------- */

/* The fields of a form (or of a query), decoded. */
typedef struct wok_http_fields wok_http_fields;

/* A field of a form. Borrowed texts. */
typedef struct {
	const char *name;
	const char *value; /* "" if there is none */
	size_t value_size; /* it may have NULs, and has one behind its last byte */
} wok_http_field;

/* What a form may have. Zero in a field means the default. */
typedef struct {
	size_t max_fields; /* 1000 */
	size_t max_bytes;  /* as they come; 1 MiB */
} wok_http_fields_options;

/**
 * Decode "name=value&name=value".
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; WOK_EPEER for what is malformed (a percent sign without two hexadecimal digits, a
 *             NUL in a name); WOK_ELIMIT; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_http_fields_parse(const char *text, size_t size, const wok_http_fields_options *options,
			  wok_http_fields **ret_fields) WOK_MUST_CHECK;

/**
 * Read the body of a request whose Content-Type is "application/x-www-form-urlencoded".
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; WOK_EPEER if it is of another type, or malformed; WOK_ELIMIT; as
 *             wok_http_request_body(). A handler that returns the error replies with 400, 413 ...
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_request_fields(wok_http_request *request, const wok_http_fields_options *options,
			    wok_http_fields **ret_fields) WOK_MUST_CHECK;

/**
 * The first field of a name.
 *
 * name:       as it was sent, upper and lower case included
 * Returns:    its value, which lives as long as the fields; NULL if there is none
 * Checkpoint: never
 * Threads:    any one at a time
 */
const char *wok_http_fields_value(const wok_http_fields *fields, const char *name);

/**
 * The fields in their order, repeated ones included.
 *
 * index:      0 and up
 * ret_field:  borrowed, lives as long as the fields
 * Returns:    true; false past the end
 * Checkpoint: never
 * Threads:    any one at a time
 */
bool wok_http_fields_at(const wok_http_fields *fields, size_t index, wok_http_field *ret_field);

/**
 * Release fields.
 *
 * fields:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any one at a time
 */
void wok_http_fields_free(wok_http_fields *fields);
WOK_DEFINE_AUTO(wok_http_fields)

/* --- reading forms with files ----------------------------------------------------------------- */

/* A multipart body while it is read: part after part, each in pieces. */
typedef struct wok_http_multipart wok_http_multipart;

/* A part of it. All texts are the client's word: none is fit for a path as it is. */
typedef struct {
	const char *name;         /* of the form's field */
	const char *filename;     /* NULL if it is no file */
	const char *content_type; /* "text/plain" if none was sent */
} wok_http_part;

/* What a body may have; more is WOK_ELIMIT. Zero in a field means the default. */
typedef struct {
	size_t max_parts;     /* 1000 */
	size_t max_part_head; /* bytes of a part's header; 8 KiB */
	uint64_t max_part;    /* bytes of a part; what the request's body may have */
} wok_http_multipart_options;

/**
 * Begin to read the body of a request whose Content-Type is "multipart/form-data". All of its bytes
 * count for the server's max_body.
 *
 * options:    NULL for the defaults; borrowed for the call
 * ret_multipart: to be freed before the handler returns
 * Returns:    0; WOK_EPEER if it is of another type; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_multipart_open(wok_http_request *request, const wok_http_multipart_options *options,
			    wok_http_multipart **ret_multipart) WOK_MUST_CHECK;

/**
 * Wait for the next part; what was not read of the one before is read away.
 *
 * ret_part:   its texts live until the next call
 * Returns:    1; 0 behind the last one; WOK_EPEER for what is malformed, parts in a part included;
 *             WOK_EEOF if the body ends too early; WOK_ELIMIT; as wok_http_request_read(). A
 *             handler that returns the error replies with 400, 413 ...
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_multipart_next(wok_http_multipart *multipart, wok_http_part *ret_part) WOK_MUST_CHECK;

/**
 * The first header of a part by its name.
 *
 * name:       upper or lower case
 * Returns:    its value, which lives until the next part; NULL if there is none
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_multipart_header(const wok_http_multipart *multipart, const char *name);

/**
 * Wait for more of the part and take at most size bytes of it.
 *
 * Returns:    how many; 0 at the part's end, or if there is none; as wok_http_multipart_next()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_http_multipart_read(wok_http_multipart *multipart, void *data, size_t size)
	WOK_MUST_CHECK;

/**
 * Wait for all of the part: for one that is small.
 *
 * max:        bytes that it may have; 0 for 64 KiB
 * ret_text:   lives until the next part; a NUL stands behind its last byte
 * Returns:    0; WOK_ELIMIT if it is larger; -ENOMEM; as wok_http_multipart_next()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_multipart_text(wok_http_multipart *multipart, size_t max, wok_view *ret_text)
	WOK_MUST_CHECK;

/**
 * Write the part to a new file. If that fails, no file is left.
 *
 * path:       the caller's choice, not the part's filename; there must be nothing of that name
 * ret_size:   the file's; may be NULL
 * Returns:    0; -EEXIST; -ENOSPC and others of wok_file_write(); as wok_http_multipart_next()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_multipart_save(wok_http_multipart *multipart, const char *path, uint64_t *ret_size)
	WOK_MUST_CHECK;

/**
 * Release the reading of a body; what was not read stays unread.
 *
 * multipart:  NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_http_multipart_free(wok_http_multipart *multipart);
WOK_DEFINE_AUTO(wok_http_multipart)

/* --- sending ---------------------------------------------------------------------------------- */

/**
 * Encode fields as "name=value&name=value", for the body of a request.
 *
 * params:     n of them; a value of NULL is an empty one
 * ret_text:   to be released by wok_free(); send it as WOK_HTTP_URLENCODED
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_http_fields_encode(const wok_url_param *params, size_t n, char **ret_text) WOK_MUST_CHECK;

#define WOK_HTTP_URLENCODED "application/x-www-form-urlencoded"

/*
 * A form that is sent as "multipart/form-data": parts from memory, files and functions, read while
 * they go out.
 */
typedef struct wok_http_form wok_http_form;

/**
 * Make an empty form, with a boundary of its own that nobody can guess.
 *
 * Returns:    0; -ENOMEM; -errno of getrandom(2)
 * Checkpoint: never
 * Threads:    any one at a time
 */
int wok_http_form_new(wok_http_form **ret_form) WOK_MUST_CHECK;

/**
 * Release a form.
 *
 * form:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded (it closes files)
 * Threads:    the loop's
 */
void wok_http_form_free(wok_http_form *form);
WOK_DEFINE_AUTO(wok_http_form)

/**
 * Add a text.
 *
 * name, text: copied
 * Returns:    0; -EINVAL for a control character in the name; -EBUSY once the form is being sent;
 *             -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time
 */
int wok_http_form_add(wok_http_form *form, const char *name, const char *text) WOK_MUST_CHECK;

/**
 * Add a file, which is opened, and read while the form is sent. Its size is taken now: if it has
 * fewer bytes then, the request fails with WOK_EEOF.
 *
 * filename:   what the server is told; NULL for the path's last part
 * content_type: NULL for "application/octet-stream"
 * Returns:    0; -EINVAL for a control character in a text; -errno of open(2); -EBUSY; -ENOMEM
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_form_add_file(wok_http_form *form, const char *name, const char *path,
			   const char *filename, const char *content_type) WOK_MUST_CHECK;

/* A part with all that it can have. Zero in a field means the default. */
typedef struct {
	const char *filename;           /* none */
	const char *content_type;       /* none; with a filename "application/octet-stream" */
	const wok_http_header *headers; /* besides these; copied, as the texts above */
	size_t n_headers;
	const void *data; /* borrowed until the form is freed */
	size_t size;
	/* Instead of data: called for the next bytes until it returns 0, or an error. It may wait.
	 * size is how many it will give in all; 0 if that is not known. */
	ssize_t (*read)(void *arg, void *data, size_t size);
	void *arg;
} wok_http_form_part;

/**
 * Add a part.
 *
 * part:       borrowed for the call
 * Returns:    0; -EINVAL for a text or header that cannot be sent; -EBUSY; -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time
 */
int wok_http_form_add_part(wok_http_form *form, const char *name, const wok_http_form_part *part)
	WOK_MUST_CHECK;

/**
 * The Content-Type of a form, with its boundary.
 *
 * Returns:    lives as long as the form
 * Checkpoint: never
 * Threads:    any one at a time
 */
const char *wok_http_form_type(const wok_http_form *form);

/**
 * How many bytes a form is on the wire.
 *
 * Returns:    their number; UINT64_MAX if a part's size is not known
 * Checkpoint: never
 * Threads:    any one at a time
 */
uint64_t wok_http_form_size(const wok_http_form *form);

/**
 * Take the next bytes of a form: the body_read of a request, with the form as its argument.
 *
 * form:       a wok_http_form
 * Returns:    how many; 0 at the end; WOK_EEOF if a part has fewer bytes than was said; what a
 *             part's read returns; -errno of read(2)
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_http_form_read(void *form, void *data, size_t size) WOK_MUST_CHECK;

/**
 * Begin anew, to send a form once more.
 *
 * form:       a wok_http_form
 * Returns:    0; -ESPIPE if a part comes from a function
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_form_rewind(void *form) WOK_MUST_CHECK;

/**
 * Make a form the body of a request: sets what is about the body in its options.
 *
 * options:    the form must live as long as the request is being sent
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_http_form_body(wok_http_form *form, wok_http_options *options);

WOK_END_DECLS
#endif
