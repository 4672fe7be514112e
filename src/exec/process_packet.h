/* SPDX-License-Identifier: MIT */
#ifndef WOK_EXEC_PROCESS_PACKET_H
#define WOK_EXEC_PROCESS_PACKET_H
/*
 * What a pool and a worker say to each other, over a socket that keeps packets apart:
 *
 *     worker: HELLO    who I am: checked before anything else is said
 *     pool:   SETUP    limits and an initializer, with a page of memory for wok__worker_mark
 *     worker: READY    or why not
 *     pool:   JOB      a name and an argument      }  any number of times,
 *     worker: RESULT   a code and what it gave     }  one after another
 *
 * The end of the socket is the end of either. A payload that is smaller than 64 KiB lies in its
 * packet; a larger one is sealed memory whose descriptor goes along. So whoever gets a packet has
 * all of it, and nobody can change or shrink it meanwhile.
 *
 * The pool believes nothing: each packet must be the kind that is due, with sizes that agree. A
 * worker believes the pool.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
	WOK__PACKET_VERSION = 1,
	WOK__PACKET_INLINE = 64 << 10, /* payloads from here on are passed as memory */
	WOK__PACKET_NAME = 255,
	WOK__PACKET_MESSAGE = 1024,
	WOK__PACKET_BODY = WOK__PACKET_INLINE + WOK__PACKET_NAME,
	WOK__INITIALIZER_MAX = 32 << 10,
	WOK__CONTROL_FD = 3,
};

#define WOK__WORKER_ARGUMENT "--wok-worker"

enum wok__packet_kind {
	WOK__PACKET_HELLO = 1, /* payload: struct wok__hello */
	WOK__PACKET_SETUP,     /* payload: struct wok__setup and the initializer's argument */
	WOK__PACKET_READY,     /* code; payload: its message */
	WOK__PACKET_JOB,       /* name, payload, limit of the result */
	WOK__PACKET_RESULT,    /* code; payload: the result, or its message */
};

/* It and the hello stay as they are in all versions: so two versions can refuse each other. */
struct wok__packet {
	uint32_t magic;
	uint16_t kind;
	uint16_t name_size; /* so many bytes follow the payload, which so stays aligned */
	int32_t code;
	uint32_t in_memory; /* the payload is in the descriptor that came along */
	uint64_t serial;    /* of a job, in its result, too */
	uint64_t size;      /* of the payload */
	uint64_t limit;
};

/* Who a worker is. */
struct wok__hello {
	uint32_t version; /* WOK__PACKET_VERSION */
	uint32_t build_size;
	char wok[16]; /* wok_version() */
	unsigned char build[64];
};

struct wok__setup {
	uint64_t max_memory, max_cpu_seconds, max_fds; /* 0: leave it alone */
	int32_t nice;
	uint32_t captured; /* its output is a pipe: write lines as they come */
};

/* Memory that both have mapped: the job that the worker has begun. A hint, not to be trusted. */
struct wok__worker_mark {
	_Atomic uint64_t begun;
};

/* A packet that was received. */
struct wok__received {
	struct wok__packet head;
	const char *data; /* the payload, at the body's start, unless it is in memory */
	const char *name; /* in the body, behind it */
	int memory;       /* the descriptor that came; -1: none. The receiver closes it */
};

/* Send a packet; -EAGAIN, -EMSGSIZE, -ENOBUFS where it does not fit, and memory would. */
int wok__packet_send(int fd, const struct wok__packet *head, const void *name, const void *data,
		     int memory, int flags);

/*
 * Receive a packet into body, which has room for WOK__PACKET_BODY bytes and is aligned for any
 * type. -EPIPE at the end; -EPROTO for what is no packet.
 */
int wok__packet_receive(int fd, char *body, int flags, struct wok__received *ret_packet);

/* Which build of which program this process runs; at most 64 bytes. */
size_t wok__build_identity(unsigned char ret_identity[64]);
void wok__hello_fill(struct wok__hello *hello);
#endif
