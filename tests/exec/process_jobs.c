/* SPDX-License-Identifier: MIT */
/* The jobs of the tests of process pools, and how tests meet them: see process_check.h. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/process_check.h"
#include "exec/process_packet.h"

/* --- gates ------------------------------------------------------------------------------------ */

void gate_open(struct gate *gate)
{
	ASSERT_EQ(pipe2(gate->fds, O_CLOEXEC | O_NONBLOCK), 0);
	snprintf(gate->path, sizeof(gate->path), "/proc/%d/fd/%d", (int) getpid(), gate->fds[1]);
	snprintf(gate->back, sizeof(gate->back), "/proc/%d/fd/%d", (int) getpid(), gate->fds[0]);
}

void gate_close(struct gate *gate)
{
	close(gate->fds[0]);
	close(gate->fds[1]);
}

void gate_wait(struct gate *gate)
{
	char byte;

	ASSERT_OK(wok_fd_wait(gate->fds[0], WOK_READABLE));
	ASSERT_EQ(read(gate->fds[0], &byte, 1), 1);
}

void gate_pass(struct gate *gate)
{
	ASSERT_EQ(write(gate->fds[1], "g", 1), 1);
}

bool no_children(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

wok_process_pool *new_pool(size_t workers)
{
	wok_process_pool *pool;

	ASSERT_OK(wok_process_pool_new(&(wok_process_pool_options){.workers = workers}, &pool));
	return pool;
}

/* In the worker. */
static int follow(const void *input, size_t size, struct order *ret_order)
{
	char byte;

	if (size != sizeof(*ret_order))
		return -EINVAL;
	memcpy(ret_order, input, size);
	if (ret_order->begun[0]) {
		int fd = open(ret_order->begun, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "b", 1) != 1)
			return wok_fail(-errno, "%s: %s", ret_order->begun, strerror(errno));
		close(fd);
	}
	if (!ret_order->go[0])
		return 0;
	int fd = open(ret_order->go, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &byte, 1) != 1)
		return wok_fail(-errno, "%s: %s", ret_order->go, strerror(errno));
	return close(fd);
}

/* --- jobs ------------------------------------------------------------------------------------- */

static int pass(const void *input, size_t size, wok_output *output)
{
	struct order order;
	int pid = (int) getpid();

	WOK_TRY(follow(input, size, &order));
	WOK_TRY(wok_output_write(output, &pid, sizeof(pid)));
	return order.what;
}

/* The argument is aligned for any type. */
static int offset(const void *input, size_t size, wok_output *output)
{
	(void) size;
	(void) output;
	return (int) ((uintptr_t) input % _Alignof(max_align_t));
}

static int echo(const void *input, size_t size, wok_output *output)
{
	if (size == 0)
		return 0;
	WOK_TRY(wok_output_write(output, input, size / 2));
	return wok_output_write(output, (const char *) input + size / 2, size - size / 2);
}

/* As many bytes as the argument says, in place. */
static int fill(const void *input, size_t size, wok_output *output)
{
	size_t n;

	memcpy(&n, input, size);
	char *room = n > 0 ? wok_output_reserve(output, n) : NULL;
	if (n > 0 && !room)
		return 0; /* it has failed all the same */
	for (size_t i = 0; i < n; i += 4096)
		room[i] = (char) (i / 4096);
	return 7;
}

static int fail(const void *input, size_t size, wok_output *output)
{
	int code;

	memcpy(&code, input, size);
	WOK_TRY(wok_output_write(output, "lost", 4));
	return wok_fail(code, "the dish %d is burnt", code);
}

