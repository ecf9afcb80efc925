/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/job.h"

#include <stdlib.h>
#include <string.h>

#include "readiness/key_group.h"

void job_done(struct job *j)
{
	for (size_t i = 0; i < j->n_vertices; i++)
		free(j->vertices[i].name);
	for (size_t i = 0; i < j->n_operators; i++) {
		free(j->operators[i].name);
		free(j->operators[i].uid);
	}
	free(j->vertices);
	free(j->operators);
	free(j->name);
	free(j->state);
	free(j->checkpointing.dir);
	free(j->taken.path);
	free(j->restore.path);
	free(j->restore.operators);
	*j = (struct job){ .name = NULL };
}

/* Without regard to case: option values are lower case, class names are not. */
static bool holds(const char *text, const char *word)
{
	for (; *text; text++) {
		size_t i = 0;

		while (word[i] && text[i] && (text[i] | 0x20) == word[i])
			i++;
		if (!word[i])
			return true;
	}
	return false;
}

enum job_backend job_backend_parse(const char *name)
{
	if (*name == '\0')
		return JOB_BACKEND_NOT_KNOWN;
	if (holds(name, "rocksdb"))
		return JOB_ROCKSDB;
	if (holds(name, "forst"))
		return JOB_FORST;
	if (holds(name, "hashmap") || holds(name, "memorystatebackend") ||
	    holds(name, "fsstatebackend"))
		return JOB_HASHMAP;
	return JOB_OTHER_BACKEND;
}

enum job_storage job_storage_parse(const char *name)
{
	if (*name == '\0')
		return JOB_STORAGE_NOT_KNOWN;
	if (holds(name, "jobmanager"))
		return JOB_IN_JOBMANAGER;
	if (holds(name, "filesystem"))
		return JOB_IN_FILES;
	return JOB_OTHER_STORAGE;
}

const char *job_backend_text(enum job_backend backend)
{
	static const char *const texts[] = { "a backend that is not known", "hashmap", "RocksDB",
		                             "ForSt", "a backend of its own" };

	return texts[backend];
}

enum restore_max job_guess_max(const struct job *j, const struct job_vertex *v)
{
	if (v->max_parallelism <= 0)
		return RESTORE_MAX_NOT_KNOWN;
	if (j->max_parallelism > 0)
		return RESTORE_MAX_SET;
	if (v->max_parallelism == key_group_default_max(v->parallelism))
		return j->max_parallelism < 0 ? RESTORE_MAX_BY_DEFAULT : RESTORE_MAX_NOT_KNOWN;
	/* Set for the operator, or taken over with state that Flink went on from. */
	return j->restored ? RESTORE_MAX_NOT_KNOWN : RESTORE_MAX_SET;
}

const struct job_vertex *job_find_vertex(const struct job *j, const uint8_t id[JOB_ID_SIZE])
{
	for (size_t i = 0; i < j->n_vertices; i++)
		if (memcmp(j->vertices[i].id, id, JOB_ID_SIZE) == 0)
			return &j->vertices[i];
	return NULL;
}
