/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first start, and what is lost later: CLUSTER in the storage and the register in ZooKeeper, made by whoever
 * comes first; a register that was removed, storage that is not mounted, another path (A11, B5; promises 2, 3, 6):
 * daemon/elector_store.c, storage/store_ops.c.
 *
 * Two members start at once.  Looking at the register, looking into the storage, linking CLUSTER (EEXIST: the other's
 * is read), creating the register (NODEEXISTS: fine), listing log/ and claiming are steps of their own; each may be
 * old when the next is taken, and a create may land late.
 *
 *	at a grant	the store is the one that the register names, and the epoch is higher than any before
 *	in the end	somebody was granted, or a fault explains why not (no `end` label: SPIN finds the rest)
 *
 * late_create = 1: a create may land after the register was made, used and removed by hand.  Then a listing of before
 * may be older than the grant, and epoch 1 is granted twice (run start-late-create: a limit, it needs a register removed
 * by hand within the moment of a first start; the files of epoch 1 are seen by the next listing).
 *
 * Limits: one register lost by hand, one store at another path, or not mounted (any more: on the very first start an
 * empty mount point is a new store, also to a member whose look is older than the register); epochs to 3.
 */
#include "parameters.pml"

#define BROKEN_register_first 1  /* A11: the register is made before CLUSTER */
#define BROKEN_cluster_made 2    /* A11, B5: CLUSTER is made although the register exists */
#define BROKEN_ids_ignored 3     /* A11: the ids are not compared */
#define BROKEN_files_ignored 4   /* A11: a lost register is made anew although the log has files .. */
#define BROKEN_no_rollback 5     /* A11: .. or a file of a higher epoch is not looked for */
#define BROKEN_file_after_grant 6 /* A11: the first segment is made after the grant */

byte removals, restores, unmounted, elsewhere; bool reach, late_create;

/* ---- two stores: the cluster's, and what is seen at an empty mount point or at another path */
byte cluster[3], newest[3];                 /* id, highest epoch with a file; 0 = none */
bool has_register; byte r_id, r_epoch, version, home = 9; /* home: the store of who made the register */
/* ---- members */
byte store[2];
bool looked[2], checked[2]; byte seen_id[2]; bool seen_register[2]; byte my_id[2]; bool has_files[2];
bool creating[2]; byte creating_id[2];
byte listed[2]; bool has_listed[2], claims[2]; byte claim_version[2], claim_epoch[2];
byte highest, tries = 6;
bool removed, granted, leads[2];

