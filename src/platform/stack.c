/* SPDX-License-Identifier: MIT */
/* Stacks: see platform/stack.h. */
#include "platform/stack.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#include <wok/base.h>

#include "base/memory.h"
#include "platform/sys.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
	GUARD_SIZE = 16384,    /* larger than most frames, so that none steps over it */
	ARENA_SIZE = 64 << 20, /* address space, not memory */
	MPROTECT_MAX = 16384,  /* two mappings each; the default limit of a process is 65,530 */
	COLORS = 16,           /* how many offsets stack tops have ... */
	COLOR_STEP = 64,       /* ... and by how much they differ: a cache line */
	KEEP = 16,             /* free stacks whose memory is never given back */
	GUARDS_AT_ONCE = 64,
};

/* One mapping, cut into slots: guard, then stack. */
struct arena {
	struct arena *next;
	char *base;
	size_t size;
	size_t n;
	size_t used;    /* slots that were taken at least once */
	size_t guarded; /* slots whose guards were installed, some of them in advance */
	struct wok__stack stacks[];
};

struct wok__stack_class {
	struct wok__stack_class *next;
	size_t size;          /* of the part above the guard */
	struct arena *arenas; /* the newest, which may have unused slots, in front */
	/* Free stacks, the hottest last. Those below `trimmed` hold no memory. */
	struct wok__stack **free;
	size_t n_free;
	size_t capacity;
	size_t trimmed;
	size_t low_water; /* the least n_free since the last trim: what was not needed */
	size_t n_stacks;
};

const char *wok__guard_name(enum wok__guard guard)
{
	switch (guard) {
	case WOK__GUARD_MADVISE:
		return "guard pages";
	case WOK__GUARD_MPROTECT:
		return "mprotect";
	case WOK__GUARD_CANARY:
		return "canary";
	case WOK__GUARD_NONE:
		break;
	}
	return "none";
}

/*
 * Whether MADV_GUARD_INSTALL really guards. Emulators return 0 for advice that they do not know, so
 * it takes a fault to find out: the kernel's own write to the page fails with EFAULT.
 */
