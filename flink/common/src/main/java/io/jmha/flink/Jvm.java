// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import javax.management.JMException;
import javax.management.ObjectName;

/** What {@link ClassArchive} needs of the virtual machine. A seam for tests. */
interface Jvm {

    Jvm PROCESS = new Process();

    /** Options, those of {@code JDK_JAVA_OPTIONS} included. */
    List<String> arguments();

    String version();

    String classPath();

    /** Whether the file is part of this process, so that its classes are used. */
    boolean maps(Path file) throws IOException;

    /** Whatever {@link #dump} needs and can be done while all goes on. */
    void prepare() throws Exception;

    /** Writes the classes loaded so far; all threads stand still meanwhile. */
    void dump(Path file) throws Exception;

    /** Of this process, on HotSpot and Linux. */
    final class Process implements Jvm {

        @Override
        public List<String> arguments() {
            return ManagementFactory.getRuntimeMXBean().getInputArguments();
        }

        @Override
        public String version() {
            return System.getProperty("java.vm.version")
                    + ' '
                    + System.getProperty("java.vm.vendor");
        }

        @Override
        public String classPath() {
            return System.getProperty("java.class.path");
        }

        @Override
        public boolean maps(Path file) throws IOException {
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                return lines.anyMatch(line -> line.endsWith(" " + file));
            }
        }

        @Override
        public void prepare() {
            ManagementFactory.getPlatformMBeanServer();
        }

        @Override
        public void dump(Path file) throws JMException, IOException {
            final Object said =
                    ManagementFactory.getPlatformMBeanServer()
                            .invoke(
                                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                                    "vmCds",
                                    new Object[] {new String[] {"dynamic_dump", file.toString()}},
                                    new String[] {String[].class.getName()});
            if (Files.size(file) == 0) {
                throw new IOException("the JVM wrote nothing: " + said);
            }
        }
    }
}
