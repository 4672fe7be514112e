/* SPDX-License-Identifier: MIT */
/*
 * Between OpenSSL and the stream below: a BIO that never waits, with a buffer for each direction,
 * and the pump that fills the one and empties the other.
 */
#include <openssl/bio.h>
#include <string.h>
#include <wok/error.h>

#include "task/park.h"
#include "tls/tls.h"

/*
 * How much is read at once: four records of the largest size while much comes, else little, since
 * most connections wait most of the time.
 */
enum { MUCH = 66 << 10, LITTLE = 4 << 10 };

static int take(BIO *bio, char *data, size_t size, size_t *ret_size)
{
	struct wok__tls *tls = BIO_get_data(bio);
	size_t there = wok__tls_buffered(&tls->incoming), n = size < there ? size : there;

	BIO_clear_retry_flags(bio);
	*ret_size = n;
	if (n == 0) {
		tls->wanted = size;
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(data, tls->incoming.data + tls->incoming.start, n);
	tls->incoming.start += n;
	return 1;
}

static int put(BIO *bio, const char *data, size_t size, size_t *ret_size)
{
	struct wok__tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*ret_size = 0;
	if (wok__tls_buffer_add(&tls->written, data, size) < 0)
		return -1; /* no retry: the connection is broken for want of memory */
	*ret_size = size;
	return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
	(void) bio;
	(void) number;
	(void) pointer;
	return command == BIO_CTRL_FLUSH; /* the pump does */
}

BIO_METHOD *wok__tls_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wok");

	if (!method)
		return NULL;
	if (BIO_meth_set_read_ex(method, take) && BIO_meth_set_write_ex(method, put) &&
	    BIO_meth_set_ctrl(method, control))
		return method;
	BIO_meth_free(method);
	return NULL;
}

BIO *wok__tls_bio_new(struct wok__tls *tls)
{
	BIO *bio = BIO_new(tls->setup->bio);

	if (!bio)
		return NULL;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	return bio;
}

/* Only when OpenSSL has taken all there was: so there is nothing to keep. */
static int make_room(struct wok__tls *tls, size_t size)
{
	struct wok__tls_buffer *incoming = &tls->incoming;

	incoming->start = incoming->end = 0;
	if (incoming->capacity == size)
		return 0;
	wok__tls_buffer_clear(incoming);
	return wok__tls_buffer_reserve(incoming, size);
}

static int fill(struct wok__tls *tls)
{
	size_t size = tls->comes_much || tls->wanted > LITTLE ? MUCH : LITTLE;

	WOK_TRY(make_room(tls, size));
	ssize_t n = wok_stream_read(tls->below, tls->incoming.data, size);
	if (n > 0) {
		tls->incoming.end = (size_t) n;
		tls->comes_much = n > LITTLE;
		return 0;
	}
	return n < 0 ? (int) n
		     : wok_fail(WOK_EEOF,
				"the connection%s%s ended without TLS's goodbye (close_notify): "
				"what came may be cut short",
				tls->host ? " to " : "", tls->host ? tls->host : "");
}

int wok__tls_fill(struct wok__tls *tls)
{
	if (tls->filling)
		return wok_event_wait(&tls->filled);
	if (wok__tls_buffered(&tls->incoming) > 0)
		return 0; /* another task was quicker */
	tls->filling = true;
	wok_event_clear(&tls->filled);
	int r = fill(tls);
	tls->filling = false;
	wok_event_set(&tls->filled);
	return r;
}

bool wok__tls_has_written(const struct wok__tls *tls)
{
	return wok__tls_buffered(&tls->passing) > 0 || wok__tls_buffered(&tls->written) > 0;
}

static int pass_some(struct wok__tls *tls)
{
	struct wok__tls_buffer *passing = &tls->passing;
	size_t done = 0;

	/* OpenSSL may write more while this waits, and may move its buffer: so it gets another. */
	if (wok__tls_buffered(passing) == 0) {
		struct wok__tls_buffer empty = *passing;
		*passing = tls->written;
		tls->written = empty;
	}
	struct iovec part = {passing->data + passing->start, wok__tls_buffered(passing)};
	int r = wok_stream_write_parts(tls->below, &part, 1, &done);
	wok__tls_buffer_drop(passing, done);
	return r;
}

int wok__tls_pass_on(struct wok__tls *tls)
{
	while (wok__tls_has_written(tls)) {
		int r = pass_some(tls);
		if (r < 0)
			return r; /* the rest stays, for whoever comes next */
	}
	return 0;
}
