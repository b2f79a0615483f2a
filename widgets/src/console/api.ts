/** The calls the console makes: one function each, every path in one place, every failure an ApiError. */

import type { FieldError } from "../core/generated";

const at = (path: string) => (church: string) => `/api/v1/${church}/${path}`;
const of = (path: string) => (id: string) => path.replace("{id}", encodeURIComponent(id));

export const PATHS = {
  signIn: at("auth/console/sign-in"),
  signOut: at("auth/console/sign-out"),
  session: at("auth/console/session"),
} as const;

/** What stands behind `/api/v1/{church}/`. */
export const AT = {
  look: "links/look",
  forgot: "links/forgot",
  reset: "links/reset",
  register: "links/register",
  confirmRegistration: "links/register/confirm",
  changeEmail: "links/email",
  confirmEmail: "links/email/confirm",
  accept: "links/invitations/accept",
  invitations: "links/invitations",
  invitation: of("links/invitations/{id}"),
  me: "accounts/me",
  password: "accounts/me/password",
  people: "accounts",
  roles: of("accounts/{id}/roles"),
  suspend: of("accounts/{id}/suspend"),
  resume: of("accounts/{id}/resume"),
  sessions: "sessions",
  session: of("sessions/{id}"),
  endAll: "sessions/end-all",
  factors: "factors",
  factorsOf: of("factors/{id}"),
  totp: "factors/totp",
  confirmTotp: "factors/totp/confirm",
  removeTotp: "factors/totp/remove",
  recoveryCodes: "factors/recovery-codes",
  audit: "audit",
  verify: "audit/verify",
  socket: "auth/socket",
  rooms: "chat/rooms",
  room: of("chat/rooms/{id}"),
  roomOfGathering: of("events/gatherings/{id}/room"),
  held: "chat/held",
  approve: of("chat/held/{id}/approve"),
  decline: of("chat/held/{id}/decline"),
  undo: of("chat/undo/{id}"),
  clear: "chat/clear",
  reports: "chat/reports",
  dismiss: of("chat/reports/{id}/dismiss"),
  notes: "chat/notes",
  readNote: of("chat/notes/{id}/read"),
  chatSettings: "chat/settings",
  rules: "safety/rules",
  tryRules: "safety/rules/try",
  lockdown: "safety/lockdown",
  bans: "safety/bans",
  lift: of("safety/bans/{id}/lift"),
  restraints: "safety/restraints",
  timeout: of("safety/people/{id}/timeout"),
  shadow: of("safety/people/{id}/shadow"),
  widgets: "widgets",
  gatherings: "events/gatherings",
  gathering: of("events/gatherings/{id}"),
  rehearsal: of("events/gatherings/{id}/rehearsal"),
  cancel: of("events/gatherings/{id}/cancel"),
  queue: "moderation/queue",
  workers: "moderation/people",
  queueWeek: "moderation/week",
  case: of("moderation/cases/{id}"),
  concern: of("care/concerns/{id}"),
  phrases: "moderation/replies",
  phrase: of("moderation/replies/{id}"),
  alarms: "moderation/alarms",
  seenAlarm: of("moderation/alarms/{id}/seen"),
  prayers: "prayers",
  prayer: of("prayers/{id}"),
  prayerReply: of("prayers/replies/{id}"),
  prayerSettings: "prayers/settings",
  prayerWeek: "prayers/week",
  prayerList: "prayers/list",
  conversations: "care/sessions",
  conversation: of("care/sessions/{id}"),
  myConversations: "care/mine",
  careSettings: "care/settings",
  tasks: "care/tasks",
  taskDone: of("care/tasks/{id}/done"),
  shifts: "rota/shifts",
  shift: of("rota/shifts/{id}"),
  onDuty: "rota/now",
  here: "rota/here",
} as const;

/** A wrong or missing proof of who is asking; these say that a password or code is wrong, and the session goes on. */
const WRONG_PROOFS = new Set(["bad_credentials", "bad_totp", "totp_required"]);

/** The refusal of a write whose token is not the session's. */
const CSRF = "csrf";

/** After this long without an answer a call counts as offline. */
const PATIENCE_MS = 15_000;

/** What was read, and the version that a change of it has to name. */
export interface Versioned<Answer> {
  readonly data: Answer;
  readonly version: string;
}

type Write = "POST" | "PUT" | "PATCH" | "DELETE";

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
}

export interface Church {
  readonly slug: string;
  readonly name: string;
}

/** Who is signed in, and the token that every later write must carry. */
export interface Session {
  readonly person: Person;
  readonly church?: Church;
  readonly csrf: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly totp?: string;
}

/** A refusal in the server's own words (RFC 9457), or `code: "offline"` when none came back. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status = 0,
    readonly detail = "",
    readonly retryAfterSeconds: number | null = null,
    readonly errors: readonly FieldError[] = [],
    /** What has changed meanwhile, as it is now, by its own name. */
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || code);
    this.name = "ApiError";
  }

  get offline(): boolean {
    return this.code === "offline";
  }
}

export class ConsoleApi {
  /** Called with the server's code when it no longer takes us for who we were. */
  onSignedOut: (code: string) => void = () => {};
  #csrf = "";
  #person = ""; // whose session the token belongs to
  readonly #church: string;
  readonly #fetch: typeof fetch;

  constructor(church: string, send: typeof fetch = window.fetch.bind(window)) {
    this.#church = encodeURIComponent(church);
    this.#fetch = send;
  }

