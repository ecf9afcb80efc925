/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one operator or subtask within a `_metadata` file: streams, and the handles that are
 * made of them.  Tells the visitor what it holds.  For readiness/metadata.c alone.
 */
#pragma once

#include <stdint.h>

#include "readiness/input.h"
#include "readiness/metadata.h"

enum metadata_version {                                 /* the first that has .. */
	                METADATA_WITH_COORDINATORS = 3, /* and channels, and what is finished */
	                METADATA_WITH_PROPERTIES = 4,
	                METADATA_WITH_NAMES = 5,
	                METADATA_WITH_CHANNEL_TYPES = 6,
	                METADATA_WITH_REFERENCES = 7,
};

struct metadata_reader {
	struct input in;
	int32_t version;
	const struct metadata_visitor *visitor;
	void *userdata;
	/* where it is; after a failure: where that was */
	int32_t operator_at, subtask; /* -1: at none */
	enum metadata_part part;
	unsigned depth;
};

void metadata_read_coordinator(struct metadata_reader *r);
void metadata_read_operator_state(struct metadata_reader *r, enum metadata_part part);
void metadata_read_keyed_state(struct metadata_reader *r, enum metadata_part part);
void metadata_read_channels(struct metadata_reader *r, enum metadata_part part);
