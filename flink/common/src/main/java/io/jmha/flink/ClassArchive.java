// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Pattern;

import javax.annotation.Nullable;

/**
 * The archive of the classes that a JobManager loads, so that the next one starts faster. The
 * daemon looks for it and names it to the JVM; here it is written, once, by a JVM that stands by,
 * and removed when the JVM refused it.
 *
 * <p>Its name is {@code jmha-MEMBER-FINGERPRINT-BYTES.jsa}: a JVM does not survive a shortened
 * file, so the daemon compares the size.
 *
 * <p>Nothing here may disturb the JobManager: whatever fails is one line in the log.
 */
final class ClassArchive {

    private static final Logger LOG = LoggerFactory.getLogger(ClassArchive.class);
    private static final String IN_USE = "-XX:SharedArchiveFile=";
    private static final String RECORDS = "-XX:+RecordDynamicDumpInfo";

    /** Whether the process may stand still now; asked when all else is ready. */
    interface Aside {
        boolean step() throws InterruptedException;
    }

    private final Path folder;
    private final String member;
    private final Jvm jvm;
    private final Pattern name;

    ClassArchive(Path folder, String member, Jvm jvm) {
        this.folder = folder;
        this.member = member;
        this.jvm = jvm;
        this.name = Pattern.compile("jmha-" + Pattern.quote(member) + "-([0-9a-f]{16})-[0-9]+\\.jsa");
    }

    /** Null when the operator did not ask for one. */
    @Nullable
    static ClassArchive fromEnvironment(Map<String, String> environment, Jvm jvm) {
        final String folder = environment.getOrDefault("JMHA_CLASS_ARCHIVE", "");
        final String member = environment.getOrDefault("JMHA_MEMBER", "");
        return folder.isEmpty() || member.isEmpty()
                ? null
                : new ClassArchive(Path.of(folder), member, jvm);
    }

    // ------------------------------------------------------------------ the one in use

    /**
     * Removes the archive that this JVM was started with but does not use: Flink or the JVM changed,
     * or the file is damaged. The next start makes a new one.
     */
    void check() {
        final Path file = inUse();
        if (file == null || !file.startsWith(folder)) {
            return;
        }
        try {
            final var parts = name.matcher(file.getFileName().toString());
            if (!parts.matches()) {
                return;
            }
            final String why;
            if (!parts.group(1).equals(fingerprint())) {
                why = "was made by another Flink or JVM";
            } else if (!jvm.maps(file)) {
                why = "was refused by this JVM (damaged, or made with other JVM options)";
            } else {
                LOG.info("class archive {} is in use", file);
                return;
            }
            Files.deleteIfExists(file);
            LOG.info("class archive {} {}: removed, the next start makes a new one", file, why);
        } catch (IOException | RuntimeException e) {
            LOG.warn("class archive {} was not checked: {}", file, e.toString());
        }
    }

    @Nullable
    private Path inUse() {
        final String file = last(IN_USE);
        return file == null ? null : Path.of(file.substring(IN_USE.length()));
    }

    @Nullable
    private String last(String option) {
        String found = null;
        for (String argument : jvm.arguments()) {
            if (argument.startsWith(option)) {
                found = argument;
            }
        }
        return found;
    }

    // ------------------------------------------------------------------ making one

    /** Whether this JVM was started without one, so that it can make it. */
    boolean records() {
        return last(RECORDS) != null && inUse() == null;
    }

    /**
     * Writes the archive. All threads stand still meanwhile, so it is not begun unless the process
     * stands by and is granted nothing. The file that is begun is also the mark of an attempt that did not end: should the
     * JVM not survive it, the next one does without.
     *
     * @return false: not the moment, ask again; true: done, or not possible
     */
    boolean make(Aside aside) throws InterruptedException {
        final Path fresh = folder.resolve("jmha-" + member + "-new.jsa");
        try {
            if (removeTrial(fresh)) {
                LOG.warn(
                        "the last attempt to make a class archive in {} did not end, this process"
                                + " makes none; the next one tries again",
                        folder);
                return true;
            }
            final String fingerprint = fingerprint();
            // Refused here it costs nothing, refused in the JVM a pause.
            Files.createFile(fresh);
            jvm.prepare();
            if (!aside.step()) {
                Files.deleteIfExists(fresh);
                return false;
            }
            final long begin = System.nanoTime();
            jvm.dump(fresh);
            final long took = (System.nanoTime() - begin) / 1_000_000;
            try (FileChannel file = FileChannel.open(fresh, StandardOpenOption.READ)) {
                file.force(true);
            }
            final Path done = publish(fresh, fingerprint);
            LOG.info("class archive {} was made in {} ms: the next start uses it", done, took);
        } catch (InterruptedException e) {
            removeTrial(fresh);
            throw e;
        } catch (Exception | LinkageError e) {
            LOG.warn(
                    "no class archive was made in {} ({}): the next start takes as long as this"
                            + " one. The folder must be writable for user {}, the JVM be 17 or later",
                    folder,
                    e.toString(),
                    System.getProperty("user.name"));
            removeTrial(fresh);
        }
        return true;
    }

    private Path publish(Path fresh, String fingerprint) throws IOException {
        final Path done =
                folder.resolve(
                        "jmha-" + member + "-" + fingerprint + "-" + Files.size(fresh) + ".jsa");
        Files.move(fresh, done, StandardCopyOption.ATOMIC_MOVE);
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            for (Path file : all) {
                if (name.matcher(file.getFileName().toString()).matches() && !file.equals(done)) {
                    Files.deleteIfExists(file);
                }
            }
        }
        return done;
    }

    /** Also what the JVM writes before it gives the file its name. */
    private static boolean removeTrial(Path fresh) {
        try {
            Files.deleteIfExists(fresh.resolveSibling(fresh.getFileName() + ".temp"));
            return Files.deleteIfExists(fresh);
        } catch (IOException e) {
            LOG.debug("{} is left over", fresh, e);
            return false;
        }
    }

    // ------------------------------------------------------------------ whose it is

    /** Changes with all that makes an archive worthless: the JVM, a jar, their order. */
    String fingerprint() throws IOException {
        final StringBuilder all = new StringBuilder(jvm.version()).append('\n');
        for (String entry : jvm.classPath().split(File.pathSeparator)) {
            final Path path = Path.of(entry);
            all.append(entry);
            if (Files.exists(path)) {
                all.append(' ').append(Files.size(path));
                all.append(' ').append(Files.getLastModifiedTime(path).toMillis());
            }
            all.append('\n');
        }
        all.append(ClassArchive.class.getPackage().getImplementationVersion());
        try {
            final byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(all.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
