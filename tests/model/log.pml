/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log in shared storage, and the register as its commit point (A11 in part, B1, B2, B4, B5, B8, B9, B10;
 * promises 2, 3, 4): storage/commit_queue.c, its states by name, and what it asks of store and fence.
 *
 * Three electors: 0 leads; 1 is its restarted successor, same latch and epoch (B1); 2 leads when that latch is gone.
 * No time: what a dead or deposed one has sent, or is writing, lands as late as it likes.  A batch is one record.  A
 * segment is a file of two records that one elector has made (O_EXCL); its header names the end before it.  A content
 * is the list of its records as digits in base 8, and stands for the running digest as well.  After each step:
 *
 *	3, 4	the chain of headers, from the register back, is readable and gives the register's digest
 *	3	every acknowledged record is in it
 *	B2	no record that was answered "failed: will never be visible" is
 *	4	the log only grows: who follows has nothing to take back
 *	B9	every record that a GET has shown is
 *	2	no write of epoch 1 is accepted in epoch 2
 *
 * Power loss takes what is not synced.  Snapshots and deletion (B3) are not in force in this release, nor here.
 *
 * Limits: `records`, six files, `errors` of I/O, one resume, one takeover, one register write of each on its way.
 */
#include "parameters.pml"

#define BROKEN_ack_early 1        /* commit: acknowledged when it is in the file */
#define BROKEN_no_sync 2          /* commit: committed before fdatasync */
#define BROKEN_overwrite 3        /* B1: a resumed elector goes on in its predecessor's file */
#define BROKEN_move_again 4       /* B1: after BADVERSION with the own mark: the new version, the same header */
#define BROKEN_unknown_failed 5   /* B2: an unknown outcome is answered "failed", the record taken back */
#define BROKEN_no_version 6       /* B2: the register write does not expect a version */
#define BROKEN_no_check 7         /* B10: endpoints are written without check(latch) */
#define BROKEN_file_used_on 8     /* B4: after a write that missed its deadline the file is used on */
#define BROKEN_failed_at_once 9   /* B2: a failed append is answered before a later register write: passes, since nothing names it */
#define BROKEN_read_to_end 10     /* B5: takeover takes what stands in the file */
#define BROKEN_absent_is_empty 11 /* B5: a file that is not seen counts as damaged, the rest is served */
#define BROKEN_no_dirsync 12      /* B8: the name of a new segment is not durable */
#define BROKEN_map_early 13       /* B9: the map changes before the commit */
#define BROKEN_list_late 14       /* A11: the register is read before log/ is listed */
#define BROKEN_lost_is_failed 15  /* B2: the term is lost after an unknown outcome: "failed" */
#define BROKEN_reader_moves 16    /* B3: a reader moves a file away that it finds short */

#define NOFILE 7
#define FILES 6
byte records, errors; bool reach;

/* ---- storage */
bool made[FILES], gone[FILES]; byte rec[12]; byte size[FILES], durable[FILES], before_file[FILES], before_off[FILES], maker[FILES];
/* ---- register, latches, endpoints */
byte version = 1, r_epoch = 1, r_file = NOFILE, r_off; int r_digest;
bool latch[2]; byte e_version, e_epoch;
/* ---- on their way: MOVE_REGISTER, endpoints, a write that missed its deadline */
bool move_sent[3]; byte move_version[3], move_file[3], move_off[3]; int move_digest[3];
bool end_sent[3]; byte end_version[3]; byte ends = 1;
byte late_rec, late_file, late_off;

/* ---- electors: struct commit_queue */
mtype:state = { OFF, DEAD, OPENING, READY, APPENDING, SYNCING, MOVING, READING, CATCHING_UP };
mtype:state state[3];
mtype:answer = { NO_ANSWER, WAITING, MOVED, UNKNOWN, BAD_VERSION, LATCH_GONE };
mtype:answer moved[3];
byte known[3];                                     /* version of the register */
byte c_file[3], c_off[3]; int c_digest[3];         /* committed */
byte segment[3], at[3];                            /* NOFILE: none open */
byte batch[3]; byte t_file[3], t_off[3]; int t_digest[3]; bool maybe_applied[3], doomed[3];

