import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ShiftShown } from "../../core/generated";
import { ELEMENTS } from "../elements";
import { problem, submit } from "../testing/server";
import { PlayedSocket } from "../testing/socket";
import { button, Watching } from "../testing/watching";
import { rotaWords } from "../words/rota";
import type { NarthexRota } from "./page";
import { daysFrom, first, monday } from "./weeks";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = rotaWords.en;
const shift = (days = 0, more: Partial<ShiftShown> = {}): ShiftShown => {
  const at = new Date(Date.now() + days * 86_400_000);
  return {
    id: "h1",
    person: "p2",
    name: "Paul",
    duty: "leader",
    starts_at: at.toISOString(),
    ends_at: new Date(at.getTime() + 3_600_000).toISOString(),
    zone: "UTC",
    weekly: false,
    until: null,
    languages: ["en"],
    ...more,
  };
};

describe("the week", () => {
  it("begins on a Monday and has seven days", () => {
    const start = monday(Date.parse("2026-03-01T12:00:00"), 0); // a Sunday
    expect([start.getDay(), start.getDate()]).toEqual([1, 23]);
    expect(daysFrom(start)).toHaveLength(8);
    expect(monday(start.getTime(), 1).getDate()).toBe(2);
  });

  it("finds the next time of a weekly shift", () => {
    expect(first(shift(14), [shift(7), shift(0, { id: "other" }), shift(14)]).starts_at.slice(0, 10)).toBe(
      shift(7).starts_at.slice(0, 10),
    );
  });
});

describe("<narthex-rota>", () => {
  let desk: Watching;

  beforeEach(() => vi.stubGlobal("WebSocket", PlayedSocket));
  afterEach(() => {
    desk.stop();
    vi.unstubAllGlobals();
  });

  async function open(shifts: ShiftShown[], roles = ["pastor"]) {
    desk = new Watching(roles);
    desk.church.on("GET rota/shifts", shifts);
    return desk.show<NarthexRota>("narthex-rota");
  }

  it("shows who is planned, and asks for the first shift when nobody is", async () => {
    const page = await open([shift()]);
    expect(page.querySelector(".week-grid li")?.textContent).toContain("Paul");
    expect(page.querySelector(".week-grid li")?.textContent).toContain(words.duties.leader);
    desk.stop();
    const empty = await open([]);
    expect(empty.querySelector(".empty")?.textContent).toBe(words.emptyPlan);
  });

  it("plans a shift in a zone of its own, over midnight too", async () => {
    const page = await open([]);
    desk.church.on("POST rota/shifts", shift());
    (page.querySelector("#person") as HTMLSelectElement).value = "p2";
    await submit(page, { date: "2026-03-01", from: "22:00", to: "02:00", zone: "Europe/Berlin" });
    expect(desk.church.of("POST rota/shifts")[0]?.body).toEqual({
      person: "p2",
      duty: "prayer",
      starts_at: "2026-03-01T21:00:00.000Z",
      ends_at: "2026-03-02T01:00:00.000Z",
      zone: "Europe/Berlin",
      weekly: false,
      until: null,
      languages: [],
    });
  });

  it.each([
    ["2026-03-07", "2026-03-08T03:00:00.000Z", "2026-03-08T10:00:00.000Z"], // the clock goes forward
    ["2026-10-31", "2026-11-01T02:00:00.000Z", "2026-11-01T11:00:00.000Z"], // and back
  ])("ends a watch of the night of %s at six by the clock", async (date, starts, ends) => {
    const page = await open([]);
    desk.church.on("POST rota/shifts", shift());
    await submit(page, { date, from: "22:00", to: "06:00", zone: "America/New_York" });
    expect(desk.church.of("POST rota/shifts")[0]?.body).toMatchObject({ starts_at: starts, ends_at: ends });
  });

  it("says what is wrong at the field", async () => {
    const page = await open([]);
    await submit(page, { zone: "Nowhere" });
    expect(page.querySelector("#zone-error")?.textContent).toBe(words.codes.unknown_zone);
    desk.church.on(
      "POST rota/shifts",
      problem(400, "bad_shift", { errors: [{ pointer: "/ends_at", code: "too_long", detail: "" }] }),
    );
    await submit(page, { zone: "UTC" });
    expect(page.querySelector("#to-error")?.textContent).toBe(words.codes.too_long);
  });

  it("shows the week of what was planned, and no old word of success beside an error", async () => {
    const page = await open([]);
    desk.church.on("POST rota/shifts", shift());
    await submit(page, { date: shift(14).starts_at.slice(0, 10), zone: "UTC" });
    await desk.drawn();
    expect(page.week).toBe(2);
    expect(page.textContent).toContain(words.saved);
    await submit(page, { zone: "Nowhere" });
    expect(page.textContent).not.toContain(words.saved);
  });

  it("changes a weekly shift from the week on that is shown", async () => {
    const page = await open([shift(7, { weekly: true })]);
    page.week = 1;
    desk.church.on("PUT rota/shifts/h1", shift());
    await desk.drawn();
    button(page, words.edit).click();
    await desk.drawn();
    expect(page.textContent).toContain(words.fromHere);
    expect((page.querySelector("#date") as HTMLInputElement).value).toBe(shift(7).starts_at.slice(0, 10));
    await submit(page, { date: shift(11).starts_at.slice(0, 10), zone: "UTC" });
    const sent = desk.church.of("PUT rota/shifts/h1")[0]?.body as Record<string, string>;
    expect(sent.instead_of?.slice(0, 10)).toBe(shift(7).starts_at.slice(0, 10));
    expect(sent.starts_at?.slice(0, 10)).toBe(shift(11).starts_at.slice(0, 10));
  });

  it("removes a shift and puts it back", async () => {
    const page = await open([shift()]);
    desk.church.on("DELETE rota/shifts/h1", null).on("POST rota/shifts", shift());
    button(page, words.remove).click();
    await desk.drawn();
    expect(page.querySelector(".undo-bar")?.textContent).toContain(words.removed("Paul"));
    button(page, "Undo").click();
    await desk.drawn();
    expect(desk.church.of("POST rota/shifts")[0]?.body).toMatchObject({
      person: "p2",
      duty: "leader",
      zone: "UTC",
    });
  });

  it("is only read by who does not plan", async () => {
    const page = await open([shift()], ["prayer_team"]);
    expect(page.querySelector("narthex-shift")).toBeNull();
    expect(page.querySelector(".week-grid button")).toBeNull();
  });
});
