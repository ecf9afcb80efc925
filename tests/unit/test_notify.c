/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's notifications, without its wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"

/* A socket of systemd's kind: abstract, so that nothing is left behind. */
static int listen_as_systemd(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[64];
	socklen_t len;

	(void)snprintf(name, sizeof(name), "@jmha-test-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name + 1));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const void *)&address, len), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void what_is_sent_arrives(void **state)
{
	int systemd = listen_as_systemd();
	struct notify n;
	char text[128];
	ssize_t got;

	(void)state;
	assert_int_equal(setenv("WATCHDOG_USEC", "10000000", 1), 0);
	assert_int_equal(notify_open(&n), 0);
	assert_int_equal(n.watchdog, 10 * USEC_PER_SEC);
	assert_int_equal(notify_send(&n, "READY=1\nSTATUS=standby"), 0);
	got = read(systemd, text, sizeof(text) - 1);
	assert_true(got > 0);
	text[got] = '\0';
	assert_string_equal(text, "READY=1\nSTATUS=standby");
	notify_close(&n);
	close(systemd);
}

static void children_do_not_inherit_it(void **state)
{
	int systemd = listen_as_systemd();
	struct notify n;

	(void)state;
	assert_int_equal(setenv("WATCHDOG_USEC", "1", 1), 0);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0); /* somebody else's */
	assert_int_equal(notify_open(&n), 0);
	assert_int_equal(n.watchdog, 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	notify_close(&n);
	close(systemd);
}

static void without_systemd_nothing_happens(void **state)
{
	struct notify n;

	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(notify_open(&n), 0);
	assert_int_equal(notify_send(&n, "READY=1"), 0);
	notify_close(&n);
}

static void a_systemd_that_does_not_read_is_not_waited_for(void **state)
{
	int systemd = listen_as_systemd(), r = 0;
	struct notify n;

	(void)state;
	assert_int_equal(notify_open(&n), 0);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = notify_send(&n, "WATCHDOG=1");
	assert_int_equal(r, -EAGAIN);
	notify_close(&n);
	close(systemd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_arrives),
		cmocka_unit_test(children_do_not_inherit_it),
		cmocka_unit_test(without_systemd_nothing_happens),
		cmocka_unit_test(a_systemd_that_does_not_read_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
