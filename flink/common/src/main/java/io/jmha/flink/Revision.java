// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.runtime.persistence.ResourceVersion;

/** A pointer's revision; the daemon counts in 64 bits, Flink's own IntegerResourceVersion in 32. */
record Revision(long value) implements ResourceVersion<Revision> {

    static final Revision NOT_EXISTING = new Revision(-1);

    @Override
    public boolean isExisting() {
        return value >= 0;
    }

    @Override
    public int compareTo(Revision other) {
        return Long.compare(value, other.value);
    }
}
