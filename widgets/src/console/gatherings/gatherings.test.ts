import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GatheringShown } from "../../core/generated";
import { ELEMENTS } from "../elements";
import { Church, settled, submit, wrongField } from "../testing/server";
import { gatheringWords } from "../words/gatherings";
import { closing, doors, type NarthexGatherings, type OpenRoom, opening } from "./page";
import { instantOf, wallOf } from "./zoned";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = gatheringWords.en;
const MINUTE = 60_000;

function gathering(startsIn: number, more: Partial<GatheringShown> = {}): GatheringShown {
  const at = (minutes: number) => new Date(Date.now() + minutes * MINUTE).toISOString();
  return {
    id: "g1",
    title: "Sunday",
    starts_at: at(startsIn),
    ends_at: at(startsIn + 60),
    zone: "Europe/Berlin",
    video_url: "",
    opens_before: 30,
    closes_after: 30,
    opens_at: at(startsIn - 30),
    closes_at: at(startsIn + 90),
    cancelled: false,
    ...more,
  };
}

describe("instantOf", () => {
  it.each([
    ["2026-03-01", "10:00", "America/New_York", "2026-03-01T15:00:00.000Z"],
    ["2026-03-29", "10:00", "Europe/Berlin", "2026-03-29T08:00:00.000Z"],
    ["2026-03-29", "02:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"], // left out: an hour later
    ["2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"], // comes twice: the first
    ["2026-07-01", "09:15", "Asia/Kathmandu", "2026-07-01T03:30:00.000Z"],
  ])("is what the wall's clock means on %s at %s in %s", (date, time, zone, instant) => {
    expect(new Date(instantOf({ date, time }, zone)).toISOString()).toBe(instant);
  });

  it("is the way back from wallOf", () => {
    const at = Date.parse("2026-11-01T05:30:00Z");
    expect(instantOf(wallOf(at, "America/New_York"), "America/New_York")).toBe(at);
  });

  it("refuses a zone that does not exist", () => {
    expect(() => instantOf({ date: "2026-03-01", time: "10:00" }, "Mars/Olympus")).toThrow(RangeError);
  });
});

describe("doors", () => {
  it("wait, stand open and are closed again", () => {
    const now = Date.now();
    expect([60, 10, -30, -200].map((minutes) => doors(gathering(minutes), now))).toEqual([
      "waiting",
      "open",
      "open",
      "over",
    ]);
    expect(doors(gathering(10, { cancelled: true }), now)).toBe("cancelled");
  });

  it("are opened by hand up to a day early, and closed before and after the start", () => {
    const now = Date.now() + 1000; // a moment after the gatherings were made
    expect(opening(gathering(120), now)).toEqual({ opens_before: 120 });
    expect(opening(gathering(2000), now)).toBeNull();
    expect(opening(gathering(10), now)).toBeNull();
    expect(closing(gathering(10), now)).toEqual({ opens_before: 0 });
    expect(closing(gathering(-30), now)).toMatchObject({ closes_after: 0 });
    expect(closing(gathering(-70), now)).toMatchObject({ closes_after: 10 });
    expect(closing(gathering(-200), now)).toBeNull();
  });
});

