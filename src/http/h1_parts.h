/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_H1_PARTS_H
#define WOK_HTTP_H1_PARTS_H
/* What the h1_*.c files share among themselves. Everybody else includes h1.h. */
#include "http/h1.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

/* --- bytes (h1_bytes.c) ----------------------------------------------------------------------- */

enum {
	WOK__H1_TOKEN_BYTE = 1 << 0,  /* RFC 9110 tchar */
	WOK__H1_TARGET_BYTE = 1 << 1, /* visible ASCII but # */
	WOK__H1_HOST_BYTE = 1 << 2,   /* RFC 3986 reg-name without % and without the comma */
};

extern const uint8_t wok__h1_classes[256];

static inline bool wok__h1_is_class(char c, unsigned class_bit)
{
	return wok__h1_classes[(unsigned char) c] & class_bit;
}

/* The control bytes that no line may contain; HTAB is fine, and so is everything from 0x80 on. */
static inline bool wok__h1_is_control(char c)
{
	unsigned char u = (unsigned char) c;
	return (u < 0x20 && u != '\t') || u == 0x7f;
}

static inline bool wok__h1_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline const char *wok__h1_skip_class(const char *p, const char *end, unsigned class_bit)
{
	for (; end - p >= 4; p += 4) {
		if (!wok__h1_is_class(p[0], class_bit))
			return p;
		if (!wok__h1_is_class(p[1], class_bit))
			return p + 1;
		if (!wok__h1_is_class(p[2], class_bit))
			return p + 2;
		if (!wok__h1_is_class(p[3], class_bit))
			return p + 3;
	}
	while (p < end && wok__h1_is_class(*p, class_bit))
		p++;
	return p;
}

/* The same where an LF lies ahead, as in every head: an LF has no class, so it stops there. */
static inline const char *wok__h1_skip_guarded(const char *p, unsigned class_bit)
{
	for (;; p += 4) {
		if (!wok__h1_is_class(p[0], class_bit))
			return p;
		if (!wok__h1_is_class(p[1], class_bit))
			return p + 1;
		if (!wok__h1_is_class(p[2], class_bit))
			return p + 2;
		if (!wok__h1_is_class(p[3], class_bit))
			return p + 3;
	}
}

#if defined(__SSE2__)
/* Bit n: byte n of the 16 at p is a control byte. */
static inline uint64_t wok__h1_control_mask(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *) (const void *) p);
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
	__m128i bad = _mm_or_si128(low, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	bad = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')), bad);
	return (uint64_t) _mm_movemask_epi8(bad);
}
#define WOK__H1_MASK_BITS 1
#elif defined(__ARM_NEON) && defined(__aarch64__)
/* Bits 4n to 4n + 3. NEON has no movemask: a narrowing shift leaves four bits of each byte. */
static inline uint64_t wok__h1_control_mask(const char *p)
{
	uint8x16_t v = vld1q_u8((const uint8_t *) p);
	uint8x16_t bad = vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)), vceqq_u8(v, vdupq_n_u8(0x7f)));
	bad = vbicq_u8(bad, vceqq_u8(v, vdupq_n_u8('\t')));
	uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(bad), 4);
	return vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
}
#define WOK__H1_MASK_BITS 4
#endif

/*
 * The first control byte in [p, end), which in a good head is the CR that ends the line; `base` is
 * where the readable bytes begin. The last few bytes are loaded together with some before them.
 */
static inline const char *wok__h1_find_control(const char *base, const char *p, const char *end)
{
#if defined(WOK__H1_MASK_BITS)
	for (; end - p >= 16; p += 16) {
		uint64_t mask = wok__h1_control_mask(p);
		if (mask != 0)
			return p + __builtin_ctzll(mask) / WOK__H1_MASK_BITS;
	}
	if (p < end && end - base >= 16) {
		const char *last = end - 16;
		uint64_t mask = wok__h1_control_mask(last) >> (p - last) * WOK__H1_MASK_BITS;
		return mask != 0 ? p + __builtin_ctzll(mask) / WOK__H1_MASK_BITS : end;
	}
#endif
	(void) base;
	while (p < end && !wok__h1_is_control(*p))
		p++;
	return p;
}

