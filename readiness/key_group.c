/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/key_group.h"

#include <stdbool.h>

static int32_t power_of_two(int32_t at_least)
{
	int32_t p = 1;

	while (p < at_least)
		p *= 2;
	return p;
}

int32_t key_group_default_max(int32_t parallelism)
{
	int32_t p = parallelism < 1 ? 1 : parallelism, wanted;

	if (p >= KEY_GROUP_MAX)
		return KEY_GROUP_MAX;
	wanted = power_of_two(p + p / 2);
	if (wanted < KEY_GROUP_DEFAULT_MIN)
		return KEY_GROUP_DEFAULT_MIN;
	return wanted > KEY_GROUP_MAX ? KEY_GROUP_MAX : wanted;
}

struct key_group_range key_group_range(int32_t max, int32_t parallelism, int32_t subtask)
{
	int64_t first = ((int64_t)subtask * max + parallelism - 1) / parallelism;
	int64_t last = (((int64_t)subtask + 1) * max - 1) / parallelism;

	return (struct key_group_range){ (int32_t)first, (int32_t)(last - first + 1) };
}

struct key_group_spread key_group_spread(int32_t max, int32_t parallelism)
{
	struct key_group_spread s = { .fewest = max / parallelism };

	s.n_most = max % parallelism;
	s.most = s.fewest + (s.n_most > 0);
	if (s.n_most == 0)
		s.n_most = parallelism;
	s.excess = (double)s.most * parallelism / max;
	return s;
}

int32_t key_group_advice(int32_t parallelism, int32_t largest)
{
	int64_t p = parallelism < 1 ? 1 : parallelism, step;

	while (p * 2 <= largest && p * 2 <= KEY_GROUP_MAX)
		p *= 2;
	if (p >= KEY_GROUP_MAX)
		return KEY_GROUP_MAX;
	for (step = 4; step > 1 && p * step > KEY_GROUP_MAX;)
		step /= 2;
	while (p * step < KEY_GROUP_DEFAULT_MIN && p * step * 2 <= KEY_GROUP_MAX)
		step *= 2;
	return (int32_t)(p * step);
}
