/* Child processes: what it takes to start one and to hear of its end, against posix_spawn(3) and
 * waitpid(2), also from a process that holds much memory; and what goes through its output, against
 * a bare read(2) loop.
 * Try:      child-processes 1000 1024 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { RESIDENT_MIB = 1024, PIECE = 65536 };

static size_t starts, output_mib;
static const char *const program[] = {"/bin/true", NULL};

/* How long the caller, or his loop, stands still; and how long it takes as a whole. */
static void print_starts(const char *what, const char *where, wok_time inside, wok_time start)
{
	printf("%s_us%s %.1f\n", what, where, (double) inside / 1e3 / (double) starts);
	printf("%s_and_wait_us%s %.1f\n", what, where,
	       bench_seconds_since(start) * 1e6 / (double) starts);
}

static int start_bare(const char *where)
{
	wok_time inside = 0, start = wok_now();

	for (size_t i = 0; i < starts; i++) {
		wok_time before = wok_now();
		pid_t child;
		int r = posix_spawn(&child, program[0], NULL, NULL, (char *const *) program,
				    environ);
		inside += wok_now() - before;
		if (r != 0 || waitpid(child, NULL, 0) < 0)
			return -EIO;
	}
	print_starts("posix_spawn", where, inside, start);
	return 0;
}

static int start_by_wok(const char *where)
{
	wok_time inside = 0, start = wok_now();

	for (size_t i = 0; i < starts; i++) {
		WOK_AUTO(wok_process) *process = NULL;
		wok_time before = wok_now();
		WOK_TRY(wok_process_spawn(program, NULL, &process));
		inside += wok_now() - before;
		WOK_TRY(wok_process_wait(process, NULL));
	}
	print_starts("wok_process_spawn", where, inside, start);
	return 0;
}

/* A child that puts out so much. */
static int start_output(wok_process **ret_process)
{
	char count[32];
	const char *const argv[] = {"head", "-c", count, "/dev/zero", NULL};

	snprintf(count, sizeof(count), "%zu", output_mib << 20);
	return wok_process_spawn(argv, &(wok_process_options){.output.kind = WOK_STDIO_PIPE},
				 ret_process);
}

static int take_output(bool bare)
{
	static char data[PIECE];
	WOK_AUTO(wok_process) *process = NULL;
	ssize_t n = 1;

	wok_time start = wok_now();
	WOK_TRY(start_output(&process));
	int fd = wok_stream_fd(wok_process_output(process));
	if (bare)
		(void) fcntl(fd, F_SETFL, 0);
	while (n > 0)
		n = bare ? read(fd, data, PIECE)
			 : wok_stream_read(wok_process_output(process), data, PIECE);
	printf("%s_mib_per_s %.0f\n", bare ? "bare_output" : "output",
	       (double) output_mib / bench_seconds_since(start));
	return (int) n;
}

static int measure(void *unused)
{
	size_t size = (size_t) RESIDENT_MIB << 20;

	(void) unused;
	WOK_TRY(start_bare(""));
	WOK_TRY(start_by_wok(""));
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory != MAP_FAILED) {
		WOK_TRY(start_bare("_at_1_gib"));
		WOK_TRY(start_by_wok("_at_1_gib"));
		munmap(memory, size);
	}
	WOK_TRY(take_output(true));
	return take_output(false);
}

int main(int argc, char **argv)
{
	starts = bench_count(argc, argv, 1);
	output_mib = bench_count(argc, argv, 2);
	return bench_exit("child-processes", wok_run(measure, NULL));
}
