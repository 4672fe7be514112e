/* SPDX-License-Identifier: MIT */
/*
 * Starting a child process: see wok/process.h. All that can fail is done before there is a process:
 * memory, descriptors, streams. What is left is the program itself, and the loop's ear for its end.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wok/error.h>

#include "base/memory.h"
#include "io/pipe.h"
#include "io/process.h"
#include "platform/child.h"
#include "platform/sys.h"
#include "task/park.h"
#include "task/run.h"

#define PATH_DEFAULT "/usr/local/bin:/bin:/usr/bin"
#define MAX_OUTPUT_DEFAULT ((size_t) 64 << 20)
enum { COLUMNS_DEFAULT = 80, ROWS_DEFAULT = 24 };

/* What is there only until the process runs. */
struct plan {
	const wok_process_options *options;
	const char *program;
	wok_process *process;
	struct wok__child child;
	char *paths;
	int opened[4]; /* here, for the process: -1 for none */
	int n_opened;
	int terminal; /* the far end; -1 */
};

/* --- what is asked for ------------------------------------------------------------------------ */

static const wok_stdio *stdio_of(const wok_process_options *options, int which)
{
	return which == 0 ? &options->input : which == 1 ? &options->output : &options->errors;
}

static int check_stdio(const wok_stdio *stdio, int which)
{
	static const char *const names[] = {"input", "output", "errors"};

	if ((unsigned) stdio->kind > WOK_STDIO_OUTPUT)
		return wok_fail(-EINVAL, "wok_process_spawn: %s: there is no kind %d", names[which],
				(int) stdio->kind);
	if (stdio->kind == WOK_STDIO_OUTPUT && which != 2)
		return wok_fail(-EINVAL, "wok_process_spawn: %s: only errors can go to the output",
				names[which]);
	if (stdio->kind == WOK_STDIO_APPEND && which == 0)
		return wok_fail(-EINVAL, "wok_process_spawn: input cannot be appended to");
	if ((stdio->kind == WOK_STDIO_FILE || stdio->kind == WOK_STDIO_APPEND) && !stdio->path)
		return wok_fail(-EINVAL, "wok_process_spawn: %s: a file without a path",
				names[which]);
	if (stdio->kind == WOK_STDIO_FD && wok__sys_check_fd(stdio->fd) < 0)
		return wok_fail(-EBADF, "wok_process_spawn: %s: %d is no open descriptor",
				names[which], stdio->fd);
	return 0;
}

static int check_fds(const wok_process_options *options)
{
	for (size_t i = 0; i < options->n_fds; i++) {
		const wok_process_fd *one = &options->fds[i];
		if (one->as < 3)
			return wok_fail(-EINVAL,
					"wok_process_spawn: descriptor %d: 0 to 2 are input, "
					"output and errors",
					one->as);
		if (wok__sys_check_fd(one->fd) < 0)
			return wok_fail(-EBADF, "wok_process_spawn: %d is no open descriptor",
					one->fd);
		for (size_t k = 0; k < i; k++)
			if (options->fds[k].as == one->as)
				return wok_fail(-EINVAL,
						"wok_process_spawn: descriptor %d is given twice",
						one->as);
	}
	return 0;
}

static int check(const char *const *argv, const wok_process_options *options)
{
	if (!argv || !argv[0])
		return wok_fail(-EINVAL, "wok_process_spawn: argv needs a name at least");
	for (int i = 0; i < 3; i++)
		WOK_TRY(check_stdio(stdio_of(options, i), i));
	if (options->columns > USHRT_MAX || options->rows > USHRT_MAX)
		return wok_fail(-EINVAL, "wok_process_spawn: a terminal of %u columns and %u rows",
				options->columns, options->rows);
	return check_fds(options);
}

/* --- where the program is --------------------------------------------------------------------- */

static const char *search_path(const wok_process_options *options)
{
	const char *path = options->env ? NULL : getenv("PATH");

	for (size_t i = 0; options->env && options->env[i]; i++)
		if (strncmp(options->env[i], "PATH=", 5) == 0)
			path = options->env[i] + 5;
	return path ? path : PATH_DEFAULT;
}

