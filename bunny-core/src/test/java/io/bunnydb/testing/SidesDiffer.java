package io.bunnydb.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Says that source and destination may differ after the test, and why. */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface SidesDiffer {

  /** The reason, such as "the table is mirrored with a row filter". */
  String value();

  /** The tables that may differ, as in {@code public.a}; none stands for all tables. */
  String[] tables() default {};
}
