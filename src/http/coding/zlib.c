/* SPDX-License-Identifier: MIT */
/*
 * gzip and deflate, by zlib.
 *
 * A gzip body may have several members, one behind another (RFC 1952, 2.2). What follows a member
 * and does not begin as one is ignored, as gzip(1) does: servers pad with zeros. What "deflate"
 * means was read in two ways, with zlib's wrapper (as the RFC has it) and raw; the first two bytes
 * tell them apart, for no encoder writes a raw block that looks like the wrapper.
 */
#include <wok/error.h>

#include "base/memory.h"
#include "http/coding/coding.h"

#ifdef WOK__WITH_ZLIB
#include <zlib.h>

enum {
	WINDOW = 15,
	GZIP_WINDOW = WINDOW + 16,
	RAW_WINDOW = -WINDOW,
	MEMORY_LEVEL = 8,
	MAGIC_1 = 0x1f,
	MAGIC_2 = 0x8b,
};

/* Where the decoder is. */
enum state {
	BEGIN_DEFLATE, /* the first bytes have to tell what it is */
	BETWEEN,       /* behind a member, or before the first one */
	INSIDE,
};

struct deflater {
	struct wok__codec codec;
	z_stream z;
	bool gzip;
	enum state state;
	unsigned char held[2]; /* bytes that were looked at, but not fed yet */
	unsigned n_held;
	bool again; /* a member has ended: what comes may be no further one */
};

static voidpf alloc_items(voidpf unused, uInt n, uInt size)
{
	return wok__coding_alloc(unused, (size_t) n * size);
}

static struct deflater *make(const struct wok__codec_ops *ops)
{
	struct deflater *self = wok__alloc_zeroed(sizeof(*self));

	if (!self)
		return NULL;
	self->codec.ops = ops;
	self->z.zalloc = alloc_items;
	self->z.zfree = wok__coding_free;
	return self;
}

static int to_wok(int z, const char *name)
{
	return z == Z_MEM_ERROR ? -ENOMEM : wok_fail(WOK_EPEER, "the %s data is corrupt", name);
}

/* inflate() or deflate() over io; sizes of zlib are unsigned, ours may be more. */
static int run(z_stream *z, struct wok__coding_io *io, int (*function)(z_streamp, int), int flush)
{
	enum { MOST = 1 << 30 };
	uInt in = io->in_size < MOST ? (uInt) io->in_size : MOST;
	uInt out = io->out_size < MOST ? (uInt) io->out_size : MOST;

	z->next_in = (Bytef *) (uintptr_t) io->in;
	z->avail_in = in;
	z->next_out = (Bytef *) io->out;
	z->avail_out = out;
	int r = function(z, flush);
	io->in += in - z->avail_in;
	io->in_size -= in - z->avail_in;
	io->out += out - z->avail_out;
	io->out_size -= out - z->avail_out;
	return r;
}

/* --- decoding --------------------------------------------------------------------------------- */

static bool hold(struct deflater *self, struct wok__coding_io *io)
{
	while (self->n_held < 2 && io->in_size > 0) {
		self->held[self->n_held++] = (unsigned char) *io->in++;
		io->in_size--;
	}
	return self->n_held == 2;
}

static int inside(struct deflater *self, int window)
{
	self->state = INSIDE;
	return inflateReset2(&self->z, window) == Z_OK ? 0 : -ENOMEM;
}

/* The bytes of zlib's header are a multiple of 31, and name the method 8. */
static bool has_wrapper(const unsigned char *bytes)
{
	return (bytes[0] & 0x0f) == 8 && bytes[0] >> 4 <= 7 && (bytes[0] << 8 | bytes[1]) % 31 == 0;
}

/* Look at what comes: 1 when there are not enough bytes to tell, or none of it is for us. */
static int begin(struct deflater *self, struct wok__coding_io *io)
{
	/* One byte that is not the magic's is enough to see garbage. */
	bool enough = hold(self, io);

	if (self->n_held == 0)
		return 1;
	if (self->state == BEGIN_DEFLATE) {
		self->codec.complete = false;
		return enough ? inside(self, has_wrapper(self->held) ? WINDOW : RAW_WINDOW) : 1;
	}
	if (self->held[0] != MAGIC_1 || (enough && self->held[1] != MAGIC_2)) {
		if (!self->again)
			return wok_fail(WOK_EPEER, "the body is not gzip");
		self->codec.over = self->codec.complete = true;
		return 1;
	}
	self->codec.complete = false;
	return enough ? inside(self, GZIP_WINDOW) : 1;
}

static int member_ended(struct deflater *self)
{
	self->codec.complete = true;
	self->again = true;
	self->state = BETWEEN;
	self->codec.over = !self->gzip;
	return 0;
}

