/* SPDX-License-Identifier: MIT */
/* The small ones: uuid, bit strings, tid, pg_lsn, pg_snapshot, money, what is left of "char". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "db/postgres/types/own.h"

bool wok__pg_plain_is_right(unsigned kind, const char *data, size_t size)
{
	switch (kind) {
	case WOK__PG_UUID:
		return size == 16;
	case WOK__PG_BITS:
		return size >= 4 && wok__pg_get32(data) <= INT32_MAX &&
		       size - 4 == ((size_t) wok__pg_get32(data) + 7) / 8;
	case WOK__PG_TID:
		return size == 6;
	case WOK__PG_LSN:
	case WOK__PG_UINT8:
	case WOK__PG_MONEY:
		return size == 8;
	case WOK__PG_SNAPSHOT:
		return size >= 20 && wok__pg_get32(data) <= INT32_MAX / 8 &&
		       size == 20 + 8 * (size_t) wok__pg_get32(data);
	case WOK__PG_CHAR:
		return size == 1;
	default:
		return false;
	}
}

static void write_bits(struct wok__pg_writer *writer, const char *data)
{
	const size_t n = wok__pg_get32(data);

	for (size_t i = 0; i < n; i++)
		wok__pg_put(writer, data[4 + i / 8] & (0x80 >> i % 8) ? '1' : '0');
}

static void write_snapshot(struct wok__pg_writer *writer, const char *data)
{
	const size_t n = wok__pg_get32(data);

	wok__pg_put_digits(writer, wok__pg_get64(data + 4), 1);
	wok__pg_put(writer, ':');
	wok__pg_put_digits(writer, wok__pg_get64(data + 12), 1);
	wok__pg_put(writer, ':');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			wok__pg_put(writer, ',');
		wok__pg_put_digits(writer, wok__pg_get64(data + 20 + 8 * i), 1);
	}
}

void wok__pg_write_plain(struct wok__pg_writer *writer, unsigned kind, const char *data,
			 size_t size)
{
	char text[40];

	(void) size;
	switch (kind) {
	case WOK__PG_UUID:
		wok__pg_puts(writer, wok_pg_uuid_text((const uint8_t *) data, text));
		break;
	case WOK__PG_BITS:
		write_bits(writer, data);
		break;
	case WOK__PG_TID:
		snprintf(text, sizeof(text), "(%u,%u)", wok__pg_get32(data),
			 wok__pg_get16(data + 4));
		wok__pg_puts(writer, text);
		break;
	case WOK__PG_LSN:
		snprintf(text, sizeof(text), "%X/%X", wok__pg_get32(data), wok__pg_get32(data + 4));
		wok__pg_puts(writer, text);
		break;
	case WOK__PG_UINT8:
		wok__pg_put_digits(writer, wok__pg_get64(data), 1);
		break;
	case WOK__PG_MONEY:
		wok__pg_put_int(writer, (int64_t) wok__pg_get64(data));
		break;
	case WOK__PG_SNAPSHOT:
		write_snapshot(writer, data);
		break;
	default: /* "char" of a byte that is no ASCII: as PostgreSQL 16 writes it */
		snprintf(text, sizeof(text), "\\%03o", (unsigned char) data[0]);
		wok__pg_puts(writer, text);
	}
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

ssize_t wok__pg_parse_uuid(const char *text, size_t size, char *to)
{
	struct wok__pg_scan scan = {text, text + size};
	const bool brace = wok__pg_take(&scan, '{');

	for (size_t i = 0; i < 16; i++) {
		if (i > 0 && i % 2 == 0)
			wok__pg_take(&scan, '-');
		if (scan.end - scan.at < 2)
			return -EINVAL;
		const int high = nibble(scan.at[0]), low = nibble(scan.at[1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		to[i] = (char) (high << 4 | low);
		scan.at += 2;
	}
	if (brace && !wok__pg_take(&scan, '}'))
		return -EINVAL;
	return scan.at == scan.end ? 16 : -EINVAL;
}

static bool take_hex(struct wok__pg_scan *scan, uint32_t *ret_number)
{
	const char *const start = scan->at;
	uint32_t number = 0;

	while (scan->at < scan->end && scan->at - start < 8 && nibble(*scan->at) >= 0)
		number = number << 4 | (uint32_t) nibble(*scan->at++);
	*ret_number = number;
	return scan->at > start;
}

static ssize_t parse_lsn(struct wok__pg_scan *scan, char *to)
{
	uint32_t high, low;

	if (!take_hex(scan, &high) || !wok__pg_take(scan, '/') || !take_hex(scan, &low) ||
	    scan->at != scan->end)
		return -EINVAL;
	wok__pg_put32(to, high);
	wok__pg_put32(to + 4, low);
	return 8;
}

static ssize_t parse_tid(struct wok__pg_scan *scan, char *to)
{
	int64_t block, row;

	if (!wok__pg_take(scan, '(') || !wok__pg_take_number(scan, &block, NULL) ||
	    block > UINT32_MAX || !wok__pg_take(scan, ',') ||
	    !wok__pg_take_number(scan, &row, NULL) || row > UINT16_MAX ||
	    !wok__pg_take(scan, ')') || scan->at != scan->end)
		return -EINVAL;
	wok__pg_put32(to, (uint32_t) block);
	wok__pg_put16(to + 4, (uint16_t) row);
	return 6;
}

/* xid8: beyond what an int64_t holds. */
static ssize_t parse_uint8(const char *text, size_t size, char *to)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' ||
		    __builtin_mul_overflow(number, UINT64_C(10), &number) ||
		    __builtin_add_overflow(number, (uint64_t) (text[i] - '0'), &number))
			return -EINVAL;
	}
	wok__pg_put64(to, number);
	return size > 0 ? 8 : -EINVAL;
}

ssize_t wok__pg_parse_plain(unsigned kind, const char *text, size_t size, char *to)
{
	struct wok__pg_scan scan = {text, text + size};

	switch (kind) {
	case WOK__PG_UUID:
		return wok__pg_parse_uuid(text, size, to);
	case WOK__PG_LSN:
		return parse_lsn(&scan, to);
	case WOK__PG_TID:
		return parse_tid(&scan, to);
	default:
		return parse_uint8(text, size, to);
	}
}

int wok__pg_build_bits(const char *text, size_t size, struct wok__pg_buffer *out)
{
	if (size > INT32_MAX)
		return -ERANGE;
	wok__pg_buffer_int32(out, (uint32_t) size);
	char *bytes = wok__pg_buffer_room(out, (size + 7) / 8);
	if (!bytes)
		return -ENOMEM;
	memset(bytes, 0, (size + 7) / 8);
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '0' && text[i] != '1')
			return -EINVAL;
		if (text[i] == '1')
			bytes[i / 8] = (char) (bytes[i / 8] | 0x80 >> i % 8);
	}
	return 0;
}
