/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of config.h: the file with ZooKeeper's credentials.  What it holds is never shown (D14).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "daemon/config.h"

__attribute__((format(printf, 2, 3))) static int refuse(struct config_error *reterr,
                                                        const char *format, ...)
{
	va_list ap;

	reterr->key = "zookeeper.auth_file";
	va_start(ap, format);
	(void)vsnprintf(reterr->text, sizeof(reterr->text), format, ap);
	va_end(ap);
	text_one_line(reterr->text);
	return -EINVAL;
}

void config_secret_freep(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

static int open_secret(const char *path, int *ret_fd, struct config_error *reterr)
{
	CLEANUP(closep) int fd = -EBADF;
	struct stat st;
	int r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ELOOP)
		return refuse(reterr, "is a symbolic link: name the file itself");
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		(void)refuse(reterr, "cannot read the credentials: %s", strerror(-r));
		return r;
	}
	if (!S_ISREG(st.st_mode))
		return refuse(reterr, "not a file");
	if ((st.st_mode & 07777) != 0600 && (st.st_mode & 07777) != 0400)
		return refuse(
		        reterr,
		        "others may read it (mode %04o): chmod 0600 it, and change the password "
		        "if it was seen",
		        (unsigned)(st.st_mode & 07777));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return refuse(reterr, "belongs to somebody else: chown it to the daemon's user");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int config_read_auth(const char *path, char **ret, struct config_error *reterr)
{
	CLEANUP(closep) int fd = -EBADF;
	CLEANUP(config_secret_freep) char *text = NULL;
	enum { MOST = 1024 };
	const char *colon;
	size_t len = 0;
	ssize_t n;
	int r;

	*reterr = (struct config_error){ 0 };
	(void)snprintf(reterr->file, sizeof(reterr->file), "%s", path);
	r = open_secret(path, &fd, reterr);
	if (r < 0)
		return r;
	text = calloc(1, MOST + 1);
	if (!text)
		return -ENOMEM;
	while (len < MOST && (n = read(fd, text + len, MOST - len)) != 0) {
		if (n < 0) {
			r = -errno;
			(void)refuse(reterr, "cannot read the credentials: %s", strerror(-r));
			explicit_bzero(text, len);
			return r;
		}
		len += (size_t)n;
	}
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	colon = strchr(text, ':');
	if (len == MOST || strlen(text) != len || strchr(text, '\n') || !colon || colon == text ||
	    colon[1] == '\0') {
		explicit_bzero(text, MOST);
		return refuse(reterr, "must hold one line, user:password, and nothing else");
	}
	*ret = TAKE_PTR(text);
	return 0;
}
