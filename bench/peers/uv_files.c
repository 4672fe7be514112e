/* SPDX-License-Identifier: MIT */
/* w12-files with libuv: its pool of threads, 16 files under way. */
#include "util.h"
#include <uv.h>
typedef struct {
	uv_fs_t r;
	uv_file fd;
	off_t off;
	char b[8192];
} job;
static uv_loop_t *L;
static const char *dir;
static long n, next_i, tot;
static uv_fs_t R;
static uv_file bfd;
static off_t boff;
static char *bb;
static void start(job *j);
static void closed(uv_fs_t *r)
{
	job *j = r->data;
	uv_fs_req_cleanup(r);
	start(j);
}
static void readd(uv_fs_t *r)
{
	job *j = r->data;
	ssize_t k = r->result;
	uv_fs_req_cleanup(r);
	if (k > 0) {
		j->off += k, tot += k;
		uv_buf_t b = uv_buf_init(j->b + j->off, sizeof j->b - j->off);
		uv_fs_read(L, r, j->fd, &b, 1, j->off, readd);
	} else
		uv_fs_close(L, r, j->fd, closed);
}
static void opened(uv_fs_t *r)
{
	job *j = r->data;
	j->fd = r->result;
	uv_fs_req_cleanup(r);
	uv_buf_t b = uv_buf_init(j->b, sizeof j->b);
	uv_fs_read(L, r, j->fd, &b, 1, 0, readd);
}
static void start(job *j)
{
	if (next_i >= n)
		return;
	char p[512];
	snprintf(p, sizeof p, "%s/f%ld", dir, next_i++);
	j->r.data = j;
	j->off = 0;
	uv_fs_open(L, &j->r, p, O_RDONLY, 0, opened);
}
static void bread(uv_fs_t *r)
{
	ssize_t k = r->result;
	uv_fs_req_cleanup(r);
	if (k <= 0)
		return;
	boff += k;
	uv_buf_t b = uv_buf_init(bb, 1 << 20);
	uv_fs_read(L, r, bfd, &b, 1, boff, bread);
}
int main(int argc, char **argv)
{
	L = uv_default_loop();
	dir = argv[2];
	double c0 = cpu_s();
	uint64_t t = now_ns();
	if (!strcmp(argv[1], "many")) {
		n = argc > 3 ? atol(argv[3]) : 10000;
		static job js[16];
		for (int i = 0; i < 16; i++)
			start(&js[i]);
		uv_run(L, UV_RUN_DEFAULT);
		if (tot != n * 4096)
			return 1;
		double s = (now_ns() - t) / 1e9;
		printf("files_per_s %.0f\nGB_per_s %.3f\n", n / s, tot / s / 1e9);
	} else {
		char p[512];
		snprintf(p, sizeof p, "%s/big", dir);
		bb = aligned_alloc(64, 1 << 20);
		bfd = uv_fs_open(L, &R, p, O_RDONLY, 0, NULL);
		uv_fs_req_cleanup(&R);
		uv_buf_t b = uv_buf_init(bb, 1 << 20);
		uv_fs_read(L, &R, bfd, &b, 1, 0, bread);
		uv_run(L, UV_RUN_DEFAULT);
		printf("GB_per_s %.3f\n", boff / ((now_ns() - t) / 1e9) / 1e9);
	}
	printf("cpu_s %.4f\n", cpu_s() - c0);
}
