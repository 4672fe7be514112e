/* SPDX-License-Identifier: MIT */
/*
 * Containers as parameters: see wok/pg_array.h. In binary form if each element has one that is
 * known here, or else as a literal that the server reads.
 */
#include "db/postgres/types/catalog.h"
#include "db/postgres/types/container.h"
#include "db/postgres/types/encode.h"

static wok_value native(unsigned form, const void *data, size_t size)
{
	if (!data)
		return wok_value_null();
	return (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = (uint8_t) form,
		.size = size,
		.data = data,
	};
}

wok_value wok_pg_array(const wok_pg_list *list)
{
	size_t product = 1;

	if (!list || list->dimensions <= 1)
		return native(WOK__PG_FORM_ARRAY, list, 0);
	for (size_t i = 0; i < list->dimensions && list->dimensions <= 6; i++) {
		if (__builtin_mul_overflow(product, list->lengths[i], &product))
			product = SIZE_MAX;
	}
	if (list->dimensions > 6 || product != list->count)
		return (wok_value){.kind = WOK_VALUE_WRONG};
	return native(WOK__PG_FORM_ARRAY, list, 0);
}

wok_value wok_pg_ints(const int64_t *integers, size_t count)
{
	return native(WOK__PG_FORM_INTS, integers, count);
}

wok_value wok_pg_doubles(const double *reals, size_t count)
{
	return native(WOK__PG_FORM_DOUBLES, reals, count);
}

wok_value wok_pg_texts(const char *const *texts, size_t count)
{
	return native(WOK__PG_FORM_TEXTS, texts, count);
}

wok_value wok_pg_record(const wok_args *fields)
{
	return native(WOK__PG_FORM_RECORD, fields, 0);
}

wok_value wok_pg_range(const wok_pg_bounds *bounds)
{
	return native(WOK__PG_FORM_RANGE, bounds, 1);
}

wok_value wok_pg_multirange(const wok_pg_bounds *ranges, size_t count)
{
	return native(WOK__PG_FORM_MULTIRANGE, ranges, count);
}

static bool is_array(const wok_value *value)
{
	return value->kind == WOK_VALUE_OWN && value->format >= WOK__PG_FORM_ARRAY &&
	       value->format <= WOK__PG_FORM_TEXTS;
}

bool wok__pg_own_container(const wok_value *value)
{
	return value->kind == WOK_VALUE_OWN && value->format >= WOK__PG_FORM_ARRAY;
}

struct wok__pg_list wok__pg_list_of(const wok_value *array)
{
	struct wok__pg_list list = {.array = array, .list.count = array->size};

	if (array->format == WOK__PG_FORM_ARRAY)
		list.list = *(const wok_pg_list *) array->data;
	return list;
}

wok_value wok__pg_list_at(const struct wok__pg_list *list, size_t index)
{
	const void *data = list->array->data;

	switch (list->array->format) {
	case WOK__PG_FORM_INTS:
		return wok_value_int(((const int64_t *) data)[index]);
	case WOK__PG_FORM_DOUBLES:
		return wok_value_double(((const double *) data)[index]);
	case WOK__PG_FORM_TEXTS:
		return wok_value_text(((const char *const *) data)[index]);
	default:
		return list->list.values ? list->list.values[index] : wok_value_null();
	}
}

static struct wok__pg_dims shape_of(const struct wok__pg_list *list)
{
	struct wok__pg_dims shape = {.count = list->list.count};

	if (shape.count == 0)
		return shape;
	shape.dimensions = list->list.dimensions > 1 ? list->list.dimensions : 1;
	for (size_t i = 0; i < shape.dimensions; i++) {
		shape.lengths[i] = list->list.dimensions > 1 ? list->list.lengths[i] : shape.count;
		shape.lowers[i] = list->list.lowers ? list->list.lowers[i] : 1;
	}
	return shape;
}

int wok__pg_check_native(const struct wok__pg_target *target, const wok_value *value,
			 unsigned depth)
{
	const wok_pg_bounds *bounds = value->data;
	const wok_args *fields = value->data;
	char place[WOK__PG_PLACE];

	if (value->kind == WOK_VALUE_WRONG || depth == WOK__PG_MAX_DEPTH)
		return wok_fail(-EINVAL, "%s: within it is what is not a value",
				wok__pg_place(target->place, target->type, place));
	if (value->kind == WOK_VALUE_TEXT)
		return wok__pg_check_text(target, value->text, value->size);
	if (!wok__pg_own_container(value))
		return 0;
	if (is_array(value)) {
		const struct wok__pg_list list = wok__pg_list_of(value);

		for (size_t i = 0; i < list.list.count; i++) {
			const wok_value element = wok__pg_list_at(&list, i);

			WOK_TRY(wok__pg_check_native(target, &element, depth + 1));
		}
		return 0;
	}
	for (size_t i = 0; value->format == WOK__PG_FORM_RECORD && i < fields->count; i++)
		WOK_TRY(wok__pg_check_native(target, &fields->values[i], depth + 1));
	for (size_t i = 0; value->format != WOK__PG_FORM_RECORD && i < value->size; i++) {
		if (bounds[i].lower)
			WOK_TRY(wok__pg_check_native(target, bounds[i].lower, depth + 1));
		if (bounds[i].upper)
			WOK_TRY(wok__pg_check_native(target, bounds[i].upper, depth + 1));
	}
	return 0;
}

