/* SPDX-License-Identifier: MIT */
/* Moving bytes: see io/transfer.h. */
#include "io/transfer.h"

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <wok/error.h>
#include <wok/thread.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "io/disk.h"
#include "platform/file.h"
#include "platform/sys.h"
#include "task/park.h"

struct wok__handle *wok__handle_new(int fd)
{
	struct wok__handle *handle = wok_alloc(sizeof(*handle));

	if (!handle)
		return NULL;
	atomic_init(&handle->refs, 1);
	atomic_init(&handle->failed, 0);
	handle->fd = fd;
	return handle;
}

void wok__handle_ref(struct wok__handle *handle)
{
	atomic_fetch_add_explicit(&handle->refs, 1, memory_order_relaxed);
}

int wok__handle_unref(struct wok__handle *handle)
{
	if (atomic_fetch_sub_explicit(&handle->refs, 1, memory_order_acq_rel) > 1)
		return 0;
	int r = wok__sys_close(handle->fd);
	wok_free(handle);
	return r;
}

/* How many parts are at most so many bytes together; 0 if the first alone is more. */
static int count_parts(const struct wok__transfer *transfer, size_t most)
{
	int n = 0;

	for (size_t size = 0; n < transfer->n_parts && n < IOV_MAX; n++) {
		if (transfer->parts[n].iov_len > most - size)
			break;
		size += transfer->parts[n].iov_len;
	}
	return n;
}

static ssize_t call_system(const struct wok__transfer *transfer, size_t most, int flags)
{
	struct iovec first = transfer->parts[0];
	const struct iovec *parts = transfer->parts;
	int n_parts = count_parts(transfer, most);

	if (n_parts == 0) {
		first.iov_len = most;
		parts = &first;
		n_parts = 1;
	}
	if (transfer->write)
		return wok__sys_file_write(transfer->fd, parts, n_parts, transfer->offset, flags);
	return wok__sys_file_read(transfer->fd, parts, n_parts, transfer->offset, flags);
}

/* Not to cache it is a wish: where it cannot be granted it is dropped, if that is what was wrong.
 */
static ssize_t call_with_wishes(struct wok__transfer *transfer, size_t most, int more_flags)
{
	ssize_t n = call_system(transfer, most, transfer->flags | more_flags);

	if (n != -EOPNOTSUPP || transfer->flags == 0)
		return n;
	n = call_system(transfer, most, more_flags);
	if (n != -EOPNOTSUPP)
		transfer->flags = 0;
	return n;
}

ssize_t wok__transfer_once(struct wok__transfer *transfer, size_t most, int more_flags)
{
	ssize_t n = call_with_wishes(transfer, most, more_flags);

	if (n <= 0)
		return n;
	transfer->done += (size_t) n;
	if (transfer->offset >= 0)
		transfer->offset += n;
	wok__iovec_skip(&transfer->parts, &transfer->n_parts, (size_t) n);
	return n;
}

/* Others run; a cancel is found out, and not delivered. */
static void let_others_run(void)
{
	struct wok_task *task = wok__current();

	wok__task_ready(task);
	wok__task_switch_out(task);
}

int wok__transfer_now(struct wok__transfer *transfer)
{
	size_t copied = 0;

	wok__iovec_skip(&transfer->parts, &transfer->n_parts, 0); /* empty parts */
	while (transfer->n_parts > 0) {
		if (copied >= WOK__TRANSFER_TURN) {
			let_others_run();
			if (wok__is_canceled())
				return WOK__TRANSFER_STOPPED;
			copied = 0;
		}
		ssize_t n =
			wok__transfer_once(transfer, WOK__TRANSFER_TURN - copied, WOK__RWF_NOWAIT);
		if (n == -EAGAIN)
			return WOK__TRANSFER_WOULD_WAIT;
		if (n < 0)
			return (int) n;
		if (n == 0)
			break;
		copied += (size_t) n;
	}
	return WOK__TRANSFER_ENDED;
}

/*
 * A device that is not ready, in a thread: look from time to time whether anybody still waits. For
 * an end nobody does, and it is not worth for ever.
 */
