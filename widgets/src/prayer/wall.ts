/** The wall as it stands: folded from its topics, newest in front; what was taken down is gone at once. */

import { CLOSES, type Prayed, type RequestShown, type WallPage, type WallSnapshot } from "../core/generated";
import { HttpError } from "../core/http";
import { Live, type LiveState } from "../core/live";
import { LiveError } from "../core/requests";
import type { Asker } from "./page";

const PUBLIC = "wall:public";
const MEMBERS = "wall:members";
const PAGE = 20;
const MOST_ASKED = 200; // requests at once, as the server bounds them
const STANDS = new Set(["approved", "answered"]);

export class Wall {
  readonly requests = new Map<string, RequestShown>();
  readonly prayed = new Map<string, number>();
  /** What this reader has prayed for; nobody else learns it. */
  readonly mine = new Set<string>();
  readonly live: Live;
  /** Whether the wall was ever shown; before that there is nothing to be said of it. */
  shown = false;
  older = false;
  /** Why there is nothing to see: the code of what refused it. */
  refused = "";
  state: LiveState = { kind: "connecting", tries: 0 };
  changed: () => void = () => {};
  /** Called when the one who read here is gone: whatever was opened for them is not for the next. */
  left: () => void = () => {};
  readonly #visitor: Asker;
  readonly #topics = new Map<string, string>(); // request → its topic
  readonly #ranks = new Map<string, number>(); // request → how late it was put up, among those of its day
  #forMembers = false; // whether anything here may be for members alone
  #latest = 0;
  #oldest = 0;
  #next: string | null = null;
  #reader: string | null = null; // who reads; what was asked for somebody else is dropped when it comes

  constructor(visitor: Asker) {
    this.#visitor = visitor;
    this.live = new Live({
      url: visitor.page.live,
      pass: (why) => visitor.session.pass(why),
      onState: (state) => this.#to(state),
    });
  }

  start(): void {
    const { session } = this.#visitor;
    this.#reader = session.person?.id ?? null;
    this.#join(PUBLIC);
    if (session.person?.member) this.#join(MEMBERS);
    this.live.start();
    session.changed = () => this.#someoneElse();
  }

