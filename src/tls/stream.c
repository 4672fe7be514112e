/* SPDX-License-Identifier: MIT */
/*
 * A connection as a stream: reading, writing, and its end.
 *
 * A write encrypts some records, and passes them on. What is encrypted cannot be taken back, since
 * each record has its number: so it counts as written, and if the passing on is cancelled the rest
 * goes out with the next call that passes something on. A reader does that, too, before it waits:
 * it may be the answer to that very rest that it is waiting for.
 */
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "base/message.h"
#include "task/park.h"
#include "tls/tls.h"

/*
 * Bytes in a record; bytes that one call encrypts before it passes them on; what a record adds at
 * most; parts smaller than this are put together into one record; what may wait behind a writer.
 */
enum {
	RECORD = 16 << 10,
	BATCH = 64 << 10,
	OVERHEAD = 512,
	GATHER = 4 << 10,
	REST = 16 << 10,
};

/*
 * What a write or a goodbye gives where OpenSSL has read the half of a message of the peer's, a
 * session's or new keys, and does nothing else before it has the rest.
 */
enum { NEEDS_INPUT = INT_MIN };

/* How long a last alert may take to get out. */
#define ALERT_LIMIT WOK_SECOND

const char *wok__tls_enter(void)
{
	ERR_clear_error();
	return wok__nowait_enter("a callback of OpenSSL");
}

void wok__tls_leave(const char *before)
{
	wok__nowait_leave(before);
}

/* OpenSSL has failed for good: the code, which later calls give, too. */
static int break_down(struct wok__tls *tls, const char *what)
{
	char text[300];

	snprintf(text, sizeof(text), "%s %s by TLS", what, tls->host ? tls->host : "a client");
	tls->broken = wok__tls_error(tls, text);
	snprintf(tls->problem, sizeof(tls->problem), "%s", wok_errmsg(tls->broken));
	return tls->broken;
}

static int check_usable(const struct wok__tls *tls)
{
	if (tls->closed)
		return wok_fail(-EBADF, "the stream is closed");
	if (tls->broken)
		return wok_fail(tls->broken, "%s", tls->problem);
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* One step: SSL_ERROR_NONE, _ZERO_RETURN, _WANT_READ; or a negative code. */
static int read_step(struct wok__tls *tls, void *data, size_t size, size_t *ret_size)
{
	const char *before = wok__tls_enter();
	int r = SSL_read_ex(tls->ssl, data, size, ret_size);

	if (r != 1) {
		r = SSL_get_error(tls->ssl, r);
		if (r != SSL_ERROR_ZERO_RETURN && r != SSL_ERROR_WANT_READ)
			r = break_down(tls, "reading from");
	} else {
		r = SSL_ERROR_NONE;
	}
	wok__tls_leave(before);
	return r;
}

/*
 * Pass on what lies there, unless somebody does so already: then what reading adds, alerts of a few
 * bytes, goes out behind. But not without end: a peer that provokes them and takes none is made to
 * wait. Only a cancel concerns a reader.
 */
static int pass_on_rest(struct wok__tls *tls)
{
	if (!wok__tls_has_written(tls))
		return 0;
	int r = wok__tls_buffered(&tls->written) > REST ? wok_lock_acquire(&tls->sending)
							: wok_lock_try_acquire(&tls->sending);
	if (r < 0)
		return r == -ECANCELED ? r : 0;
	r = wok__tls_pass_on(tls);
	wok_lock_release(&tls->sending);
	return r == -ECANCELED ? r : 0;
}

/* Tell the peer what is wrong, if that is quickly done. */
static void pass_on_alert(struct wok__tls *tls)
{
	struct wok__saved_error saved = wok__error_save();
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, ALERT_LIMIT) {
		WOK_IGNORE(pass_on_rest(tls));
	}
	wok__error_restore(saved);
}

