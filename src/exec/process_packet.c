/* SPDX-License-Identifier: MIT */
/* Packets between a pool and its workers: see exec/process_packet.h. */
#include "exec/process_packet.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <wok/loop.h>

#include "platform/process.h"
#include "platform/sys.h"

#define MAGIC UINT32_C(0x504b4f57) /* "WOKP" */

int wok__packet_send(int fd, const struct wok__packet *head, const void *name, const void *data,
		     int memory, int flags)
{
	struct wok__packet packet = *head;
	struct iovec parts[3] = {{&packet, sizeof(packet)}};
	int n = 1;

	packet.magic = MAGIC;
	packet.in_memory = memory >= 0 && head->kind != WOK__PACKET_SETUP;
	if (!packet.in_memory && packet.size > 0)
		parts[n++] = (struct iovec){(void *) data, packet.size};
	if (packet.name_size > 0)
		parts[n++] = (struct iovec){(void *) name, packet.name_size};
	ssize_t r = wok__sys_send_packet(fd, parts, n, memory, flags);
	return r < 0 ? (int) r : 0;
}

/* Whether the sizes agree: with each other, and with what came. */
static bool makes_sense(const struct wok__packet *head, size_t body_size, bool passed)
{
	if (head->magic != MAGIC || head->name_size > WOK__PACKET_NAME)
		return false;
	bool wants_memory = head->in_memory || head->kind == WOK__PACKET_SETUP;
	if (wants_memory != passed || head->in_memory > 1)
		return false;
	if (head->in_memory)
		return head->size > 0 && body_size == head->name_size;
	return head->size < WOK__PACKET_INLINE && body_size == head->name_size + head->size;
}

int wok__packet_receive(int fd, char *body, int flags, struct wok__received *ret_packet)
{
	struct wok__received packet = {.data = body};
	const struct iovec parts[] = {{&packet.head, sizeof(packet.head)},
				      {body, WOK__PACKET_BODY}};

	ssize_t n = wok__sys_receive_packet(fd, parts, 2, flags, &packet.memory);
	if (n == -ECONNRESET || n == 0)
		return -EPIPE;
	if (n < 0)
		return (int) n;
	if ((size_t) n < sizeof(packet.head) ||
	    !makes_sense(&packet.head, (size_t) n - sizeof(packet.head), packet.memory >= 0)) {
		if (packet.memory >= 0)
			wok__sys_close(packet.memory);
		return -EPROTO;
	}
	packet.name = body + (packet.head.in_memory ? 0 : packet.head.size);
	*ret_packet = packet;
	return 0;
}

struct identity {
	unsigned char *bytes;
	size_t size;
};

static void look_at_notes(const ElfW(Nhdr) * note, size_t left, struct identity *identity)
{
	while (left >= sizeof(*note)) {
		size_t name_size = ((size_t) note->n_namesz + 3) & ~(size_t) 3;
		size_t data_size = ((size_t) note->n_descsz + 3) & ~(size_t) 3;
		size_t size = sizeof(*note) + name_size + data_size;
		const unsigned char *name = (const unsigned char *) (note + 1);
		if (size > left)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    memcmp(name, "GNU", 4) == 0 && note->n_descsz <= 64) {
			identity->size = note->n_descsz;
			memcpy(identity->bytes, name + name_size, identity->size);
			return;
		}
		note = (const void *) (name + name_size + data_size);
		left -= size;
	}
}

/* The first object is the program. */
static int look_at_program(struct dl_phdr_info *info, size_t size, void *identity)
{
	(void) size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			look_at_notes((const void *) (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
				      info->dlpi_phdr[i].p_memsz, identity);
	return 1;
}

/* Where the linker left no build id, the program's file has to do. */
size_t wok__build_identity(unsigned char ret_identity[64])
{
	struct identity identity = {.bytes = ret_identity};
	struct stat status;

	dl_iterate_phdr(look_at_program, &identity);
	if (identity.size > 0 || stat("/proc/self/exe", &status) < 0)
		return identity.size;
	uint64_t file[4] = {(uint64_t) status.st_dev, (uint64_t) status.st_ino,
			    (uint64_t) status.st_size, (uint64_t) status.st_mtime};
	memcpy(ret_identity, file, sizeof(file));
	return sizeof(file);
}

void wok__hello_fill(struct wok__hello *hello)
{
	memset(hello, 0, sizeof(*hello));
	hello->version = WOK__PACKET_VERSION;
	snprintf(hello->wok, sizeof(hello->wok), "%s", wok_version());
	hello->build_size = (uint32_t) wok__build_identity(hello->build);
}
