package io.bunnydb.internal.source;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The names that a mirror's slot and publication have on the source.
 *
 * <p>A mirror name that can stand in a slot's name is used as it is. Any other is made to fit and
 * marked by two underscores and a digest of the whole name; a name that happens to look so marked
 * is marked as well, so that two mirrors never share a slot.
 */
public final class ReplicationNames {
  private static final int MAX_BYTES = 63;
  private static final int DIGEST_DIGITS = 16;
  private static final Pattern SLOT = Pattern.compile("[a-z0-9_]+");
  private static final Pattern MARKED = Pattern.compile(".*__[0-9a-f]{" + DIGEST_DIGITS + "}");

  private ReplicationNames() {}

  /** The replication slot of a mirror: {@code bunny_<mirror>}. */
  public static String slot(String mirror) {
    return fit("bunny_", mirror);
  }

  /** The publication of a mirror: {@code bunny_pub_<mirror>}. */
  public static String publication(String mirror) {
    return fit("bunny_pub_", mirror);
  }

  private static String fit(String prefix, String mirror) {
    int room = MAX_BYTES - prefix.length();
    if (mirror.length() <= room
        && SLOT.matcher(mirror).matches()
        && !MARKED.matcher(mirror).matches()) {
      return prefix + mirror;
    }
    String plain = mirror.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    int keep = Math.min(plain.length(), room - DIGEST_DIGITS - 2);
    return prefix + plain.substring(0, keep) + "__" + digest(mirror).substring(0, DIGEST_DIGITS);
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
