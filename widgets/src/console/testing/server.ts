/** An API server of a test's own: it answers at the real paths what the test says, and keeps what it was asked. */

import { ConsoleApi } from "../api";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly csrf: string | undefined;
}

type Given = Response | object | null;
type Answer = Given | Error | Promise<Given> | ((asked: Asked) => Given | Promise<Given>);

/** Make a refusal as the server words it (RFC 9457). */
export function problem(status: number, code: string, more: object = {}): Response {
  return Response.json({ status, code, title: "No", detail: "", ...more }, { status });
}

/** Make a refusal that names one field. */
export function wrongField(pointer: string, code: string): Response {
  return problem(400, code, { errors: [{ pointer, code, detail: `wrong: ${code}` }] });
}

export class Church {
  readonly asked: Asked[] = [];
  readonly api: ConsoleApi;
  readonly #answers = new Map<string, Answer[]>();

  constructor() {
    this.api = new ConsoleApi("grace", this.fetch);
  }

  /** Answer a request such as `GET accounts`; of several answers each is given once, the last one for ever. */
  on(request: string, ...answers: Answer[]): this {
    this.#answers.set(request, answers);
    return this;
  }

  /** Return what was asked at one address. */
  of(request: string): Asked[] {
    return this.asked.filter(({ method, path }) => `${method} ${path}` === request);
  }

  readonly fetch: typeof fetch = async (url, request = {}) => {
    const { pathname, searchParams } = new URL(String(url), "http://127.0.0.1");
    const asked: Asked = {
      method: request.method ?? "GET",
      path: pathname.replace("/api/v1/grace/", ""),
      query: Object.fromEntries(searchParams),
      body: request.body ? JSON.parse(String(request.body)) : undefined,
      csrf: (request.headers as Record<string, string>)["X-CSRF-Token"],
    };
    this.asked.push(asked);
    const waiting = this.#answers.get(`${asked.method} ${asked.path}`);
    if (!waiting) throw new Error(`nobody expected ${asked.method} ${asked.path}`);
    const answer = waiting.length > 1 ? waiting.shift() : waiting[0];
    return response(await (typeof answer === "function" ? answer(asked) : answer));
  };
}

function response(answer: unknown): Response {
  if (answer instanceof Error) throw answer;
  if (answer === null || answer === undefined) return new Response(null, { status: 204 });
  return answer instanceof Response ? answer.clone() : Response.json(answer);
}

/** Wait until everything that was begun has been drawn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((done) => setTimeout(done));
}

/** Type into fields by their ids and send the form they stand in. */
export async function submit(root: ParentNode, values: Record<string, string>, form = "form"): Promise<void> {
  for (const [id, value] of Object.entries(values)) {
    const box = root.querySelector<HTMLInputElement>(`#${id}`);
    if (!box) throw new Error(`there is no field ${id}`);
    box.value = value;
  }
  root.querySelector(form)?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await settled();
}
