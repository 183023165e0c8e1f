package io.bunnydb.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * What pgoutput sends for a table of orders in use, in memory: messages behind each other in one
 * array.
 *
 * <p>Transactions change ten rows of eight columns each, in text form: six are inserted (one column
 * in four of them NULL), three updated (their document unchanged and so not sent), one is deleted
 * (its key alone sent). The same at every call. Immutable.
 */
final class MessageStream {
  /** How many columns a row has. */
  static final int WIDTH = 8;

  private static final int ROWS_PER_TRANSACTION = 10;
  private static final int RELATION = 16_384; // an OID
  private static final int BYTES_PER_ROW = 160; // about; room to begin with
  private static final String[] COLUMNS = {
    "id", "customer", "status", "amount", "placed", "paid", "note", "document"
  };
  private static final int[] TYPES = {20, 20, 25, 1700, 1184, 16, 25, 3802}; // OIDs

  private final byte[] bytes;
  private final int[] ends;

  private MessageStream(byte[] bytes, int[] ends) {
    this.bytes = bytes;
    this.ends = ends;
  }

  /** A stream that changes so many rows; the last transaction may be a smaller one. */
  static MessageStream of(int rows) {
    try {
      return new Writer(rows).write(rows);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many messages there are. */
  int messages() {
    return ends.length;
  }

  /** All messages; to be read only. */
  byte[] bytes() {
    return bytes;
  }

  /** Index of a message's first byte. */
  int offset(int message) {
    return message == 0 ? 0 : ends[message - 1];
  }

  /** Length of a message in bytes. */
  int length(int message) {
    return ends[message] - offset(message);
  }

  /**
   * Writes fields as "Logical Replication Message Formats" of the PostgreSQL documentation has
   * them.
   */
  private static final class Writer {
    private final ByteArrayOutputStream bytes;
    private final DataOutputStream out;
    private final int[] ends;
    private int messages;

    Writer(int rows) {
      bytes = new ByteArrayOutputStream(rows * BYTES_PER_ROW);
      out = new DataOutputStream(bytes);
      ends = new int[1 + rows + 2 * (rows / ROWS_PER_TRANSACTION + 1)];
    }

    MessageStream write(int rows) throws IOException {
      for (int row = 0; row < rows; row++) {
        int inTransaction = row % ROWS_PER_TRANSACTION;
        if (inTransaction == 0) {
          begin(row);
        }
        if (row == 0) {
          relation();
        }
        switch (inTransaction) {
          case 2, 5, 8 -> update(row);
          case 9 -> delete(row);
          default -> insert(row);
        }
        if (inTransaction == ROWS_PER_TRANSACTION - 1 || row == rows - 1) {
          commit(row);
        }
      }
      return new MessageStream(bytes.toByteArray(), Arrays.copyOf(ends, messages));
    }

    private void begin(int row) throws IOException {
      out.writeByte('B');
      out.writeLong(1_000L * row + 900); // LSN of the commit
      out.writeLong(800_000_000_000_000L + row); // time
      out.writeInt(700 + row); // transaction
      end();
    }

    private void commit(int row) throws IOException {
      out.writeByte('C');
      out.writeByte(0); // flags
      out.writeLong(1_000L * row + 900); // LSN of the commit
      out.writeLong(1_000L * row + 950); // LSN of its end
      out.writeLong(800_000_000_000_000L + row); // time
      end();
    }

    private void relation() throws IOException {
      out.writeByte('R');
      out.writeInt(RELATION);
      string("public");
      string("orders");
      out.writeByte('d'); // replica identity
      out.writeShort(COLUMNS.length);
      for (int i = 0; i < COLUMNS.length; i++) {
        out.writeByte(i == 0 ? 1 : 0); // whether it is of the key
        string(COLUMNS[i]);
        out.writeInt(TYPES[i]);
        out.writeInt(-1); // type modifier
      }
      end();
    }

    private void insert(int row) throws IOException {
      change('I', 'N');
      columns(row);
      value("{\"grams\": " + row % 5_000 + ", \"gift\": false, \"lines\": [1, 2, 3]}");
      end();
    }

    private void update(int row) throws IOException {
      change('U', 'N');
      columns(row);
      out.writeByte('u');
      end();
    }

    private void delete(int row) throws IOException {
      change('D', 'K');
      value(String.valueOf(1_000_000 + row));
      for (int i = 1; i < COLUMNS.length; i++) {
        out.writeByte('n');
      }
      end();
    }

    private void change(char kind, char tuple) throws IOException {
      out.writeByte(kind);
      out.writeInt(RELATION);
      out.writeByte(tuple);
      out.writeShort(COLUMNS.length);
    }

    /** All but the last. */
    private void columns(int row) throws IOException {
      value(String.valueOf(1_000_000 + row));
      value(String.valueOf(row % 45_000));
      value(row % 3 == 0 ? "delivered" : "placed");
      value(row % 300 + ".99");
      value("2026-11-25 12:00:" + (10 + row % 50) + "." + (100_000 + row % 900_000) + "+00");
      value(row % 2 == 0 ? "t" : "f");
      if (row % 4 == 0) {
        out.writeByte('n');
      } else {
        value("Leave it with the neighbours");
      }
    }

    private void value(String text) throws IOException {
      out.writeByte('t');
      out.writeInt(text.length());
      out.write(text.getBytes(US_ASCII));
    }

    private void string(String text) throws IOException {
      out.write(text.getBytes(US_ASCII));
      out.writeByte(0);
    }

    private void end() {
      ends[messages++] = out.size();
    }
  }
}
