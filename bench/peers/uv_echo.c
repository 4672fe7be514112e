/* libuv echo: per-connection buffer, uv_try_write first, uv_write only on a partial write. */
#include "util.h"
#include <uv.h>

typedef struct {
	uv_tcp_t h;
	uv_write_t w;
	char buf[4096], *pend;
} conn;
static void on_close(uv_handle_t *h)
{
	free(h->data);
}

static void alloc_cb(uv_handle_t *h, size_t n, uv_buf_t *b)
{
	conn *c = h->data;
	*b = uv_buf_init(c->buf, sizeof c->buf);
}

static void wrote(uv_write_t *w, int st)
{
	conn *c = w->data;
	free(c->pend);
	c->pend = NULL;
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	conn *c = s->data;
	if (n < 0) {
		uv_close((void *) s, on_close);
		return;
	}
	if (n == 0)
		return;
	uv_buf_t o = uv_buf_init(c->buf, n);
	int k = uv_try_write(s, &o, 1);
	if (k == n)
		return;
	if (k < 0)
		k = 0;
	c->pend = malloc(n - k);
	memcpy(c->pend, c->buf + k, n - k);
	o = uv_buf_init(c->pend, n - k);
	c->w.data = c;
	uv_write(&c->w, s, &o, 1, wrote);
}

static void on_conn(uv_stream_t *l, int st)
{
	conn *c = calloc(1, sizeof *c);
	uv_tcp_init(l->loop, &c->h);
	c->h.data = c;
	if (uv_accept(l, (void *) &c->h)) {
		uv_close((void *) &c->h, on_close);
		return;
	}
	uv_tcp_nodelay(&c->h, 1);
	uv_read_start((void *) &c->h, alloc_cb, on_read);
}

int main(int argc, char **argv)
{
	uv_loop_t *L = uv_default_loop();
	uv_tcp_t l;
	struct sockaddr_in a;
	uv_ip4_addr("127.0.0.1", atoi(argv[1]), &a);
	uv_tcp_init(L, &l);
	uv_tcp_bind(&l, (void *) &a, 0);
	if (uv_listen((void *) &l, 4096, on_conn))
		return 1;
	ready();
	return uv_run(L, UV_RUN_DEFAULT);
}