/* An array within an array is one dimension more, not a quoted element. */
static void write_array(struct wok__pg_writer *writer, const wok_value *value)
{
	const struct wok__pg_list list = wok__pg_list_of(value);
	const struct wok__pg_dims shape = shape_of(&list);

	if (shape.count == 0)
		wok__pg_puts(writer, "{}");
	else
		wok__pg_write_lowers(writer, &shape);
	for (size_t i = 0; i < shape.count; i++) {
		const wok_value element = wok__pg_list_at(&list, i);

		wok__pg_write_before(writer, &shape, i, ',');
		if (element.kind == WOK_VALUE_NULL)
			wok__pg_puts(writer, "NULL");
		else if (is_array(&element))
			wok__pg_write_value(writer, &element);
		else
			wok__pg_write_quoted_value(writer, WOK__PG_ARRAY, ',', &element);
		wok__pg_write_after(writer, &shape, i);
	}
}

static void write_bounds(struct wok__pg_writer *writer, const wok_pg_bounds *bounds)
{
	if (bounds->empty) {
		wok__pg_puts(writer, "empty");
		return;
	}
	wok__pg_put(writer, bounds->exclusive_lower || !bounds->lower ? '(' : '[');
	if (bounds->lower && bounds->lower->kind != WOK_VALUE_NULL)
		wok__pg_write_quoted_value(writer, WOK__PG_RANGE, ',', bounds->lower);
	wok__pg_put(writer, ',');
	if (bounds->upper && bounds->upper->kind != WOK_VALUE_NULL)
		wok__pg_write_quoted_value(writer, WOK__PG_RANGE, ',', bounds->upper);
	wok__pg_put(writer, bounds->inclusive_upper && bounds->upper ? ']' : ')');
}

static void write_record(struct wok__pg_writer *writer, const wok_args *fields)
{
	wok__pg_put(writer, '(');
	for (size_t i = 0; i < fields->count; i++) {
		if (i > 0)
			wok__pg_put(writer, ',');
		if (fields->values[i].kind != WOK_VALUE_NULL)
			wok__pg_write_quoted_value(writer, WOK__PG_RECORD, ',', &fields->values[i]);
	}
	wok__pg_put(writer, ')');
}

void wok__pg_write_native(struct wok__pg_writer *writer, const wok_value *value)
{
	const wok_pg_bounds *bounds = value->data;

	if (writer->depth == WOK__PG_MAX_DEPTH) {
		wok__pg_put(writer, '?');
		return;
	}
	writer->depth++;
	if (is_array(value)) {
		write_array(writer, value);
	} else if (value->format == WOK__PG_FORM_RECORD) {
		write_record(writer, value->data);
	} else if (value->format == WOK__PG_FORM_RANGE) {
		write_bounds(writer, bounds);
	} else {
		wok__pg_put(writer, '{');
		for (size_t i = 0; i < value->size; i++) {
			if (i > 0)
				wok__pg_put(writer, ',');
			write_bounds(writer, &bounds[i]);
		}
		wok__pg_put(writer, '}');
	}
	writer->depth--;
}

/* One element with its length in front. */
static int build_element(const struct wok__pg_target *target, const wok_value *value)
{
	const int r = wok__pg_add_sized(target, value, wok__pg_add_binary);

	return r < 0 ? r : 0;
}