static int wait_ready(const struct wok__transfer *transfer, bool to_the_end)
{
	const int moment_ms = 100, patience_ms = 5000;
	short events = transfer->write ? POLLOUT : POLLIN;
	int r = 0;

	if (to_the_end) {
		r = wok__sys_file_poll(transfer->fd, events, patience_ms);
		return r == 0 ? -ETIMEDOUT : r;
	}
	while (r == 0 && !wok_job_canceled())
		r = wok__sys_file_poll(transfer->fd, events, moment_ms);
	return r;
}

static int work(struct wok__transfer *transfer, bool to_the_end)
{
	wok__iovec_skip(&transfer->parts, &transfer->n_parts, 0);
	while (transfer->n_parts > 0) {
		if (!to_the_end && wok_job_canceled())
			return transfer->done > 0 && !transfer->write ? 0 : -ECANCELED;
		ssize_t n = wok__transfer_once(transfer, WOK__TRANSFER_PIECE, 0);
		if (n == -EAGAIN)
			n = wait_ready(transfer, to_the_end);
		else if (n == 0)
			return transfer->write ? -EIO : 0;
		if (n < 0)
			return (int) n;
	}
	return 0;
}

int wok__transfer_work(void *arg)
{
	return work(arg, false);
}

int wok__transfer_all(struct wok__transfer *transfer)
{
	return work(transfer, true);
}

/* A transfer that owns its bytes. */
struct owned {
	struct wok__transfer transfer;
	struct wok__handle *handle;
	struct iovec part;
	char data[];
};

static void dispose(void *arg)
{
	struct owned *owned = arg;

	(void) wok__handle_unref(owned->handle);
	wok_free(owned);
}

/* Copy between parts and bytes in one piece; size: at most what the parts are together. */
static void copy_parts(const struct wok__transfer *transfer, char *data, size_t size, bool to_parts)
{
	for (const struct iovec *part = transfer->parts; size > 0; part++) {
		size_t n = part->iov_len < size ? part->iov_len : size;
		if (to_parts)
			memcpy(part->iov_base, data, n);
		else
			memcpy(data, part->iov_base, n);
		data += n;
		size -= n;
	}
}

static size_t size_of(const struct wok__transfer *transfer)
{
	const size_t most = 1 << 20;
	size_t size = 0;

	for (int i = 0; i < transfer->n_parts && size < most; i++)
		size += transfer->parts[i].iov_len < most - size ? transfer->parts[i].iov_len
								 : most - size;
	return size;
}

static struct owned *new_owned(const struct wok__transfer *transfer, struct wok__handle *handle,
			       size_t size)
{
	struct owned *owned = wok_alloc(sizeof(*owned) + size);

	if (!owned)
		return NULL;
	owned->transfer = *transfer;
	owned->transfer.done = 0;
	owned->transfer.parts = &owned->part;
	owned->transfer.n_parts = 1;
	owned->part = (struct iovec){owned->data, size};
	owned->handle = handle;
	wok__handle_ref(handle);
	if (transfer->write)
		copy_parts(transfer, owned->data, size, false);
	return owned;
}

/* One piece that may be left behind. How many bytes, or an error. */
static ssize_t move_owned(struct wok__transfer *transfer, const wok_disk_options *how,
			  struct wok__handle *handle)
{
	struct owned *owned = new_owned(transfer, handle, size_of(transfer));

	if (!owned)
		return -ENOMEM;
	int r = wok__disk_run_owned(how, "a transfer of a file", wok__transfer_work, owned,
				    dispose);
	if (r == -ECANCELED)
		return r;
	size_t done = owned->transfer.done;
	if (!transfer->write)
		copy_parts(transfer, owned->data, done, true);
	dispose(owned);
	transfer->done += done;
	if (transfer->offset >= 0)
		transfer->offset += (off_t) done;
	wok__iovec_skip(&transfer->parts, &transfer->n_parts, done);
	return r < 0 ? r : (ssize_t) done;
}

int wok__transfer_in_thread(struct wok__transfer *transfer, const wok_disk_options *how,
			    struct wok__handle *handle)
{
	if (!(how->flags & WOK_ABANDON) || transfer->stays)
		return wok__disk_run(how, "a transfer of a file", wok__transfer_work, transfer);
	for (;;) {
		size_t asked = size_of(transfer);
		ssize_t n = asked > 0 ? move_owned(transfer, how, handle) : 0;
		if (n < 0)
			return (int) n;
		if (asked == 0 || (size_t) n < asked)
			return 0;
	}
}