static bool madvise_guards(void)
{
	size_t page = (size_t) sysconf(_SC_PAGESIZE);
	char *probe = mmap(NULL, page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (probe == MAP_FAILED)
		return false;
	bool works = madvise(probe, page, MADV_GUARD_INSTALL) == 0 &&
		     getrandom(probe, 1, GRND_NONBLOCK) < 0 && errno == EFAULT;
	munmap(probe, page);
	return works;
}

void wok__stacks_open(struct wok__stacks *stacks)
{
	*stacks = (struct wok__stacks){0};
	stacks->best = madvise_guards() ? WOK__GUARD_MADVISE : WOK__GUARD_MPROTECT;
}

static void destroy_arena(struct arena *arena)
{
	for (size_t i = 0; i < arena->used; i++)
		wok__fiber_destroy(&arena->stacks[i].fiber);
	munmap(arena->base, arena->size);
	wok_free(arena);
}

void wok__stacks_close(struct wok__stacks *stacks)
{
	while (stacks->classes) {
		struct wok__stack_class *class = stacks->classes;
		stacks->classes = class->next;
		while (class->arenas) {
			struct arena *arena = class->arenas;
			class->arenas = arena->next;
			destroy_arena(arena);
		}
		wok_free(class->free);
		wok_free(class);
	}
}

static struct wok__stack_class *find_class(struct wok__stacks *stacks, size_t size)
{
	for (struct wok__stack_class *class = stacks->classes; class; class = class->next)
		if (class->size == size)
			return class;
	struct wok__stack_class *class = wok__alloc_zeroed(sizeof(*class));
	if (!class)
		return NULL;
	class->size = size;
	class->next = stacks->classes;
	stacks->classes = class;
	return class;
}

static struct arena *add_arena(struct wok__stack_class *class)
{
	size_t slot = class->size + GUARD_SIZE;
	size_t n = slot < ARENA_SIZE ? ARENA_SIZE / slot : 1;
	struct arena *arena = wok__alloc_zeroed(sizeof(*arena) + n * sizeof(arena->stacks[0]));

	/* Room on the free list for every stack there is, so that giving one back cannot fail. */
	if (!arena || wok__grow((void **) &class->free, &class->capacity, class->n_stacks + n,
				sizeof(struct wok__stack *)) < 0)
		goto fail;
	arena->n = n;
	arena->size = n * slot;
	arena->base = mmap(NULL, arena->size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (arena->base == MAP_FAILED)
		goto fail;
	/* One touch of a huge page would make 2 MiB of 4 KiB. */
	(void) madvise(arena->base, arena->size, MADV_NOHUGEPAGE);
	arena->next = class->arenas;
	class->arenas = arena;
	class->n_stacks += n;
	return arena;
fail:
	wok_free(arena);
	return NULL;
}

static char *slot(const struct wok__stack_class *class, const struct arena *arena, size_t index)
{
	return arena->base + index * (class->size + GUARD_SIZE);
}

/*
 * Install the guards of the slots from index on: the more stacks there are already, the more at
 * once, for a system call each is a fifth of what a new stack costs. Returns whether index has one.
 */
static bool install_guards(const struct wok__stack_class *class, struct arena *arena, size_t index)
{
	struct iovec guards[GUARDS_AT_ONCE];
	size_t n = 0, most = index < GUARDS_AT_ONCE ? index : GUARDS_AT_ONCE;

	if (index < arena->guarded)
		return true;
	for (; n < most && index + n < arena->n; n++)
		guards[n] = (struct iovec){slot(class, arena, index + n), GUARD_SIZE};
	ssize_t done = n > 1 ? wok__sys_madvise_all(guards, n, MADV_GUARD_INSTALL) : -1;
	if (done < GUARD_SIZE)
		done = madvise(slot(class, arena, index), GUARD_SIZE, MADV_GUARD_INSTALL) == 0
			       ? GUARD_SIZE
			       : 0;
	arena->guarded = index + (size_t) done / GUARD_SIZE;
	return done > 0;
}

static enum wok__guard make_guard(struct wok__stacks *stacks, struct wok__stack *stack,
				  struct arena *arena, size_t index)
{
	char *guard = stack->low - GUARD_SIZE;

	if (stacks->best == WOK__GUARD_MADVISE && install_guards(stack->class, arena, index))
		return WOK__GUARD_MADVISE;
	if (stacks->mprotected < MPROTECT_MAX && !mprotect(guard, GUARD_SIZE, PROT_NONE)) {
		stacks->mprotected++;
		return WOK__GUARD_MPROTECT;
	}
	stacks->best = WOK__GUARD_CANARY;
	*(uint64_t *) (void *) stack->low = WOK__STACK_CANARY;
	return WOK__GUARD_CANARY;
}

static struct wok__stack *take_new(struct wok__stacks *stacks, struct wok__stack_class *class)
{
	struct arena *arena = class->arenas;

	if (!arena || arena->used == arena->n)
		arena = add_arena(class);
	if (!arena)
		return NULL;
	size_t index = arena->used++;
	struct wok__stack *stack = &arena->stacks[index];
	stack->class = class;
	stack->low = slot(class, arena, index) + GUARD_SIZE;
	stack->size = class->size;
	stack->color = (unsigned) (index % COLORS) * COLOR_STEP;
	stack->guard = make_guard(stacks, stack, arena, index);
	wok__fiber_create(&stack->fiber, stack->low, stack->size);
	stacks->mapped++;
	return stack;
}

struct wok__stack *wok__stack_take(struct wok__stacks *stacks, size_t size)
{
	struct wok__stack_class *class = stacks->classes;

	if (!class || class->size != size)
		class = find_class(stacks, size);
	if (!class)
		return NULL;
	struct wok__stack *stack;
	if (class->n_free > 0) {
		stack = class->free[--class->n_free];
		if (class->n_free < class->low_water)
			class->low_water = class->n_free;
		if (class->n_free < class->trimmed)
			class->trimmed = class->n_free;
		wok__fiber_reset(&stack->fiber, stack->low, stack->size);
	} else {
		stack = take_new(stacks, class);
	}
	if (stack)
		stacks->in_use++;
	return stack;
}

void wok__stack_give(struct wok__stacks *stacks, struct wok__stack *stack)
{
	struct wok__stack_class *class = stack->class;

	class->free[class->n_free++] = stack;
	stacks->in_use--;
}

static void release_memory(struct wok__stack *stack)
{
	/* The canary would go with the page, so such a stack keeps its lowest one. */
	size_t keep = stack->guard == WOK__GUARD_CANARY ? (size_t) sysconf(_SC_PAGESIZE) : 0;

	(void) madvise(stack->low + keep, stack->size - keep, MADV_DONTNEED);
}

void wok__stack_trim_below(const struct wok__stack *stack, const void *frame)
{
	enum { NEAR = 1024 }; /* this frame, and what a compiler keeps below one */
	size_t page = (size_t) sysconf(_SC_PAGESIZE);
	char *from = stack->low + (stack->guard == WOK__GUARD_CANARY ? page : 0);
	char *to = (char *) (((uintptr_t) frame - NEAR) & ~(uintptr_t) (page - 1));

	/* The frame lies elsewhere when a big stack is in use. */
	if ((const char *) frame > stack->low && (const char *) frame <= stack->low + stack->size &&
	    to > from)
		(void) madvise(from, (size_t) (to - from), MADV_DONTNEED);
}

static bool trim_class(struct wok__stack_class *class)
{
	size_t unneeded = class->low_water < class->n_free ? class->low_water : class->n_free;

	while (class->trimmed + KEEP < unneeded)
		release_memory(class->free[class->trimmed++]);
	class->low_water = class->n_free;
	return class->trimmed + KEEP < class->n_free;
}

bool wok__stacks_trim(struct wok__stacks *stacks)
{
	bool more = false;

	for (struct wok__stack_class *class = stacks->classes; class; class = class->next)
		more |= trim_class(class);
	return more;
}

bool wok__stack_guards(const struct wok__stack *stack, const void *address)
{
	const char *at = address;

	return at >= stack->low - GUARD_SIZE && at < stack->low;
}
