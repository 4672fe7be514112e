/* SPDX-License-Identifier: MIT */
#ifndef WOK_WOK_H
#define WOK_WOK_H

/* All of libwok. HTTP has its own header and library: wok/http.h, libwok-http. */
#include <wok/base.h>
#include <wok/error.h>
#include <wok/event.h>
#include <wok/fd.h>
#include <wok/lock.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/net.h>
#include <wok/process_pool.h>
#include <wok/remote.h>
#include <wok/scope.h>
#include <wok/semaphore.h>
#include <wok/stream.h>
#include <wok/task.h>
#include <wok/timeout.h>
#include <wok/worker.h>

#endif
