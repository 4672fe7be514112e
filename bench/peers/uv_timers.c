#include "util.h"
#include <uv.h>

static long left;
static void cb(uv_timer_t *t)
{
	left--;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000000;
	uv_loop_t *L = uv_default_loop();
	uv_timer_t *t = malloc(n * sizeof *t);
	double c0 = cpu_s();
	uint64_t s = now_ns(), x = 12345;
	left = n;
	for (long i = 0; i < n; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		uv_timer_init(L, &t[i]);
		uv_update_time(L);
		uv_timer_start(&t[i], cb, (x >> 33) % 1000, 0);
	}
	uv_run(L, UV_RUN_DEFAULT);
	if (left)
		return 1;
	printf("wall_s %.4f\ncpu_s %.4f\n", (now_ns() - s) / 1e9, cpu_s() - c0);
}
