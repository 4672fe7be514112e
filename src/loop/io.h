/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_IO_H
#define WOK_LOOP_IO_H
/*
 * An operation on a descriptor. The form fits a kernel that completes operations as well as one
 * that says when to try them: it is started, and it is done, either at once or later, from a poll
 * of the loop; done() is then called exactly once. Until then the operation, and the memory that it
 * names, belong to the backend; to cancel it is to ask, and what has been completed by then stays
 * so.
 */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <wok/base.h>

struct wok_loop;

enum wok__io_kind {
	WOK__IO_RECV,          /* data, size: bytes of a socket; 0 at the end */
	WOK__IO_SENDMSG,       /* parts, n_parts: some of them */
	WOK__IO_ACCEPT,        /* a connection's descriptor */
	WOK__IO_CONNECT,       /* address, address_size */
	WOK__IO_READ,          /* data, size: of a pipe or terminal, which must not block */
	WOK__IO_WRITE,         /* parts, n_parts: to one */
	WOK__IO_WAIT,          /* events: until a descriptor that is not wok's is ready */
	WOK__IO_CALL_TO_READ,  /* call, arg: something else that needs the descriptor readable */
	WOK__IO_CALL_TO_WRITE, /* call, arg: something else that needs it writable */
};

struct wok__io {
	enum wok__io_kind kind;
	bool to_the_end; /* RECV: a short read means that nothing is left, as TCP's */
	int fd;
	union {
		struct {
			void *data;
			size_t size;
		};
		struct {
			const struct iovec *parts;
			int n_parts;
		};
		struct {
			const struct sockaddr *address;
			socklen_t address_size;
		};
		int events; /* WOK_READABLE, WOK_WRITABLE */
		struct {
			/* Try it without blocking: 0 and more, or -errno; -EAGAIN to be asked
			 * again. */
			ssize_t (*call)(const struct wok__io *io);
			void *arg;
		};
	};
	ssize_t result; /* when it is done: 0 and more, or -errno */
	void (*done)(struct wok__io *io);
};

/* The extension face: wok's other libraries use these, too. */
WOK_BEGIN_DECLS

/*
 * Start an operation. true: it is done, and result is set; done() will not be called. false: it is
 * under way.
 */
bool wok__io_start(struct wok_loop *loop, struct wok__io *io);

/* Ask for the end of an operation that is under way; done() may be called before this returns. */
void wok__io_cancel(struct wok_loop *loop, struct wok__io *io);

WOK_END_DECLS

/*
 * Close a descriptor. What is under way on it ends with -EBADF, and no event of it will be taken
 * for one of a later descriptor of that number.
 */
int wok__io_close(struct wok_loop *loop, int fd);
#endif
