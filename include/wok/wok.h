/* SPDX-License-Identifier: MIT */
#ifndef WOK_WOK_H
#define WOK_WOK_H

/* All of libwok. HTTP has its own header and library: wok/http.h, libwok-http. */
#include <wok/address.h>
#include <wok/barrier.h>
#include <wok/base.h>
#include <wok/big_stack.h>
#include <wok/channel.h>
#include <wok/condition.h>
#include <wok/coro.h>
#include <wok/dir.h>
#include <wok/disk.h>
#include <wok/dump.h>
#include <wok/error.h>
#include <wok/event.h>
#include <wok/fd.h>
#include <wok/file.h>
#include <wok/fs.h>
#include <wok/future.h>
#include <wok/generator.h>
#include <wok/interval.h>
#include <wok/local.h>
#include <wok/lock.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/net.h>
#include <wok/process.h>
#include <wok/process_pool.h>
#include <wok/queue.h>
#include <wok/rate.h>
#include <wok/remote.h>
#include <wok/run_threads.h>
#include <wok/rwlock.h>
#include <wok/scope.h>
#include <wok/semaphore.h>
#include <wok/signal.h>
#include <wok/standard.h>
#include <wok/stream.h>
#include <wok/task.h>
#include <wok/temp.h>
#include <wok/thread.h>
#include <wok/thread_pool.h>
#include <wok/timeout.h>
#include <wok/udp.h>
#include <wok/unix.h>
#include <wok/utf8.h>
#include <wok/wait.h>
#include <wok/watch.h>
#include <wok/whole_file.h>
#include <wok/worker.h>

#endif
