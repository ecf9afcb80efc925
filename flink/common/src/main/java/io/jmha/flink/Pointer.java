// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.core.fs.Path;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

import java.io.IOException;

import javax.annotation.Nullable;

/**
 * A pointer's value: which file it points to, and how long that is. No Java serialization:
 * operators and the daemon can read it.
 *
 * @param application the Flink 2.3 application that a job belongs to
 */
record Pointer(String target, long bytes, @Nullable String application) {

    JsonNode toJson() {
        final ObjectNode json = DaemonClient.object().put("target", target).put("bytes", bytes);
        return application == null ? json : json.put("application", application);
    }

    static Pointer parse(byte[] value) throws IOException {
        final JsonNode json = DaemonClient.JSON.readTree(value);
        if (json == null
                || !json.path("target").isTextual()
                || !json.path("bytes").isIntegralNumber()) {
            throw new IOException("its value is not {\"target\", \"bytes\"}");
        }
        return new Pointer(
                json.path("target").asText(),
                json.path("bytes").asLong(),
                json.path("application").asText(null));
    }

    Path path() {
        return new Path(target);
    }
}
