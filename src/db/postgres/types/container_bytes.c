/* SPDX-License-Identifier: MIT */
/* The binary forms of containers, read piece by piece and never past their end. */
#include "db/postgres/types/container.h"

uint32_t wok__pg_bytes_int32(struct wok__pg_bytes *bytes)
{
	if (bytes->left < 4) {
		bytes->failed = true;
		bytes->left = 0;
		return 0;
	}
	const uint32_t number = wok__pg_get32(bytes->at);
	bytes->at += 4;
	bytes->left -= 4;
	return number;
}

bool wok__pg_bytes_next(struct wok__pg_bytes *bytes, const char **ret_data, size_t *ret_size)
{
	const int32_t size = (int32_t) wok__pg_bytes_int32(bytes);

	if (bytes->failed)
		return false;
	if (size < -1 || (size > 0 && (size_t) size > bytes->left)) {
		bytes->failed = true;
		return false;
	}
	*ret_data = size < 0 ? NULL : bytes->at;
	*ret_size = size < 0 ? 0 : (size_t) size;
	bytes->at += *ret_size;
	bytes->left -= *ret_size;
	return true;
}

/* Each element takes 4 bytes at least: so a count is no larger than what has come. */
bool wok__pg_bytes_shape(struct wok__pg_bytes *bytes, struct wok__pg_dims *ret_shape,
			 uint32_t *ret_element)
{
	struct wok__pg_dims shape = {.dimensions = wok__pg_bytes_int32(bytes)};

	wok__pg_bytes_int32(bytes);
	*ret_element = wok__pg_bytes_int32(bytes);
	if (bytes->failed || shape.dimensions > 6)
		return false;
	shape.count = shape.dimensions > 0;
	for (size_t i = 0; i < shape.dimensions; i++) {
		shape.lengths[i] = wok__pg_bytes_int32(bytes);
		shape.lowers[i] = (int32_t) wok__pg_bytes_int32(bytes);
		if (bytes->failed ||
		    (shape.count > 0 && shape.lengths[i] > bytes->left / 4 / shape.count))
			return false;
		shape.count *= shape.lengths[i];
	}
	/* An empty int2vector has a dimension all the same. */
	if (shape.count == 0)
		shape.dimensions = 0;
	*ret_shape = shape;
	return true;
}

bool wok__pg_bytes_flags(struct wok__pg_bytes *bytes, unsigned *ret_flags)
{
	if (bytes->left < 1)
		return false;
	*ret_flags = (unsigned char) *bytes->at;
	bytes->at++;
	bytes->left--;
	return true;
}
