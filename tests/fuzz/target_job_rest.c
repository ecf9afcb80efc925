/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody at the port of Flink's REST API answers (readiness/job_rest.h). */
#include <errno.h>
#include <string.h>

#include "readiness/job_checks.h"
#include "readiness/job_rest.h"
#include "readiness/key_group.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct job *j)
{
	struct findings f = { .n = 0 };

	for (size_t i = 0; i < j->n_vertices; i++) {
		const struct job_vertex *v = &j->vertices[i];

		HOLDS(v->parallelism >= 0 && v->parallelism <= KEY_GROUP_MAX);
		HOLDS(v->max_parallelism >= 0 && v->max_parallelism <= KEY_GROUP_MAX);
		HOLDS(v->max_parallelism == 0 || v->parallelism <= v->max_parallelism);
	}
	job_check(&(const struct job_view){ .job = j }, &f);
	for (int step = FINDING_PARALLELISM; step <= FINDING_BACKEND; step++) {
		bool some = false;

		for (size_t i = 0; i < f.n; i++)
			some |= f.item[i].step == (enum finding_step)step;
		HOLDS(some);
	}
	findings_done(&f);
}

static void run(const uint8_t *data, size_t size)
{
	const char *json = (const char *)data;
	char error[JOB_REST_ERROR_SIZE];
	struct job_list list;
	struct job job;
	int r = job_rest_read(json, size, &job, error);

	HOLDS(r == 0 || (r == -EBADMSG && error[0] != '\0' && !strchr(error, '\n')));
	if (r == 0)
		check(&job);
	/* The other two go into whatever there is. */
	r = job_rest_read_checkpoints(json, size, &job, error);
	HOLDS(r == 0 || r == -EBADMSG);
	r = job_rest_read_config(json, size, &job, error);
	HOLDS(r == 0 || r == -EBADMSG);
	job_done(&job);
	r = job_rest_read_list(json, size, &list, error);
	HOLDS(r == 0 || r == -EBADMSG);
	job_list_done(&list);
}
FUZZ_TARGET(job_rest, run)
