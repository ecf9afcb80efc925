// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import org.apache.flink.api.common.JobID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

/** A storageDir that is not shared shows before the takeover. */
class StorageCheckTest {

    private static final String MISSED = "this standby does not see the files of 1 of 2 jobs";

    private final String job = new JobID().toHexString();
    private Lab lab;
    private Path here;

    @BeforeEach
    void open() throws Exception {
        lab = new Lab();
        here = lab.folder.resolve("here");
        Files.writeString(here, "12345");
        point(new JobID().toHexString(), here);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private void point(String id, Path file) {
        lab.daemon.setPointer(
                "jobs/" + id,
                String.format("{\"target\":\"%s\",\"bytes\":5}", file.toUri())
                        .getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_standby_says_which_files_it_does_not_see_once_and_that_they_are_there() throws Exception {
        final Path elsewhere = lab.folder.resolve("elsewhere");
        point(job, elsewhere);
        lab.daemon.partSize = 1;
        lab.jobManager(lab.backend());
        lab.awaitLog(
                MISSED, "elsewhere is missing", "same shared folder on every host?", "jobs/" + job);
        assertEquals("waiting 0", lab.reports().get(0), "it stands by all the same");
        Files.writeString(elsewhere, "12345");
        lab.awaitLog("the files of all jobs are seen here");
        assertEquals(1, lab.countLog(MISSED));
    }

    @Test
    void one_look_is_not_enough() throws Exception {
        final StorageCheck check =
                new StorageCheck(
                        new DaemonClient(DaemonAddress.unix(lab.environment.get("JMHA_SOCKET"))),
                        1000);
        point(job, lab.folder.resolve("deleted-by-now"));
        check.look();
        point(job, here);
        check.look();
        lab.daemon.setPointer("jobs/" + job, null);
        check.look();
        check.look();
        lab.daemon.fault("GET", "/v1/pointers", FakeDaemon.Fault.GARBAGE);
        check.look();
        lab.daemon.fault("GET", "/v1/pointers", FakeDaemon.Fault.STATUS_503);
        check.look();
        assertFalse(lab.log().contains("does not see"), lab.log());
    }
}
