/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners that free themselves: `CLEANUP(closep) int fd = -EBADF;`.  A type's own header ships its
 * own cleanup function; here are those for what libc hands out.
 */
#pragma once

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(f) __attribute__((__cleanup__(f)))

/* Hand the ownership on: yields the value, leaves NULL (or an invalid descriptor) behind. */
#define TAKE_PTR(p)                                 \
	({                                          \
		__typeof__(p) *take_from_ = &(p);   \
		__typeof__(p) taken_ = *take_from_; \
		*take_from_ = NULL;                 \
		taken_;                             \
	})
#define TAKE_FD(fd)                       \
	({                                \
		int *take_from_ = &(fd);  \
		int taken_ = *take_from_; \
		*take_from_ = -1;         \
		taken_;                   \
	})

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}
