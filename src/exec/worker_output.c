/* SPDX-License-Identifier: MIT */
/* A job's result: see wok_output_write() and exec/worker.h. */
#include <string.h>
#include <sys/mman.h>
#include <wok/error.h>

#include "exec/process_packet.h"
#include "exec/worker.h"
#include "platform/process.h"
#include "platform/sys.h"

enum { FIRST_MEMORY = 1 << 20 };

void wok__output_open(struct wok_output *output, void *buffer, size_t limit)
{
	*output = (struct wok_output){
		.data = buffer,
		.capacity = WOK__PACKET_INLINE - 1,
		.limit = limit,
		.memory = -1,
	};
}

void wok__output_clear(struct wok_output *output)
{
	if (output->memory >= 0) {
		munmap(output->data, output->capacity);
		wok__sys_close(output->memory);
	}
	output->memory = -1;
	output->size = 0;
}

/* Move from the buffer into memory of its own. */
static int move(struct wok_output *output, size_t capacity)
{
	void *data = NULL;
	int fd = wok__sys_memory("wok-result");
	if (fd < 0)
		return fd;
	int r = wok__sys_memory_resize(fd, capacity);
	if (r == 0)
		r = wok__sys_map(fd, capacity, true, &data);
	if (!data) {
		wok__sys_close(fd);
		return r;
	}
	memcpy(data, output->data, output->size);
	output->data = data;
	output->capacity = capacity;
	output->memory = fd;
	return 0;
}

static int grow(struct wok_output *output, size_t capacity)
{
	int r = wok__sys_memory_resize(output->memory, capacity);
	if (r < 0)
		return r;
	void *data = mremap(output->data, output->capacity, capacity, MREMAP_MAYMOVE);
	if (data == MAP_FAILED)
		return -errno;
	output->data = data;
	output->capacity = capacity;
	return 0;
}

static int make_room(struct wok_output *output, size_t size)
{
	if (size > output->limit - output->size)
		return wok_fail(WOK_ELIMIT, "a job's result may have %zu bytes, not %zu",
				output->limit, output->size + size);
	size_t need = output->size + size;
	if (need <= output->capacity)
		return 0;
	size_t capacity = output->capacity < FIRST_MEMORY ? FIRST_MEMORY : output->capacity * 2;
	if (capacity < need)
		capacity = (need + 4095) & ~(size_t) 4095;
	int r = output->memory < 0 ? move(output, capacity) : grow(output, capacity);
	return r < 0 ? wok_fail(r, "no memory for %zu bytes of a job's result: %s", need,
				wok_strerror(r))
		     : 0;
}

void *wok_output_reserve(wok_output *output, size_t size)
{
	if (output->error == 0)
		output->error = make_room(output, size);
	if (output->error < 0)
		return NULL;
	char *room = output->data + output->size;
	/* Memory of its own is zeroed already; writing to it would only fault its pages in. */
	if (output->memory < 0)
		memset(room, 0, size);
	output->size += size;
	return room;
}

int wok_output_write(wok_output *output, const void *data, size_t size)
{
	void *room = size > 0 ? wok_output_reserve(output, size) : NULL;

	if (room)
		memcpy(room, data, size);
	return output->error;
}

/* Sealing needs the writable mapping gone. */
int wok__output_finish(struct wok_output *output)
{
	if (output->error < 0 || output->memory < 0)
		return output->error;
	munmap(output->data, output->capacity);
	int r = wok__sys_memory_resize(output->memory, output->size);
	if (r == 0)
		r = wok__sys_memory_seal(output->memory);
	if (r < 0) {
		wok__sys_close(output->memory);
		output->memory = -1;
	}
	output->data = NULL;
	output->capacity = 0;
	return r;
}
