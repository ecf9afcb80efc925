// SPDX-License-Identifier: Apache-2.0
package io.jmha.flink;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import javax.annotation.Nullable;

/**
 * One request and its answer on a connection of its own; part of {@link DaemonClient}.
 *
 * <p>The channel does not block; each wait is a {@code select} with the time left. An interrupt
 * (Flink's {@code shutdownNow}) therefore neither closes the channel nor leaves the outcome of a
 * write unknown: it is remembered and set again by {@link #close}. Used by one thread; only {@link
 * #abort} may come from another.
 */
final class HttpExchange implements Closeable {

    private static final int MAX_LINE = 1 << 20;
    private static final int MAX_BODY = 64 << 20;
    private static final int UNTIL_EOF = -1;

    private final Selector selector;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final ByteBuffer in = ByteBuffer.allocate(16 * 1024).flip();
    private final Map<String, String> headers = new HashMap<>();

    private long deadlineNanos;
    private boolean interrupted;
    private volatile boolean aborted;
    private boolean sent;

    private int status;
    private boolean chunked;

    /** Bytes left of the body or of the present chunk. */
    private long left;

    private boolean bodyEnded;

    HttpExchange(DaemonAddress address, long deadlineNanos) throws IOException {
        this.deadlineNanos = deadlineNanos;
        this.selector = Selector.open();
        SocketChannel opened = null;
        try {
            opened = address.open();
            opened.configureBlocking(false);
            this.channel = opened;
            this.key = opened.register(selector, 0);
            if (!opened.connect(address.resolve())) {
                do {
                    await(SelectionKey.OP_CONNECT);
                } while (!opened.finishConnect());
            }
        } catch (IOException | RuntimeException e) {
            if (opened != null) {
                opened.close();
            }
            selector.close();
            restoreInterrupt();
            throw e instanceof IOException io ? io : new IOException(e);
        }
    }

