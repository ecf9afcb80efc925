/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members that do not see in storage.path what others write there, as GET /v1/cluster tells it.
 * Who does not tell whom it sees (an earlier release, or it could not look) is not judged, and who
 * writes nothing (an observer) is not missed.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Which of `members` the member m does not see: "jm-a, jm-b", cut where there is no room.  Returns
 * how many. */
size_t unseen_by(const json_t *members, const json_t *m, char *ret, size_t size);
