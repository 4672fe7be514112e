/*
 * Raw io_uring echo: SINGLE_ISSUER|DEFER_TASKRUN, multishot accept, multishot recv + buffer
 * ring, send straight from the received buffer, which goes back to the ring on send completion.
 */
#include "util.h"
#include <liburing.h>
#define NB 8192
#define BSZ 256
#define BGID 1
enum { ACC, RCV, SND };
static char *bufs;
static struct io_uring ring;
static struct io_uring_buf_ring *br;
static inline uint64_t ud(int op, int fd, int bid)
{
	return ((uint64_t) op << 56) | ((uint64_t) bid << 32) | (uint32_t) fd;
}

static struct io_uring_sqe *sqe(void)
{
	struct io_uring_sqe *s = io_uring_get_sqe(&ring);
	if (!s) {
		io_uring_submit(&ring);
		s = io_uring_get_sqe(&ring);
	}
	return s;
}

static void arm_recv(int fd)
{
	struct io_uring_sqe *s = sqe();
	io_uring_prep_recv_multishot(s, fd, NULL, 0, 0);
	s->flags |= IOSQE_BUFFER_SELECT;
	s->buf_group = BGID;
	io_uring_sqe_set_data64(s, ud(RCV, fd, 0));
}

static void arm_accept(int l)
{
	struct io_uring_sqe *s = sqe();
	io_uring_prep_multishot_accept(s, l, NULL, NULL, SOCK_CLOEXEC);
	io_uring_sqe_set_data64(s, ud(ACC, l, 0));
}

static void recycle(int bid)
{
	io_uring_buf_ring_add(br, bufs + (size_t) bid * BSZ, BSZ, bid, io_uring_buf_ring_mask(NB),
			      0);
	io_uring_buf_ring_advance(br, 1);
}

int main(int argc, char **argv)
{
	int l = listen_on(atoi(argv[1]), 0), one = 1;
	struct io_uring_params p = {0};
	p.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
	p.cq_entries = 32768;
	if (io_uring_queue_init_params(8192, &ring, &p))
		die("uring");
	bufs = aligned_alloc(4096, NB * BSZ);
	if (posix_memalign((void **) &br, 4096, NB * sizeof(struct io_uring_buf)))
		die("mem");
	struct io_uring_buf_reg reg = {
		.ring_addr = (uintptr_t) br, .ring_entries = NB, .bgid = BGID};
	if (io_uring_register_buf_ring(&ring, &reg, 0))
		die("bufring");
	io_uring_buf_ring_init(br);
	for (int i = 0; i < NB; i++)
		io_uring_buf_ring_add(br, bufs + i * BSZ, BSZ, i, io_uring_buf_ring_mask(NB), i);
	io_uring_buf_ring_advance(br, NB);
	arm_accept(l);
	ready();
	for (;;) {
		io_uring_submit_and_wait(&ring, 1);
		struct io_uring_cqe *c;
		unsigned h, k = 0;
		io_uring_for_each_cqe(&ring, h, c)
		{
			k++;
			uint64_t u = c->user_data;
			int fd = (uint32_t) u, op = u >> 56;
			if (op == ACC) {
				if (c->res >= 0) {
					setsockopt(c->res, IPPROTO_TCP, TCP_NODELAY, &one,
						   sizeof one);
					arm_recv(c->res);
				}
				if (!(c->flags & IORING_CQE_F_MORE))
					arm_accept(l);
			} else if (op == RCV) {
				int more = c->flags & IORING_CQE_F_MORE;
				if (c->res > 0) {
					int bid = c->flags >> IORING_CQE_BUFFER_SHIFT;
					struct io_uring_sqe *s = sqe();
					io_uring_prep_send(s, fd, bufs + (size_t) bid * BSZ, c->res,
							   MSG_NOSIGNAL | MSG_WAITALL);
					io_uring_sqe_set_data64(s, ud(SND, fd, bid));
					if (!more)
						arm_recv(fd);
				} else if (c->res == -ENOBUFS)
					arm_recv(fd);
				else if (!more)
					close(fd);
			} else
				recycle((u >> 32) & 0xffff);
		}
		io_uring_cq_advance(&ring, k);
	}
}