  /** Somebody signed in or out, here or in another tab: what only the one before may see goes at once. */
  #someoneElse(): void {
    const { person } = this.#visitor.session;
    const before = this.#reader;
    this.#reader = person?.id ?? null;
    if (before !== null && before !== this.#reader) {
      this.mine.clear(); // who only gets a name here has prayed for them; anybody else has not
      this.left();
    }
    if (person?.member) this.#join(MEMBERS);
    else {
      this.live.leave(MEMBERS);
      this.#forgetMembers();
    }
    if (before !== null) void this.#askMine([...this.requests.keys()].slice(0, MOST_ASKED));
    this.live.restart();
    this.changed();
  }

  /** Take down what stands for members; what came by page may be theirs too, so that is read anew as who reads now. */
  #forgetMembers(): void {
    if (!this.#forMembers) return;
    this.#forMembers = false;
    const gone = [...this.requests.keys()].filter((id) => this.#topics.get(id) !== PUBLIC);
    const paged = gone.some((id) => !this.#topics.has(id));
    for (const id of gone) this.#remove(id);
    this.#next = null;
    if (!paged) return;
    this.older = true; // for when nobody answers now
    void this.more().catch((error: unknown) => {
      if (!(error instanceof HttpError)) throw error;
    });
  }

  /** The church takes a break here: the server says so, or the page did and nothing has come since. */
  get paused(): boolean {
    const told = this.#visitor.page.church.status === "suspended" && !this.shown && !this.refused;
    return told || this.refused === "church_suspended";
  }

  /** What stands, in the order in which it was put up, the newest first. */
  get list(): readonly RequestShown[] {
    const rank = ({ id }: RequestShown) => this.#ranks.get(id) ?? 0;
    return [...this.requests.values()].sort(
      (one, other) => (other.on ?? "").localeCompare(one.on ?? "") || rank(other) - rank(one),
    );
  }

  /** Say that this reader prayed; it shows at once and is told again until it has arrived. */
  async pray(id: string): Promise<string | null> {
    if (this.mine.has(id)) return null;
    this.mine.add(id);
    this.changed();
    const mark = this.#visitor.session.person ? undefined : this.#visitor.mark;
    try {
      const topic = this.#topics.get(id);
      const told = topic
        ? ((await this.live.push(topic, "pray", { mark }, id)) as Prayed)
        : await this.#visitor.http.send<Prayed>("POST", `/wall/${id}/pray`, { mark });
      this.#count(told);
      this.changed();
      return null;
    } catch (error) {
      if (!(error instanceof LiveError || error instanceof HttpError)) throw error;
      this.mine.delete(id);
      this.changed();
      return error.code;
    }
  }

  /** Read what stands behind what is shown; pages that hold nothing new are passed over. */
  async more(): Promise<void> {
    let fresh: readonly RequestShown[] = [];
    const reader = this.#reader;
    do {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (this.#next) query.set("after", this.#next);
      const page = await this.#visitor.http.get<WallPage>(`/wall?${query}`);
      if (reader !== this.#reader) return;
      this.#next = page.next ?? null;
      fresh = page.items.filter(({ id }) => !this.requests.has(id));
      for (const [id, count] of Object.entries(page.prayed)) this.#count({ id, count });
    } while (fresh.length === 0 && this.#next);
    for (const request of fresh) {
      this.requests.set(request.id, request);
      this.#ranks.set(request.id, --this.#oldest);
    }
    this.older = this.#next !== null;
    void this.#askMine(fresh.map(({ id }) => id));
    this.changed();
  }

  /** Read the next requests of a guided session. */
  session(after: string | null): Promise<WallPage> {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (after) query.set("after", after);
    return this.#visitor.http.get<WallPage>(`/wall/session?${query}`);
  }

  #join(topic: string): void {
    if (topic === MEMBERS) this.#forMembers = true;
    this.live.join(topic, {
      snapshot: (data) => this.#begin(topic, data as WallSnapshot),
      event: ({ data }) => this.#take(topic, data as RequestShown | null),
      latest: (frame) => {
        if (frame.event === "prayed") this.#count(frame.data as Prayed);
        this.changed();
      },
      phase: (phase) => {
        if (topic !== PUBLIC || phase !== "joined") return;
        this.refused = ""; // also where nothing new was to be told
        this.changed();
      },
      away: ({ code }) => {
        if (topic === PUBLIC) this.refused = code;
        else this.#forgetMembers(); // the members' wall is not for this reader, or not any more
        this.changed();
      },
    });
  }

  #begin(topic: string, { requests, prayed, older }: WallSnapshot): void {
    if (topic === MEMBERS) this.#forMembers = true;
    // what came by page may have been taken down meanwhile as well: it is asked for again
    for (const id of [...this.requests.keys()])
      if ((this.#topics.get(id) ?? topic) === topic) this.#remove(id);
    this.#next = null;
    for (const request of [...requests].reverse()) this.#put(topic, request);
    for (const [id, count] of Object.entries(prayed)) this.#count({ id, count });
    if (topic === PUBLIC) this.older = older;
    this.shown = true;
    this.refused = "";
    void this.#askMine(requests.map(({ id }) => id));
    this.changed();
  }

  #take(topic: string, request: RequestShown | null): void {
    if (!request) return; // taken away since: a later event says what became of it
    if (STANDS.has(request.state)) this.#put(topic, request);
    else if (this.#topics.get(request.id) !== topic && this.#topics.has(request.id))
      return; // it moved to another wall
    else this.#remove(request.id);
    this.changed();
  }

  #put(topic: string, request: RequestShown): void {
    if (!this.requests.has(request.id)) this.#ranks.set(request.id, ++this.#latest);
    this.requests.set(request.id, request);
    this.#topics.set(request.id, topic);
  }

  #remove(id: string): void {
    this.requests.delete(id);
    this.#topics.delete(id);
    this.#ranks.delete(id);
    this.prayed.delete(id);
  }

  #count({ id, count }: Prayed): void {
    if (count !== null && count !== undefined) this.prayed.set(id, Math.max(count, this.prayed.get(id) ?? 0));
  }

  /** Ask for which of these this reader has prayed; who has clicked nothing and signed in nowhere asks nothing. */
  async #askMine(ids: readonly string[]): Promise<void> {
    const mark = this.#visitor.session.person ? undefined : (this.#visitor.keptMark ?? undefined);
    if (ids.length === 0 || (!this.#visitor.session.person && !mark)) return;
    const reader = this.#reader;
    const found = await this.#visitor.http
      .send<{ prayed: readonly string[] }>("POST", "/wall/mine", { ids, mark })
      .catch(() => null);
    if (reader !== this.#reader) return;
    for (const id of found?.prayed ?? []) this.mine.add(id);
    this.changed();
  }

  #to(state: LiveState): void {
    this.state = state;
    if (state.kind === "ended") this.refused ||= state.reason || "ended";
    if (state.kind === "ended" && state.code === CLOSES.NOT_ALLOWED) void this.#why();
    this.changed();
  }

  /** We are not let in: say whether the church is paused. The connection asks again by itself. */
  async #why(): Promise<void> {
    try {
      await this.#visitor.http.get<WallPage>("/wall?limit=1");
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (this.refused) this.refused = error.code;
    }
    this.changed();
  }
}
