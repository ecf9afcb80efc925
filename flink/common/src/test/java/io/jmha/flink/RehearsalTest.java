// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The tiny job in this process, on the Flink of the module that runs this. */
class RehearsalTest {

    private Lab lab;

    @BeforeEach
    void open() throws Exception {
        assumeTrue(ownNameResolves(), "Flink's local environment needs it: getent hosts $(hostname)");
        lab = new Lab();
        lab.configuration.setString("io.tmp.dirs", lab.folder.resolve("tmp").toString());
        Files.createDirectory(lab.folder.resolve("tmp"));
    }

    @AfterEach
    void close() throws Exception {
        if (lab != null) {
            lab.close();
        }
    }

    private static boolean ownNameResolves() {
        try {
            InetAddress.getLocalHost();
            return true;
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static List<String> threadsOfFlink() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.contains("pekko") || name.contains("jmha-rehearsal"))
                .toList();
    }

    private List<Path> temporaryFiles() throws IOException {
        try (Stream<Path> all = Files.walk(lab.folder.resolve("tmp"))) {
            return all.filter(path -> !path.endsWith("tmp")).toList();
        }
    }

    private void nothingIsLeft() throws Exception {
        Lab.await("threads end: " + threadsOfFlink(), () -> threadsOfFlink().isEmpty());
        Lab.await("files go", () -> temporaryFiles().isEmpty());
    }

    @Test
    void it_fails_is_restored_and_leaves_nothing() throws Exception {
        Rehearsal.run(lab.configuration, () -> true);
        lab.awaitLog("rehearsed a takeover in");
        assertFalse(lab.log().contains("not to the end"), lab.log());
        assertTrue(lab.log().contains("the rehearsal fails here, to be restored"), lab.log());
        nothingIsLeft();
        assertEquals(List.of(), lab.files(""), "nothing in the real storage");
        assertEquals(0, lab.daemon.streams(), "the daemon is not asked");
    }

    @Test
    void it_ends_when_a_grant_comes() throws Exception {
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1);
        Rehearsal.run(lab.configuration, () -> System.nanoTime() < end);
        lab.awaitLog("rehearsed a takeover in", "not to the end");
        nothingIsLeft();
    }
}
