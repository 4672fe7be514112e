/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_LIST_H
#define WOK_BASE_LIST_H
/*
 * An intrusive, circular, doubly linked list: the nodes are members of what is linked, so linking
 * allocates nothing. The list itself is a node that is never an element.
 */
#include <stdbool.h>
#include <stddef.h>

struct wok__node {
	struct wok__node *next;
	struct wok__node *prev;
};

struct wok__list {
	struct wok__node head;
};

#define WOK__CONTAINER(pointer, type, member)                                                      \
	((type *) (void *) ((char *) (pointer) - offsetof(type, member)))

/* Each element of a list in turn; the element may be unlinked in the body, others may not. */
#define WOK__LIST_EACH(node, list)                                                                 \
	for (struct wok__node *node = (list)->head.next, *node##_next = node->next;                \
	     node != &(list)->head; node = node##_next, node##_next = node->next)

static inline void wok__list_init(struct wok__list *list)
{
	list->head.next = list->head.prev = &list->head;
}

static inline bool wok__list_empty(const struct wok__list *list)
{
	return list->head.next == &list->head;
}

static inline void wok__list_insert_before(struct wok__node *where, struct wok__node *node)
{
	node->prev = where->prev;
	node->next = where;
	where->prev->next = node;
	where->prev = node;
}

static inline void wok__list_push_back(struct wok__list *list, struct wok__node *node)
{
	wok__list_insert_before(&list->head, node);
}

static inline void wok__list_push_front(struct wok__list *list, struct wok__node *node)
{
	wok__list_insert_before(list->head.next, node);
}

/* A node that is in no list, which may be removed all the same. */
static inline void wok__list_init_node(struct wok__node *node)
{
	node->next = node->prev = node;
}

/* A node that was unlinked points to itself, so unlinking it again does nothing. */
static inline void wok__list_remove(struct wok__node *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = node;
}

static inline struct wok__node *wok__list_first(const struct wok__list *list)
{
	return wok__list_empty(list) ? NULL : list->head.next;
}

static inline struct wok__node *wok__list_pop(struct wok__list *list)
{
	struct wok__node *node = wok__list_first(list);
	if (node)
		wok__list_remove(node);
	return node;
}

/* Move all of from to the end of to. */
static inline void wok__list_move(struct wok__list *to, struct wok__list *from)
{
	if (wok__list_empty(from))
		return;
	struct wok__node *first = from->head.next, *last = from->head.prev;
	first->prev = to->head.prev;
	to->head.prev->next = first;
	last->next = &to->head;
	to->head.prev = last;
	wok__list_init(from);
}

/* Move what stands behind node, which is in from or its head, to the begin of another list. */
static inline void wok__list_move_rest(struct wok__list *to, struct wok__list *from,
				       struct wok__node *node)
{
	struct wok__node *first = node->next, *last = from->head.prev;

	if (first == &from->head)
		return;
	node->next = &from->head;
	from->head.prev = node;
	first->prev = &to->head;
	last->next = to->head.next;
	to->head.next->prev = last;
	to->head.next = first;
}
#endif
