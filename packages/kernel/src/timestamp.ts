import { type Instant, instant } from "./units.ts";

/** RFC 3339 in UTC without a Date: whole seconds as Kubernetes writes them, or with milliseconds. */
export function formatInstant(at: Instant, precision: "seconds" | "millis" = "seconds"): string {
  if (precision === "millis") return written(at, precision);
  const second = Math.floor(at / 1000);
  if (second !== latest.second) latest = { second, text: written(at, precision) };
  return latest.text;
}

/** What is written in one second says so many times, in many objects: all of them hold the one text. */
let latest: { readonly second: number; readonly text: string } = { second: Number.NaN, text: "" };

function written(at: Instant, precision: "seconds" | "millis"): string {
  const days = Math.floor(at / 86_400_000);
  const ofDay = at - days * 86_400_000;
  const { year, month, day } = civilFromDays(days);
  const pad = (value: number, width = 2) => String(Math.floor(value)).padStart(width, "0");
  const time = `${pad(ofDay / 3_600_000)}:${pad((ofDay / 60_000) % 60)}:${pad((ofDay / 1000) % 60)}`;
  const fraction = precision === "millis" ? `.${pad(ofDay % 1000, 3)}` : "";
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${time}${fraction}Z`;
}

const shape = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Undefined where the text is no RFC 3339 timestamp. */
export function parseInstant(text: string): Instant | undefined {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const at = read(text);
  if (at === undefined) return undefined;
  if (parsed.size >= parsedMost) parsed.clear();
  parsed.set(text, at);
  return at;
}

/** Every look at an object reads the same few times in it. */
const parsed = new Map<string, Instant>();
const parsedMost = 1000;

function read(text: string): Instant | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const parts = [Number(month), Number(day), Number(hour), Number(minute), Number(second)] as const;
  if (parts[0] < 1 || parts[0] > 12 || parts[1] < 1 || parts[1] > 31) return undefined;
  if (parts[2] > 23 || parts[3] > 59 || parts[4] > 60) return undefined;
  const seconds = daysFromCivil(Number(year), parts[0], parts[1]) * 86_400 + parts[2] * 3600 + parts[3] * 60 + parts[4];
  const millisOfSecond = fraction === undefined ? 0 : Math.floor(Number(`0${fraction}`) * 1000 + 1e-6);
  return instant((seconds - zoneSeconds(zone ?? "Z")) * 1000 + millisOfSecond);
}

function zoneSeconds(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const sign = zone.startsWith("-") ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60);
}

// https://howardhinnant.github.io/date_algorithms.html
function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const day = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function daysFromCivil(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + ofYear - 719_468;
}
