/* SPDX-License-Identifier: MIT */
/* More system calls of sockets: see platform/sys_socket.h. */
#include "platform/sys_socket.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/sys.h"

int wok__sys_chmod(const char *path, unsigned mode)
{
	WOK__SYS_RESULT("chmod", chmod(path, (mode_t) mode));
}

int wok__sys_getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
	WOK__SYS_RESULT("getpeername", getpeername(fd, address, size));
}

int wok__sys_getsockopt(int fd, int level, int option)
{
	int value = 0;
	socklen_t size = sizeof(value);

	if (wok__sys_faulty("getsockopt"))
		return -wok__sys_fault_error();
	return getsockopt(fd, level, option, &value, &size) < 0 ? -errno : value;
}

int wok__sys_is_blocking(int fd)
{
	if (wok__sys_faulty("fcntl"))
		return -wok__sys_fault_error();
	int flags = fcntl(fd, F_GETFL);
	return flags < 0 ? -errno : !(flags & O_NONBLOCK);
}

int wok__sys_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	if (flags & O_NONBLOCK)
		return 0;
	WOK__SYS_RESULT("fcntl", fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

int wok__sys_socketpair(int type, int fds[2])
{
	WOK__SYS_RESULT("socketpair",
			socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
}

ssize_t wok__sys_recvmsg(int fd, struct msghdr *message, int flags)
{
	WOK__SYS_RESULT_RETRY("recvmsg",
			      recvmsg(fd, message, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
}

ssize_t wok__sys_sendmsg_whole(int fd, const struct msghdr *message)
{
	WOK__SYS_RESULT_RETRY("sendmsg", sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int wok__sys_recvmmsg(int fd, struct mmsghdr *messages, unsigned n)
{
	WOK__SYS_RESULT_RETRY("recvmmsg", recvmmsg(fd, messages, n, MSG_DONTWAIT, NULL));
}

int wok__sys_sendmmsg(int fd, struct mmsghdr *messages, unsigned n)
{
	WOK__SYS_RESULT_RETRY("sendmmsg", sendmmsg(fd, messages, n, MSG_DONTWAIT | MSG_NOSIGNAL));
}

void wok__sys_readahead(int fd, off_t offset, size_t size)
{
	(void) readahead(fd, offset, size);
}
