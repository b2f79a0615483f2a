import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiError, type ConsoleApi, type Credentials, type Session } from "./api";
import { messages } from "./messages";
import { NarthexSignIn, type SignedIn } from "./sign-in";

customElements.define("narthex-sign-in", NarthexSignIn);

const say = messages.en;
const session: Session = { person: { id: "p1", name: "Ruth", roles: [] }, csrf: "t" };
let form: NarthexSignIn;
let asked: Credentials[];

/** Show the form in front of a server that gives these answers in order. */
async function show(...answers: (Session | ApiError)[]): Promise<void> {
  form = document.createElement("narthex-sign-in") as NarthexSignIn;
  form.church = "Grace Church";
  form.api = {
    signIn: async (credentials: Credentials) => {
      asked.push(credentials);
      const answer = answers.shift();
      if (!answer || answer instanceof ApiError) throw answer;
      return answer;
    },
  } as unknown as ConsoleApi;
  document.body.append(form);
  await form.updateComplete;
}

const field = (id: string) => form.querySelector<HTMLInputElement>(`#${id}`);

async function submit(values: Record<string, string>): Promise<void> {
  for (const [id, value] of Object.entries(values)) {
    const input = field(id);
    if (input) input.value = value;
  }
  form.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  await new Promise((done) => setTimeout(done));
  await form.updateComplete;
}

const typed = { email: " ruth@example.org ", password: " spaces kept " };
const alert = () => form.querySelector('[role="alert"]')?.textContent ?? "";

beforeEach(() => {
  asked = [];
});
afterEach(() => form.remove());

describe("<narthex-sign-in>", () => {
  it("labels every field and names the church", async () => {
    await show();
    for (const input of form.querySelectorAll("input"))
      expect(form.querySelector(`label[for="${input.id}"]`)?.textContent).toBeTruthy();
    expect(form.querySelector("h1")?.textContent).toBe("Sign in to Grace Church");
  });

  it("announces the session once the server accepts, and leaves the password as typed", async () => {
    await show(session);
    let announced: Session | undefined;
    form.addEventListener("signed-in", (event) => {
      announced = (event as SignedIn).session;
    });
    await submit(typed);
    expect(announced).toEqual(session);
    expect(asked).toEqual([{ email: "ruth@example.org", password: " spaces kept " }]);
  });

  it("says that e-mail and password do not match, keeps both and returns to the password", async () => {
    await show(new ApiError("bad_credentials", 401));
    await submit(typed);
    expect(alert()).toBe(say.badCredentials);
    expect(field("password")?.value).toBe(typed.password);
    expect(document.activeElement).toBe(field("password"));
  });

  it("asks for the code only when the server does, without calling that an error", async () => {
    await show(new ApiError("totp_required", 401), session);
    expect(field("totp")).toBeNull();
    await submit(typed);
    expect(alert()).toBe("");
    expect(document.activeElement).toBe(field("totp"));
    await submit({ totp: "123 456" });
    expect(asked[1]).toEqual({ email: "ruth@example.org", password: " spaces kept ", totp: "123456" });
  });

  it("takes a recovery code, letters and all, from whoever lost the app", async () => {
    await show(new ApiError("totp_required", 401), session);
    await submit(typed);
    form.querySelector<HTMLButtonElement>(".link")?.click();
    await form.updateComplete;
    expect(form.querySelector('label[for="totp"]')?.textContent).toBe(say.recovery);
    expect(field("totp")?.hasAttribute("pattern")).toBe(false);
    await submit({ totp: "abcd-efgh" });
    expect(asked[1]?.totp).toBe("abcd-efgh");
  });

  it.each([
    ["bad_totp", 401, say.badCode],
    ["offline", 0, say.offline],
    ["unavailable", 502, say.failed],
  ])("turns %s into a sentence that says what to do", async (code, status, sentence) => {
    await show(new ApiError(code, status));
    await submit(typed);
    expect(alert()).toBe(sentence);
  });

  it("tells how long to wait after too many tries", async () => {
    await show(new ApiError("too_many_attempts", 429, "", 30));
    await submit(typed);
    expect(alert()).toBe(say.tooMany(30));
  });

  it("takes the offline sentence away when the connection is back", async () => {
    await show(new ApiError("offline"));
    await submit(typed);
    window.dispatchEvent(new Event("online"));
    await form.updateComplete;
    expect(alert()).toBe("");
    expect(field("email")?.value).toBe(typed.email.trim());
  });

  it("sends a sign-in once, however often the button is pressed", async () => {
    await show(session);
    const pressed = form.querySelector("form");
    await submit(typed);
    asked = [];
    form.busy = true;
    pressed?.dispatchEvent(new Event("submit", { cancelable: true }));
    expect(asked).toEqual([]);
  });
});
