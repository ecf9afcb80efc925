/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells systemd how we are: READY=1, STATUS=, WATCHDOG=1, STOPPING=1.  sd_notify() is a blocking
 * send; the guard must never block (A8), so this one gives up instead.  No allocation after open.
 *
 * Owner: the guard embeds struct notify.  Threads: one.
 */
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "base/usec.h"

struct notify {
	int fd; /* -1: nobody wants to know */
	struct sockaddr_un address;
	socklen_t address_len;
	usec_t watchdog; /* WatchdogSec=; 0 = none */
};

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no child
 * inherits them.  Without them *ret is one whose sends do nothing; that is no error. */
int notify_open(struct notify *ret);
void notify_close(struct notify *n);

/* `state` as sd_notify(3) has it, e.g. "READY=1\nSTATUS=standby".  -EAGAIN: systemd does not read;
 * the message is lost. */
int notify_send(const struct notify *n, const char *state);
