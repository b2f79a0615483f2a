/** One gathering as a calendar file (RFC 5545), made in the page. */

import type { GatheringShown } from "../core/generated";

export function calendarFile(gathering: GatheringShown, church: string, now: number): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Narthex//Narthex//EN",
    "BEGIN:VEVENT",
    `UID:${gathering.id}@narthex`,
    `DTSTAMP:${utc(now)}`,
    `DTSTART:${utc(Date.parse(gathering.starts_at))}`,
    `DTEND:${utc(Date.parse(gathering.ends_at))}`,
    `SUMMARY:${escaped(gathering.title)}`,
    `LOCATION:${escaped(church)}`,
    ...(gathering.video_url ? [`URL:${gathering.video_url}`] : []),
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return `${lines.map(folded).join("\r\n")}\r\n`;
}

/** Hand a text to the reader as a file. */
export function offerFile(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/calendar;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function utc(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, (sign) => `\\${sign}`).replace(/\r?\n/g, "\\n");
}

/** Break a line after 75 bytes (RFC 5545, 3.1), never inside a letter. */
function folded(line: string): string {
  const encoder = new TextEncoder();
  let [out, size] = ["", 0];
  for (const letter of line) {
    const bytes = encoder.encode(letter).length;
    if (size + bytes > 75) [out, size] = [`${out}\r\n `, 1];
    out += letter;
    size += bytes;
  }
  return out;
}