  /** Sign in; ApiError `bad_credentials`, or `totp_required` when the account has a second factor. */
  async signIn(credentials: Credentials): Promise<Session> {
    return this.#keep((await this.#call("POST", PATHS.signIn(this.#church), credentials)) as Session);
  }

  /** Return who is signed in, or null. */
  async session(): Promise<Session | null> {
    try {
      return this.#keep((await this.#call("GET", PATHS.session(this.#church))) as Session);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  }

  /** End the session; a session that had ended already is no error. */
  async signOut(): Promise<void> {
    try {
      await this.#write("POST", PATHS.signOut(this.#church));
    } catch (error) {
      const over = error instanceof ApiError && (error.status === 401 || error.code === CSRF);
      if (!over) throw error;
    }
    this.#csrf = "";
  }

  /** Read what stands at one of `AT`; what is undefined in the query is left out. */
  async get<Answer>(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<Answer> {
    const asked = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const behind = asked.length ? `?${new URLSearchParams(asked)}` : "";
    return (await this.#known("GET", path + behind)) as Answer;
  }

  /** Change what stands at one of `AT`. */
  async send<Answer = null>(method: Write, path: string, body?: object): Promise<Answer> {
    return (await this.#known(method, path, body)) as Answer;
  }

  /** Read what is changed over a version. */
  async read<Answer>(path: string): Promise<Versioned<Answer>> {
    return this.#versioned<Answer>("GET", path);
  }

  /** Replace it; ApiError `precondition_failed` when somebody else did so meanwhile. */
  async replace<Answer>(path: string, body: object, version: string): Promise<Versioned<Answer>> {
    return this.#versioned<Answer>("PUT", path, body, version);
  }

  async #versioned<Answer>(method: "GET" | "PUT", path: string, body?: object, version?: string) {
    let etag = "";
    const data = await this.#known(method, path, body, {
      ...(version ? { headers: { "If-Match": version } } : {}),
      heard: (answer) => {
        etag = (answer.headers.get("ETag") ?? "").replace(/^W\//, "");
      },
    });
    return { data: data as Answer, version: etag };
  }

  async #known(method: "GET" | Write, path: string, body?: object, more: More = {}): Promise<unknown> {
    try {
      return await this.#write(method, at(path)(this.#church), body, more);
    } catch (error) {
      if (error instanceof ApiError && isOver(error)) {
        this.#csrf = "";
        this.onSignedOut(error.code);
      }
      throw error;
    }
  }

  #keep(session: Session): Session {
    this.#csrf = session.csrf;
    this.#person = session.person.id;
    return session;
  }

  /** Call, and once more when the token had grown old: whoever signs in anew in another tab gets a new one for all. */
  async #write(method: "GET" | Write, path: string, body?: object, more: More = {}): Promise<unknown> {
    try {
      return await this.#call(method, path, body, more);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === CSRF && (await this.#renewed()))) throw error;
      return this.#call(method, path, body, more);
    }
  }

  /** Take the token of the session as it is now; false when it is another person's, in whose name nothing is done. */
  async #renewed(): Promise<boolean> {
    const now = (await this.#call("GET", PATHS.session(this.#church))) as Session;
    if (now.person.id !== this.#person) return false;
    this.#keep(now);
    return true;
  }

  async #call(method: "GET" | Write, path: string, body?: object, more: More = {}): Promise<unknown> {
    const headers: Record<string, string> = { Accept: "application/json", ...more.headers };
    if (body) headers["Content-Type"] = "application/json";
    if (method !== "GET" && this.#csrf) headers["X-CSRF-Token"] = this.#csrf;
    const answer = await this.#send(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw await refusal(answer);
    more.heard?.(answer);
    return answer.status === 204 ? null : whole(answer);
  }

  async #send(path: string, request: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(path, request);
    } catch {
      throw new ApiError("offline");
    }
  }
}

/** What a few calls say and hear beside their bodies. */
interface More {
  readonly headers?: Readonly<Record<string, string>>;
  readonly heard?: (answer: Response) => void;
}

/** Read an answer's body. One that breaks off on its way, or is none of ours, is as good as none. */
async function whole(answer: Response): Promise<unknown> {
  try {
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError("offline");
  }
}

/** Tell whether a refusal means that the session is over, for whatever is asked next too; another's is none of ours. */
function isOver({ status, code }: ApiError): boolean {
  return (status === 401 && !WRONG_PROOFS.has(code)) || code === "account_suspended" || code === CSRF;
}

/** Read a problem document; a proxy's page in its place becomes `code: "unavailable"`. */
async function refusal(answer: Response): Promise<ApiError> {
  const after = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
  const wait = Number.isNaN(after) ? null : after;
  try {
    const problem: { code?: unknown; detail?: unknown; errors?: unknown; extra?: unknown } =
      await answer.json();
    const detail = typeof problem.detail === "string" ? problem.detail : "";
    const errors = Array.isArray(problem.errors) ? (problem.errors as FieldError[]) : [];
    const extra = typeof problem.extra === "object" ? (problem.extra as Record<string, unknown>) : undefined;
    if (typeof problem.code === "string")
      return new ApiError(problem.code, answer.status, detail, wait, errors, extra);
  } catch {
    // Not JSON: the status alone is what we know.
  }
  return new ApiError("unavailable", answer.status, "", wait);
}
