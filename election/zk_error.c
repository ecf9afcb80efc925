/* SPDX-License-Identifier: Apache-2.0 */
#include "election/zk_error.h"

#include <errno.h>
#include <stddef.h>
#include <zookeeper/zookeeper.h>

#include "base/cleanup.h"

/*
 * NOT_DONE only where the server itself has refused, or the library has not sent.  A session that
 * expired or moved counts as unknown: the code may stand for a request that an earlier connection
 * had already carried (ZOOKEEPER-CLIENT.md section 1, "Return codes as they really are").
 */
static const struct {
	int code;
	enum zk_outcome outcome;
	int error;
	const char *text;
} table[] = {
	{ ZOK, ZK_DONE, 0, "success" },
	{ ZSYSTEMERROR, ZK_UNKNOWN, -EIO, "system error" },
	{ ZRUNTIMEINCONSISTENCY, ZK_UNKNOWN, -EPROTO, "answer out of step" },
	{ ZDATAINCONSISTENCY, ZK_UNKNOWN, -EPROTO, "data inconsistency" },
	{ ZCONNECTIONLOSS, ZK_UNKNOWN, -ECONNRESET, "connection lost" },
	{ ZMARSHALLINGERROR, ZK_UNKNOWN, -EPROTO, "malformed request or answer" },
	{ ZUNIMPLEMENTED, ZK_NOT_DONE, -EOPNOTSUPP, "not implemented by the server" },
	{ ZOPERATIONTIMEOUT, ZK_UNKNOWN, -ETIMEDOUT, "no answer in time" },
	{ ZBADARGUMENTS, ZK_NOT_DONE, -EINVAL, "invalid arguments" },
	{ ZINVALIDSTATE, ZK_UNKNOWN, -ENOTCONN, "no usable connection" },
	{ ZNEWCONFIGNOQUORUM, ZK_NOT_DONE, -EAGAIN, "no quorum for a new configuration" },
	{ ZRECONFIGINPROGRESS, ZK_NOT_DONE, -EBUSY, "reconfiguration in progress" },
	{ ZSSLCONNECTIONERROR, ZK_UNKNOWN, -ECONNABORTED, "TLS connection failed" },
	{ ZAPIERROR, ZK_UNKNOWN, -EIO, "API error" },
	{ ZNONODE, ZK_NOT_DONE, -ENOENT, "no such node" },
	{ ZNOAUTH, ZK_NOT_DONE, -EACCES, "no permission" },
	{ ZBADVERSION, ZK_NOT_DONE, -ESTALE, "version differs" },
	{ ZNOCHILDRENFOREPHEMERALS, ZK_NOT_DONE, -ENOTDIR, "ephemeral nodes have no children" },
	{ ZNODEEXISTS, ZK_NOT_DONE, -EEXIST, "node exists" },
	{ ZNOTEMPTY, ZK_NOT_DONE, -ENOTEMPTY, "node has children" },
	{ ZSESSIONEXPIRED, ZK_UNKNOWN, -EOWNERDEAD, "session expired" },
	{ ZINVALIDCALLBACK, ZK_NOT_DONE, -EINVAL, "invalid callback" },
	{ ZINVALIDACL, ZK_NOT_DONE, -EINVAL, "invalid ACL" },
	{ ZAUTHFAILED, ZK_UNKNOWN, -EKEYREJECTED, "credentials refused" },
	{ ZCLOSING, ZK_UNKNOWN, -ECANCELED, "connection closed by us" },
	{ ZNOTHING, ZK_UNKNOWN, -EAGAIN, "nothing to read" },
	{ ZSESSIONMOVED, ZK_UNKNOWN, -EREMCHG, "session moved to another server" },
	{ ZNOTREADONLY, ZK_NOT_DONE, -EROFS, "server is read-only" },
	{ ZEPHEMERALONLOCALSESSION, ZK_NOT_DONE, -EPERM, "local session makes no ephemeral" },
	{ ZNOWATCHER, ZK_NOT_DONE, -ENODATA, "no such watch" },
	{ ZRECONFIGDISABLED, ZK_NOT_DONE, -EOPNOTSUPP, "reconfiguration disabled" },
	{ ZSESSIONCLOSEDREQUIRESASLAUTH, ZK_UNKNOWN, -EKEYREJECTED, "server wants SASL" },
	{ ZTHROTTLEDOP, ZK_NOT_DONE, -EBUSY, "server is overloaded" },
};

enum zk_outcome zk_error_outcome(int code)
{
	for (size_t i = 0; i < N_ELEMENTS(table); i++)
		if (table[i].code == code)
			return table[i].outcome;
	return ZK_UNKNOWN;
}

int zk_error_errno(int code)
{
	for (size_t i = 0; i < N_ELEMENTS(table); i++)
		if (table[i].code == code)
			return table[i].error;
	return -EIO;
}

const char *zk_error_text(int code)
{
	for (size_t i = 0; i < N_ELEMENTS(table); i++)
		if (table[i].code == code)
			return table[i].text;
	return "unknown ZooKeeper error";
}
