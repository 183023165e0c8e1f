package io.bunnydb.examples.control;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Asks mirrors for their status, all at once: each may have to wait for a source that does not
 * answer.
 *
 * <p>Thread-safe.
 */
final class StatusReader implements AutoCloseable {
  private final Fleet fleet;
  private final ExecutorService readers =
      Executors.newCachedThreadPool(task -> new Thread(task, "control-status"));

  StatusReader(Fleet fleet) {
    this.fleet = fleet;
  }

  /** The statuses of all mirrors that run, by name. */
  List<MirrorStatus> statuses() {
    List<CompletableFuture<MirrorStatus>> answers = new ArrayList<>();
    for (Member member : fleet.members()) {
      fleet.running(member.name()).ifPresent(handle -> answers.add(ask(handle)));
    }
    return answers.stream().map(CompletableFuture::join).toList();
  }

  /** All mirrors for an answer, by name. */
  List<MirrorView> views() {
    List<CompletableFuture<MirrorView>> answers = new ArrayList<>();
    for (Member member : fleet.members()) {
      answers.add(CompletableFuture.supplyAsync(() -> view(member), readers));
    }
    return answers.stream().map(CompletableFuture::join).toList();
  }

  /** One mirror for an answer. */
  MirrorView view(Member member) {
    return fleet
        .running(member.name())
        .map(handle -> MirrorView.of(handle.status()))
        .orElseGet(() -> MirrorView.ofUnstarted(member.request(), member.problem()));
  }

  private CompletableFuture<MirrorStatus> ask(MirrorHandle handle) {
    return CompletableFuture.supplyAsync(handle::status, readers);
  }

  @Override
  public void close() {
    readers.shutdown();
  }
}