describe("<narthex-gatherings>", () => {
  let church: Church;
  let page: NarthexGatherings;
  let rooms: object[] = [];

  async function open(...items: GatheringShown[]): Promise<void> {
    church.on("GET events/gatherings", { items, next: null }).on("GET chat/rooms", { rooms });
    page = document.createElement("narthex-gatherings") as NarthexGatherings;
    page.api = church.api;
    document.body.append(page);
    await settled();
  }

  const button = (text: string) =>
    [...page.querySelectorAll("button")].find((one) => one.textContent?.trim() === text) as HTMLButtonElement;

  beforeEach(() => {
    church = new Church();
  });
  afterEach(() => {
    page.remove();
    rooms = [];
  });

  it("opens a rehearsal before the doors do, and leads to its room", async () => {
    church.on("POST events/gatherings/g1/rehearsal", { id: "r9", rehearses: "g1" });
    await open(gathering(120));
    const opened: string[] = [];
    page.addEventListener("open-room", (event) => opened.push((event as OpenRoom).room));
    button(words.rehearse).click();
    await settled();
    expect(opened).toEqual(["r9"]);
  });

  it("leads into a rehearsal that goes on, and ends it", async () => {
    rooms = [{ room: { id: "r9", kind: "hosts", rehearses: "g1" }, read_to: 0, unread: 0 }];
    church.on("DELETE events/gatherings/g1/rehearsal", null);
    await open(gathering(120));
    expect([...page.querySelectorAll(".badge")].at(-1)?.textContent).toBe(words.rehearsing);
    expect(button(words.toRehearsal)).toBeDefined();
    button(words.endRehearsal).click();
    await settled();
    expect(church.of("DELETE events/gatherings/g1/rehearsal")).toHaveLength(1);
    expect(page.querySelector(".notice")?.textContent).toBe(words.rehearsalEnded);
    expect(button(words.rehearse)).toBeDefined();
  });

  it("has no rehearsal once the doors are open", async () => {
    await open(gathering(10));
    expect(button(words.rehearse)).toBeUndefined();
  });

  it("plans a gathering in its own zone, past midnight too", async () => {
    church.on("POST events/gatherings", gathering(600));
    await open();
    expect(page.querySelector(".empty")?.textContent).toBe(words.empty);
    await submit(page, {
      title: " Watch night ",
      date: "2098-12-31",
      starts_at: "23:00",
      ends_at: "00:30",
      zone: "America/New_York",
    });
    expect(church.of("POST events/gatherings")[0]?.body).toEqual({
      title: "Watch night",
      starts_at: "2099-01-01T04:00:00.000Z",
      ends_at: "2099-01-01T05:30:00.000Z",
      zone: "America/New_York",
      video_url: "",
      opens_before: 30,
      closes_after: 30,
    });
    expect(page.querySelector(".notice")?.textContent).toBe(words.planned);
  });

  it("plans one while the list is still on its way, and then it stands there", async () => {
    let come = (_: object) => {};
    const slow = new Promise<object>((resolve) => {
      come = resolve;
    });
    const made = gathering(600, { title: "Vespers" });
    await open();
    page.remove();
    church
      .on("GET events/gatherings", slow, { items: [made], next: null })
      .on("POST events/gatherings", made);
    document.body.append(page);
    await submit(page, { title: "Vespers" });
    come({ items: [], next: null });
    await settled();
    expect(page.querySelector(".gatherings")?.textContent).toContain("Vespers");
    expect(page.querySelector(".notice")?.textContent).toBe(words.planned);
  });

  it("plans nothing that would be over already, and says so at the date", async () => {
    church.on("POST events/gatherings", wrongField("/video_url", "bad_address"));
    await open();
    await submit(page, { title: "Sunday", video_url: "https://x" });
    await submit(page, { date: "2020-03-01" });
    expect(page.querySelector("#date-error")?.textContent).toBe(words.codes.over_already);
    expect(document.activeElement?.id).toBe("date");
    expect(page.querySelector("narthex-gathering .alert")).toBeNull();
    expect(church.of("POST events/gatherings")).toHaveLength(1);
  });

  it("changes a gathering that is over, its title for one", async () => {
    church.on("PATCH events/gatherings/g1", gathering(-300, { title: "Easter" }));
    await open(gathering(-300));
    page.querySelector<HTMLButtonElement>(`[aria-label="${words.change}: Sunday"]`)?.click();
    await settled();
    await submit(page, { title: "Easter" });
    expect(church.of("PATCH events/gatherings/g1")).toHaveLength(1);
  });

  it("says nothing of what was planned before once the next one is refused", async () => {
    church.on("POST events/gatherings", gathering(600), wrongField("/title", "bad_title"));
    await open();
    await submit(page, { title: "Sunday" });
    expect(page.querySelector(".notice")?.textContent).toBe(words.planned);
    (page.querySelector("#title") as HTMLInputElement).value = "Monday";
    page.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await settled();
    expect(page.querySelector("#title-error")?.textContent).toBe(words.codes.bad_title);
    expect(page.querySelector(".notice")).toBeNull();
  });

  it("names a zone that nobody knows without asking, and keeps the rest", async () => {
    await open();
    await submit(page, { title: "Sunday", zone: "Mars/Olympus" });
    expect(page.querySelector("#zone-error")?.textContent).toBe(words.codes.unknown_zone);
    expect(page.querySelector<HTMLInputElement>("#title")?.value).toBe("Sunday");
    expect(church.of("POST events/gatherings")).toEqual([]);
  });

  it("puts the server's objection at the field", async () => {
    church.on("POST events/gatherings", wrongField("/video_url", "bad_address"));
    await open();
    await submit(page, { title: "Sunday", video_url: "https://x" });
    expect(page.querySelector("#video_url-error")?.textContent).toBe(words.codes.bad_address);
  });

  it("changes what is planned", async () => {
    church.on("PATCH events/gatherings/g1", gathering(600, { title: "Easter" }));
    await open(gathering(600));
    page.querySelector<HTMLButtonElement>(`[aria-label="${words.change}: Sunday"]`)?.click();
    await settled();
    expect(page.querySelector<HTMLInputElement>("#title")?.value).toBe("Sunday");
    await submit(page, { title: "Easter" });
    expect(church.of("PATCH events/gatherings/g1")[0]?.body).toMatchObject({
      title: "Easter",
      zone: "Europe/Berlin",
    });
  });

  describe("one that lasts for days", () => {
    const retreat = gathering(600, {
      title: "Retreat",
      starts_at: "2098-03-07T17:00:30Z", // a Friday at 18:00 in Berlin, and half a minute
      ends_at: "2098-03-09T11:00:00Z", // Sunday at 12:00
    });
    const change = async (values: Record<string, string>) => {
      church.on("PATCH events/gatherings/g1", retreat);
      await open(retreat);
      page.querySelector<HTMLButtonElement>(`[aria-label="${words.change}: Retreat"]`)?.click();
      await settled();
      expect(page.querySelector("#ends_at-hint")?.textContent).toBe(words.daysLater(2));
      await submit(page, values);
      return church.of("PATCH events/gatherings/g1")[0]?.body as Record<string, unknown>;
    };

    it("keeps its times when its title is corrected", async () => {
      const sent = await change({ title: "Spring retreat" });
      expect(Object.keys(sent)).not.toContain("starts_at");
      expect(Object.keys(sent)).not.toContain("ends_at");
      expect(sent.title).toBe("Spring retreat");
    });

    it("keeps its days when only its end is another hour", async () => {
      const sent = await change({ ends_at: "13:00" });
      expect(Object.keys(sent)).not.toContain("starts_at");
      expect(sent.ends_at).toBe("2098-03-09T12:00:00.000Z");
    });

    it("goes with its days to another date", async () => {
      expect(await change({ date: "2098-03-14" })).toMatchObject({
        starts_at: "2098-03-14T17:00:00.000Z",
        ends_at: "2098-03-16T11:00:00.000Z",
      });
    });
  });

  it("lets a watch night become an evening", async () => {
    church.on("PATCH events/gatherings/g1", gathering(600));
    await open(
      gathering(600, { zone: "UTC", starts_at: "2098-12-31T23:00:00Z", ends_at: "2099-01-01T00:30:00Z" }),
    );
    page.querySelector<HTMLButtonElement>(`[aria-label="${words.change}: Sunday"]`)?.click();
    await settled();
    expect(page.querySelector("#ends_at-hint")).toBeNull();
    await submit(page, { starts_at: "20:00", ends_at: "21:30" });
    expect(church.of("PATCH events/gatherings/g1")[0]?.body).toMatchObject({
      starts_at: "2098-12-31T20:00:00.000Z",
      ends_at: "2098-12-31T21:30:00.000Z",
    });
  });

  it("opens the doors by hand, and brings back what was", async () => {
    const before = gathering(120);
    church.on(
      "PATCH events/gatherings/g1",
      gathering(120, { opens_before: 120, opens_at: before.starts_at }),
    );
    await open(before);
    button(words.openNow).click();
    await settled();
    expect(church.of("PATCH events/gatherings/g1")[0]?.body).toEqual({ opens_before: 120 });
    page.querySelector<HTMLButtonElement>(".undo-bar button")?.click();
    await settled();
    expect(church.of("PATCH events/gatherings/g1")[1]?.body).toEqual({
      ends_at: before.ends_at,
      opens_before: 30,
      closes_after: 30,
    });
  });

  it("cancels only after a second look", async () => {
    church.on("POST events/gatherings/g1/cancel", gathering(120, { cancelled: true }));
    await open(gathering(120));
    expect(button(words.cancelIt).closest("details")).not.toBeNull();
    button(words.cancelIt).click();
    await settled();
    expect(page.querySelector(".badge")?.textContent).toBe(words.cancelled);
  });
});
