/** Requests to our own API: JSON in, JSON out, one kind of error. */

import type { FieldError, HttpProblem } from "./generated";

const PATIENCE_MS = 20_000;

/** Why a request was not done: the server's problem document (RFC 9457), or status 0 when nobody answered. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail = "",
    readonly retryAfter: number | null = null,
    readonly errors: readonly FieldError[] = [],
    readonly card = "", // the refused words speak of a great need: helplines of this kind are to be shown
  ) {
    super(detail || code);
  }

  get offline(): boolean {
    return this.status === 0;
  }
}

/** Brings what shows who is asking, null for nobody; another one than `refused`, which the server would not take. */
export type Token = (refused?: string) => Promise<string | null>;

export class Http {
  readonly #base: string;
  readonly #token: Token;
  readonly #extra: Readonly<Record<string, string>>;

  /** `base` is the prefix of all paths; `extra` are headers. */
  constructor(base: string, token: Token = async () => null, extra: Readonly<Record<string, string>> = {}) {
    this.#base = base;
    this.#token = token;
    this.#extra = extra;
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#ask<Answer>("GET", path);
  }

  /** `once` names the act: asked again with the same name and the same body, because the answer was lost, it is done once. */
  send<Answer>(
    method: "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    once?: string,
  ): Promise<Answer> {
    return this.#ask<Answer>(method, path, body, once);
  }

  /** A token may be good by our clock and refused all the same: the clock was put back, or the session was ended. */
  async #ask<Answer>(method: string, path: string, body?: unknown, once?: string): Promise<Answer> {
    const token = await this.#token();
    try {
      return await this.#try<Answer>(token, method, path, body, once);
    } catch (error) {
      if (token === null || !(error instanceof HttpError) || error.status !== 401) throw error;
      const other = await this.#token(token);
      if (other === token) throw error;
      return this.#try<Answer>(other, method, path, body, once);
    }
  }

  async #try<Answer>(
    token: string | null,
    method: string,
    path: string,
    body: unknown,
    once: string | undefined,
  ): Promise<Answer> {
    const headers: Record<string, string> = { ...this.#extra };
    if (token !== null) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    if (once !== undefined) headers["idempotency-key"] = once;
    try {
      const answer = await fetch(this.#base + path, {
        method,
        headers,
        credentials: "omit",
        signal: AbortSignal.timeout(PATIENCE_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw await problemOf(answer);
      return (answer.status === 204 ? undefined : await answer.json()) as Answer; // it may break off in here as well
    } catch (error) {
      throw error instanceof HttpError ? error : new HttpError(0, "offline");
    }
  }
}

async function problemOf(answer: Response): Promise<HttpError> {
  const problem = (await answer.json().catch(() => ({}))) as Partial<HttpProblem>;
  const { code = "unavailable", detail = "", retry_after = null, errors = [], extra = {} } = problem;
  const card = typeof extra.card === "string" ? extra.card : "";
  return new HttpError(answer.status, code, detail, retry_after, errors, card);
}
