/* SPDX-License-Identifier: MIT */
/* What goes in and out of child processes. */
#include <fcntl.h>

#include "process/children.h"

enum { BIG = 1 << 20 };

static const wok_process_options both = {
	.input.kind = WOK_STDIO_PIPE, .output.kind = WOK_STDIO_PIPE, .errors.kind = WOK_STDIO_PIPE};

static char *big_text(void)
{
	char *text = malloc(BIG);

	ASSERT(text);
	for (int i = 0; i < BIG; i++)
		text[i] = (char) (i * 31 + i / 251);
	return text;
}

TEST_TASK(a_megabyte_in_both_directions_does_not_block, "F5")
{
	const char *const argv[] = {"sh", "-c", "tee /dev/fd/2", NULL};
	char *text = big_text();
	wok_process_result result;

	ASSERT_OK(wok_process_run(argv, text, BIG, &both, &result));
	ASSERT_EQ(result.status, 0);
	ASSERT_EQ(result.output.size, BIG);
	ASSERT_EQ(result.errors.size, BIG);
	ASSERT_MEM(result.output.data, text, BIG);
	ASSERT_MEM(result.errors.data, text, BIG);
	wok_process_result_clear(&result);
	ASSERT(result.output.data == NULL);
	free(text);
	ASSERT(no_children());
}

TEST_TASK(a_child_that_does_not_read_its_input_is_no_error, "F5")
{
	char *text = big_text();
	WOK_AUTO(wok_process) *process =
		spawn_shell("exec <&-; echo enough; read x; exit 4", &both);
	wok_process_result result;

	ASSERT_OK(wok_process_communicate(process, text, BIG, &result));
	ASSERT_STR(result.output.data, "enough\n");
	wok_process_result_clear(&result);
	/* One that ends before it reads, or reads some of it. */
	const char *const argv[] = {"sh", "-c", "head -c 100000 | wc -c", NULL};
	ASSERT_OK(wok_process_run(argv, text, BIG, &both, &result));
	ASSERT_STR(result.output.data, "100000\n");
	wok_process_result_clear(&result);
	free(text);
}

TEST_TASK(no_input_is_the_end_of_it, "F5")
{
	const char *const argv[] = {"sh", "-c", "cat; echo $?", NULL};
	wok_process_result result;

	ASSERT_OK(wok_process_run(argv, "", 0, &both, &result));
	ASSERT_STR(result.output.data, "0\n");
	ASSERT_STR(result.errors.data, "");
	wok_process_result_clear(&result);
	WOK_AUTO(wok_process) *process = spawn_shell("cat", &both);
	ASSERT_OK(wok_process_communicate(process, NULL, 0, &result));
	ASSERT_EQ(result.output.size, 0);
	wok_process_result_clear(&result);
	/* What is no pipe takes no part. */
	WOK_AUTO(wok_process) *silent = spawn_shell("exit 6", NULL);
	ASSERT_OK(wok_process_communicate(silent, NULL, 0, &result));
	ASSERT(result.status == 6 && !result.output.data && !result.errors.data);
	ASSERT_ERR(wok_process_communicate(silent, "x", 1, &result), -EINVAL);
}

static int read_to_the_end(wok_stream *stream, size_t *ret_size)
{
	char data[4096];
	ssize_t n;

	*ret_size = 0;
	while ((n = wok_stream_read(stream, data, sizeof(data))) > 0)
		*ret_size += (size_t) n;
	return (int) n;
}

TEST_TASK(output_can_be_read_after_the_end_of_the_process, "F6")
{
	WOK_AUTO(wok_process) *process =
		spawn_shell("head -c 50000 /dev/zero; echo last >&2", &both);
	size_t size;
	wok_view line;

	ASSERT_OK(wok_process_wait(process, NULL));
	ASSERT(no_children());
	ASSERT_OK(read_to_the_end(wok_process_output(process), &size));
	ASSERT_EQ(size, 50000);
	ASSERT_EQ(wok_stream_next_line(wok_process_errors(process), 0, &line), 1);
	ASSERT(line.size == 4 && memcmp(line.data, "last", 4) == 0);
	ASSERT_EQ(wok_stream_next_line(wok_process_errors(process), 0, &line), 0);
}