byte next_record = 1, acked, failed, shown; bool resumed, host_down; byte listed, highest;

#define EPOCH(p) ((p) == 2 -> 2 : 1)
#define LATCH(p) ((p) == 2 -> 1 : 0)

hidden int content, factor, rest; hidden byte w_file, w_off, w_n, bits;

inline as_mask(digest)
{
	bits = 0; rest = digest;
	do
	:: rest > 0 -> bits = bits | (1 << (rest % 8)); rest = rest / 8
	:: else -> break
	od;
	bits = bits & 254
}
/* what a reader finds up to the register's end */
inline walk()
{
	w_file = r_file; w_off = r_off; content = 0; factor = 1; w_n = 0;
	do
	:: w_file == NOFILE -> break
	:: w_file != NOFILE && w_off == 0 -> assert(made[w_file] && !gone[w_file]); w_off = before_off[w_file]; w_file = before_file[w_file]; w_n++; assert(w_n < 9)
	:: w_file != NOFILE && w_off > 0 ->
		assert(made[w_file] && !gone[w_file] && size[w_file] >= w_off);
		w_off--; content = content + rec[w_file * 2 + w_off] * factor; factor = factor * 8; w_n++; assert(w_n < 18)
	od
}
inline promises()
{
	walk();
	assert(content == r_digest);                 /* 4 */
	as_mask(content);
	assert((acked & (255 - bits)) == 0);         /* 3 */
	assert((failed & bits) == 0);                /* B2 */
	assert((shown & (255 - bits)) == 0);         /* B9 */
	assert(!reach || !(r_epoch == 2 && bits > 6));
	content = 0; factor = 0; rest = 0; w_file = 0; w_off = 0; w_n = 0; bits = 0
}
#define BIT(r) (1 << (r))
inline drop_batch(p) { batch[p] = 0; t_file[p] = 0; t_off[p] = 0; t_digest[p] = 0; maybe_applied[p] = false; doomed[p] = false }
inline end_term(p) /* lose_term() */
{
	if
	:: batch[p] > 0 && (!maybe_applied[p] || broken == BROKEN_lost_is_failed) -> failed = failed | BIT(batch[p]); SAY("> %d: term lost, record %d aborted\n", p, batch[p])
	:: else -> SAY("> %d: term lost\n", p)
	fi;
	drop_batch(p); moved[p] = NO_ANSWER; segment[p] = NOFILE; at[p] = 0; state[p] = OFF
}
inline begin(p) /* commit_queue_begin() */
{
	known[p] = version; c_file[p] = r_file; c_off[p] = r_off; c_digest[p] = r_digest; segment[p] = NOFILE; at[p] = 0; drop_batch(p); state[p] = OPENING
}
inline forget(p)
{
	drop_batch(p); moved[p] = NO_ANSWER; known[p] = 0; c_file[p] = 0; c_off[p] = 0; c_digest[p] = 0; segment[p] = NOFILE; at[p] = 0
}
inline open_segment(p)
{
	w_file = 0;
	do
	:: w_file < FILES && made[w_file] -> w_file++
	:: else -> break
	od;
	made[w_file] = true; maker[w_file] = p; before_file[w_file] = c_file[p]; before_off[w_file] = c_off[p]; segment[p] = w_file; at[p] = 0; size[w_file] = 0;
	SAY("> %d makes file %d, after %d:%d\n", p, w_file, c_file[p], c_off[p]);
	w_file = 0; state[p] = (batch[p] > 0 -> APPENDING : READY)
}
inline ask_move(p)
{
	move_sent[p] = true; move_version[p] = known[p]; move_file[p] = t_file[p]; move_off[p] = t_off[p]; move_digest[p] = t_digest[p]; moved[p] = WAITING; state[p] = MOVING;
	SAY("> %d: move the register to %d:%d, version %d\n", p, t_file[p], t_off[p], known[p])
}
inline has_moved(p) /* moved() */
{
	if
	:: doomed[p] -> failed = failed | BIT(batch[p]); SAY("> %d answers record %d: failed\n", p, batch[p])
	:: else -> c_file[p] = t_file[p]; c_off[p] = t_off[p]; c_digest[p] = t_digest[p]; acked = acked | BIT(batch[p]); SAY("> %d acknowledges record %d\n", p, batch[p])
	fi;
	drop_batch(p); state[p] = READY
}