/* More records that are here already; whatever stops that will also stop the next call. */
static size_t read_on(struct wok__tls *tls, char *data, size_t size)
{
	size_t done = 0, n;

	while (done < size && wok__tls_buffered(&tls->incoming) > 0 &&
	       read_step(tls, data + done, size - done, &n) == SSL_ERROR_NONE)
		done += n;
	return done;
}

static ssize_t read_some(struct wok__tls *tls, char *data, size_t size)
{
	size_t n = 0;

	for (;;) {
		WOK_TRY(check_usable(tls));
		int r = read_step(tls, data, size, &n);
		if (r == SSL_ERROR_NONE)
			n += read_on(tls, data + n, size - n);
		if (tls->broken)
			pass_on_alert(tls);
		if (r == SSL_ERROR_NONE || r == SSL_ERROR_ZERO_RETURN) {
			wok__spend();
			return (ssize_t) n;
		}
		if (r < 0)
			return r;
		WOK_TRY(pass_on_rest(tls));
		WOK_TRY(wok__tls_fill(tls));
	}
}

static ssize_t tls_read(void *self, void *data, size_t size)
{
	struct wok__tls *tls = self;

	WOK_TRY(wok__check());
	tls->holders++;
	ssize_t n = read_some(tls, data, size);
	wok__tls_let_go(tls);
	return n;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Where a write has come to in its parts. */
struct cursor {
	const struct iovec *parts;
	int n_parts;
	size_t offset; /* in the first part */
};

static void advance(struct cursor *cursor, size_t size)
{
	cursor->offset += size;
	while (cursor->n_parts > 0 && cursor->offset >= cursor->parts->iov_len) {
		cursor->offset -= cursor->parts->iov_len;
		cursor->parts++;
		cursor->n_parts--;
	}
}

/* The bytes of the next record. Small parts are gathered, without being taken yet. */
static wok_view next_record(struct cursor at, char gathered[GATHER])
{
	size_t n = 0;

	if (at.n_parts == 0)
		return (wok_view){0};
	size_t rest = at.parts->iov_len - at.offset;
	if (at.n_parts == 1 || rest >= GATHER)
		return (wok_view){(const char *) at.parts->iov_base + at.offset,
				  rest < RECORD ? rest : RECORD};
	while (at.n_parts > 0 && n < GATHER) {
		size_t left = at.parts->iov_len - at.offset;
		size_t some = left < GATHER - n ? left : GATHER - n;
		memcpy(gathered + n, (const char *) at.parts->iov_base + at.offset, some);
		n += some;
		advance(&at, some);
	}
	return (wok_view){gathered, n};
}

static ssize_t write_step(struct wok__tls *tls, wok_view bytes)
{
	size_t n = 0;

	if (wok__tls_buffer_reserve(&tls->written, bytes.size + OVERHEAD) < 0)
		return -ENOMEM;
	const char *before = wok__tls_enter();
	int r = SSL_write_ex(tls->ssl, bytes.data, bytes.size, &n);
	/* There is always room to write, and no renegotiation. */
	if (r != 1)
		r = SSL_get_error(tls->ssl, r) == SSL_ERROR_WANT_READ
			    ? NEEDS_INPUT
			    : break_down(tls, "writing to");
	wok__tls_leave(before);
	return r < 0 ? r : (ssize_t) n;
}

static size_t total(const struct iovec *parts, int n_parts)
{
	size_t sum = 0;

	for (int i = 0; i < n_parts && sum < BATCH; i++)
		sum += parts[i].iov_len;
	return sum < BATCH ? sum : BATCH;
}

/* Encrypt what one call passes on: how much, or an error if it is nothing. */
static ssize_t encrypt(struct wok__tls *tls, const struct iovec *parts, int n_parts)
{
	struct cursor cursor = {parts, n_parts, 0};
	size_t all = total(parts, n_parts), done = 0;
	char gathered[GATHER];

	/* Once, not a record at a time. */
	if (wok__tls_buffer_reserve(&tls->written, all + (all / RECORD + 1) * OVERHEAD) < 0)
		return -ENOMEM;
	advance(&cursor, 0);
	while (done < BATCH && cursor.n_parts > 0) {
		ssize_t n = write_step(tls, next_record(cursor, gathered));
		if (n < 0)
			return done > 0 ? (ssize_t) done : n;
		advance(&cursor, (size_t) n);
		done += (size_t) n;
	}
	return (ssize_t) done;
}

/* With the lock held. */
static ssize_t write_some(struct wok__tls *tls, const struct iovec *parts, int n_parts)
{
	WOK_TRY(check_usable(tls));
	if (tls->shut)
		return wok_fail(-EPIPE, "the stream was shut down: nothing more can be written");
	WOK_TRY(wok__tls_pass_on(tls)); /* of a write that was cancelled */
	ssize_t n = encrypt(tls, parts, n_parts);
	if (n < 0)
		return n;
	int r = wok__tls_pass_on(tls);
	return r < 0 && r != -ECANCELED ? r : n;
}

static ssize_t write_once(struct wok__tls *tls, const struct iovec *parts, int n_parts)
{
	WOK_TRY(wok_lock_acquire(&tls->sending));
	ssize_t n = write_some(tls, parts, n_parts);
	wok_lock_release(&tls->sending);
	return n;
}

/* The lock is not held while it waits for input: a reader may need it to answer. */
static ssize_t tls_write(void *self, const struct iovec *parts, int n_parts)
{
	struct wok__tls *tls = self;

	tls->holders++;
	ssize_t n = write_once(tls, parts, n_parts);
	while (n == NEEDS_INPUT) {
		n = wok__tls_fill(tls);
		if (n == 0)
			n = write_once(tls, parts, n_parts);
	}
	wok__tls_let_go(tls);
	return n;
}

/* --- the end ---------------------------------------------------------------------------------- */

/* In the middle of a message of the peer's OpenSSL says no goodbye. */
static int goodbye_step(struct wok__tls *tls)
{
	const char *before = wok__tls_enter();
	int r = SSL_in_init(tls->ssl) ? SSL_do_handshake(tls->ssl) : 1;

	if (r == 1)
		r = SSL_shutdown(tls->ssl) < 0 ? -1 : 1;
	else if (SSL_get_error(tls->ssl, r) == SSL_ERROR_WANT_READ)
		r = NEEDS_INPUT;
	if (r != 1 && r != NEEDS_INPUT)
		r = break_down(tls, "saying goodbye to");
	wok__tls_leave(before);
	return r < 0 ? r : 0;
}

/* With the lock held. */
static int say_goodbye(struct wok__tls *tls)
{
	WOK_TRY(check_usable(tls));
	if (!tls->shut) {
		WOK_TRY(goodbye_step(tls));
		tls->shut = true;
	}
	return wok__tls_pass_on(tls);
}

static int shut_once(struct wok__tls *tls)
{
	WOK_TRY(wok_lock_acquire(&tls->sending));
	int r = say_goodbye(tls);
	wok_lock_release(&tls->sending);
	return r;
}

static int tls_shutdown(void *self)
{
	struct wok__tls *tls = self;

	tls->holders++;
	int r = shut_once(tls);
	while (r == NEEDS_INPUT) {
		r = wok__tls_fill(tls);
		if (r == 0)
			r = shut_once(tls);
	}
	wok__tls_let_go(tls);
	return r;
}

static int tls_close(void *self)
{
	struct wok__tls *tls = self;

	tls->closed = true;
	int r = wok_stream_close(tls->below);
	if (r == -EBADF && tls->borrowed)
		r = 0; /* its owner was first */
	wok__tls_let_go(tls);
	return r;
}

static int tls_fd(void *self)
{
	const struct wok__tls *tls = self;

	return wok_stream_fd(tls->below);
}

const wok_stream_ops wok__tls_ops = {
	.name = "tls",
	.read = tls_read,
	.write = tls_write,
	.shutdown = tls_shutdown,
	.close = tls_close,
	.fd = tls_fd,
};
