/* SPDX-License-Identifier: MIT */
/* Starting child processes: what they get, and why they could not be started. */
#include <fcntl.h>
#include <sys/stat.h>

#include "process/children.h"

TEST_TASK(a_program_that_cannot_run_is_told_of_at_once, "F3")
{
	static const struct {
		const char *program, *cwd;
		int code;
		const char *word;
	} cases[] = {
		{"wok-there-is-no-such-program", NULL, -ENOENT, "no such program in PATH"},
		{"/nowhere/sh", NULL, -ENOENT, "/nowhere/sh"},
		{"/etc/passwd", NULL, -EACCES, "/etc/passwd"},
		{"/etc", NULL, -EACCES, "/etc"},
		{"/etc/passwd/sh", NULL, -ENOENT, "/etc/passwd/sh"},
		{"sh", "/nowhere", -ENOENT, "in the folder /nowhere"},
		{"sh", "/etc/passwd", -ENOTDIR, "in the folder /etc/passwd"},
		{"", NULL, -ENOENT, "empty"},
	};
	wok_process *process = NULL;
	int fds = test_count_fds();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const argv[] = {cases[i].program, NULL};
		const wok_process_options options = {
			.input.kind = WOK_STDIO_PIPE,
			.output.kind = WOK_STDIO_PIPE,
			.errors.kind = WOK_STDIO_NULL,
			.cwd = cases[i].cwd,
		};
		int r = wok_process_spawn(argv, &options, &process);
		if (r == 0)
			SKIP("this system makes a fork of a clone: failures are exit statuses");
		ASSERT_ERR(r, cases[i].code);
		ASSERT_MESSAGE(r, cases[i].word);
		ASSERT(process == NULL);
		ASSERT(no_children());
	}
	ASSERT_EQ(test_count_fds(), fds);
}

TEST_TASK(a_script_without_its_interpreter_is_told_from_a_missing_one, "F3")
{
	char path[] = "/tmp/wok-test-script-XXXXXX";
	int fd = mkstemp(path);
	const char *const argv[] = {path, NULL};
	wok_process *process = NULL;

	ASSERT_OK(fd);
	if (under_valgrind())
		SKIP("Valgrind dies of an execve() that fails");
	ASSERT_EQ(write(fd, "#!/nowhere/python\n", 18), 18);
	ASSERT_EQ(fchmod(fd, 0700), 0);
	close(fd);
	ASSERT_ERR(wok_process_spawn(argv, NULL, &process), -ENOENT);
	ASSERT_MESSAGE(-ENOENT, "interpreter");
	ASSERT_EQ(truncate(path, 0), 0);
	ASSERT_ERR(wok_process_spawn(argv, NULL, &process), -ENOEXEC);
	unlink(path);
}

TEST_TASK(what_makes_no_sense_is_refused)
{
	const char *const none[] = {NULL}, *const cat[] = {"cat", NULL};
	const wok_process_fd low = {0, 2}, gone = {9999, 5}, twice[] = {{0, 7}, {1, 7}};
	const wok_process_options bad[] = {
		{.output.kind = WOK_STDIO_OUTPUT},
		{.input = {.kind = WOK_STDIO_APPEND, .path = "/dev/null"}},
		{.input.kind = WOK_STDIO_FILE},
		{.input.kind = (wok_stdio_kind) 77},
		{.fds = &low, .n_fds = 1},
		{.fds = twice, .n_fds = 2},
		{.terminal = true, .columns = 100000},
	};
	wok_process *process = NULL;

	ASSERT_ERR(wok_process_spawn(NULL, NULL, &process), -EINVAL);
	ASSERT_ERR(wok_process_spawn(none, NULL, &process), -EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_ERR(wok_process_spawn(cat, &bad[i], &process), -EINVAL);
	const wok_process_options closed[] = {
		{.output = {.kind = WOK_STDIO_FD, .fd = 9999}},
		{.fds = &gone, .n_fds = 1},
	};
	for (size_t i = 0; i < 2; i++)
		ASSERT_ERR(wok_process_spawn(cat, &closed[i], &process), -EBADF);
	const wok_process_options missing = {
		.input = {.kind = WOK_STDIO_FILE, .path = "/nowhere/x"}};
	ASSERT_ERR(wok_process_spawn(cat, &missing, &process), -ENOENT);
	ASSERT_MESSAGE(-ENOENT, "/nowhere/x");
	ASSERT(process == NULL);
}

/* The value of a line "Name:\tvalue" of /proc/PID/status. */
static unsigned long long status_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	ASSERT(at);
	return strtoull(at + strlen(name) + 1, NULL, 16);
}

static void handle(int number)
{
	(void) number;
}

