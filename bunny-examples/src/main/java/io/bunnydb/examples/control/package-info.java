/**
 * A control server: mirrors of PostgreSQL tables, operated through a REST API and a page.
 *
 * <p>{@link io.bunnydb.examples.control.ControlServer} is the program. It reads the peers from a
 * {@link io.bunnydb.examples.control.ControlConfig} and the {@link
 * io.bunnydb.examples.control.Tokens} from the environment; {@code MirrorRoutes} hears a request
 * that the {@code Gate} has let through, the {@code Fleet} does what is asked with the library's
 * {@link io.bunnydb.Mirrors}, and {@code ErrorAnswers} turns what was thrown into an answer.
 *
 * <p><b>What it remembers</b> is in the destinations and nowhere else: {@code RequestStore} keeps
 * the request that made a mirror beside its checkpoint, in the same transaction. So there is none
 * without the other, whenever the process dies, and a server that is started again finds its
 * mirrors where it left them.
 *
 * <p><b>Two commands at once</b> are the library's business, which carries them out one after the
 * other; what the second meets is answered with 409.
 */
@NullMarked
package io.bunnydb.examples.control;

import org.jspecify.annotations.NullMarked;
