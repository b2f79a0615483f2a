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

export class Http {
  readonly #base: string;
  readonly #token: () => Promise<string | null>;
  readonly #extra: Readonly<Record<string, string>>;

  /** `base` is the prefix of all paths; `token` brings what shows who is asking, null for nobody; `extra` are headers. */
  constructor(
    base: string,
    token: () => Promise<string | null> = async () => null,
    extra: Readonly<Record<string, string>> = {},
  ) {
    this.#base = base;
    this.#token = token;
    this.#extra = extra;
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#ask<Answer>("GET", path);
  }

  send<Answer>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<Answer> {
    return this.#ask<Answer>(method, path, body);
  }

  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { ...this.#extra };
    const token = await this.#token();
    if (token !== null) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    let answer: Response;
    try {
      answer = await fetch(this.#base + path, {
        method,
        headers,
        credentials: "omit",
        signal: AbortSignal.timeout(PATIENCE_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new HttpError(0, "offline");
    }
    if (!answer.ok) throw await problemOf(answer);
    return (answer.status === 204 ? undefined : await answer.json()) as Answer;
  }
}

async function problemOf(answer: Response): Promise<HttpError> {
  const problem = (await answer.json().catch(() => ({}))) as Partial<HttpProblem>;
  const { code = "unavailable", detail = "", retry_after = null, errors = [], extra = {} } = problem;
  const card = typeof extra.card === "string" ? extra.card : "";
  return new HttpError(answer.status, code, detail, retry_after, errors, card);
}
