/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_FRAME_H
#define WOK_BASE_FRAME_H

/*
 * For what is rarely called, or needs much stack or setting up. In line, its variables would lie in
 * the frame of who waits, on the stack of each task that does.
 */
#define WOK__OUT_OF_LINE __attribute__((noinline))

#endif
