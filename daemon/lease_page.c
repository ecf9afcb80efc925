/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared page: one memfd, one word that decides, two times beside it.  Every change of the word
 * is a compare-and-swap from a word that was looked at (A8).
 */
#include "daemon/lease_page.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static_assert(sizeof(struct lease_page_memory) == 32, "the layout is part of the protocol");

enum { EPOCH_BITS = 24, DEADLINE_BITS = 40 };

static const char magic[8] = { 'J', 'M', 'H', 'A', 'P', 'G', '0', '1' };

static uint64_t word_of(usec_t deadline_ms, uint64_t epoch)
{
	return deadline_ms << EPOCH_BITS | (epoch & LEASE_PAGE_EPOCH_MASK);
}

static struct lease_page_lease take_apart(uint64_t word)
{
	struct lease_page_lease l = { .epoch = (uint32_t)(word & LEASE_PAGE_EPOCH_MASK),
		                      .deadline = usec_from_ms(word >> EPOCH_BITS) };

	l.state = word == 0            ? LEASE_PAGE_NEVER
	          : word >> EPOCH_BITS ? LEASE_PAGE_ARMED
	                               : LEASE_PAGE_ENDED;
	return l;
}

/* Is epoch `a` later than `b`, where only the low bits of both are known? */
static bool later(uint64_t a, uint64_t b)
{
	uint64_t distance = (a - b) & LEASE_PAGE_EPOCH_MASK;

	return distance != 0 && distance <= LEASE_PAGE_EPOCH_MASK / 2;
}

static int map(int fd, struct lease_page *ret)
{
	void *memory = mmap(NULL, sizeof(struct lease_page_memory), PROT_READ | PROT_WRITE,
	                    MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	ret->fd = fd;
	ret->memory = memory;
	return 0;
}

int lease_page_create(const struct lease_page *old, struct lease_page *ret)
{
	CLEANUP(closep) int fd = memfd_create("jmha-page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct lease_page page;
	int r;

	if (fd < 0)
		return -errno;
	/* Sealed, so that an elector gone mad cannot shrink it under the guard (SIGBUS). */
	if (ftruncate(fd, sizeof(struct lease_page_memory)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	r = map(fd, &page);
	if (r < 0)
		return r;
	memcpy(&page.memory->magic, magic, sizeof(magic));
	if (old)
		atomic_store(&page.memory->word, atomic_load(&old->memory->word));
	(void)TAKE_FD(fd);
	*ret = page;
	return 0;
}

int lease_page_adopt(int fd, struct lease_page *ret)
{
	struct lease_page page;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size != sizeof(struct lease_page_memory))
		return -EPROTO;
	r = map(fd, &page);
	if (r < 0)
		return r;
	if (memcmp(&page.memory->magic, magic, sizeof(magic)) != 0) {
		(void)munmap(page.memory, sizeof(*page.memory));
		return -EPROTO;
	}
	*ret = page;
	return 0;
}

void lease_page_close(struct lease_page *p)
{
	if (p->memory)
		(void)munmap(p->memory, sizeof(*p->memory));
	p->memory = NULL;
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}

struct lease_page_lease lease_page_read(const struct lease_page *p)
{
	return take_apart(atomic_load(&p->memory->word));
}

bool lease_page_leads(const struct lease_page *p, usec_t now)
{
	struct lease_page_lease l = lease_page_read(p);

	return l.state == LEASE_PAGE_ARMED && now < l.deadline;
}

bool lease_page_is_of(const struct lease_page_lease *lease, struct epoch epoch)
{
	return lease->state != LEASE_PAGE_NEVER &&
	       lease->epoch == (epoch.v & LEASE_PAGE_EPOCH_MASK);
}

int lease_page_arm(struct lease_page *p, struct epoch epoch, usec_t deadline, usec_t now)
{
	uint64_t ms = usec_to_ms(deadline);
	uint64_t old = atomic_load(&p->memory->word);
	struct lease_page_lease l;

	/* An epoch of low bits 0 would make its ENDED look like NEVER: one in 16 million is
	 * refused. */
	if ((epoch.v & LEASE_PAGE_EPOCH_MASK) == 0 || ms >> DEADLINE_BITS ||
	    usec_from_ms(ms) <= now)
		return -EINVAL;
	do {
		l = take_apart(old);
		if (l.state == LEASE_PAGE_ARMED ||
		    (l.state == LEASE_PAGE_ENDED && !later(epoch.v, l.epoch)))
			return -EEXIST;
	} while (!atomic_compare_exchange_weak(&p->memory->word, &old, word_of(ms, epoch.v)));
	return 0;
}

int lease_page_extend(struct lease_page *p, struct epoch epoch, usec_t deadline, usec_t now)
{
	uint64_t ms = usec_to_ms(deadline);
	uint64_t old = atomic_load(&p->memory->word);
	struct lease_page_lease l;

	if (ms == 0 || ms >> DEADLINE_BITS)
		return -EINVAL;
	do {
		l = take_apart(old);
		/* LX-late-renew: a deadline that has passed is over, even if the guard was late. */
		if (l.state != LEASE_PAGE_ARMED || !lease_page_is_of(&l, epoch) ||
		    now >= l.deadline)
			return -ESTALE;
	} while (!atomic_compare_exchange_weak(&p->memory->word, &old, word_of(ms, epoch.v)));
	return 0;
}

int lease_page_end(struct lease_page *p, struct epoch epoch)
{
	uint64_t old = atomic_load(&p->memory->word);
	struct lease_page_lease l;

	do {
		l = take_apart(old);
		if (!lease_page_is_of(&l, epoch))
			return -ESTALE;
		if (l.state == LEASE_PAGE_ENDED)
			return 0;
	} while (!atomic_compare_exchange_weak(&p->memory->word, &old, word_of(0, epoch.v)));
	return 0;
}

bool lease_page_expire(struct lease_page *p, usec_t now)
{
	uint64_t old = atomic_load(&p->memory->word);
	struct lease_page_lease l;

	do {
		l = take_apart(old);
		if (l.state != LEASE_PAGE_ARMED || now < l.deadline)
			return false;
	} while (!atomic_compare_exchange_weak(&p->memory->word, &old, word_of(0, l.epoch)));
	return true;
}

void lease_page_end_any(struct lease_page *p)
{
	(void)atomic_fetch_and(&p->memory->word, LEASE_PAGE_EPOCH_MASK);
}

usec_t lease_page_patience(usec_t lease)
{
	return lease / 4 < USEC_PER_SEC ? lease / 4 : USEC_PER_SEC;
}

void lease_page_beat(struct lease_page *p, usec_t now)
{
	atomic_store(&p->memory->heartbeat, usec_to_ms(now));
}

usec_t lease_page_heartbeat(const struct lease_page *p)
{
	return usec_from_ms(atomic_load(&p->memory->heartbeat));
}

void lease_page_set_claiming(struct lease_page *p, usec_t since)
{
	atomic_store(&p->memory->claiming_since, usec_to_ms(since));
}

usec_t lease_page_claiming_since(const struct lease_page *p)
{
	return usec_from_ms(atomic_load(&p->memory->claiming_since));
}