proctype member(byte m)
{
	do
	:: granted && tries == 0 -> break
	:: atomic {
		if
		/* a look at the register, CLUSTER and files */
		:: !leads[m] && !looked[m] -> looked[m] = true; seen_register[m] = has_register; seen_id[m] = r_id; SAY("> %d looks: register %d\n", m, has_register)
		:: !leads[m] && looked[m] && !checked[m] -> checked[m] = true; my_id[m] = cluster[store[m]]; has_files[m] = (newest[store[m]] > 0); SAY("> %d sees CLUSTER %d\n", m, my_id[m])
		/* make_first_pair() */
		:: !leads[m] && looked[m] && checked[m] && !seen_register[m] && !creating[m] && (!has_files[m] || broken == BROKEN_files_ignored) ->
			if
			:: broken == BROKEN_register_first -> creating[m] = true; creating_id[m] = m + 1; looked[m] = false; checked[m] = false
			:: broken != BROKEN_register_first && cluster[store[m]] == 0 -> cluster[store[m]] = m + 1; my_id[m] = m + 1; SAY("> %d makes CLUSTER %d\n", m, m + 1)
			:: broken != BROKEN_register_first && cluster[store[m]] > 0 && (newest[store[m]] == 0 || broken == BROKEN_files_ignored) -> my_id[m] = cluster[store[m]];
				creating[m] = true; creating_id[m] = my_id[m]; looked[m] = false; checked[m] = false
			:: broken != BROKEN_register_first && cluster[store[m]] > 0 && newest[store[m]] > 0 && broken != BROKEN_files_ignored -> looked[m] = false; checked[m] = false
			fi
		:: !leads[m] && looked[m] && checked[m] && seen_register[m] && my_id[m] == 0 && (broken == BROKEN_cluster_made || broken == BROKEN_register_first) ->
			cluster[store[m]] = (broken == BROKEN_register_first -> m + 1 : seen_id[m]); checked[m] = false
		:: !leads[m] && creating[m] -> creating[m] = false;
			if
			:: !has_register -> has_register = true; r_id = creating_id[m]; r_epoch = 0; version++; home = (home == 9 -> (cluster[0] == r_id -> 0 : store[m]) : home); SAY("> the register of cluster %d is made\n", r_id)
			:: else
			fi;
			creating_id[m] = 0
		/* list log/, read the register, claim */
		:: !leads[m] && looked[m] && checked[m] && seen_register[m] && my_id[m] > 0 && (my_id[m] == seen_id[m] || broken == BROKEN_ids_ignored) && !has_listed[m] && !claims[m] -> has_listed[m] = true; listed[m] = newest[store[m]]
		:: !leads[m] && has_listed[m] && !claims[m] && has_register && r_epoch < 3 -> has_listed[m] = false;
			if
			:: (listed[m] <= r_epoch || broken == BROKEN_no_rollback || broken == BROKEN_files_ignored) && (my_id[m] == r_id || broken == BROKEN_ids_ignored) -> claims[m] = true; claim_version[m] = version; claim_epoch[m] = r_epoch + 1
			:: else -> looked[m] = false; checked[m] = false; removed = true
			fi;
			listed[m] = 0
		:: !leads[m] && claims[m] -> claims[m] = false;
			if
			:: has_register && claim_version[m] == version && cluster[store[m]] == 0 -> version++; r_epoch = claim_epoch[m]; removed = true; SAY("> %d cannot load\n", m)
			:: has_register && claim_version[m] == version && cluster[store[m]] > 0 -> version++; r_epoch = claim_epoch[m];
				if
				:: broken != BROKEN_file_after_grant -> newest[store[m]] = r_epoch
				:: else
				fi;
				assert(store[m] == home && cluster[home] == r_id);                       /* 3 */
				assert(r_epoch > highest); highest = r_epoch; granted = true; leads[m] = true; /* 2 */
				SAY("> %d GRANTED, epoch %d\n", m, r_epoch); assert(!reach)
			:: else
			fi;
			claim_version[m] = 0; claim_epoch[m] = 0; looked[m] = false; checked[m] = false
		/* what has not led to anything is looked at again */
		:: !leads[m] && tries > 0 && looked[m] && checked[m] && !claims[m] -> tries--; looked[m] = false; checked[m] = false; has_listed[m] = false; listed[m] = 0
		fi }
	:: atomic { leads[m] -> leads[m] = false; looked[m] = false; checked[m] = false; tries = (tries > 0 -> tries - 1 : 0); SAY("> %d leads no more\n", m) }
	:: atomic { removals > 0 && has_register && (late_create || !creating[0] && !creating[1]) -> removals--; removed = true; has_register = false; r_id = 0; r_epoch = 0; SAY("> the register is removed by hand\n") }
	:: atomic { restores > 0 && has_register && r_epoch > 0 -> restores--; removed = true; r_epoch = 0; version = 9; SAY("> ZooKeeper is restored from a backup: epoch 0\n");
		looked[0] = false; checked[0] = false; has_listed[0] = false; listed[0] = 0; claims[0] = false; leads[0] = false; creating[0] = false;
		looked[1] = false; checked[1] = false; has_listed[1] = false; listed[1] = 0; claims[1] = false; leads[1] = false; creating[1] = false }
	:: atomic { unmounted > 0 && m == 1 && store[1] == 0 && has_register && seen_register[1] -> unmounted--; store[1] = 2; removed = true; SAY("> 1 has an empty mount point\n") }
	:: removed && tries == 0 -> break
	od
}

init
{
	d_step {
		c_code {
			now.broken = parameter("BROKEN", 0);
			now.removals = parameter("REMOVALS", 0);
			now.restores = parameter("RESTORES", 0);
			now.late_create = parameter("LATE_CREATE", 0);
			now.unmounted = parameter("UNMOUNTED", 0);
			now.elsewhere = parameter("ELSEWHERE", 0);
			now.reach = parameter("REACH", 0);
		};
		if
		:: elsewhere > 0 -> store[1] = 1; removed = true; cluster[1] = 7
		:: else
		fi
	};
	atomic { run member(0); run member(1) }
}