static int die(const void *input, size_t size, wok_output *output)
{
	struct order order;

	(void) output;
	WOK_TRY(follow(input, size, &order));
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	/* A sanitizer's handler would make an exit of it. */
	signal(SIGSEGV, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
	switch (order.what) {
	case DIE_BY_SEGV:
		raise(SIGSEGV);
		break;
	case DIE_BY_KILL:
		raise(SIGKILL);
		break;
	case DIE_BY_EXIT:
		_exit(3);
	case DIE_BY_ABORT:
		abort();
	default:
		close(WOK__CONTROL_FD);
		for (;;)
			pause();
	}
	return 0;
}

/* For ever; deaf to SIGTERM if what is 1; with a child that holds the socket open if it is 2. */
static int hang(const void *input, size_t size, wok_output *output)
{
	struct order order;

	(void) output;
	memcpy(&order, input, size);
	if (order.what == 1)
		signal(SIGTERM, SIG_IGN);
	if (order.what == 2 && fork() == 0)
		for (;;)
			pause();
	WOK_TRY(follow(input, size, &order));
	if (order.what == 2)
		raise(SIGKILL);
	for (;;)
		pause();
}

static int facts(const void *input, size_t size, wok_output *output)
{
	struct facts facts = {
		(int) getpid(), (int) getppid(), (int) getpgrp(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct stat null, in;
	struct sigaction action;
	struct rlimit limit;
	sigset_t mask;

	(void) input;
	(void) size;
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			facts.n_fds++;
			facts.highest_fd = fd;
		}
	facts.stdin_is_null =
		stat("/dev/null", &null) == 0 && fstat(0, &in) == 0 && null.st_rdev == in.st_rdev;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	for (int i = 1; i < 32; i++) {
		facts.blocked += sigismember(&mask, i);
		facts.ignored += sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
	}
	facts.nice_value = getpriority(PRIO_PROCESS, 0);
	facts.in_loop = wok_current_loop() != NULL;
	getrlimit(RLIMIT_NOFILE, &limit);
	facts.max_fds = limit.rlim_cur;
	getrlimit(RLIMIT_CPU, &limit);
	facts.max_cpu = limit.rlim_cur;
	getrlimit(RLIMIT_AS, &limit);
	facts.max_memory = limit.rlim_cur;
	return wok_output_write(output, &facts, sizeof(facts));
}

/* --- a worker that cheats --------------------------------------------------------------------- */

static void send_raw(const void *data, size_t size, const int *fds, int n_fds)
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec part = {(void *) data, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (n_fds > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE((size_t) n_fds * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN((size_t) n_fds * sizeof(int));
		memcpy(CMSG_DATA(header), fds, (size_t) n_fds * sizeof(int));
	}
	if (sendmsg(WOK__CONTROL_FD, &message, MSG_NOSIGNAL) < 0)
		_exit(9);
}

/* A packet as the library makes it, but for what the test breaks. serial is the pool's first. */
static void send_packet(struct wok__packet packet, const void *data, size_t size, int memory)
{
	struct wok__packet good;
	int fds[2];
	char bytes[4096 + sizeof(packet)];
	struct iovec part = {&good, sizeof(good)};

	/* The magic number is the library's business: have it make a packet, and read that. */
	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
	wok__packet_send(fds[0], &(struct wok__packet){.kind = WOK__PACKET_READY}, NULL, NULL, -1,
			 0);
	if (readv(fds[1], &part, 1) != sizeof(good))
		_exit(8);
	packet.magic = good.magic;
	memcpy(bytes, &packet, sizeof(packet));
	memcpy(bytes + sizeof(packet), data, size);
	send_raw(bytes, sizeof(packet) + size, &memory, memory >= 0);
}

static int unsealed(size_t size)
{
	int fd = memfd_create("cheat", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	return ftruncate(fd, (off_t) size) == 0 ? fd : -1;
}

static int short_memory(void)
{
	int fd = unsealed(100);

	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	return fd;
}

static int garbage(const void *input, size_t size, wok_output *output)
{
	static const char zeros[200000];
	static const char text[] = "please do not mind me, I only write to every descriptor";
	struct wok__packet result = {.kind = WOK__PACKET_RESULT, .serial = 1};
	struct wok__packet in_memory = {
		.kind = WOK__PACKET_RESULT, .serial = 1, .in_memory = 1, .size = 100000};
	int what, two[2] = {0, 1};

	(void) output;
	memcpy(&what, input, size);
	int buffer = 1 << 20;
	setsockopt(WOK__CONTROL_FD, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	switch (what) {
	case GARBAGE_TEXT:
		send_raw(text, sizeof(text), NULL, 0);
		break;
	case GARBAGE_EMPTY:
		send_raw(text, 0, NULL, 0);
		break;
	case GARBAGE_HUGE:
		send_raw(zeros, sizeof(zeros), NULL, 0);
		break;
	case GARBAGE_HEADER:
		result.size = 1000;
		send_packet(result, zeros, 10, -1);
		break;
	case GARBAGE_SERIAL:
		result.serial = 77;
		send_packet(result, zeros, 0, -1);
		break;
	case GARBAGE_KIND:
		result.kind = WOK__PACKET_HELLO;
		send_packet(result, zeros, 0, -1);
		break;
	case GARBAGE_FDS:
		send_raw(text, sizeof(text), two, 2);
		break;
	case GARBAGE_UNSEALED:
		send_packet(in_memory, zeros, 0, unsealed(100000));
		break;
	case GARBAGE_SHORT:
		send_packet(in_memory, zeros, 0, short_memory());
		break;
	case GARBAGE_FILE:
		send_packet(in_memory, zeros, 0, open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
		break;
	case GARBAGE_NO_FD:
		send_packet(in_memory, zeros, 0, -1);
		break;
	default:
		result.code = -EIO;
		result.size = 2000;
		send_packet(result, zeros, 2000, -1);
		break;
	}
	return raise(SIGSTOP); /* it does not end by itself */
}

/* --- others ----------------------------------------------------------------------------------- */

static int initialised;

static int initialize(const void *input, size_t size, wok_output *output)
{
	(void) output;
	if (size == sizeof(int))
		memcpy(&initialised, input, size);
	if (initialised == 2)
		return wok_fail(-EPROTO, "no gas");
	if (initialised == 3)
		_exit(4);
	if (initialised == 4)
		for (;;)
			pause();
	return 0;
}

static int get_initialised(const void *input, size_t size, wok_output *output)
{
	(void) input;
	(void) size;
	return wok_output_write(output, &initialised, sizeof(initialised));
}

/* The argument is written to standard output and error, then the process dies if it says so. */
static int print(const void *input, size_t size, wok_output *output)
{
	(void) output;
	printf("%.*s", (int) size, (const char *) input);
	fflush(stdout);
	fprintf(stderr, "about %.*s", (int) size, (const char *) input);
	if (size == 3 && memcmp(input, "die", 3) == 0)
		_exit(0);
	return 0;
}

static int flood(const void *input, size_t size, wok_output *output)
{
	(void) input;
	(void) size;
	(void) output;
	while (puts("a line that says nothing") >= 0)
		;
	return 0;
}

static int sleep_a_little(void *count)
{
	WOK_TRY(wok_sleep(WOK_MS));
	return ++*(int *) count;
}

/* A loop of its own; and the parent's pool, if its address is given, is not there. */
static int nested(const void *input, size_t size, wok_output *output)
{
	int count = 0;

	(void) input;
	(void) size;
	WOK_TRY(wok_run(sleep_a_little, &count));
	return wok_output_write(output, &count, sizeof(count));
}

struct inner {
	int pid;
};

static int run_inner(void *arg)
{
	struct inner *inner = arg;
	struct order order = {.what = 1};
	WOK_AUTO(wok_process_pool) *pool = NULL;

	WOK_TRY(wok_process_pool_new(&(wok_process_pool_options){.workers = 1}, &pool));
	WOK_TRY(wok_run_in_executor(pool, "pass", &order, sizeof(order), &inner->pid,
				    sizeof(inner->pid)));
	return wok_process_pool_close(pool);
}

/* A worker that has workers. */
static int nested_pool(const void *input, size_t size, wok_output *output)
{
	struct inner inner = {0};

	(void) input;
	(void) size;
	WOK_TRY(wok_run(run_inner, &inner));
	return wok_output_write(output, &inner.pid, sizeof(inner.pid));
}

/* A handle that came along is an address of another process, and a call needs a loop anyway. */
static int use_handle(const void *input, size_t size, wok_output *output)
{
	struct order order = {.what = 1};
	int code = wok_sleep(1);

	(void) input;
	(void) size;
	(void) order;
	return wok_output_write(output, &code, sizeof(code));
}

static void exit_with_six(void)
{
	_exit(6);
}

/* The job is done well; the process will not end so. */
static int exit_badly(const void *input, size_t size, wok_output *output)
{
	(void) input;
	(void) size;
	(void) output;
	return atexit(exit_with_six);
}

__attribute__((constructor)) static void register_jobs(void)
{
	static const struct {
		const char *name;
		wok_worker_fn *fn;
	} jobs[] = {
		{"pass", pass},
		{"echo", echo},
		{"offset", offset},
		{"fill", fill},
		{"fail", fail},
		{"die", die},
		{"hang", hang},
		{"facts", facts},
		{"garbage", garbage},
		{"initialize", initialize},
		{"get_initialised", get_initialised},
		{"print", print},
		{"flood", flood},
		{"nested", nested},
		{"nested_pool", nested_pool},
		{"use_handle", use_handle},
		{"exit_badly", exit_badly},
	};

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (wok_worker_register(jobs[i].name, jobs[i].fn) < 0)
			abort();
}
