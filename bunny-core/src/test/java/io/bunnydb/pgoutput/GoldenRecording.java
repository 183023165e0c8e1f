package io.bunnydb.pgoutput;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * One recorded stream: the server and the options of pgoutput, and its two files, {@code name.bin}
 * with the messages (each after its length, Int32) and {@code name.txt} with their {@link
 * Rendering}.
 *
 * @param major the server's major version
 * @param label what the name says beside major and protocol version
 * @param version the option {@code proto_version}
 * @param binary the option {@code binary}
 * @param streaming the option {@code streaming}: off, on or parallel
 * @param twoPhase the option {@code two_phase}
 */
record GoldenRecording(
    int major, String label, int version, boolean binary, String streaming, boolean twoPhase) {

  /** What was recorded. */
  static final List<GoldenRecording> ALL =
      List.of(
          new GoldenRecording(14, "text", 1, false, "off", false),
          new GoldenRecording(14, "binary", 1, true, "off", false),
          new GoldenRecording(14, "streaming", 2, false, "on", false),
          new GoldenRecording(15, "text", 1, false, "off", false),
          new GoldenRecording(15, "streaming-binary", 2, true, "on", false),
          new GoldenRecording(15, "two-phase", 3, false, "on", true),
          new GoldenRecording(16, "text", 1, false, "off", false),
          new GoldenRecording(16, "two-phase-whole", 3, true, "off", true),
          new GoldenRecording(16, "streaming", 4, false, "on", false),
          new GoldenRecording(16, "parallel", 4, false, "parallel", true),
          new GoldenRecording(17, "text", 1, false, "off", false),
          new GoldenRecording(17, "parallel-binary", 4, true, "parallel", true),
          new GoldenRecording(18, "text", 1, false, "off", false),
          new GoldenRecording(18, "two-phase", 3, false, "on", true),
          new GoldenRecording(18, "parallel", 4, false, "parallel", true),
          new GoldenRecording(18, "parallel-binary", 4, true, "parallel", true));

  boolean isStreaming() {
    return !streaming.equals("off");
  }

  boolean isParallel() {
    return streaming.equals("parallel");
  }

  /** The kinds of message that the recording holds. */
  Set<MessageKind> kinds() {
    Set<MessageKind> kinds = EnumSet.allOf(MessageKind.class);
    kinds.removeIf(kind -> kind.sinceVersion() == 2 && !isStreaming());
    kinds.removeIf(kind -> kind.sinceVersion() == 3 && !twoPhase);
    if (!isStreaming()) {
      kinds.remove(MessageKind.STREAM_PREPARE);
    }
    return kinds;
  }

  /** The messages, read from the class path. */
  List<byte[]> messages() throws IOException {
    List<byte[]> messages = new ArrayList<>();
    try (DataInputStream in = new DataInputStream(resource(".bin"))) {
      while (true) {
        byte[] message;
        try {
          message = new byte[in.readInt()];
        } catch (EOFException e) {
          return messages;
        }
        in.readFully(message);
        messages.add(message);
      }
    }
  }

  /** The lines, read from the class path. */
  List<String> lines() throws IOException {
    try (InputStream in = resource(".txt")) {
      return List.of(new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n"));
    }
  }

  /** Writes both files. */
  void write(Path folder, List<byte[]> messages) throws IOException {
    try (OutputStream file = Files.newOutputStream(folder.resolve(this + ".bin"));
        DataOutputStream out = new DataOutputStream(file)) {
      for (byte[] message : messages) {
        out.writeInt(message.length);
        out.write(message);
      }
    }
    Files.writeString(folder.resolve(this + ".txt"), String.join("\n", render(messages)) + "\n");
  }

  /** The messages as the decoder reads them. */
  List<String> render(List<byte[]> messages) {
    PgOutputDecoder decoder = new PgOutputDecoder(version);
    List<String> lines = new ArrayList<>();
    for (byte[] message : messages) {
      lines.add(Rendering.of(decoder, decoder.wrap(message, 0, message.length)));
    }
    return lines;
  }

  /** The name of the files, such as {@code pg14-v1-text}. */
  @Override
  public String toString() {
    return "pg" + major + "-v" + version + "-" + label;
  }

  private InputStream resource(String ending) throws IOException {
    InputStream resource = GoldenRecording.class.getResourceAsStream("/pgoutput/" + this + ending);
    if (resource == null) {
      throw new IOException("there is no recording /pgoutput/" + this + ending);
    }
    return resource;
  }
}
