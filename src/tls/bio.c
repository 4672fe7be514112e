/* SPDX-License-Identifier: MIT */
/*
 * Between OpenSSL and the stream below: a BIO that never waits. OpenSSL reads out of that stream's
 * own buffer, so nothing is copied that a socket would not copy, too, and what was read before TLS
 * began is not lost. It writes into a buffer of the connection's, which the pump passes on.
 */
#include <openssl/bio.h>
#include <string.h>
#include <wok/error.h>

#include "tls/tls.h"

/* One system call may bring two records of the largest size. */
enum { FILL_MAX = 34 << 10 };

static int take(BIO *bio, char *data, size_t size, size_t *ret_size)
{
	const struct wok__tls *tls = BIO_get_data(bio);
	wok_view there = wok_stream_buffered(tls->below);
	size_t n = size < there.size ? size : there.size;

	BIO_clear_retry_flags(bio);
	*ret_size = n;
	if (n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(data, there.data, n);
	wok_stream_consume(tls->below, n);
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

int wok__tls_fill(struct wok__tls *tls)
{
	wok_view there;
	int r = wok_stream_fill(tls->below, FILL_MAX, &there);

	if (r != 0)
		return r < 0 ? r : 0;
	return wok_fail(WOK_EEOF,
			"the connection%s%s ended without TLS's goodbye (close_notify): what came "
			"may be cut short",
			tls->host ? " to " : "", tls->host ? tls->host : "");
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
