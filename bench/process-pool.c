/* A job in another process: round trips of a small one against a bare ping-pong over a socket
 * between two processes, the throughput of a large payload, and what it takes to start a process,
 * also from one that holds much memory.
 * Try:      process-pool 20000 200 */
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { LARGE = 1 << 20, STARTS = 50, RESIDENT_MIB = 2048 };

static size_t round_trips, large_jobs;

static int add(const void *input, size_t size, wok_output *output)
{
	long number;

	if (size != sizeof(number))
		return -EINVAL;
	memcpy(&number, input, size);
	number++;
	return wok_output_write(output, &number, sizeof(number));
}

static int echo(const void *input, size_t size, wok_output *output)
{
	return wok_output_write(output, input, size);
}

/* The floor: what two processes need that do nothing but answer each other. */
static void ping_pong(void)
{
	int fds[2];
	long number = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) < 0)
		return;
	pid_t child = fork();
	if (child == 0) {
		while (recv(fds[1], &number, sizeof(number), 0) == sizeof(number) && number >= 0)
			(void) !send(fds[1], &number, sizeof(number), 0);
		_exit(0);
	}
	wok_time start = wok_now();
	for (size_t i = 0; i < round_trips; i++) {
		(void) !send(fds[0], &number, sizeof(number), 0);
		(void) !recv(fds[0], &number, sizeof(number), 0);
	}
	printf("bare_round_trips_per_s %.0f\n", (double) round_trips / bench_seconds_since(start));
	number = -1;
	(void) !send(fds[0], &number, sizeof(number), 0);
	waitpid(child, NULL, 0);
	close(fds[0]);
	close(fds[1]);
}

static int small_jobs(wok_process_pool *pool)
{
	long number = 0;

	WOK_TRY(wok_run_in_executor(pool, "add", &number, sizeof(number), &number, sizeof(number)));
	wok_time start = wok_now();
	for (size_t i = 0; i < round_trips; i++)
		WOK_TRY(wok_run_in_executor(pool, "add", &number, sizeof(number), &number,
					    sizeof(number)));
	printf("job_round_trips_per_s %.0f\n", (double) round_trips / bench_seconds_since(start));
	return 0;
}

static int large_payloads(wok_process_pool *pool)
{
	static char input[LARGE], output[LARGE];

	wok_time start = wok_now();
	for (size_t i = 0; i < large_jobs; i++)
		WOK_TRY(wok_run_in_executor(pool, "echo", input, LARGE, output, LARGE));
	printf("mib_each_way_per_s %.0f\n", (double) large_jobs / bench_seconds_since(start));
	return 0;
}

/* A fresh process for each job. */
static int starts(const char *name)
{
	WOK_AUTO(wok_process_pool) *pool = NULL;
	long number = 0;

	WOK_TRY(wok_process_pool_new(
		&(wok_process_pool_options){.workers = 1, .max_tasks_per_child = 1}, &pool));
	wok_time start = wok_now();
	for (int i = 0; i < STARTS; i++)
		WOK_TRY(wok_run_in_executor(pool, "add", &number, sizeof(number), &number,
					    sizeof(number)));
	printf("%s %.3f\n", name, bench_seconds_since(start) * 1000 / STARTS);
	return 0;
}

static int measure(void *unused)
{
	WOK_AUTO(wok_process_pool) *pool = NULL;
	size_t size = (size_t) RESIDENT_MIB << 20;

	(void) unused;
	WOK_TRY(wok_process_pool_new(&(wok_process_pool_options){.workers = 1}, &pool));
	WOK_TRY(small_jobs(pool));
	WOK_TRY(large_payloads(pool));
	WOK_TRY(starts("start_job_end_ms"));
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return 0;
	WOK_TRY(starts("start_job_end_ms_at_2_gib"));
	munmap(memory, size);
	return wok_process_pool_close(pool);
}

int main(int argc, char **argv)
{
	if (wok_worker_register("add", add) < 0 || wok_worker_register("echo", echo) < 0)
		return 1;
	if (wok_worker(argc, argv))
		return 0;
	round_trips = bench_count(argc, argv, 1);
	large_jobs = bench_count(argc, argv, 2);
	ping_pong();
	return bench_exit("process-pool", wok_run(measure, NULL));
}
