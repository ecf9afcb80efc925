// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.runtime.checkpoint.CheckpointStoreUtil;

import org.slf4j.LoggerFactory;

import java.util.Locale;

/**
 * 19 digits: Flink sorts checkpoints by name. Its own ZooKeeperCheckpointStoreUtil begins with a
 * slash, which is no part of a key.
 */
enum CheckpointNames implements CheckpointStoreUtil {
    INSTANCE;

    @Override
    public String checkpointIDToName(long checkpointId) {
        return String.format(Locale.ROOT, "%019d", checkpointId);
    }

    @Override
    public long nameToCheckpointID(String name) {
        try {
            return Long.parseLong(name);
        } catch (NumberFormatException e) {
            LoggerFactory.getLogger(CheckpointNames.class)
                    .warn("checkpoint pointer '{}' is not named by a number", name);
            return INVALID_CHECKPOINT_ID;
        }
    }
}
