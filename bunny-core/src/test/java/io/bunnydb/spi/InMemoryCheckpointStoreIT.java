package io.bunnydb.spi;

import io.bunnydb.testing.CheckpointStoreContract;

/** The store that forgets with the process. */
final class InMemoryCheckpointStoreIT extends CheckpointStoreContract {
  @Override
  protected CheckpointStore store() {
    return CheckpointStore.inMemory();
  }

  @Override
  protected boolean isDurable() {
    return false;
  }
}
