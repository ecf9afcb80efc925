/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a commit, and of what goes with it: takeover, re-attach, snapshot, cleaning.  At
 * each of them tests let the elector die, or stand still while another takes over
 * (tests/cluster/steps.t, docs/failure-model.md).
 *
 * In jmhad FAULT_POINT() is nothing.  In tests/lib/jmhad-faults it asks the test
 * (tests/lib/fault_point.c).
 */
#pragma once

/* How a test gets there, and what was done last before it. */
#define FAULT_POINTS(X)                                                                      \
	/* a commit: with a change */                                                        \
	X(change_queued, write, "the change of a client was read, and waits")                \
	X(append_asked, write, "it is in a record, of which nothing is written")             \
	X(append_torn, write, "half of the record is written")                               \
	X(append_written, write, "all of it, which may not be durable")                      \
	X(append_synced, write, "it is durable")                                             \
	X(append_answered, write, "the loop knows that")                                     \
	X(move_asked, write, "the register is about to be moved")                            \
	X(move_sent, write, "the request is on its way")                                     \
	X(move_answered, write, "ZooKeeper has answered that it moved")                      \
	X(map_changed, write, "the map has the change")                                      \
	X(reply_made, write, "the answer to the client is made")                             \
	X(reply_torn, write, "half of it is sent")                                           \
	X(reply_sent, write, "all of it is sent")                                            \
	/* a segment: with the first change after a snapshot, a resume, a takeover */        \
	X(segment_created, write, "the file is there, empty")                                \
	X(segment_torn, write, "half of its header is written")                              \
	X(segment_written, write, "all of the header")                                       \
	X(segment_synced, write, "it is durable")                                            \
	X(segment_named, write, "its name is durable")                                       \
	X(segment_opened, write, "the loop knows that")                                      \
	/* an unknown outcome: with an answer to the register's move that is lost (B2) */    \
	X(read_asked, unknown, "the register is to be read")                                 \
	X(register_read, unknown, "it was read, and says what became of the move")           \
	X(catch_up_asked, late, "it was a dead elector's write: its records are to be read") \
	/* a snapshot: with enough changes */                                                \
	X(snapshot_frozen, write, "the map is frozen as it is")                              \
	X(snapshot_created, write, "the file is there, under its temporary name")            \
	X(snapshot_torn, write, "all is written but the end")                                \
	X(snapshot_synced, write, "it is durable")                                           \
	X(snapshot_linked, write, "it has its own name, too")                                \
	X(snapshot_named, write, "which is durable; the temporary one is gone")              \
	X(snapshot_read, write, "it was read back")                                          \
	X(snapshot_answered, write, "the loop knows that")                                   \
	X(snapshot_move_asked, write, "the register is about to name it")                    \
	X(clean_asked, write, "it does; what lies before the previous one may go")           \
	X(clean_unlink, write, "a file is about to be deleted")                              \
	X(clean_unlinked, write, "it is")                                                    \
	/* a takeover: with a leader that steps down */                                      \
	X(claim_asked, takeover, "the claim is about to be sent")                            \
	X(claim_sent, takeover, "it is on its way")                                          \
	X(claim_answered, takeover, "the register has the new epoch")                        \
	X(page_armed, takeover, "the guard's page has the lease")                            \
	X(granted, takeover, "the guard is to start the JobManager")                         \
	/* a re-attach: with an elector that died */                                         \
	X(resume_begun, resume, "the session is to be taken up again")                       \
	/* both: the log is read, and a segment begun that nobody else has written to */     \
	X(load_begun, load, "the rest of the log is to be read")                             \
	X(load_read, load, "it was read")                                                    \
	X(load_opened, load, "the own segment is there")

enum fault_point {
#define FAULT_POINT_NUMBER(name, how, text) FAULT_##name,
	FAULT_POINTS(FAULT_POINT_NUMBER)
#undef FAULT_POINT_NUMBER
	        FAULT_N_POINTS_
};

#ifdef JMHA_FAULT_POINTS

#include <stddef.h>
#include <stdint.h>

void fault_point(enum fault_point point);
void fault_point_torn(enum fault_point point, int fd, const void *bytes, size_t size,
                      uint64_t offset);

#define FAULT_POINT(name) fault_point(FAULT_##name)
/* When it is due, half of the bytes are written first. */
#define FAULT_POINT_TORN(name, fd, bytes, size, offset) \
	fault_point_torn(FAULT_##name, fd, bytes, size, offset)

#else

#define FAULT_POINT(name)                               ((void)FAULT_##name)
#define FAULT_POINT_TORN(name, fd, bytes, size, offset) ((void)FAULT_##name)

#endif
