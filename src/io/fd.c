/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors of others: see wok/fd.h. */
#include <wok/error.h>
#include <wok/fd.h>

#include "loop/loop.h"
#include "platform/sys.h"
#include "task/park.h"

int wok_fd_wait(int fd, int events)
{
	struct wok__io io = {.kind = WOK__IO_WAIT, .fd = fd, .events = events};

	if (events == 0 || events & ~(WOK_READABLE | WOK_WRITABLE))
		return wok_fail(-EINVAL,
				"wok_fd_wait: events are WOK_READABLE, WOK_WRITABLE or both");
	int r = (int) wok__io_wait(&io, "a descriptor");
	if (r == -EBUSY)
		return wok_fail(r, "another task waits for the same of descriptor %d", fd);
	if (r == -EBADF)
		return wok_fail(r, "%d is no open descriptor, or it was closed", fd);
	return r;
}

int wok_fd_close(int fd)
{
	return wok__loop ? wok__io_close(wok__loop, fd) : wok__sys_close(fd);
}
