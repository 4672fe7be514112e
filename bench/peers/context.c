/*
 * w2-switch references: -DFCTX: boost jump_fcontext; otherwise ucontext swapcontext (2
 * sigprocmask syscalls).
 */
#include "util.h"
#include <ucontext.h>
#ifdef FCTX
typedef struct {
	void *f, *d;
} transfer_t;
extern transfer_t jump_fcontext(void *to, void *d);
extern void *make_fcontext(void *sp, size_t n, void (*fn)(transfer_t));
static void body(transfer_t t)
{
	for (;;)
		t = jump_fcontext(t.f, NULL);
}
#else
static ucontext_t A, B;
static void body(void)
{
	for (;;)
		swapcontext(&B, &A);
}
#endif
int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 5000000;
	size_t sz = 65536;
	char *st = malloc(sz);
#ifdef FCTX
	void *f = make_fcontext(st + sz, sz, body);
#else
	getcontext(&B);
	B.uc_stack.ss_sp = st;
	B.uc_stack.ss_size = sz;
	makecontext(&B, body, 0);
#endif
	uint64_t t = now_ns();
	for (long i = 0; i < n / 2; i++) {
#ifdef FCTX
		f = jump_fcontext(f, NULL).f;
#else
		swapcontext(&A, &B);
#endif
	}
	printf("ns_per_switch %.2f\n", (double) (now_ns() - t) / n);
}
