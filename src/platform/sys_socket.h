/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_SYS_SOCKET_H
#define WOK_PLATFORM_SYS_SOCKET_H
/* More system calls of sockets: see platform/sys.h. */
#include <sys/socket.h>
#include <sys/types.h>

int wok__sys_chmod(const char *path, unsigned mode);
int wok__sys_getpeername(int fd, struct sockaddr *address, socklen_t *size);
/* The value of an option that is a number: 0 and more. */
int wok__sys_getsockopt(int fd, int level, int option);
/* Whether a descriptor blocks; -errno */
int wok__sys_is_blocking(int fd);
int wok__sys_set_nonblocking(int fd);
int wok__sys_socketpair(int type, int fds[2]);

/* None of these blocks, or raises SIGPIPE. Descriptors that are received are closed at exec. */
ssize_t wok__sys_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t wok__sys_sendmsg_whole(int fd, const struct msghdr *message);
struct mmsghdr;
int wok__sys_recvmmsg(int fd, struct mmsghdr *messages, unsigned n);
int wok__sys_sendmmsg(int fd, struct mmsghdr *messages, unsigned n);
void wok__sys_readahead(int fd, off_t offset, size_t size);
#endif
