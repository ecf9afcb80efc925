// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The archive's files, with a scripted virtual machine. */
class ClassArchiveTest {

    @TempDir Path folder;
    @TempDir Path lib;

    private final PrintStream realErr = System.err;
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final FakeJvm jvm = new FakeJvm();

    private final class FakeJvm implements Jvm {
        final List<String> arguments = new ArrayList<>(List.of("-XX:+RecordDynamicDumpInfo"));
        String version = "17.0.15+6 Debian";
        boolean maps = true;
        IOException failure;
        int dumps;

        @Override
        public List<String> arguments() {
            return arguments;
        }

        @Override
        public String version() {
            return version;
        }

        @Override
        public String classPath() {
            return lib.resolve("a.jar") + ":" + lib.resolve("b.jar") + ":" + lib.resolve("none");
        }

        @Override
        public boolean maps(Path file) {
            return maps;
        }

        @Override
        public void prepare() {}

        @Override
        public void dump(Path file) throws IOException {
            dumps++;
            if (failure != null) {
                throw failure;
            }
            // As the real one: the file is replaced, and cannot be written.
            Files.delete(file);
            Files.writeString(file, "classes");
            assertTrue(file.toFile().setReadOnly());
        }
    }

    @BeforeEach
    void open() throws Exception {
        Files.writeString(lib.resolve("a.jar"), "a");
        Files.writeString(lib.resolve("b.jar"), "b");
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void close() {
        System.setErr(realErr);
    }

    private ClassArchive archive() {
        return new ClassArchive(folder, "jm-a", jvm);
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private String name(String member) throws IOException {
        return "jmha-" + member + "-" + archive().fingerprint() + "-7.jsa";
    }

    private Path startedWith(String name) throws IOException {
        final Path file = folder.resolve(name);
        Files.writeString(file, "classes");
        jvm.arguments.clear();
        jvm.arguments.add("-XX:SharedArchiveFile=" + file);
        return file;
    }

    private List<String> logLines() {
        return log.toString(StandardCharsets.UTF_8).lines().toList();
    }

    // ------------------------------------------------------------------ making

    @Test
    void the_name_says_member_fingerprint_and_size() throws Exception {
        assertTrue(archive().records());
        assertTrue(archive().make(() -> true));
        assertEquals(List.of(name("jm-a")), files());
        assertTrue(name("jm-a").matches("jmha-jm-a-[0-9a-f]{16}-7\\.jsa"), name("jm-a"));
    }

    @Test
    void never_while_leading() throws Exception {
        assertFalse(archive().make(() -> false));
        assertEquals(0, jvm.dumps);
        assertEquals(List.of(), files());
    }

    @Test
    void older_ones_of_the_member_are_removed_and_no_others() throws Exception {
        for (String other :
                List.of(
                        "jmha-jm-a-0123456789abcdef-9.jsa",
                        "jmha-jm-a-b-0123456789abcdef-9.jsa",
                        "jmha-jm-b-0123456789abcdef-9.jsa",
                        "precious")) {
            Files.writeString(folder.resolve(other), "x");
        }
        assertTrue(archive().make(() -> true));
        assertEquals(
                Stream.of(
                                name("jm-a"),
                                "jmha-jm-a-b-0123456789abcdef-9.jsa",
                                "jmha-jm-b-0123456789abcdef-9.jsa",
                                "precious")
                        .sorted()
                        .toList(),
                files());
    }

    @Test
    void after_an_attempt_that_did_not_end_one_process_makes_none() throws Exception {
        Files.writeString(folder.resolve("jmha-jm-a-new.jsa"), "");
        Files.writeString(folder.resolve("jmha-jm-a-new.jsa.temp"), "half");
        assertTrue(archive().make(() -> true), "not tried again by this one");
        assertEquals(0, jvm.dumps);
        assertEquals(List.of(), files());
        assertTrue(logLines().get(0).contains("did not end"), log.toString());
        assertTrue(archive().make(() -> true));
        assertEquals(1, jvm.dumps, "by the next one");
    }

    @Test
    void a_jvm_that_cannot_is_one_line_and_leaves_no_file() throws Exception {
        jvm.failure = new IOException("Unable to create dump");
        assertTrue(archive().make(() -> true), "not tried again");
        assertEquals(List.of(), files());
        assertEquals(1, logLines().size(), log.toString());
        assertTrue(logLines().get(0).contains("Unable to create dump"), log.toString());
    }

    @Test
    void a_folder_that_cannot_be_written_is_one_line_and_no_pause() throws Exception {
        final ClassArchive archive =
                new ClassArchive(folder.resolve("missing"), "jm-a", jvm);
        assertTrue(archive.make(() -> true), "not tried again");
        assertEquals(0, jvm.dumps);
        assertEquals(1, logLines().size(), log.toString());
        assertTrue(logLines().get(0).contains("missing"), log.toString());
    }

    @Test
    void a_jvm_that_does_not_record_or_has_one_makes_none() throws Exception {
        jvm.arguments.clear();
        assertFalse(archive().records());
        jvm.arguments.add("-XX:+RecordDynamicDumpInfo");
        jvm.arguments.add("-XX:SharedArchiveFile=/opt/own.jsa");
        assertFalse(archive().records());
    }

    @Test
    void without_the_operators_word_there_is_none() {
        assertNull(ClassArchive.fromEnvironment(Map.of("JMHA_MEMBER", "jm-a"), jvm));
        assertNotNull(
                ClassArchive.fromEnvironment(
                        Map.of("JMHA_MEMBER", "jm-a", "JMHA_CLASS_ARCHIVE", "/x"), jvm));
    }

    // ------------------------------------------------------------------ the one in use

    @Test
    void one_that_fits_stays() throws Exception {
        startedWith(name("jm-a"));
        archive().check();
        assertEquals(List.of(name("jm-a")), files());
    }

    @Test
    void a_foreign_one_is_removed() throws Exception {
        startedWith("jmha-jm-a-0123456789abcdef-7.jsa");
        archive().check();
        assertEquals(List.of(), files());
        assertEquals(1, logLines().size(), log.toString());
        assertTrue(logLines().get(0).contains("another Flink or JVM"), log.toString());
    }

    @Test
    void one_that_the_jvm_refused_is_removed() throws Exception {
        startedWith(name("jm-a"));
        jvm.maps = false;
        archive().check();
        assertEquals(List.of(), files());
        assertTrue(logLines().get(0).contains("refused by this JVM"), log.toString());
    }

    @Test
    void what_is_not_ours_is_left_alone() throws Exception {
        final Path own = startedWith("own.jsa");
        jvm.maps = false;
        archive().check();
        new ClassArchive(lib, "jm-a", jvm).check();
        assertTrue(Files.exists(own));
        startedWith("jmha-jm-b-0123456789abcdef-7.jsa");
        archive().check();
        assertEquals(2, files().size());
    }

    // ------------------------------------------------------------------ the fingerprint

    @Test
    void the_fingerprint_changes_with_all_that_matters() throws Exception {
        final String before = archive().fingerprint();
        assertEquals(before, archive().fingerprint());

        jvm.version = "17.0.16+8 Debian";
        assertNotEquals(before, archive().fingerprint(), "the JVM");
        jvm.version = "17.0.15+6 Debian";
        assertEquals(before, archive().fingerprint());

        final FileTime time = Files.getLastModifiedTime(lib.resolve("b.jar"));
        Files.writeString(lib.resolve("b.jar"), "bb");
        Files.setLastModifiedTime(lib.resolve("b.jar"), time);
        assertNotEquals(before, archive().fingerprint(), "a jar's size");
        Files.writeString(lib.resolve("b.jar"), "b");
        Files.setLastModifiedTime(lib.resolve("b.jar"), time);
        assertEquals(before, archive().fingerprint());

        Files.setLastModifiedTime(lib.resolve("b.jar"), FileTime.fromMillis(1));
        assertNotEquals(before, archive().fingerprint(), "a jar's time");
        Files.setLastModifiedTime(lib.resolve("b.jar"), time);

        Files.writeString(lib.resolve("none"), "");
        assertNotEquals(before, archive().fingerprint(), "another jar");
    }
}
