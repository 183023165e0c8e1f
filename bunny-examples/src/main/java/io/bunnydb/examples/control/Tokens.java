package io.bunnydb.examples.control;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bearer tokens of the server: one that may do everything, and one, if there is one, that may
 * only look.
 *
 * <p>Immutable. Its text form shows neither.
 */
public final class Tokens {
  private static final int MIN_LENGTH = 16; // characters
  private static final int RANDOM_BYTES = 24;
  private static final String SCHEME = "bearer ";

  private final byte[] admin;
  private final byte @Nullable [] readOnly;

  /** What the bearer of a token may do. */
  enum Access {
    /** Nothing. */
    NONE,
    /** Look. */
    READ,
    /** Look and command. */
    ADMIN
  }

  private Tokens(String admin, @Nullable String readOnly) {
    this.admin = bytes("admin token", admin);
    this.readOnly = readOnly == null ? null : bytes("read-only token", readOnly);
    if (admin.equals(readOnly)) {
      throw new IllegalArgumentException("the read-only token is the admin token");
    }
  }

  private static byte[] bytes(String which, String token) {
    if (token.length() < MIN_LENGTH || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new IllegalArgumentException(
          "the " + which + " must have at least 16 characters, all of them printable ASCII");
    }
    return token.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Two given tokens.
   *
   * @param admin may do everything; at least 16 characters of printable ASCII, no spaces
   * @param readOnly may only look; null for none
   * @throws IllegalArgumentException if one is too short or both are the same
   */
  public static Tokens of(String admin, @Nullable String readOnly) {
    return new Tokens(admin, readOnly);
  }

  /**
   * The tokens of the environment: {@code BUNNY_ADMIN_TOKEN} and {@code BUNNY_READ_TOKEN}, or, each
   * with {@code _FILE} behind it, the name of a file that holds it.
   *
   * @throws IllegalArgumentException if there is no admin token, or one is too short
   * @throws UncheckedIOException if a file cannot be read
   */
  public static Tokens ofEnvironment(Map<String, String> environment) {
    String admin = find(environment, "BUNNY_ADMIN_TOKEN");
    if (admin == null) {
      throw new IllegalArgumentException(
          "no admin token: set BUNNY_ADMIN_TOKEN, or BUNNY_ADMIN_TOKEN_FILE to a file that holds it");
    }
    return new Tokens(admin, find(environment, "BUNNY_READ_TOKEN"));
  }

  private static @Nullable String find(Map<String, String> environment, String variable) {
    String token = environment.get(variable);
    String file = environment.get(variable + "_FILE");
    if (token != null || file == null) {
      return token;
    }
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("the token's file cannot be read: " + file, e);
    }
  }

  /** A new token that nobody can guess. */
  public static String random() {
    byte[] bytes = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * What an {@code Authorization} header allows. How long it takes tells nothing about the tokens.
   */
  Access accessOf(@Nullable String header) {
    if (header == null || !header.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      return Access.NONE;
    }
    byte[] token = header.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
    boolean isAdmin = MessageDigest.isEqual(token, admin);
    boolean isReader = MessageDigest.isEqual(token, Objects.requireNonNullElse(readOnly, admin));
    if (isAdmin) {
      return Access.ADMIN;
    }
    return isReader ? Access.READ : Access.NONE;
  }

  @Override
  public String toString() {
    return readOnly == null ? "an admin token" : "an admin token and a read-only token";
  }
}
