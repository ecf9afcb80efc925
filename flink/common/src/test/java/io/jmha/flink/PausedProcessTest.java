// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * A leader that was paused halts as it goes on, before it follows what it was told meanwhile: a
 * polite revoke would disturb the new leader's jobs.
 */
class PausedProcessTest {

    @Test
    void a_paused_leader_halts_first() throws Exception {
        try (Lab lab = new Lab()) {
            lab.daemon.setState(FakeDaemon.state(0, null, false).put("halt_after_ms", 1500));
            final Path out = lab.folder.resolve("out");
            final Process process = start(lab, out);
            try {
                Lab.await("connected", () -> lab.daemon.streams() > 0);
                lab.daemon.grant(7);
                Lab.await("leads", () -> Files.readString(out).contains("granted"));
                signal(process, "-STOP");
                Lab.await("stopped", () -> isStopped(process));
                lab.daemon.revoke(7, false);
                // The pause itself is what is tested.
                Thread.sleep(2500);
                signal(process, "-CONT");
                assertTrue(process.waitFor(30, TimeUnit.SECONDS), "it ended");
                assertEquals(Halt.EXIT_CODE, process.exitValue());
                assertFalse(Files.readString(out).contains("revoked"), "no polite revoke");
            } finally {
                process.destroyForcibly();
            }
        }
    }

    private static Process start(Lab lab, Path out) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PausedProcess.class.getName(),
                        lab.environment.get("JMHA_SOCKET"),
                        lab.folder.resolve("ha").toUri().toString())
                .redirectOutput(out.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Every thread: the signal takes its time. */
    private static boolean isStopped(Process process) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                if (!Files.readString(task.resolve("stat")).contains(") T ")) {
                    return false;
                }
            }
        }
        return true;
    }

    private static void signal(Process process, String signal) throws Exception {
        final Process kill =
                new ProcessBuilder("kill", signal, Long.toString(process.pid())).start();
        assertEquals(0, kill.waitFor());
    }
}
