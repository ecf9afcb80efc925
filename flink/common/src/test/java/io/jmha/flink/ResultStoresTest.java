// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.apache.flink.configuration.Configuration;

import org.junit.jupiter.api.Test;

class ResultStoresTest {

    private static final String STORE = "job-result-store";
    private static final String DELETE = STORE + ".delete-on-commit";

    private static Configuration with(String target) {
        final Configuration given = new Configuration();
        given.setString("execution.target", target);
        return given;
    }

    private static String deletes(Configuration given) {
        return ResultStores.configuration(given, STORE).toMap().get(DELETE);
    }

    @Test
    void an_applications_result_is_kept() {
        final Configuration given = with("embedded");
        assertEquals("false", deletes(given));
        assertEquals(null, given.toMap().get(DELETE), "the given one is left alone");
    }

    @Test
    void what_the_site_says_counts() {
        final Configuration given = with("embedded");
        given.setString(DELETE, "true");
        assertEquals("true", deletes(given));
    }

    @Test
    void a_session_clusters_results_are_flinks_own_affair() {
        final Configuration session = new Configuration();
        assertSame(session, ResultStores.configuration(session, STORE));
        final Configuration remote = with("remote");
        assertSame(remote, ResultStores.configuration(remote, STORE));
    }
}
