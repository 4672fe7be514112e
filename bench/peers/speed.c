/*
 * Calibration: a fixed piece of work (dependent ALU chain, 1 MiB pointer chase, syscalls);
 * prints its time. Run before every timed run.
 */
#include "util.h"
#include <sys/syscall.h>

int main(void)
{
	enum { N = 16384 };
	static struct {
		uint32_t next;
		char pad[60];
	} a[N];
	for (uint32_t i = 0; i < N; i++)
		a[i].next = (i * 5 + 1) % N; /* full cycle */
	uint64_t x = 1, t = now_ns();
	for (int i = 0; i < 4000000; i++)
		x = x * 6364136223846793005ull + (x >> 33);
	uint32_t j = 0;
	for (int i = 0; i < 500000; i++)
		j = a[j].next;
	for (int i = 0; i < 20000; i++)
		syscall(SYS_getppid);
	printf("cal_us %.1f %d\n", (now_ns() - t) / 1e3, (int) ((x ^ j) & 1));
}
