package io.bunnydb.testing;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a test declares by annotations on its method, its class and the classes around that.
 *
 * @param sidesDiffer tables that may differ
 * @param leavesReplication whether slots and publications may be left
 * @param requiredLogs events that must occur
 * @param allowedLogs all events that may occur, the required ones too
 */
record Declarations(
    List<SidesDiffer> sidesDiffer,
    boolean leavesReplication,
    List<ExpectsLog> requiredLogs,
    List<ExpectsLog> allowedLogs) {

  /** Reads the annotations. */
  static Declarations of(AnnotatedElement method, Class<?> testClass) {
    List<AnnotatedElement> elements = new ArrayList<>(List.of(method));
    for (@Nullable Class<?> around = testClass;
        around != null;
        around = around.getEnclosingClass()) {
      elements.add(around);
    }
    return new Declarations(
        find(elements, SidesDiffer.class),
        !find(elements, LeavesReplication.class).isEmpty(),
        find(List.of(method), ExpectsLog.class).stream().filter(log -> !log.optional()).toList(),
        find(elements, ExpectsLog.class));
  }

  /** Whether a table, written as in {@code public.a}, may differ. */
  boolean mayDiffer(String table) {
    return sidesDiffer.stream()
        .map(each -> Arrays.asList(each.tables()))
        .anyMatch(tables -> tables.isEmpty() || tables.contains(table));
  }

  private static <A extends Annotation> List<A> find(
      List<AnnotatedElement> elements, Class<A> annotation) {
    return elements.stream()
        .flatMap(element -> Arrays.stream(element.getAnnotationsByType(annotation)))
        .toList();
  }
}