/* --- names (h1_names.c) ----------------------------------------------------------------------- */

/* The traits of WOK__H1_NAMES. */
enum { WOK__H1_ONE = 1, WOK__H1_HEAD_ONLY = 2 };

unsigned wok__h1_traits(enum wok__h1_name id);

/* --- scanning (h1_scan.c) --------------------------------------------------------------------- */

/* As wok__h1_scan_head(), for a trailer section; errors carry the trailers' own codes. */
int wok__h1_scan_trailers(struct wok__h1_scan *scan, const char *data, size_t size,
			  const struct wok__h1_limits *limits, size_t *ret_size);

/* --- fields (h1_fields.c) --------------------------------------------------------------------- */

/*
 * Walks over the lines of a complete head. `p` is also where an error was found. Whoever makes one
 * has seen that the last byte is an LF, so that scanning over a line need not look for the end.
 */
struct wok__h1_cursor {
	const char *base;
	const char *p;
	const char *end;
	uint32_t line_max;
	unsigned flags;
};

/* Skip the end of the line that the cursor stands on. Returns: 0 or an error. */
int wok__h1_skip_odd_line_end(struct wok__h1_cursor *cursor);

static inline int wok__h1_skip_line_end(struct wok__h1_cursor *cursor)
{
	const char *p = cursor->p;
	if (cursor->end - p < 2 || p[0] != '\r' || p[1] != '\n')
		return wok__h1_skip_odd_line_end(cursor);
	cursor->p = p + 2;
	return 0;
}

/* Returns: 1 and a field; 0 behind the empty line that ends the section; an error. */
int wok__h1_next_field(struct wok__h1_cursor *cursor, struct wok__h1_field *ret_field);

/* The fields of a head, collected. first[] holds the index of a name whose bit is in `present`. */
struct wok__h1_head {
	struct wok__h1_field *fields;
	uint32_t count;
	uint32_t max;
	uint64_t present;
	uint32_t first[WOK__H1_NAME_COUNT];
};

/* Begin with a whole head: the first checks, and everything set but the flags. */
int wok__h1_open_head(const char *data, size_t size, const struct wok__h1_limits *limits,
		      struct wok__h1_field *fields, size_t fields_max,
		      struct wok__h1_cursor *ret_cursor, struct wok__h1_head *ret_head);

/* Collect all fields; the head must end behind them. Refuses repeated singletons. */
int wok__h1_collect_fields(struct wok__h1_cursor *cursor, struct wok__h1_head *head);

/* --- framing (h1_framing.c) ------------------------------------------------------------------- */

/* What the fields say about the message, before method and status have their say. */
struct wok__h1_framing_fields {
	bool has_length;
	bool chunked;
	uint64_t length;
};

/* Whether any of these fields is there at all: most requests have none. */
static inline bool wok__h1_has_framing(const struct wok__h1_head *head)
{
	return head->present &
	       (UINT64_C(1) << WOK__H1_CONTENT_LENGTH | UINT64_C(1) << WOK__H1_TRANSFER_ENCODING);
}

/* Error offsets are those of the field's value: *ret_where. */
int wok__h1_read_framing(const char *base, const struct wok__h1_head *head, unsigned minor,
			 struct wok__h1_framing_fields *ret_framing, const char **ret_where);

/* Fill in the fields of the message that come from Connection and Upgrade. */
void wok__h1_read_connection_field(const char *base, const struct wok__h1_head *head,
				   struct wok__h1_message *message);

static inline void wok__h1_read_connection(const char *base, const struct wok__h1_head *head,
					   struct wok__h1_message *message)
{
	if (head->present >> WOK__H1_CONNECTION & 1)
		wok__h1_read_connection_field(base, head, message);
	else
		message->keep_alive = message->minor > 0;
}

/* --- targets (h1_target.c) -------------------------------------------------------------------- */

/* Split request->target by its form, as request->method_id allows. Returns: 0 or BAD_TARGET. */
int wok__h1_split_target(struct wok__h1_request *request);

/* Spans without case. */
bool wok__h1_same(struct wok__h1_span a, struct wok__h1_span b);

/* The version at [p, p + 8). Returns: the minor version or an error. */
int wok__h1_read_version(const char *p, size_t size);

#endif
