/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_EMBED_H
#define WOK_LOOP_EMBED_H
/*
 * A loop inside of a foreign loop, which watches one descriptor and calls a step when that is
 * readable.
 */
#include "loop/loop.h"

/* The descriptor, made at the first call; -errno. */
int wok__loop_embed(wok_loop *loop);
void wok__loop_unembed(wok_loop *loop);

/* Before a step, and after it. */
void wok__loop_embed_enter(wok_loop *loop);
void wok__loop_embed_leave(wok_loop *loop);
#endif
