// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where a daemon listens: a Unix socket (JobManagers) or host:port (TaskManagers, clients). */
record DaemonAddress(String path, String host, int port) {

    static DaemonAddress unix(String path) {
        return new DaemonAddress(path, null, 0);
    }

    static DaemonAddress tcp(String host, int port) {
        return new DaemonAddress(null, host, port);
    }

    /** Reads {@code host:port,host:port}; an IPv6 address stands in brackets. */
    static List<DaemonAddress> parseList(String text) {
        final List<DaemonAddress> addresses = new ArrayList<>();
        for (String part : text.split("[,;\\s]+")) {
            if (!part.isEmpty()) {
                addresses.add(parse(part));
            }
        }
        return addresses;
    }

    private static DaemonAddress parse(String text) {
        final int colon = text.lastIndexOf(':');
        try {
            final int port = Integer.parseInt(text.substring(colon + 1));
            final String host = text.substring(0, Math.max(colon, 0)).replaceAll("^\\[|]$", "");
            if (!host.isEmpty() && port > 0 && port < 65536) {
                return tcp(host, port);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("'" + text + "' is not host:port");
    }

    boolean isUnix() {
        return path != null;
    }

    SocketChannel open() throws IOException {
        return isUnix() ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
    }

    /** Resolves a host name anew each time: daemons move. */
    SocketAddress resolve() throws IOException {
        if (isUnix()) {
            return UnixDomainSocketAddress.of(path);
        }
        final InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new UnknownHostException(host);
        }
        return address;
    }

    /** What a failed connect means and what to do about it. */
    String explain(IOException e) {
        final String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        if (e instanceof UnknownHostException) {
            return "the host name cannot be resolved: correct jmha.address";
        }
        if (!isUnix()) {
            return "no daemon answers there ("
                    + e.getMessage()
                    + "): start jmhad, and let its api.listen be this address";
        }
        if (text.contains("permission denied")) {
            return "user "
                    + System.getProperty("user.name")
                    + " may not open the socket: let the daemon start the JobManager, or run it as"
                    + " the daemon's user";
        }
        if (text.contains("too long")) {
            return "the path is too long for a Unix socket: shorten the daemon's runtime_dir";
        }
        if (!Files.exists(Path.of(path))) {
            return "there is no such socket: start jmhad, or correct JMHA_SOCKET or jmha.socket";
        }
        return "no daemon answers there (" + e.getMessage() + "): start jmhad";
    }

    @Override
    public String toString() {
        if (isUnix()) {
            return "unix:" + path;
        }
        return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
    }
}
