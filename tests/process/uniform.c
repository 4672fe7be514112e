/* SPDX-License-Identifier: MIT */
/*
 * Every call that waits for a child process, a signal or a pipe, under the same conditions: see
 * harness/uniform.h.
 */
#include "harness/uniform.h"
#include "process/children.h"

static struct {
	wok_process *process;
	wok_signals *signals;
	wok_stream *reader, *writer;
	wok_stream *full_reader, *full;
} it;

static int write_too_much(void *stream)
{
	static const char data[1 << 20];

	return wok_stream_write_all(stream, data, sizeof(data));
}

static void make(void)
{
	const int numbers[] = {SIGUSR1};

	it.process = spawn_cat();
	ASSERT_OK(wok_signals_new(numbers, 1, &it.signals));
	ASSERT_OK(wok_pipe(&it.reader, &it.writer));
	ASSERT_OK(wok_pipe(&it.full_reader, &it.full));
	WOK_AUTO(wok_task) *writing = wok_create_task(write_too_much, it.full);
	test_settle();
	ASSERT(!wok_task_done(writing));
}

static void clean(void)
{
	signal(SIGUSR2, SIG_IGN);
	wok_process_free(it.process);
	wok_signals_free(it.signals);
	wok_stream_free(it.reader);
	wok_stream_free(it.writer);
	wok_stream_free(it.full_reader);
	wok_stream_free(it.full);
}

static int process_wait(void *unused)
{
	(void) unused;
	return wok_process_wait(it.process, NULL);
}

static int process_communicate(void *unused)
{
	wok_process_result result;

	(void) unused;
	return wok_process_communicate(it.process, NULL, 0, &result);
}

static void kill_process(void)
{
	WOK_IGNORE(wok_process_kill(it.process));
}

static int signals_next(void *unused)
{
	int number, r = wok_signals_next(it.signals, &number);

	(void) unused;
	return r > 0 ? 0 : r;
}

static void raise_usr1(void)
{
	raise(SIGUSR1);
}

static int signal_wait(void *unused)
{
	(void) unused;
	return wok_signal_wait(SIGUSR2);
}

static void raise_usr2(void)
{
	raise(SIGUSR2);
}

static int pipe_read(void *unused)
{
	char data[4];
	ssize_t n = wok_stream_read(it.reader, data, sizeof(data));

	(void) unused;
	return n > 0 ? 0 : (int) n;
}

static void fill_pipe(void)
{
	ASSERT_EQ(write(wok_stream_fd(it.writer), "rice", 4), 4);
}

static void close_reader(void)
{
	ASSERT_OK(wok_stream_close(it.reader));
}

static int pipe_write(void *unused)
{
	(void) unused;
	return wok_stream_write_all(it.full, "x", 1);
}

static void empty_pipe(void)
{
	static char data[1 << 20];

	ASSERT(read(wok_stream_fd(it.full_reader), data, sizeof(data)) > 0);
}

static void close_writer(void)
{
	ASSERT_OK(wok_stream_close(it.full));
}

static const struct uniform_row rows[] = {
	{"wok_process_wait", process_wait, kill_process, NULL, 0, 0},
	{"wok_signals_next", signals_next, raise_usr1, NULL, 0, 0},
	{"wok_signal_wait", signal_wait, raise_usr2, NULL, 0, 0},
	{"reading from a pipe", pipe_read, fill_pipe, close_reader, -EBADF, 0},
	{"writing to a pipe", pipe_write, empty_pipe, close_writer, -EBADF, 0},
};

static const struct uniform_table table = {rows, sizeof(rows) / sizeof(rows[0]), make, clean};

UNIFORM_TESTS(&table)

/* It ends the input at once, so it waits for nothing but the end of the process. */
TEST_TASK(a_communicate_whose_time_is_over_fails_at_once, "G14")
{
	make();
	ASSERT_ERR(wok_wait_for(process_communicate, NULL, 0), -ETIMEDOUT);
	ASSERT(!wok_process_ended(it.process, NULL));
	clean();
}
