/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_SYS_H
#define WOK_PLATFORM_SYS_H
/*
 * The system calls that wok makes, each returning -errno on failure. They are the one place where
 * tests make the system fail: each asks wok__sys_fault() for its name first.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <wok/base.h>

struct epoll_event;

/* The extension face: wok's other libraries use this, too. */
WOK_BEGIN_DECLS
int wok__sys_close(int fd);
WOK_END_DECLS

int wok__sys_accept(int fd);
int wok__sys_bind(int fd, const struct sockaddr *address, socklen_t size);
int wok__sys_connect(int fd, const struct sockaddr *address, socklen_t size);
int wok__sys_epoll_create(void);
int wok__sys_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event);
/* timeout: nanoseconds; WOK_FOREVER, or 0 for a look only */
int wok__sys_epoll_wait(int epoll, struct epoll_event *events, int n, wok_time timeout);
int wok__sys_eventfd(void);
/*
 * Sleep while a word is 0, for at most timeout nanoseconds; 0 if it is worth looking again, or
 * -ETIMEDOUT. And wake who sleeps on it.
 */
WOK_BEGIN_DECLS
int wok__sys_futex_wait(atomic_int *word, wok_time timeout);
void wok__sys_futex_wake(atomic_int *word);
WOK_END_DECLS
/* This thread's number; and a signal to another one of this process, with a mark. */
int wok__sys_gettid(void);
int wok__sys_signal_thread(int thread, int number, const void *mark);
int wok__sys_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int wok__sys_get_socket_error(int fd);
/*
 * The calls of io_uring, of which no header need be installed: loop/ring.h says what they take.
 * timeout: for enter, as for epoll_wait; it counts only if n_wanted completions are not there yet.
 */
int wok__sys_io_uring_setup(unsigned entries, void *params);
int wok__sys_io_uring_enter(int ring, unsigned n_submitted, unsigned n_wanted, unsigned flags,
			    wok_time timeout);
int wok__sys_io_uring_register(int ring, unsigned what, void *arg, unsigned n);
int wok__sys_listen(int fd, int backlog);
/* What of events is there now on a descriptor: POLLIN, POLLOUT, ... */
int wok__sys_poll_now(int fd, short events);
ssize_t wok__sys_read(int fd, void *data, size_t size);
ssize_t wok__sys_recv(int fd, void *data, size_t size);
ssize_t wok__sys_send(int fd, const void *data, size_t size);
ssize_t wok__sys_sendmsg(int fd, const struct iovec *parts, int n_parts);
/* madvise(2) for several ranges; the bytes that were advised. */
ssize_t wok__sys_madvise_all(const struct iovec *ranges, size_t n, int advice);
int wok__sys_setsockopt(int fd, int level, int option, int value);
int wok__sys_shutdown(int fd, int how);
int wok__sys_socket(int domain, int type);
int wok__sys_timerfd(void);
/* when: on the monotonic clock; 0 and less for at once, WOK_FOREVER for never */
void wok__sys_timerfd_set(int fd, wok_time when);
/*
 * Start a thread, with so many bytes of stack. One that takes no signals takes its own faults'
 * only, since the others are the application's. ret_id: NULL for a detached one.
 */
WOK_BEGIN_DECLS
int wok__sys_thread(void *(*fn)(void *), void *arg, size_t stack_size, bool takes_signals,
		    pthread_t *ret_id);
/* Name the current thread; what is too long is cut off. */
void wok__sys_name_thread(const char *name);
WOK_END_DECLS
int wok__sys_unlink(const char *path);
ssize_t wok__sys_writev(int fd, const struct iovec *parts, int n_parts);

/*
 * Make the n-th call of name (NULL: of any) fail with error; n = 0 stops that. WOK__SYS_DIE: the
 * process is killed when it makes that call.
 */
enum { WOK__SYS_DIE = 1 << 20 };
void wok__sys_fail(const char *name, uint64_t n, int error);

/* For files that make system calls: whether this one is to fail, and with which errno. */
bool wok__sys_faulty(const char *name);
int wok__sys_fault_error(void);

/* The result of a call that returns -1 and sets errno. */
#define WOK__SYS_RESULT(name, call)                                                                \
	do {                                                                                       \
		if (wok__sys_faulty(name))                                                         \
			return -wok__sys_fault_error();                                            \
		__typeof__(call) r_ = (call);                                                      \
		return r_ < 0 ? -errno : r_;                                                       \
	} while (0)

/* The same, made again when a signal interrupts it. */
#define WOK__SYS_RESULT_RETRY(name, call)                                                          \
	do {                                                                                       \
		if (wok__sys_faulty(name))                                                         \
			return -wok__sys_fault_error();                                            \
		__typeof__(call) r_;                                                               \
		do                                                                                 \
			r_ = (call);                                                               \
		while (r_ < 0 && errno == EINTR);                                                  \
		return r_ < 0 ? -errno : r_;                                                       \
	} while (0)
#endif
