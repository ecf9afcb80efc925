// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.jmha.flink.TermClient.Entry;

/**
 * The pointers below a prefix, one part of the list after the other: the daemon refuses a long list
 * as a whole. A pointer that is there all the time is in it once, whatever changes in between.
 */
final class PointerList {

    /** A GET; how it is tried and what its failure means is the caller's. */
    interface Ask<E extends Exception> {
        JsonNode get(String target) throws E;
    }

    private PointerList() {}

    /**
     * Asks until the daemon has no more.
     *
     * @throws IOException when what it answered is no list, or one that has no end
     */
    static <E extends Exception> List<Entry> read(String prefix, Ask<E> ask)
            throws E, IOException {
        final List<Entry> entries = new ArrayList<>();
        String after = "";
        boolean more = true;
        while (more) {
            final JsonNode part = ask.get("/v1/pointers?prefix=" + prefix + "&after=" + after);
            final JsonNode pointers = part.path("pointers");
            more = part.path("more").asBoolean(false);
            if (!pointers.isArray()) {
                // Taken for an empty list, it would start jobs anew, without their state.
                throw new IOException(
                        "no list of pointers in the answer; is daemon and library of one release?");
            }
            if (more && pointers.isEmpty()) {
                throw new IOException("more pointers after \"" + after + "\", but none given");
            }
            for (JsonNode node : pointers) {
                final Entry entry = entry(node);
                if (entry.key().compareTo(after) <= 0) {
                    throw new IOException(
                            "pointer \"" + entry.key() + "\" is listed after \"" + after + "\"");
                }
                if (!entry.key().startsWith(prefix)) {
                    throw new IOException(
                            "pointer \"" + entry.key() + "\" is listed below " + prefix);
                }
                entries.add(entry);
                after = entry.key();
            }
        }
        return entries;
    }

    private static Entry entry(JsonNode node) throws IOException {
        final String key = node.path("key").asText();
        final boolean damaged = node.path("damaged").asBoolean(false);
        try {
            return new Entry(
                    key,
                    node.path("revision").asLong(),
                    damaged ? null : node.path("value").binaryValue());
        } catch (IOException e) {
            throw new IOException("the value of pointer \"" + key + "\" is not base64", e);
        }
    }
}