static int inflate_some(struct deflater *self, struct wok__coding_io *io)
{
	int z = Z_OK;

	if (self->n_held > 0) {
		struct wok__coding_io head = {(char *) self->held, self->n_held, io->out,
					      io->out_size};
		z = run(&self->z, &head, inflate, Z_NO_FLUSH);
		io->out = head.out;
		io->out_size = head.out_size;
		self->n_held = 0; /* two bytes are less than any block: they have been taken */
	}
	if (z == Z_OK || z == Z_BUF_ERROR)
		z = run(&self->z, io, inflate, Z_NO_FLUSH);
	if (z == Z_STREAM_END)
		return member_ended(self);
	/* Z_BUF_ERROR: no input, or no room. */
	return z == Z_OK || z == Z_BUF_ERROR ? 0 : to_wok(z, self->gzip ? "gzip" : "deflate");
}

static int step_inflate(struct wok__codec *codec, struct wok__coding_io *io,
			enum wok__coding_mode mode)
{
	struct deflater *self = (struct deflater *) codec;

	(void) mode;
	while (!codec->over) {
		int r = self->state == INSIDE ? 0 : begin(self, io);
		if (r != 0)
			return r < 0 ? r : 0;
		WOK_TRY(inflate_some(self, io));
		/* It has used up what it got, or the room for what comes out. */
		if (self->state == INSIDE)
			return 0;
	}
	return 0;
}

static void free_inflate(struct wok__codec *codec)
{
	struct deflater *self = (struct deflater *) codec;

	(void) inflateEnd(&self->z);
	wok_free(self);
}

static int new_decoder(bool gzip, struct wok__codec **ret_codec)
{
	static const struct wok__codec_ops ops = {step_inflate, free_inflate};
	struct deflater *self = make(&ops);

	if (!self)
		return -ENOMEM;
	self->gzip = gzip;
	self->state = gzip ? BETWEEN : BEGIN_DEFLATE;
	if (inflateInit2(&self->z, gzip ? GZIP_WINDOW : WINDOW) != Z_OK) {
		wok_free(self);
		return -ENOMEM;
	}
	*ret_codec = &self->codec;
	return 0;
}

static int gzip_decoder(struct wok__codec **ret_codec)
{
	return new_decoder(true, ret_codec);
}

static int deflate_decoder(struct wok__codec **ret_codec)
{
	return new_decoder(false, ret_codec);
}

/* --- encoding --------------------------------------------------------------------------------- */

static int step_deflate(struct wok__codec *codec, struct wok__coding_io *io,
			enum wok__coding_mode mode)
{
	static const int flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
	struct deflater *self = (struct deflater *) codec;
	int z = run(&self->z, io, deflate, flushes[mode]);

	if (z != Z_OK && z != Z_BUF_ERROR && z != Z_STREAM_END)
		return wok_fail(-EIO, "zlib: deflate() failed with %d", z);
	if (mode == WOK__CODING_END)
		return z == Z_STREAM_END;
	/* Room that is left means that nothing is held back. */
	return io->in_size == 0 && io->out_size > 0;
}

static void free_deflate(struct wok__codec *codec)
{
	struct deflater *self = (struct deflater *) codec;

	(void) deflateEnd(&self->z);
	wok_free(self);
}

static int new_encoder(int window, int level, struct wok__codec **ret_codec)
{
	static const struct wok__codec_ops ops = {step_deflate, free_deflate};
	struct deflater *self = make(&ops);

	if (!self)
		return -ENOMEM;
	if (deflateInit2(&self->z, level, Z_DEFLATED, window, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
	    Z_OK) {
		wok_free(self);
		return -ENOMEM;
	}
	*ret_codec = &self->codec;
	return 0;
}

static int gzip_encoder(int level, struct wok__codec **ret_codec)
{
	return new_encoder(GZIP_WINDOW, level, ret_codec);
}

static int deflate_encoder(int level, struct wok__codec **ret_codec)
{
	return new_encoder(WINDOW, level, ret_codec);
}

const struct wok__coding_kind wok__coding_gzip = {
	.name = "gzip",
	.level = 6,
	.least = 1,
	.most = 9,
	.decoder = gzip_decoder,
	.encoder = gzip_encoder,
};

const struct wok__coding_kind wok__coding_deflate = {
	.name = "deflate",
	.level = 6,
	.least = 1,
	.most = 9,
	.decoder = deflate_decoder,
	.encoder = deflate_encoder,
};
#else
const struct wok__coding_kind wok__coding_gzip = {0}, wok__coding_deflate = {0};
#endif