static int build_array(const struct wok__pg_target *target, const wok_value *value)
{
	const struct wok__pg_list list = wok__pg_list_of(value);
	const struct wok__pg_dims shape = shape_of(&list);
	struct wok__pg_target within = *target;
	bool nulls = false;

	within.type = wok__pg_type_find(target->types, target->type->element);
	within.depth++;
	if (!within.type)
		return -EINVAL;
	wok__pg_buffer_int32(target->out, (uint32_t) shape.dimensions);
	const size_t flag = target->out->size;
	wok__pg_buffer_int32(target->out, 0);
	wok__pg_buffer_int32(target->out, target->type->element);
	for (size_t i = 0; i < shape.dimensions; i++) {
		if (shape.lengths[i] > INT32_MAX)
			return -EMSGSIZE;
		wok__pg_buffer_int32(target->out, (uint32_t) shape.lengths[i]);
		wok__pg_buffer_int32(target->out, (uint32_t) shape.lowers[i]);
	}
	for (size_t i = 0; i < shape.count; i++) {
		const wok_value element = wok__pg_list_at(&list, i);

		if (is_array(&element))
			return -EINVAL; /* a dimension more: the literal has it */
		nulls = nulls || element.kind == WOK_VALUE_NULL;
		WOK_TRY(build_element(&within, &element));
	}
	wok__pg_buffer_patch(target->out, flag, nulls);
	return target->out->error;
}

static int build_record(const struct wok__pg_target *target, const wok_args *fields)
{
	const struct wok__pg_type *type = target->type;
	struct wok__pg_target within = *target;

	if (type->n_fields != fields->count)
		return -EINVAL; /* the server says it better */
	within.depth++;
	wok__pg_buffer_int32(target->out, (uint32_t) fields->count);
	for (size_t i = 0; i < fields->count; i++) {
		within.type = wok__pg_type_find(target->types, type->fields[i].type);
		if (!within.type)
			return -EINVAL;
		wok__pg_buffer_int32(target->out, type->fields[i].type);
		WOK_TRY(build_element(&within, &fields->values[i]));
	}
	return target->out->error;
}

static bool is_finite(const wok_value *bound)
{
	return bound && bound->kind != WOK_VALUE_NULL;
}

static int build_range(const struct wok__pg_target *target, const wok_pg_bounds *bounds)
{
	struct wok__pg_target within = *target;
	unsigned flags = 0;

	within.type = wok__pg_type_find(target->types, target->type->element);
	within.depth++;
	if (!within.type)
		return -EINVAL;
	if (bounds->empty) {
		wok__pg_buffer_byte(target->out, WOK__PG_RANGE_EMPTY);
		return target->out->error;
	}
	if (!is_finite(bounds->lower))
		flags |= WOK__PG_RANGE_LOWER_INFINITE;
	else if (!bounds->exclusive_lower)
		flags |= WOK__PG_RANGE_LOWER_INCLUSIVE;
	if (!is_finite(bounds->upper))
		flags |= WOK__PG_RANGE_UPPER_INFINITE;
	else if (bounds->inclusive_upper)
		flags |= WOK__PG_RANGE_UPPER_INCLUSIVE;
	wok__pg_buffer_byte(target->out, (uint8_t) flags);
	if (is_finite(bounds->lower))
		WOK_TRY(build_element(&within, bounds->lower));
	if (is_finite(bounds->upper))
		WOK_TRY(build_element(&within, bounds->upper));
	return target->out->error;
}

static int build_multirange(const struct wok__pg_target *target, const wok_value *value)
{
	const wok_pg_bounds *bounds = value->data;
	struct wok__pg_target within = *target;

	within.type = wok__pg_type_find(target->types, target->type->element);
	if (!within.type)
		return -EINVAL;
	wok__pg_buffer_int32(target->out, (uint32_t) value->size);
	for (size_t i = 0; i < value->size; i++) {
		const size_t begin = target->out->size;

		wok__pg_buffer_int32(target->out, 0);
		WOK_TRY(build_range(&within, &bounds[i]));
		wok__pg_buffer_patch(target->out, begin,
				     (uint32_t) (target->out->size - begin - 4));
	}
	return target->out->error;
}

int wok__pg_build_container(const struct wok_pg_types *types, ssize_t place,
			    const struct wok__pg_type *type, const wok_value *value,
			    struct wok__pg_buffer *out, unsigned depth)
{
	const struct wok__pg_target target = {
		.types = types,
		.place = place,
		.type = type,
		.out = out,
		.depth = depth,
	};

	if (depth == WOK__PG_MAX_DEPTH)
		return -EINVAL;
	if (is_array(value) && type->kind == WOK__PG_ARRAY)
		return build_array(&target, value);
	if (value->format == WOK__PG_FORM_RECORD && type->kind == WOK__PG_RECORD)
		return build_record(&target, value->data);
	if (value->format == WOK__PG_FORM_RANGE && type->kind == WOK__PG_RANGE)
		return build_range(&target, value->data);
	if (value->format == WOK__PG_FORM_MULTIRANGE && type->kind == WOK__PG_MULTIRANGE)
		return build_multirange(&target, value);
	return -EINVAL;
}
