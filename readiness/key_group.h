/* SPDX-License-Identifier: Apache-2.0 */
/* How Flink spreads keys over subtasks (KeyGroupRangeAssignment): by groups, as many as the maximum
 * parallelism, which is fixed with the first state. */
#pragma once

#include <stdint.h>

enum {
	KEY_GROUP_DEFAULT_MIN = 128,
	KEY_GROUP_MAX = 32768 /* of the maximum parallelism, and so of the parallelism */
};

struct key_group_range {
	int32_t first, n; /* groups of one subtask */
};

struct key_group_spread {
	int32_t fewest, most; /* groups of a subtask */
	int32_t n_most;       /* subtasks that have so many */
	double excess; /* most / (max / parallelism): 1 = even, 2 = one does twice its share */
};

/* What Flink takes when nobody has set it.  Parallelism below 1 counts as 1. */
int32_t key_group_default_max(int32_t parallelism);

/* 0 <= subtask < parallelism <= max. */
struct key_group_range key_group_range(int32_t max, int32_t parallelism, int32_t subtask);

/* 1 <= parallelism <= max. */
struct key_group_spread key_group_spread(int32_t max, int32_t parallelism);

/* The least maximum that spreads evenly over `parallelism` and its doubles up to `largest`, and has
 * four groups for each subtask at least; KEY_GROUP_MAX at most. */
int32_t key_group_advice(int32_t parallelism, int32_t largest);
