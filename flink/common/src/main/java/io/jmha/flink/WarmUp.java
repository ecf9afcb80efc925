// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Loads the classes that a takeover needs before it comes. They are listed in {@code
 * takeover-classes.txt}, which {@code list-classes} makes of what real leaders loaded; each line of
 * Flink lacks some of them.
 *
 * <p>They are loaded and linked, which is what takes the time, but not initialised: what a static
 * initialiser does is left to the order in which Flink comes to it.
 */
final class WarmUp {

    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    private final List<String> names;
    private final ClassLoader loader;
    private int next;
    private int loaded;

    WarmUp(List<String> names, ClassLoader loader) {
        this.names = names;
        this.loader = loader;
    }

    static WarmUp ofResource() throws IOException {
        final ClassLoader loader = WarmUp.class.getClassLoader();
        try (InputStream in = WarmUp.class.getResourceAsStream("takeover-classes.txt")) {
            if (in == null) {
                throw new IOException("takeover-classes.txt is not in the jar");
            }
            return new WarmUp(read(in), loader);
        }
    }

    /** One name a line; {@code #} begins a comment. */
    static List<String> read(InputStream in) throws IOException {
        final BufferedReader reader =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        return reader.lines()
                .map(line -> line.replaceFirst("#.*", "").trim())
                .filter(line -> !line.isEmpty())
                .toList();
    }

    /** Goes on where it stopped; returns whether all is done. Stops when not standing by. */
    boolean run(BooleanSupplier standsBy) {
        final long begin = System.nanoTime();
        while (next < names.size() && standsBy.getAsBoolean()) {
            load(names.get(next++));
        }
        if (next < names.size()) {
            return false;
        }
        LOG.info(
                "warmed up for a takeover: {} classes in {} ms",
                loaded,
                (System.nanoTime() - begin) / 1_000_000);
        return true;
    }

    /** A class that this Flink does not have, or not whole, is left out. */
    private void load(String name) {
        try {
            Class.forName(name, false, loader).getDeclaredConstructors(); // links it, too
            loaded++;
        } catch (ClassNotFoundException | LinkageError | RuntimeException e) {
            LOG.debug("{} is not warmed up: {}", name, e.toString());
        }
    }
}