proctype elector(byte p)
{
end:	do
	:: atomic {
		if
		/* ---- commit queue */
		:: state[p] == OPENING && !(made[0] && made[1] && made[2] && made[3] && made[4] && made[5]) -> open_segment(p)
		:: state[p] == OPENING && errors > 0 -> errors--;
			if
			:: batch[p] > 0 -> failed = failed | BIT(batch[p])
			:: else
			fi;
			drop_batch(p); segment[p] = NOFILE; state[p] = READY; SAY("> %d: no segment can be made\n", p)
		:: state[p] == READY && next_record <= records && (p < 2 || latch[1]) -> batch[p] = next_record; next_record++; SAY("> %d is asked to write record %d\n", p, batch[p]);
			if
			:: segment[p] != NOFILE && at[p] < 2 -> state[p] = APPENDING
			:: else -> segment[p] = NOFILE; at[p] = 0; state[p] = OPENING
			fi
		:: state[p] == APPENDING -> rec[segment[p] * 2 + at[p]] = batch[p];
			size[segment[p]] = (size[segment[p]] > at[p] + 1 -> size[segment[p]] : at[p] + 1);
			t_file[p] = segment[p]; t_off[p] = at[p] + 1; t_digest[p] = c_digest[p] * 8 + batch[p]; state[p] = SYNCING; SAY("> %d appends record %d at %d:%d\n", p, batch[p], t_file[p], at[p]);
			if
			:: broken == BROKEN_ack_early -> acked = acked | BIT(batch[p])
			:: else
			fi
		:: state[p] == SYNCING ->
			if
			:: broken == BROKEN_no_sync -> skip
			:: else -> durable[t_file[p]] = t_off[p]
			fi;
			at[p] = t_off[p]; ask_move(p)
		:: (state[p] == APPENDING || state[p] == SYNCING) && errors > 0 && late_rec == 0 -> errors--; SAY("> %d: the write of record %d fails, or lands later\n", p, batch[p]);
			if
			:: state[p] == APPENDING -> late_rec = batch[p]; late_file = segment[p]; late_off = at[p]
			:: else -> skip
			fi;
			if
			:: broken == BROKEN_file_used_on -> failed = failed | BIT(batch[p]); drop_batch(p); state[p] = READY
			:: broken == BROKEN_failed_at_once -> failed = failed | BIT(batch[p]); drop_batch(p); segment[p] = NOFILE; at[p] = 0; state[p] = READY
			:: else -> segment[p] = NOFILE; at[p] = 0; doomed[p] = true; t_file[p] = c_file[p]; t_off[p] = c_off[p]; t_digest[p] = c_digest[p]; ask_move(p)
			fi
		:: state[p] == MOVING && moved[p] == MOVED -> moved[p] = NO_ANSWER; known[p]++; has_moved(p)
		:: state[p] == MOVING && (moved[p] == UNKNOWN || moved[p] == BAD_VERSION) -> maybe_applied[p] = maybe_applied[p] || moved[p] == UNKNOWN;
			if
			:: broken == BROKEN_unknown_failed && moved[p] == UNKNOWN -> failed = failed | BIT(batch[p]); at[p] = (at[p] > 0 -> at[p] - 1 : 0); drop_batch(p); known[p] = version; state[p] = READY
			:: broken == BROKEN_move_again && moved[p] == BAD_VERSION && r_epoch == EPOCH(p) -> known[p] = version; ask_move(p)
			:: else -> state[p] = READING
			fi;
			moved[p] = (moved[p] == WAITING -> WAITING : NO_ANSWER)
		:: state[p] == MOVING && moved[p] == LATCH_GONE -> end_term(p)
		/* commit_queue_read(): after a sync */
		:: state[p] == READING ->
			if
			:: r_epoch != EPOCH(p) -> end_term(p)
			:: r_epoch == EPOCH(p) && version == known[p] ->
				if
				:: !move_sent[p] -> ask_move(p) /* the identical write again */
				:: else -> moved[p] = WAITING; state[p] = MOVING
				fi
			:: r_epoch == EPOCH(p) && version != known[p] && r_file == t_file[p] && r_off == t_off[p] && r_digest == t_digest[p] -> known[p] = version; has_moved(p)
			:: else -> known[p] = version; SAY("> %d yields to its predecessor's write\n", p); /* yield_to_predecessor() */
				if
				:: doomed[p] -> failed = failed | BIT(batch[p]); drop_batch(p)
				:: else -> maybe_applied[p] = false
				fi;
				segment[p] = NOFILE; at[p] = 0; t_file[p] = r_file; t_off[p] = r_off; t_digest[p] = r_digest; state[p] = CATCHING_UP
			fi
		:: state[p] == CATCHING_UP -> c_file[p] = t_file[p]; c_off[p] = t_off[p]; c_digest[p] = t_digest[p]; t_file[p] = 0; t_off[p] = 0; t_digest[p] = 0; state[p] = OPENING
		/* GET */
		:: (state[p] == MOVING || state[p] == READY) && p != 2 && shown == 0 -> 
			if
			:: broken == BROKEN_map_early && state[p] == MOVING && !doomed[p] -> as_mask(t_digest[p])
			:: else -> as_mask(c_digest[p])
			fi;
			shown = bits; bits = 0; rest = 0
		/* endpoints */
		:: ends > 0 && (state[p] == READY || state[p] == MOVING) -> ends--; end_sent[p] = true; end_version[p] = e_version

		/* ---- ZooKeeper */
		:: move_sent[p] -> move_sent[p] = false;
			if
			:: !latch[LATCH(p)] -> moved[p] = (moved[p] == WAITING -> LATCH_GONE : moved[p])
			:: latch[LATCH(p)] && (move_version[p] == version || broken == BROKEN_no_version) -> assert(r_epoch == EPOCH(p)); /* 2 */
				rest = move_digest[p]; /* 4: who follows has applied what is there now */
				do
				:: rest > r_digest -> rest = rest / 8
				:: else -> break
				od;
				assert(rest == r_digest);
				version++; r_file = move_file[p]; r_off = move_off[p]; r_digest = move_digest[p]; moved[p] = (moved[p] == WAITING -> MOVED : moved[p]); SAY("> the register moves to %d:%d\n", r_file, r_off)
			:: else -> moved[p] = (moved[p] == WAITING -> BAD_VERSION : moved[p])
			fi;
			move_version[p] = 0; move_file[p] = 0; move_off[p] = 0; move_digest[p] = 0
		:: moved[p] == WAITING || moved[p] == MOVED -> moved[p] = UNKNOWN; SAY("> no answer for %d\n", p)
		:: end_sent[p] -> end_sent[p] = false;
			if
			:: (latch[LATCH(p)] || broken == BROKEN_no_check) && end_version[p] == e_version -> assert(e_epoch <= EPOCH(p) && r_epoch <= EPOCH(p)); e_version++; e_epoch = EPOCH(p)
			:: else
			fi;
			end_version[p] = 0
		/* ---- storage */
		:: p == 0 && late_rec > 0 && late_rec < 9 -> rec[late_file * 2 + late_off] = late_rec; size[late_file] = (size[late_file] > late_off + 1 -> size[late_file] : late_off + 1); late_rec = 9; SAY("> the late write lands at %d:%d\n", late_file, late_off); late_file = 0; late_off = 0

		/* ---- 0 dies, 1 resumes */
		:: p == 0 && state[0] != OFF && state[0] != DEAD -> forget(0); state[0] = DEAD; SAY("> elector 0 dies\n")
		:: p == 1 && !resumed && state[0] == DEAD && latch[0] && r_epoch == 1 && !host_down -> resumed = true;
			begin(1); SAY("> elector 1 resumes\n");
			if
			:: broken == BROKEN_overwrite && r_file != NOFILE -> segment[1] = r_file; at[1] = r_off; state[1] = READY
			:: broken == BROKEN_overwrite && r_file == NOFILE && made[0] -> segment[1] = 0; at[1] = 0; state[1] = READY
			:: else
			fi
		/* ---- 2 takes over: claim with the version that it expects, and log to the committed end */
		:: p == 2 && state[2] == OFF && !latch[0] && latch[1] && r_epoch == 1 && known[2] == 0 -> known[2] = version
		:: p == 2 && state[2] == OFF && !latch[0] && r_epoch == 1 && known[2] > 0 ->
			if
			:: known[2] == version -> version++; r_epoch = 2; begin(2); SAY("> elector 2 takes over\n");
				if
				:: broken == BROKEN_absent_is_empty -> c_file[2] = NOFILE; c_off[2] = 0; c_digest[2] = 0
				:: broken == BROKEN_read_to_end && r_file != NOFILE && size[r_file] > r_off -> c_digest[2] = c_digest[2] * 8 + rec[r_file * 2 + r_off]; c_off[2] = r_off + 1
				:: else
				fi
			:: else -> known[2] = 0
			fi
		/* ---- A11: list log/, then read the register: a file of a higher epoch means that it was rolled back */
		:: p == 2 && listed == 0 -> listed = 1;
			if
			:: broken == BROKEN_list_late -> highest = r_epoch
			:: else -> highest = (segment[2] != NOFILE && state[2] != OFF -> 2 : 1)
			fi
		:: p == 2 && listed == 1 -> listed = 2;
			if
			:: broken == BROKEN_list_late -> assert((segment[2] != NOFILE && state[2] != OFF -> 2 : 1) <= highest)
			:: else -> assert(highest <= r_epoch)
			fi;
			highest = 0
		:: p == 2 && broken == BROKEN_reader_moves && r_file != NOFILE && state[2] == OFF && !gone[r_file] -> gone[r_file] = true

		/* ---- faults */
		:: p == 0 && latch[0] -> latch[0] = false; SAY("> latch 0 is gone\n")
		:: p == 0 && !host_down -> host_down = true; latch[0] = false; SAY("> power loss\n");
			if
			:: state[0] != OFF -> forget(0); state[0] = DEAD
			:: else
			fi;
			if
			:: state[1] != OFF -> forget(1); state[1] = DEAD
			:: else
			fi;
			w_file = 0;
			do
			:: w_file < FILES && made[w_file] && maker[w_file] < 2 -> size[w_file] = durable[w_file]; gone[w_file] = (broken == BROKEN_no_dirsync); w_file++
			:: w_file < FILES && !(made[w_file] && maker[w_file] < 2) -> w_file++
			:: w_file >= FILES -> break
			od;
			w_file = 0; late_rec = (late_rec > 0 -> 9 : 0)
		fi;
		promises()
	   }
	od
}

init
{
	byte n;

	d_step {
		c_code {
			now.broken = parameter("BROKEN", 0);
			now.records = parameter("RECORDS", 3);
			now.errors = parameter("ERRORS", 0);
			now.reach = parameter("REACH", 0);
		};
		latch[0] = true; latch[1] = true;
		do
		:: n < 3 -> state[n] = OFF; moved[n] = NO_ANSWER; segment[n] = NOFILE; n++
		:: else -> break
		od;
		n = 0;
		begin(0)
	};
	atomic { run elector(0); run elector(1); run elector(2) }
}
