package io.bunnydb.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a log event above INFO that the test brings about.
 *
 * <p>On a method, the event must occur unless it is optional; on a class, it may occur in any of
 * its tests.
 */
@Documented
@Inherited
@Repeatable(ExpectsLog.All.class)
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface ExpectsLog {

  /**
   * A part of the event's text, or a regular expression for one. The text is {@code WARN
   * io.bunnydb.Name: message (exception)}.
   */
  String value();

  /** Whether a test without the event passes. */
  boolean optional() default false;

  /** Holds several {@link ExpectsLog}. */
  @Documented
  @Inherited
  @Retention(RetentionPolicy.RUNTIME)
  @Target({ElementType.METHOD, ElementType.TYPE})
  @interface All {

    /** The declared events. */
    ExpectsLog[] value();
  }
}