TEST_TASK(output_goes_on_after_the_process_as_long_as_somebody_has_it_open, "F6")
{
	WOK_AUTO(wok_process) *process =
		spawn_shell("exec 3<&0; (read x <&3; echo $x) & exit 0", &both);
	size_t size;
	wok_view line;

	ASSERT_OK(wok_process_wait(process, NULL));
	ASSERT_OK(wok_stream_write_all(wok_process_input(process), "still here\n", 11));
	ASSERT_EQ(wok_stream_next_line(wok_process_output(process), 0, &line), 1);
	ASSERT(line.size == 10 && memcmp(line.data, "still here", 10) == 0);
	ASSERT_OK(read_to_the_end(wok_process_output(process), &size));
	ASSERT_EQ(size, 0);
}

TEST_TASK(output_is_streamed_while_the_process_runs, "F6")
{
	WOK_AUTO(wok_process) *process =
		spawn_shell("while read x; do echo \"you said $x\"; done; echo end", &both);
	wok_view line;

	for (int i = 0; i < 20; i++) {
		char text[40], wanted[60];
		snprintf(text, sizeof(text), "line %d\n", i);
		snprintf(wanted, sizeof(wanted), "you said line %d", i);
		ASSERT_OK(wok_stream_write_all(wok_process_input(process), text, strlen(text)));
		ASSERT_EQ(wok_stream_next_line(wok_process_output(process), 0, &line), 1);
		ASSERT_EQ(line.size, strlen(wanted));
		ASSERT_MEM(line.data, wanted, line.size);
	}
	ASSERT_OK(wok_stream_shutdown(wok_process_input(process)));
	ASSERT_EQ(wok_stream_next_line(wok_process_output(process), 0, &line), 1);
	ASSERT_EQ(wok_stream_next_line(wok_process_output(process), 0, &line), 0);
	int status = 1;
	ASSERT_OK(wok_process_wait(process, &status));
	ASSERT_EQ(status, 0);
}

TEST_TASK(more_output_than_the_limit_is_refused_and_the_process_can_be_ended)
{
	wok_process_options options = both;
	wok_process_result result;
	int status;

	options.max_output = 100000;
	WOK_AUTO(wok_process) *process = spawn_shell("exec cat /dev/zero", &options);
	ASSERT_ERR(wok_process_communicate(process, NULL, 0, &result), WOK_ELIMIT);
	ASSERT_MESSAGE(WOK_ELIMIT, "more than 100000 bytes of output");
	ASSERT(!wok_process_ended(process, NULL)); /* it waits for a reader */
	ASSERT_OK(wok_process_stop(process, 0, &status));
	ASSERT_EQ(status, -SIGTERM);
	/* As much as the limit is allowed. */
	const char *const argv[] = {"head", "-c", "100000", "/dev/zero", NULL};
	ASSERT_OK(wok_process_run(argv, NULL, 0, &options, &result));
	ASSERT_EQ(result.output.size, 100000);
	wok_process_result_clear(&result);
}

struct talk {
	wok_process *process;
	wok_process_result result;
};

static int communicate(void *arg)
{
	struct talk *self = arg;

	return wok_process_communicate(self->process, "hello\n", 6, &self->result);
}

TEST_TASK(a_communicate_that_is_cancelled_leaves_the_process, "F5")
{
	int fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	const wok_process_fd given = {fds[0], 3};
	wok_process_options options = both;
	options.fds = &given;
	options.n_fds = 1;
	/* It takes its input, and then waits for something else. */
	WOK_AUTO(wok_process) *process = spawn_shell("cat; cat <&3", &options);
	struct talk talk = {.process = process};
	close(fds[0]);
	ASSERT_ERR(wok_wait_for(communicate, &talk, 0), -ETIMEDOUT);
	WOK_AUTO(wok_task) *task = wok_create_task(communicate, &talk);
	test_settle();
	ASSERT(!wok_task_done(task));
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(!wok_process_ended(process, NULL));
	close(fds[1]);
	ASSERT_OK(wok_process_wait(process, NULL));
}

static int fill_and_wait(void *arg)
{
	struct talk *self = arg;

	return wok_process_wait(self->process, NULL);
}

