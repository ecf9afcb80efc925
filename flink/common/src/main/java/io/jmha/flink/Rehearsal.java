// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ConfigurationUtils;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.FileUtils;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Runs a tiny job in a cluster within this process (Flink's own local environment), lets it fail
 * after its first checkpoint, and ends it when it is restored: a takeover goes the same ways, and
 * finds Dispatcher, scheduler, checkpoint coordinator and what else there is loaded, initialised
 * and compiled.
 *
 * <p>It shares nothing with the real cluster: no high availability, no state beyond the heap, no
 * reporters, no tokens; its ports are on the loopback interface, and as secure as the site's.
 */
final class Rehearsal {

    private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);

    /** What the job's and its tasks' names begin with in the log. */
    static final String NAME = "jmha-rehearsal";

    private static final long PATIENCE_MS = 60_000;
    private static final long CLOSING_MS = 5_000;
    private static final long LOOK_MS = 20;

    /** Life of the job that has processed a record: 0, then 1 after the restore. One at a time. */
    private static volatile int life;

    private Rehearsal() {}

    /** Returns when all is over; at once when the process no longer stands by. */
    static void run(Configuration site, BooleanSupplier standsBy) throws InterruptedException {
        final long begin = System.nanoTime();
        Thread.currentThread().setContextClassLoader(Rehearsal.class.getClassLoader());
        life = -1;
        Path folder = null;
        try {
            folder = temporaryFolder(site);
            final JobClient job = environment(site, folder).executeAsync(NAME);
            final long end = begin + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS);
            while (life < 1 && System.nanoTime() - end < 0 && standsBy.getAsBoolean()) {
                Thread.sleep(LOOK_MS);
            }
            final boolean complete = life == 1;
            job.cancel().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
            awaitEnd(job, folder);
            LOG.info(
                    "rehearsed a takeover in {} ms{}",
                    (System.nanoTime() - begin) / 1_000_000,
                    complete ? "" : ", not to the end");
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception | LinkageError e) {
            LOG.warn(
                    "no takeover was rehearsed, the first one will take longer: {}", e.toString());
        } finally {
            if (folder != null) {
                FileUtils.deleteDirectoryQuietly(folder.toFile());
            }
        }
    }

    /** The job's, then the cluster's, which goes by itself and takes its files away. */
    private static void awaitEnd(JobClient job, Path folder) throws Exception {
        try {
            job.getJobExecutionResult().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            // cancelled, as it should be
        }
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSING_MS);
        while (hasFiles(folder) && System.nanoTime() - end < 0) {
            Thread.sleep(LOOK_MS);
        }
    }

    private static boolean hasFiles(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.anyMatch(Files::isRegularFile);
        } catch (IOException | UncheckedIOException e) {
            return true; // something goes while we look
        }
    }

    private static Path temporaryFolder(Configuration site) throws IOException {
        final String[] folders = ConfigurationUtils.parseTempDirectories(site);
        return Files.createTempDirectory(Path.of(folders[0]), NAME);
    }

    private static StreamExecutionEnvironment environment(Configuration site, Path folder) {
        final StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(
                        1, configuration(site, folder));
        environment.enableCheckpointing(50);
        environment
                .fromSequence(0, Long.MAX_VALUE)
                .name(NAME)
                .map(new Slow())
                .name(NAME)
                .keyBy(new Parity())
                .map(new Failing())
                .name(NAME)
                .sinkTo(new DiscardingSink<>())
                .name(NAME);
        return environment;
    }

    private static Configuration configuration(Configuration site, Path folder) {
        final Map<String, String> all = new HashMap<>();
        site.toMap()
                .forEach(
                        (key, value) -> {
                            if (key.startsWith("security.ssl.")) {
                                all.put(key, value);
                            }
                        });
        all.put("io.tmp.dirs", folder.toString());
        all.put("web.tmpdir", folder.toString());
        all.put("security.delegation.tokens.enabled", "false");
        all.put("jobmanager.bind-host", "localhost");
        all.put("rest.address", "localhost");
        all.put("rest.bind-address", "localhost");
        all.put("rest.bind-port", "0");
        all.put("web.submit.enable", "false");
        all.put("web.cancel.enable", "false");
        all.put("taskmanager.memory.segment-size", "4k");
        all.put("taskmanager.memory.network.min", "2m");
        all.put("taskmanager.memory.network.max", "2m");
        all.put("taskmanager.memory.managed.size", "1m");
        all.put("task.cancellation.timeout", "0");
        all.put("restart-strategy.type", "fixed-delay");
        all.put("restart-strategy.fixed-delay.attempts", "1");
        all.put("restart-strategy.fixed-delay.delay", "0 ms");
        return Configuration.fromMap(all);
    }

    /** Stands before the first buffer: a checkpoint's barrier does not wait behind records. */
    private static final class Slow extends RichMapFunction<Long, Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public Long map(Long value) throws InterruptedException {
            Thread.sleep(5);
            return value;
        }
    }

    private static final class Parity implements KeySelector<Long, Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public Long getKey(Long value) {
            return value % 2;
        }
    }

    /** Without a stack trace, which would look like trouble in the log. */
    private static final class Intended extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Intended() {
            super("the rehearsal fails here, to be restored", null, false, false);
        }
    }

    private static final class Failing extends RichMapFunction<Long, Long>
            implements CheckpointListener {
        private static final long serialVersionUID = 1L;
        private transient volatile boolean checkpointed;

        @Override
        public Long map(Long value) {
            life = getRuntimeContext().getTaskInfo().getAttemptNumber();
            if (checkpointed && life == 0) {
                throw new Intended();
            }
            return value;
        }

        @Override
        public void notifyCheckpointComplete(long checkpoint) {
            checkpointed = true;
        }
    }
}
