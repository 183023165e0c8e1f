package io.bunnydb.examples.control;

import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The routes under {@code /v1/mirrors}: reads requests, has the fleet act, writes answers. */
final class MirrorRoutes {
  private static final int MAX_BODY = 1 << 20; // bytes
  private static final String MIRRORS = "/v1/mirrors";
  private static final String MIRROR = MIRRORS + "/{name}";

  private final Fleet fleet;
  private final StatusReader statuses;
  private final Map<String, Peer> peers;

  MirrorRoutes(Fleet fleet, StatusReader statuses, Map<String, Peer> peers) {
    this.fleet = fleet;
    this.statuses = statuses;
    this.peers = peers;
  }

  /** Adds the routes to a server. */
  void register(RoutesConfig routes) {
    routes.get(MIRRORS, ctx -> answer(ctx, statuses.views()));
    routes.post(MIRRORS, this::create);
    routes.get(MIRROR, ctx -> answer(ctx, statuses.view(fleet.member(name(ctx)))));
    routes.delete(MIRROR, this::delete);
    routes.post(MIRROR + "/pause", this::pause);
    routes.post(MIRROR + "/resume", this::resume);
    routes.post(MIRROR + "/retry", this::retry);
    routes.get(MIRROR + "/tables", ctx -> answer(ctx, Mappings.views(handle(ctx).tables())));
    routes.put(MIRROR + "/tables", this::updateTables);
    routes.get(MIRROR + "/available-tables", this::availableTables);
    routes.post(MIRROR + "/sync-schema", this::syncSchema);
    routes.post(MIRROR + "/resync", this::resyncAll);
    routes.post(MIRROR + "/resync/{table}", this::resyncOne);
    routes.get(MIRROR + "/logs", this::logs);
  }

  /** Answers with JSON. */
  static void answer(Context ctx, Object value) {
    ctx.contentType("application/json").result(Json.write(value).getBytes(StandardCharsets.UTF_8));
  }

  private static void answerDone(Context ctx, String message) {
    answer(ctx, Map.of("message", message));
  }

  private static String name(Context ctx) {
    return ctx.pathParam("name");
  }

  private MirrorHandle handle(Context ctx) {
    return fleet.handle(name(ctx));
  }

  private static byte[] body(Context ctx) throws IOException {
    byte[] body = ctx.bodyInputStream().readNBytes(MAX_BODY + 1);
    if (body.length > MAX_BODY) {
      throw Refusal.tooLarge("the body is larger than " + MAX_BODY + " bytes");
    }
    return body;
  }

  // ---- commands ----

  private void create(Context ctx) throws IOException {
    CreateRequest request = CreateRequest.read(body(ctx));
    fleet.create(request);
    ctx.status(201);
    answer(ctx, statuses.view(fleet.member(request.name())));
  }

  private void delete(Context ctx) {
    String name = name(ctx);
    Commands.run("delete", fleet.handle(name), handle -> fleet.delete(name));
    answerDone(ctx, "Mirror '" + name + "' deleted successfully");
  }

  private void pause(Context ctx) {
    Commands.run("pause", handle(ctx), MirrorHandle::pause);
    answerDone(ctx, "Mirror '" + name(ctx) + "' paused successfully");
  }

  private void resume(Context ctx) {
    Commands.run("resume", handle(ctx), MirrorHandle::resume);
    answerDone(ctx, "Mirror '" + name(ctx) + "' resumed successfully");
  }

  private void retry(Context ctx) {
    Member member = fleet.member(name(ctx));
    if (member.problem() != null) {
      fleet.startAgain(member);
    }
    Commands.run("retry", handle(ctx), MirrorHandle::retry);
    answerDone(ctx, "Mirror '" + name(ctx) + "' retried successfully");
  }

  private void updateTables(Context ctx) throws IOException {
    MirrorHandle handle = handle(ctx);
    Fields fields = Fields.read(body(ctx));
    List<TableMapping> tables = Mappings.read(fields);
    fields.refuseOthers();
    Commands.run(
        "table mappings",
        handle,
        paused -> {
          if (paused.state() != MirrorState.PAUSED) {
            throw new IllegalStateException("this server changes paused mirrors only");
          }
          try {
            paused.updateTables(tables.toArray(TableMapping[]::new));
          } catch (IllegalArgumentException e) {
            throw new FieldException("table_mappings", String.valueOf(e.getMessage()));
          }
        });
    answerDone(ctx, "Table mappings updated successfully for mirror '" + name(ctx) + "'");
  }

  private void syncSchema(Context ctx) {
    Commands.run(
        "sync-schema",
        handle(ctx),
        handle -> answer(ctx, SchemaView.of(handle.name(), handle.syncSchema())));
  }

  private void resyncAll(Context ctx) throws IOException {
    handle(ctx);
    resync(ctx, (handle, strategy) -> handle.resync(strategy));
  }

  private void resyncOne(Context ctx) throws IOException {
    TableName table;
    try {
      table = TableName.parse(ctx.pathParam("table"));
    } catch (IllegalArgumentException e) {
      throw new FieldException("table", String.valueOf(e.getMessage()));
    }
    if (handle(ctx).tables().stream().noneMatch(mapping -> mapping.source().equals(table))) {
      throw Refusal.notFound("mirror '" + name(ctx) + "' has no table " + table);
    }
    resync(ctx, (handle, strategy) -> handle.resync(strategy, table));
  }

  private void resync(Context ctx, BiConsumer<MirrorHandle, ResyncStrategy> command)
      throws IOException {
    byte[] body = body(ctx);
    ResyncStrategy strategy = fleet.member(name(ctx)).request().resyncStrategy();
    if (body.length > 0) {
      Fields fields = Fields.read(body);
      strategy = Strategies.read(fields, "strategy", strategy);
      fields.refuseOthers();
    }
    ResyncStrategy chosen = strategy;
    Commands.run("resync", handle(ctx), handle -> command.accept(handle, chosen));
    answerDone(ctx, "Resync started for mirror '" + name(ctx) + "'");
  }

  // ---- questions ----

  private void availableTables(Context ctx) {
    String sourcePeer = fleet.member(name(ctx)).request().sourcePeer();
    List<TableMapping> mirrored = handle(ctx).tables();
    Peer source = peers.get(sourcePeer);
    if (source == null) {
      throw Refusal.conflict("the server's configuration has no peer '" + sourcePeer + "'");
    }
    try {
      answer(ctx, SourceTables.besides(mirrored, source));
    } catch (SQLException e) {
      throw Refusal.unavailable(
          "peer " + sourcePeer + " cannot be asked for its tables: " + e.getMessage());
    }
  }

  private void logs(Context ctx) {
    Member member = fleet.member(name(ctx));
    int limit = number(ctx, "limit", 50, 1, 500);
    int offset = number(ctx, "offset", 0, 0, Integer.MAX_VALUE);
    EventQuery query = new EventQuery(limit, offset, level(ctx), ctx.queryParam("search"));
    answer(ctx, LogView.of(fleet.events(member, query)));
  }

  private static MirrorEvent.Level level(Context ctx) {
    @Nullable String level = ctx.queryParam("level");
    if (level == null || level.isEmpty()) {
      return MirrorEvent.Level.INFO;
    }
    try {
      return MirrorEvent.Level.valueOf(level.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new FieldException("level", "must be INFO, WARN or ERROR");
    }
  }

  private static int number(Context ctx, String parameter, int otherwise, int least, int most) {
    @Nullable String text = ctx.queryParam(parameter);
    if (text == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new FieldException(parameter, "must be a whole number");
    }
    throw new FieldException(parameter, "must be " + least + " to " + most);
  }
}