TEST_TASK(a_child_begins_with_signals_as_a_fresh_process_has_them, "F8")
{
	const char *const argv[] = {"cat", "/proc/self/status", NULL};
	wok_process_result result;
	sigset_t some, old;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR2, handle);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigaddset(&some, SIGRTMIN + 1);
	pthread_sigmask(SIG_BLOCK, &some, &old);
	ASSERT_OK(wok_process_run(argv, NULL, 0,
				  &(wok_process_options){.output.kind = WOK_STDIO_PIPE}, &result));
	ASSERT_EQ(status_of(result.output.data, "SigBlk"), 0);
	ASSERT_EQ(status_of(result.output.data, "SigIgn"), 0);
	ASSERT_EQ(status_of(result.output.data, "SigCgt"), 0);
	wok_process_result_clear(&result);

	sigset_t now;
	pthread_sigmask(SIG_SETMASK, &old, &now); /* and here all is as it was */
	ASSERT(sigismember(&now, SIGTERM) == 1 && sigismember(&now, SIGRTMIN + 1) == 1);
	ASSERT(sigismember(&now, SIGUSR1) == 0);
	ASSERT(signal(SIGUSR2, SIG_DFL) == handle);
	ASSERT(signal(SIGHUP, SIG_DFL) == SIG_IGN);
}

TEST_TASK(a_child_that_writes_to_nobody_dies_of_sigpipe, "F8")
{
	WOK_AUTO(wok_process) *process =
		spawn_shell("read x; echo to nobody; echo survived >&2",
			    &(wok_process_options){.input.kind = WOK_STDIO_PIPE,
						   .output.kind = WOK_STDIO_PIPE,
						   .errors.kind = WOK_STDIO_PIPE});
	int status = 0;
	wok_view line;

	ASSERT_OK(wok_stream_close(wok_process_output(process)));
	ASSERT_OK(wok_stream_close(wok_process_input(process)));
	ASSERT_EQ(wok_stream_next_line(wok_process_errors(process), 0, &line), 0);
	ASSERT_OK(wok_process_wait(process, &status));
	ASSERT_EQ(status, -SIGPIPE);
}

TEST_TASK(a_child_has_no_descriptors_but_those_it_is_given, "F8")
{
	int fds[2], high = -1;

	ASSERT_EQ(pipe(fds), 0); /* no CLOEXEC: as a careless library would */
	high = fcntl(fds[0], F_DUPFD, 200);
	ASSERT_OK(high);
	const char *const argv[] = {"ls", "/proc/self/fd", NULL};
	wok_process_result result;
	wok_process_options options = {.input.kind = WOK_STDIO_NULL, .output.kind = WOK_STDIO_PIPE};
	ASSERT_OK(wok_process_run(argv, NULL, 0, &options, &result));
	ASSERT_STR(result.output.data, "0\n1\n2\n3\n"); /* 3: that folder */
	wok_process_result_clear(&result);

	/* They may stand where others stand here, and change places. */
	const wok_process_fd given[] = {{fds[1], 9}, {fds[0], fds[1]}, {high, 100}};
	options.fds = given;
	options.n_fds = 3;
	char wanted[80];
	snprintf(wanted, sizeof(wanted), "0\n1\n100\n2\n3\n%d\n9\n", fds[1]);
	ASSERT(fds[1] > 3 && fds[1] < 9);
	ASSERT_OK(wok_process_run(argv, NULL, 0, &options, &result));
	ASSERT_STR(result.output.data, wanted);
	wok_process_result_clear(&result);
	close(fds[0]);
	close(fds[1]);
	close(high);
}

TEST_TASK(a_child_can_be_given_a_descriptor_of_its_own_number)
{
	int fds[2];
	char data[8] = "";

	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	const wok_process_fd given = {fds[1], fds[1] > 9 ? 9 : fds[1]};
	char line[40];
	snprintf(line, sizeof(line), "echo hello >&%d", given.as);
	WOK_AUTO(wok_process) *process =
		spawn_shell(line, &(wok_process_options){.fds = &given, .n_fds = 1});
	ASSERT_OK(wok_process_wait(process, NULL));
	ASSERT_EQ(read(fds[0], data, sizeof(data)), 6);
	ASSERT_MEM(data, "hello\n", 6);
	close(fds[0]);
	close(fds[1]);
}

TEST_TASK(folder_environment_and_path_are_as_asked)
{
	const char *const env[] = {"DISH=tofu", "PATH=/nowhere::/bin:/usr/bin", NULL};
	char *text = output_of("pwd; echo $DISH; echo $HOME",
			       (wok_process_options){.cwd = "/usr", .env = env});

	ASSERT_STR(text, "/usr\ntofu\n\n");
	free(text);
	const char *const nowhere[] = {"PATH=/nowhere", NULL};
	const char *const argv[] = {"sh", NULL};
	wok_process *process = NULL;
	ASSERT_ERR(wok_process_spawn(argv, &(wok_process_options){.env = nowhere}, &process),
		   -ENOENT);
	/* Relative to the new folder, and under another name. */
	const char *const named[] = {"another name", "-c", "echo $0", NULL};
	wok_process_result result;
	const wok_process_options options = {
		.program = "./sh", .cwd = "/bin", .output.kind = WOK_STDIO_PIPE};
	ASSERT_OK(wok_process_run(named, NULL, 0, &options, &result));
	ASSERT_STR(result.output.data, "another name\n");
	wok_process_result_clear(&result);
}

