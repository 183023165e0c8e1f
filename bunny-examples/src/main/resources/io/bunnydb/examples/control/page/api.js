/** The server, as this page uses it. */

/** An answer that is an error; `status` is 0 where there was no answer at all. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Asks the server with one token. */
export class Api {
  #token;
  #readOnly = false;

  constructor(token) {
    this.#token = token;
  }

  /** Whether the server has shown that the token gives no commands. */
  get isReadOnly() {
    return this.#readOnly;
  }

  /** All mirrors, each with its tables. */
  mirrors() {
    return this.#send("GET", "/v1/mirrors");
  }

  /** Sends a command to a mirror: pause, resume, retry, or resync with what to resync. */
  command(name, command, body) {
    return this.#send("POST", `${path(name)}/${command}`, body);
  }

  /** Deletes a mirror. */
  remove(name) {
    return this.#send("DELETE", path(name));
  }

  /** A mirror's table mappings. */
  mappings(name) {
    return this.#send("GET", `${path(name)}/tables`);
  }

  /** Replaces a mirror's table mappings. */
  saveMappings(name, mappings) {
    return this.#send("PUT", `${path(name)}/tables`, { table_mappings: mappings });
  }

  /** The source's tables that a mirror does not have yet. */
  availableTables(name) {
    return this.#send("GET", `${path(name)}/available-tables`);
  }

  /** A page of a mirror's log, newest first; `query` has limit, offset, level, search. */
  log(name, query) {
    return this.#send("GET", `${path(name)}/logs?${new URLSearchParams(query)}`);
  }

  async #send(method, target, body) {
    let response;
    let answer;
    try {
      response = await fetch(target, {
        method,
        cache: "no-store",
        headers: {
          Authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        // A source that does not reply holds up the answer for ten seconds and more.
        signal: method === "GET" ? AbortSignal.timeout(30_000) : undefined,
      });
      answer = await response.text();
    } catch (e) {
      throw new ApiError(0, `The server does not answer (${e.message}).`);
    }
    this.#noteAccess(response);
    if (!response.ok) {
      throw new ApiError(response.status, errorOf(answer) ?? `The server answers ${response.status}.`);
    }
    return JSON.parse(answer);
  }

  #noteAccess(response) {
    const access = response.headers.get("Bunny-Access");
    if (access !== null) {
      this.#readOnly = access === "read-only";
    } else if (response.status === 403) {
      this.#readOnly = true;
    }
  }
}

function path(name) {
  return `/v1/mirrors/${encodeURIComponent(name)}`;
}

/** The text in an error answer, or null where the answer came from something else. */
function errorOf(answer) {
  try {
    return JSON.parse(answer).error ?? null;
  } catch {
    return null; // a proxy's page, for example
  }
}
