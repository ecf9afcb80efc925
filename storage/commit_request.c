/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit_request.h"

#include <stdlib.h>

const char *commit_result_code(enum commit_result result)
{
	static const char *const code[COMMIT_N_RESULTS_] = {
		[COMMIT_DONE] = "ok",
		[COMMIT_PENDING] = "pending",
		[COMMIT_BAD_REQUEST] = "bad-request",
		[COMMIT_NOT_FOUND] = "not-found",
		[COMMIT_CONDITION_FAILED] = "condition-failed",
		[COMMIT_NOT_LEADER] = "not-leader",
		[COMMIT_DAMAGED] = "damaged",
		[COMMIT_FENCED] = "fenced",
		[COMMIT_TOO_LARGE] = "too-large",
		[COMMIT_BUSY] = "busy",
		[COMMIT_INTERNAL] = "internal",
		[COMMIT_ABORTED] = "aborted",
		[COMMIT_STORAGE_FAILED] = "storage-failed",
		[COMMIT_STORAGE_FULL] = "storage-full",
		[COMMIT_OUTCOME_UNKNOWN] = "outcome-unknown",
	};

	return code[result];
}

void request_list_init(struct request_list *l)
{
	*l = (struct request_list){ .tail = &l->head };
}

void request_list_push(struct request_list *l, struct request *r)
{
	r->next = NULL;
	*l->tail = r;
	l->tail = &r->next;
	l->n++;
}

struct request *request_list_pop(struct request_list *l)
{
	struct request *r = l->head;

	if (!r)
		return NULL;
	l->head = r->next;
	if (!l->head)
		l->tail = &l->head;
	l->n--;
	return r;
}

void request_list_prepend(struct request_list *to, struct request_list *from)
{
	if (!from->head)
		return;
	*from->tail = to->head;
	if (to->head)
		from->tail = to->tail;
	to->head = from->head;
	to->tail = from->tail;
	to->n += from->n;
	request_list_init(from);
}

void request_free(struct request *r)
{
	if (!r)
		return;
	pointer_free(r->pointer);
	pointer_free(r->removed);
	free(r);
}

void request_list_free(struct request_list *l)
{
	struct request *r;

	while ((r = request_list_pop(l)))
		request_free(r);
}