TEST_TASK(output_can_go_to_files_descriptors_and_the_other_output)
{
	char path[] = "/tmp/wok-test-output-XXXXXX";
	int fd = mkstemp(path);
	WOK_AUTO(wok_process) *append = spawn_shell(
		"echo one; echo two >&2",
		&(wok_process_options){.output = {.kind = WOK_STDIO_APPEND, .path = path},
				       .errors.kind = WOK_STDIO_OUTPUT});
	ASSERT_OK(wok_process_wait(append, NULL));
	WOK_AUTO(wok_process) *by_fd = spawn_shell(
		"echo three",
		&(wok_process_options){.output = {.kind = WOK_STDIO_FD, .fd = fd},
				       .input = {.kind = WOK_STDIO_FILE, .path = path}});
	ASSERT_OK(wok_process_wait(by_fd, NULL));
	char data[40];
	ssize_t n = pread(fd, data, sizeof(data), 0);
	ASSERT(n == 8 && memcmp(data, "three\no\n", 8) == 0); /* fd stood at the begin */
	WOK_AUTO(wok_process) *anew = spawn_shell(
		"cat", &(wok_process_options){.input.kind = WOK_STDIO_NULL,
					      .output = {.kind = WOK_STDIO_FILE, .path = path}});
	ASSERT_OK(wok_process_wait(anew, NULL));
	ASSERT_EQ(pread(fd, data, sizeof(data), 0), 0);
	close(fd);
	unlink(path);
}

TEST_TASK(a_standard_descriptor_that_is_closed_here_is_null_there)
{
	int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);

	close(STDIN_FILENO);
	char *text = output_of("readlink /proc/self/fd/0", (wok_process_options){0});
	if (kept >= 0)
		dup2(kept, STDIN_FILENO);
	close(kept);
	ASSERT_STR(text, "/dev/null\n");
	free(text);
}

TEST_TASK(a_child_can_lead_a_group_or_a_session)
{
	char *same = output_of("cut -d' ' -f5 /proc/$$/stat", (wok_process_options){0});
	ASSERT_EQ(atoi(same), getpgrp());
	free(same);
	char *own = output_of("cut -d' ' -f1,5,6 /proc/$$/stat",
			      (wok_process_options){.new_group = true});
	int pid, group, session;
	ASSERT_EQ(sscanf(own, "%d %d %d", &pid, &group, &session), 3);
	ASSERT(group == pid && session == getsid(0));
	free(own);
	own = output_of("cut -d' ' -f1,5,6 /proc/$$/stat",
			(wok_process_options){.new_session = true});
	ASSERT_EQ(sscanf(own, "%d %d %d", &pid, &group, &session), 3);
	ASSERT(group == pid && session == pid);
	free(own);
}

static int spawn_one(void *ret_process)
{
	const char *const argv[] = {"cat", NULL};

	return wok_process_spawn(argv, &(wok_process_options){.input.kind = WOK_STDIO_PIPE},
				 ret_process);
}

static int spawn_canceled(void *ret_process)
{
	wok_cancel(wok_current_task());
	return spawn_one(ret_process);
}

static int spawn_and_free(void *ret_pid)
{
	WOK_AUTO(wok_process) *process = NULL;

	WOK_TRY(spawn_one(&process));
	*(pid_t *) ret_pid = wok_process_pid(process);
	return wok_sleep(WOK_MINUTE);
}

TEST_TASK(a_spawn_that_is_cancelled_leaves_no_process, "F7")
{
	wok_process *process = NULL;
	pid_t pid = 0;

	/* Before: nothing is started. */
	WOK_AUTO(wok_task) *before = wok_create_task(spawn_canceled, &process);
	ASSERT_ERR(wok_await(before), WOK_ETASKCANCELED);
	ASSERT(process == NULL && no_children());
	/* When it has just been started: it is handed out, and its owner frees it. */
	WOK_AUTO(wok_task) *after = wok_create_task(spawn_and_free, &pid);
	while (pid == 0 && !wok_task_done(after))
		ASSERT_OK(wok_yield());
	ASSERT(!no_children());
	wok_cancel(after);
	ASSERT_ERR(wok_await(after), WOK_ETASKCANCELED);
	ASSERT(no_children());
	ASSERT(kill(pid, 0) < 0 && errno == ESRCH);
}

/* The budget of a task that completes at once ends in a spawn: others run, and cancel it there. */
static int spawn_until_canceled(void *ret_spawned)
{
	for (;;) {
		WOK_AUTO(wok_process) *process = NULL;
		wok_process *made = NULL;
		int r = spawn_one(&made);
		process = made;
		if (r < 0)
			return r;
		++*(int *) ret_spawned;
	}
}

TEST_TASK(a_cancel_at_any_moment_of_spawning_leaves_no_process, "F7")
{
	for (int yields = 0; yields < 8; yields++) {
		int spawned = 0;
		WOK_AUTO(wok_task) *task = wok_create_task(spawn_until_canceled, &spawned);
		for (int i = 0; i < yields; i++)
			ASSERT_OK(wok_yield());
		wok_cancel(task);
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		ASSERT(no_children());
	}
}