TEST_TASK(one_that_fills_its_pipe_waits_for_a_reader, "F6")
{
	WOK_AUTO(wok_process) *process = spawn_shell("head -c 1000000 /dev/zero", &both);
	struct talk talk = {.process = process};
	WOK_AUTO(wok_task) *task = wok_create_task(fill_and_wait, &talk);
	size_t size;

	test_settle();
	ASSERT(!wok_task_done(task)); /* nobody reads */
	ASSERT_OK(read_to_the_end(wok_process_output(process), &size));
	ASSERT_EQ(size, 1000000);
	ASSERT_OK(wok_await(task));
}

static int run_sleeper(void *unused)
{
	const char *const argv[] = {"cat", NULL};
	wok_process_result result;
	int fds[2];

	(void) unused;
	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	int r = wok_process_run(
		argv, NULL, 0,
		&(wok_process_options){.input = {.kind = WOK_STDIO_FD, .fd = fds[0]},
				       .output.kind = WOK_STDIO_PIPE},
		&result);
	close(fds[0]);
	close(fds[1]);
	return r;
}

TEST_TASK(a_run_that_is_cancelled_ends_the_process, "F7")
{
	WOK_AUTO(wok_task) *task = wok_create_task(run_sleeper, NULL);

	test_settle();
	ASSERT(!wok_task_done(task) && !no_children());
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(no_children());
}

/* --- terminals -------------------------------------------------------------------------------- */

static void expect_line(wok_stream *stream, const char *wanted)
{
	wok_view line;

	ASSERT_EQ(wok_stream_next_line(stream, 0, &line), 1);
	if (line.size != strlen(wanted) || memcmp(line.data, wanted, line.size) != 0)
		FAIL("\"%.*s\", not \"%s\"", (int) line.size, line.data, wanted);
}

TEST_TASK(a_child_can_have_a_terminal_of_its_own)
{
	const wok_process_options options = {.terminal = true, .columns = 100, .rows = 30};
	WOK_AUTO(wok_process) *process = spawn_shell(
		"test -t 0 && test -t 1 && test -t 2 && echo all three; stty size; "
		"trap 'stty size; exit 3' WINCH; stty -echo; echo ready; while :; do read x; done",
		&options);
	wok_stream *terminal = wok_process_terminal(process);
	wok_view line;
	int status = 0;

	ASSERT(terminal && !wok_process_output(process));
	ASSERT_STR(wok_stream_kind(terminal), "terminal");
	expect_line(terminal, "all three");
	expect_line(terminal, "30 100");
	expect_line(terminal, "ready");
	ASSERT_OK(wok_process_resize(process, 44, 22));
	/* The shell runs a trap when read returns. */
	ASSERT_OK(wok_stream_write_all(terminal, "\n", 1));
	expect_line(terminal, "22 44");
	ASSERT_ERR(wok_stream_shutdown(terminal), -EOPNOTSUPP);
	ASSERT_OK(wok_process_wait(process, &status));
	ASSERT_EQ(status, 3);
	ASSERT_EQ(wok_stream_next_line(terminal, 0, &line), 0); /* its end, not an error */
}

TEST_TASK(a_terminal_is_the_controlling_one)
{
	const wok_process_options options = {.terminal = true, .output.kind = WOK_STDIO_PIPE};
	WOK_AUTO(wok_process) *process =
		spawn_shell("echo ready >/dev/tty; echo also; exec cat", &options);
	int status = 0;

	expect_line(wok_process_terminal(process), "ready");
	expect_line(wok_process_output(process), "also");
	ASSERT_OK(wok_stream_write_all(wok_process_terminal(process), "\3", 1)); /* Ctrl-C */
	ASSERT_OK(wok_process_wait(process, &status));
	ASSERT_EQ(status, -SIGINT);
	WOK_AUTO(wok_process) *without = spawn_cat();
	ASSERT_ERR(wok_process_resize(without, 80, 25), -EINVAL);
}

TEST_TASK(much_output_of_a_terminal_arrives_whole)
{
	const wok_process_options options = {.terminal = true, .input.kind = WOK_STDIO_NULL};
	WOK_AUTO(wok_process) *process =
		spawn_shell("stty raw <&1; head -c 300000 /dev/zero", &options);
	size_t size;

	ASSERT_OK(read_to_the_end(wok_process_terminal(process), &size));
	ASSERT_EQ(size, 300000);
}

/* --- pipes ------------------------------------------------------------------------------------ */

