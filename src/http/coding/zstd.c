/* SPDX-License-Identifier: MIT */
/*
 * zstd, by Facebook's zstd (RFC 8878). A body may have several frames; what follows the last one
 * and is none is an error.
 */
#include <wok/error.h>

#include "base/memory.h"
#include "http/coding/coding.h"

#ifdef WOK__WITH_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

enum {
	/* What a frame may demand of us: 8 MiB, as RFC 9659 has it for HTTP. */
	WINDOW_MAX = 23,
	/* What ours demand, and cost us: 512 KiB. */
	WINDOW = 19,
};

struct zstd {
	struct wok__codec codec;
	ZSTD_DCtx *decoder;
	ZSTD_CCtx *encoder;
};

static int to_wok(size_t z)
{
	ZSTD_ErrorCode error = ZSTD_getErrorCode(z);

	if (error == ZSTD_error_memory_allocation)
		return -ENOMEM;
	if (error == ZSTD_error_frameParameter_windowTooLarge)
		return wok_fail(WOK_ELIMIT, "the zstd data needs a window of more than 8 MiB");
	return wok_fail(WOK_EPEER, "the zstd data is corrupt: %s", ZSTD_getErrorString(error));
}

static int step_decoder(struct wok__codec *codec, struct wok__coding_io *io,
			enum wok__coding_mode mode)
{
	struct zstd *self = (struct zstd *) codec;
	bool more = true;

	(void) mode;
	while (more) {
		ZSTD_inBuffer in = {io->in, io->in_size, 0};
		ZSTD_outBuffer out = {io->out, io->out_size, 0};
		if (codec->complete && in.size == 0)
			return 0; /* a call without input would begin a frame */
		size_t z = ZSTD_decompressStream(self->decoder, &out, &in);
		if (ZSTD_isError(z))
			return to_wok(z);
		codec->complete = z == 0;
		io->in += in.pos;
		io->in_size -= in.pos;
		io->out += out.pos;
		io->out_size -= out.pos;
		more = io->in_size > 0 && io->out_size > 0 && (in.pos > 0 || out.pos > 0);
	}
	return 0;
}

static int step_encoder(struct wok__codec *codec, struct wok__coding_io *io,
			enum wok__coding_mode mode)
{
	static const ZSTD_EndDirective directives[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
	struct zstd *self = (struct zstd *) codec;
	ZSTD_inBuffer in = {io->in, io->in_size, 0};
	ZSTD_outBuffer out = {io->out, io->out_size, 0};

	size_t z = ZSTD_compressStream2(self->encoder, &out, &in, directives[mode]);
	if (ZSTD_isError(z))
		return to_wok(z);
	io->in += in.pos;
	io->in_size -= in.pos;
	io->out += out.pos;
	io->out_size -= out.pos;
	/* While it goes on, what is left is only an estimate of what it holds back. */
	return io->in_size == 0 && (mode == WOK__CODING_MORE || z == 0);
}

static void free_zstd(struct wok__codec *codec)
{
	struct zstd *self = (struct zstd *) codec;

	(void) ZSTD_freeDCtx(self->decoder);
	(void) ZSTD_freeCCtx(self->encoder);
	wok_free(self);
}

static int new_decoder(struct wok__codec **ret_codec)
{
	static const struct wok__codec_ops ops = {step_decoder, free_zstd};
	struct zstd *self = wok__alloc_zeroed(sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->codec.ops = &ops;
	self->codec.complete = true; /* of nothing */
	self->decoder = ZSTD_createDCtx();
	if (!self->decoder) {
		wok_free(self);
		return -ENOMEM;
	}
	(void) ZSTD_DCtx_setParameter(self->decoder, ZSTD_d_windowLogMax, WINDOW_MAX);
	*ret_codec = &self->codec;
	return 0;
}

static int new_encoder(int level, struct wok__codec **ret_codec)
{
	static const struct wok__codec_ops ops = {step_encoder, free_zstd};
	struct zstd *self = wok__alloc_zeroed(sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->codec.ops = &ops;
	self->encoder = ZSTD_createCCtx();
	if (!self->encoder) {
		wok_free(self);
		return -ENOMEM;
	}
	(void) ZSTD_CCtx_setParameter(self->encoder, ZSTD_c_compressionLevel, level);
	(void) ZSTD_CCtx_setParameter(self->encoder, ZSTD_c_windowLog, WINDOW);
	(void) ZSTD_CCtx_setParameter(self->encoder, ZSTD_c_checksumFlag, 1);
	*ret_codec = &self->codec;
	return 0;
}

const struct wok__coding_kind wok__coding_zstd = {
	.name = "zstd",
	.level = 3,
	.least = 1,
	.most = 19,
	.decoder = new_decoder,
	.encoder = new_encoder,
};
#else
const struct wok__coding_kind wok__coding_zstd = {0};
#endif
