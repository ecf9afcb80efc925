/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A put of etcd by its own protocol, gRPC over HTTP/2 without TLS: as much of both as one call
 * after the other on a connection takes.  Its gateway to JSON would do, too, but is a second server
 * in the way, whose processor time no client of etcd pays.  Threads: none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct grpc {
	int fd;
	uint32_t stream;   /* of the call under way */
	int64_t window;    /* what may be sent yet */
	uint32_t unacked;  /* what was received and not told yet */
	uint8_t head[192]; /* the headers of each call, as a frame */
	size_t head_size;
	uint8_t in[4096];
	size_t in_size;
	int answered; /* 1: the message has come, 2: the end of the call, too */
};

/* address: HOST:PORT, a number.  0 or negative errno. */
int grpc_connect(struct grpc *g, const char *address);

/* Calls etcdserverpb.KV/Put.  0 or negative errno. */
int grpc_put(struct grpc *g, const char *key, const void *value, size_t size);

/* Reads what is there.  1: the put is done; 0: not yet; negative errno, -EPROTO: it was refused. */
int grpc_receive(struct grpc *g);