TEST_TASK(a_pipe_goes_one_way)
{
	WOK_AUTO(wok_stream) *reader = NULL;
	WOK_AUTO(wok_stream) *writer = NULL;
	char data[8];

	ASSERT_OK(wok_pipe(&reader, &writer));
	ASSERT_STR(wok_stream_kind(reader), "pipe");
	ASSERT_ERR(wok_stream_write_all(reader, "x", 1), -EBADF);
	ASSERT_ERR(wok_stream_shutdown(reader), -EBADF);
	ASSERT_ERR(wok_stream_read(writer, data, 1), -EBADF);
	ASSERT_OK(wok_stream_write_all(writer, "soup", 4));
	ASSERT_OK(wok_stream_shutdown(writer));
	ASSERT_ERR(wok_stream_shutdown(writer), -EALREADY);
	ASSERT_ERR(wok_stream_write_all(writer, "x", 1), -EPIPE);
	ASSERT_EQ(wok_stream_fd(writer), -1);
	ASSERT_EQ(wok_stream_read(reader, data, sizeof(data)), 4);
	ASSERT_EQ(wok_stream_read(reader, data, sizeof(data)), 0);
	ASSERT_OK(wok_stream_close(writer));
}

struct transfer {
	wok_stream *stream;
	const char *data;
	size_t done;
	int result;
};

static int write_big(void *arg)
{
	struct transfer *self = arg;
	struct iovec parts[3] = {{(void *) (uintptr_t) self->data, 3},
				 {NULL, 0},
				 {(void *) (uintptr_t) (self->data + 3), BIG - 3}};

	self->result = wok_stream_write_parts(self->stream, parts, 3, &self->done);
	return self->result;
}

TEST_TASK(a_pipe_holds_its_writer_back_and_keeps_the_order)
{
	WOK_AUTO(wok_stream) *reader = NULL;
	WOK_AUTO(wok_stream) *writer = NULL;
	char *text = big_text(), *back = malloc(BIG);

	ASSERT_OK(wok_pipe(&reader, &writer));
	struct transfer transfer = {.stream = writer, .data = text};
	WOK_AUTO(wok_task) *task = wok_create_task(write_big, &transfer);
	test_settle();
	ASSERT(!wok_task_done(task));
	ASSERT_OK(wok_stream_read_exactly(reader, back, BIG, NULL));
	ASSERT_MEM(back, text, BIG);
	ASSERT_OK(wok_await(task));
	/* Cancelled, it says how much went out. */
	WOK_AUTO(wok_task) *second = wok_create_task(write_big, &transfer);
	test_settle();
	wok_cancel(second);
	ASSERT_ERR(wok_await(second), WOK_ETASKCANCELED);
	ASSERT(transfer.result == -ECANCELED && transfer.done > 0 && transfer.done < BIG);
	/* And when nobody is left to read, a write that waits ends. */
	WOK_AUTO(wok_task) *third = wok_create_task(write_big, &transfer);
	test_settle();
	ASSERT_OK(wok_stream_close(reader));
	ASSERT_ERR(wok_await(third), -EPIPE);
	free(text);
	free(back);
}

static int read_some(void *stream)
{
	char data[10];

	return (int) wok_stream_read(stream, data, sizeof(data));
}

TEST_TASK(closing_a_pipe_wakes_who_waits_in_it)
{
	WOK_AUTO(wok_stream) *reader = NULL;
	WOK_AUTO(wok_stream) *writer = NULL;
	static const char zeros[BIG];

	ASSERT_OK(wok_pipe(&reader, &writer));
	WOK_AUTO(wok_task) *reading = wok_create_task(read_some, reader);
	test_settle();
	ASSERT_OK(wok_stream_close(reader));
	ASSERT_ERR(wok_await(reading), -EBADF);
	wok_stream *second_reader, *second_writer;
	ASSERT_OK(wok_pipe(&second_reader, &second_writer));
	struct transfer transfer = {.stream = second_writer, .data = zeros};
	WOK_AUTO(wok_task) *writing = wok_create_task(write_big, &transfer);
	test_settle();
	ASSERT_OK(wok_stream_close(second_writer));
	ASSERT_ERR(wok_await(writing), -EBADF);
	wok_stream_free(second_writer);
	wok_stream_free(second_reader);
}
