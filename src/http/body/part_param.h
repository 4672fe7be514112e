/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_BODY_PART_PARAM_H
#define WOK_HTTP_BODY_PART_PARAM_H
/* Parameters of a part's fields, as browsers write them: form-data; name="a"; filename="b". */

/*
 * A parameter by name, in any case: 1, with a copy that is to be freed, escapes undone; 0 if it is
 * not there; -EINVAL if there are two, or if any is malformed; -ENOMEM.
 */
int wok__part_param(const char *value, const char *name, char **ret_text);
#endif