    /** Sends the request and reads the head of the answer. */
    void send(String method, String target, Map<String, String> more, @Nullable byte[] body)
            throws IOException {
        final StringBuilder head = new StringBuilder(256);
        head.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
        head.append("Host: localhost\r\nConnection: close\r\n");
        more.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        if (body != null) {
            head.append("Content-Type: application/json\r\n");
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        head.append("\r\n");
        write(ByteBuffer.wrap(head.toString().getBytes(StandardCharsets.ISO_8859_1)));
        if (body != null) {
            write(ByteBuffer.wrap(body));
        }
        readHead();
    }

    private void readHead() throws IOException {
        do {
            final String[] line = requireLine().split(" ", 3);
            if (line.length < 2 || !line[0].startsWith("HTTP/1.")) {
                throw new IOException("the answer is not HTTP: " + String.join(" ", line));
            }
            status = parseNumber(line[1], 10);
            headers.clear();
            for (String field = requireLine(); !field.isEmpty(); field = requireLine()) {
                final int colon = field.indexOf(':');
                if (colon > 0) {
                    headers.put(
                            field.substring(0, colon).trim().toLowerCase(Locale.ROOT),
                            field.substring(colon + 1).trim());
                }
            }
        } while (status / 100 == 1);
        chunked = "chunked".equalsIgnoreCase(header("transfer-encoding"));
        final String length = header("content-length");
        if (chunked) {
            left = 0;
        } else if (length != null) {
            left = parseNumber(length, 10);
            bodyEnded = left == 0;
        } else {
            left = UNTIL_EOF;
            bodyEnded = status == 204;
        }
    }

    int status() {
        return status;
    }

    @Nullable
    String header(String name) {
        return headers.get(name);
    }

    /** True once a byte of the request may have reached the daemon. */
    boolean sent() {
        return sent;
    }

    /** A deadline for what follows. */
    void deadline(long nanos) {
        deadlineNanos = nanos;
    }

    byte[] readBody() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int b = bodyByte(); b >= 0; b = bodyByte()) {
            out.write(b);
            if (out.size() > MAX_BODY) {
                throw new IOException("the answer is longer than " + MAX_BODY + " bytes");
            }
        }
        return out.toByteArray();
    }

    /** The next whole line of a stream; null at its end. What a cut line holds is dropped. */
    @Nullable
    String readLine() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int b = bodyByte(); b >= 0; b = bodyByte()) {
            if (b == '\n') {
                return out.toString(StandardCharsets.UTF_8);
            }
            out.write(b);
            if (out.size() > MAX_BODY) {
                throw new IOException("a line of the stream is longer than " + MAX_BODY);
            }
        }
        return null;
    }

    /** The next byte of the body, -1 at its end. */
    private int bodyByte() throws IOException {
        if (bodyEnded) {
            return -1;
        }
        if (left == UNTIL_EOF) {
            final int b = rawByte();
            bodyEnded = b < 0;
            return b;
        }
        if (left == 0) {
            if (chunked && nextChunk()) {
                return bodyByte();
            }
            bodyEnded = true;
            return -1;
        }
        final int b = rawByte();
        if (b < 0) {
            throw new EOFException("the daemon closed the connection within an answer");
        }
        left--;
        if (left == 0 && chunked) {
            requireLine();
        }
        return b;
    }

    private boolean nextChunk() throws IOException {
        left = parseNumber(requireLine().split(";", 2)[0].trim(), 16);
        if (left > 0) {
            return true;
        }
        for (String trailer = requireLine(); !trailer.isEmpty(); ) {
            trailer = requireLine();
        }
        return false;
    }

    private String requireLine() throws IOException {
        final StringBuilder line = new StringBuilder();
        for (int b = rawByte(); b != '\n'; b = rawByte()) {
            if (b < 0) {
                throw new EOFException("the daemon closed the connection without an answer");
            }
            if (b != '\r') {
                line.append((char) b);
            }
            if (line.length() > MAX_LINE) {
                throw new IOException("a line of the answer's head is too long");
            }
        }
        return line.toString();
    }

    private static int parseNumber(String text, int radix) throws IOException {
        try {
            final int number = Integer.parseInt(text, radix);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IOException("the answer is not HTTP: bad number '" + text + "'");
    }

    private int rawByte() throws IOException {
        while (!in.hasRemaining()) {
            in.clear();
            final int n = channel.read(in);
            in.flip();
            if (n < 0) {
                return -1;
            }
            if (n == 0) {
                await(SelectionKey.OP_READ);
            }
        }
        return in.get() & 0xff;
    }

    private void write(ByteBuffer out) throws IOException {
        while (out.hasRemaining()) {
            if (channel.write(out) == 0) {
                await(SelectionKey.OP_WRITE);
            } else {
                sent = true;
            }
        }
    }

    private void await(int operation) throws IOException {
        key.interestOps(operation);
        while (true) {
            if (aborted) {
                throw new InterruptedIOException("closed by its owner");
            }
            final long nanos = deadlineNanos - System.nanoTime();
            if (nanos <= 0) {
                throw new SocketTimeoutException("no answer in time");
            }
            final int ready = selector.select(TimeUnit.NANOSECONDS.toMillis(nanos) + 1);
            if (Thread.interrupted()) {
                interrupted = true;
            }
            selector.selectedKeys().clear();
            if (ready > 0) {
                return;
            }
        }
    }

    /** Ends a wait of the thread that uses this; that thread closes. */
    void abort() {
        aborted = true;
        selector.wakeup();
    }

    @Override
    public void close() {
        try {
            channel.close();
            selector.close();
        } catch (IOException e) {
            // nothing is left that could be lost
        }
        restoreInterrupt();
    }

    private void restoreInterrupt() {
        if (interrupted) {
            interrupted = false;
            Thread.currentThread().interrupt();
        }
    }
}
