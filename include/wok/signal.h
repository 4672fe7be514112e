/* SPDX-License-Identifier: MIT */
#ifndef WOK_SIGNAL_H
#define WOK_SIGNAL_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Signals to wait for. As long as it lives the signals of its set do not do what they would do
 * otherwise: they are kept until they are asked for. Several signals of one kind that came before
 * anybody asked are one; of several kinds none is lost. Each object hears of each signal, in
 * whatever loops and threads they are.
 *
 * SIGINT in the set is no longer what ends a run. What a signal did before, it does again when the
 * last object that has it is freed; what nobody has asked for by then is dropped.
 */
typedef struct wok_signals wok_signals;

/**
 * Begin to keep signals.
 *
 * numbers:    n of them: SIGTERM, SIGHUP ...
 * Returns:    0; -EINVAL for one that cannot be waited for: SIGKILL and SIGSTOP, what a fault of
 *             the program raises, and SIGPIPE, instead of which there is -EPIPE; -ENFILE if there
 *             are 1024 objects in the process; -EMFILE; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_signals_new(const int *numbers, size_t n, wok_signals **ret_signals) WOK_MUST_CHECK;

/**
 * Wait for a signal of the set.
 *
 * ret_number: which one; of several that are there, the lowest number
 * Returns:    1; -ECANCELED, with no signal lost; -EBUSY if another task waits; -EINVAL for another
 *             loop's
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_signals_next(wok_signals *signals, int *ret_number) WOK_MUST_CHECK;

/**
 * Stop keeping signals. No task may be in a call.
 *
 * signals:    NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's; after its end, any
 */
void wok_signals_free(wok_signals *signals);
WOK_DEFINE_AUTO(wok_signals)

/**
 * Wait for one signal, once. One that comes before the call, or after it, does what it does without
 * wok: whoever waits again and again wants a wok_signals.
 *
 * Returns:    0; -ECANCELED; as wok_signals_new()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_signal_wait(int number) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