/* The paths to try, as the child wants them; NULL if there is no memory. */
static char *make_paths(const char *program, const char *path)
{
	size_t n = 1, size = strlen(program);

	for (const char *at = path; *at; at++)
		n += *at == ':';
	char *paths = wok_alloc(strlen(path) + n * (size + 2) + 1);
	if (!paths)
		return NULL;
	char *end = paths;
	for (;; path++) {
		const char *next = strchrnul(path, ':');
		/* An empty part is the working folder. */
		if (next > path) {
			end = mempcpy(end, path, (size_t) (next - path));
			*end++ = '/';
		}
		end = mempcpy(end, program, size + 1);
		path = next;
		if (!*path)
			break;
	}
	*end = '\0';
	return paths;
}

static int find_program(struct plan *plan)
{
	const char *program = plan->program;

	if (!*program)
		return wok_fail(-ENOENT, "wok_process_spawn: the program's name is empty");
	plan->paths = make_paths(program, strchr(program, '/') ? "" : search_path(plan->options));
	plan->child.paths = plan->paths;
	return plan->paths ? 0 : -ENOMEM;
}

/* --- descriptors ------------------------------------------------------------------------------ */

static int keep_opened(struct plan *plan, int fd)
{
	plan->opened[plan->n_opened++] = fd;
	return fd;
}

/* A pipe between a stream of the process and one of its descriptors: which is returned. */
static int open_pipe(struct plan *plan, int which)
{
	int fds[2], mine = which == 0;

	WOK_TRY(wok__sys_new_pipe(
		which == 0 ? WOK__PIPE_WRITER_NONBLOCKING : WOK__PIPE_READER_NONBLOCKING, fds));
	(void) keep_opened(plan, fds[!mine]);
	int r = wok__pipe_stream_new(fds[mine], which == 0, &plan->process->streams[which]);
	if (r < 0)
		wok__sys_close(fds[mine]);
	return r < 0 ? r : fds[!mine];
}

static int open_file(struct plan *plan, const char *path, int flags)
{
	int fd = wok__sys_open_for_child(path, flags);

	if (fd < 0)
		return wok_fail(fd, "cannot start %s: %s: %s", plan->program, path,
				wok_strerror(fd));
	return keep_opened(plan, fd);
}

static int inherit(struct plan *plan, int which)
{
	if (plan->terminal >= 0)
		return plan->terminal;
	if (wok__sys_check_fd(which) == 0)
		return which;
	return open_file(plan, "/dev/null", which == 0 ? O_RDONLY : O_WRONLY);
}

/* The descriptor here that becomes 0, 1 or 2 there. */
static int open_stdio(struct plan *plan, int which)
{
	const wok_stdio *stdio = stdio_of(plan->options, which);
	int way = which == 0 ? O_RDONLY : O_WRONLY;

	switch (stdio->kind) {
	case WOK_STDIO_PIPE:
		return open_pipe(plan, which);
	case WOK_STDIO_NULL:
		return open_file(plan, "/dev/null", way);
	case WOK_STDIO_FD:
		return stdio->fd;
	case WOK_STDIO_FILE:
		return open_file(plan, stdio->path, which == 0 ? way : way | O_CREAT | O_TRUNC);
	case WOK_STDIO_APPEND:
		return open_file(plan, stdio->path, way | O_CREAT | O_APPEND);
	case WOK_STDIO_OUTPUT:
		return plan->child.fds[1].fd;
	case WOK_STDIO_INHERIT:
		break;
	}
	return inherit(plan, which);
}

static int open_terminal(struct plan *plan)
{
	const wok_process_options *options = plan->options;
	int near;

	WOK_TRY(wok__sys_new_terminal(&near, &plan->terminal));
	(void) keep_opened(plan, plan->terminal);
	int r = wok__sys_resize_terminal(near,
					 options->columns ? options->columns : COLUMNS_DEFAULT,
					 options->rows ? options->rows : ROWS_DEFAULT);
	if (r == 0)
		r = wok__terminal_stream_new(near, &plan->process->terminal);
	if (r < 0)
		wok__sys_close(near);
	return r;
}

static int by_number(const void *left, const void *right)
{
	return ((const struct wok__child_fd *) left)->as -
	       ((const struct wok__child_fd *) right)->as;
}

