/* SPDX-License-Identifier: MIT */
/* A program that a pool can have as its worker, though it is not the one that the pool is in. */
#include <string.h>
#include <wok/worker.h>

static int twice(const void *input, size_t size, wok_output *output)
{
	int number;

	if (size != sizeof(number))
		return -EINVAL;
	memcpy(&number, input, size);
	number *= 2;
	return wok_output_write(output, &number, sizeof(number));
}

int main(int argc, char **argv)
{
	if (wok_worker_register("double", twice) < 0)
		return 1;
	return wok_worker(argc, argv) ? 0 : 2;
}