static int open_fds(struct plan *plan)
{
	const wok_process_options *options = plan->options;
	struct wok__child *child = &plan->child;

	child->n_fds = 3 + options->n_fds;
	child->fds = wok__alloc_array(child->n_fds, sizeof(*child->fds));
	if (!child->fds)
		return -ENOMEM;
	if (options->terminal)
		WOK_TRY(open_terminal(plan));
	for (int i = 0; i < 3; i++) {
		int fd = open_stdio(plan, i);
		if (fd < 0)
			return fd;
		child->fds[i] = (struct wok__child_fd){fd, i};
	}
	for (size_t i = 0; i < options->n_fds; i++)
		child->fds[3 + i] = (struct wok__child_fd){options->fds[i].fd, options->fds[i].as};
	qsort(child->fds, child->n_fds, sizeof(*child->fds), by_number);
	return 0;
}

/* --- starting --------------------------------------------------------------------------------- */

static wok_process *new_process(const wok_process_options *options)
{
	wok_process *process = wok__alloc_zeroed(sizeof(*process));

	if (!process)
		return NULL;
	if (wok__timer_reserve(wok__loop) < 0) {
		wok_free(process);
		return NULL;
	}
	process->loop = wok__loop;
	process->mailbox = wok__mailbox_ref(wok__loop->mailbox);
	wok__list_init_node(&process->ending.link);
	process->pidfd = -1;
	process->leads_group = options->new_group || options->new_session || options->terminal;
	process->grace = options->grace > 0 ? options->grace : wok__run_of(wok__loop)->grace;
	process->max_output = options->max_output ? options->max_output : MAX_OUTPUT_DEFAULT;
	return process;
}

/* Why there is no process. */
static int not_started(const struct plan *plan, enum wok__child_step failed, int r)
{
	const char *program = plan->program, *cwd = plan->options->cwd;

	switch (failed) {
	case WOK__CHILD_CWD:
		return wok_fail(r, "cannot start %s in the folder %s: %s", program, cwd,
				wok_strerror(r));
	case WOK__CHILD_FDS:
		return wok_fail(r, "cannot give %s its descriptors: %s", program, wok_strerror(r));
	case WOK__CHILD_TERMINAL:
		return wok_fail(r, "cannot give %s a terminal: %s", program, wok_strerror(r));
	case WOK__CHILD_EXEC:
		if (r == -ENOENT && !strchr(program, '/'))
			return wok_fail(r, "cannot start %s: there is no such program in PATH",
					program);
		if (r == -ENOENT && !cwd && access(program, F_OK) == 0)
			return wok_fail(r,
					"cannot start %s: the interpreter that it names is missing",
					program);
		break;
	case WOK__CHILD_START:
	case WOK__CHILD_SESSION:
		break;
	}
	return wok_fail(r, "cannot start %s: %s", program, wok_strerror(r));
}

static int start(struct plan *plan, const char *const *argv)
{
	const wok_process_options *options = plan->options;
	struct wok__child_started started = {.pidfd = -1};

	plan->child.argv = (char *const *) argv;
	plan->child.env = options->env ? (char *const *) options->env : environ;
	plan->child.cwd = options->cwd;
	plan->child.new_session = options->new_session || options->terminal;
	plan->child.new_group = options->new_group;
	plan->child.terminal = plan->terminal;
	int r = wok__sys_start_child(&plan->child, &started);
	if (r < 0)
		return not_started(plan, started.failed, r);
	plan->process->pid = started.pid;
	plan->process->pidfd = started.pidfd;
	return wok__process_begin(plan->process);
}

static int prepare_and_start(struct plan *plan, const char *const *argv)
{
	plan->process = new_process(plan->options);
	if (!plan->process)
		return -ENOMEM;
	int r = find_program(plan);
	if (r == 0)
		r = open_fds(plan);
	if (r == 0)
		r = start(plan, argv);
	for (int i = 0; i < plan->n_opened; i++)
		wok__sys_close(plan->opened[i]);
	wok_free(plan->child.fds);
	wok_free(plan->paths);
	if (r < 0)
		wok__process_release(plan->process);
	return r;
}

int wok_process_spawn(const char *const *argv, const wok_process_options *options,
		      wok_process **ret_process)
{
	static const wok_process_options defaults;
	struct plan plan = {.options = options ? options : &defaults, .terminal = -1};

	WOK_TRY(wok__check());
	WOK_TRY(check(argv, plan.options));
	plan.program = plan.options->program ? plan.options->program : argv[0];
	WOK_TRY(prepare_and_start(&plan, argv));
	*ret_process = plan.process;
	wok__spend();
	return 0;
}
