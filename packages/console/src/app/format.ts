/** Numbers, times and names as people read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export function formatNumber(value: number): string {
  return Math.abs(value) >= 100 ? whole.format(value) : precise.format(value);
}

/** Requests a second. */
export const formatRate = (perSecond: number): string =>
  `${perSecond >= 10 || perSecond === 0 ? whole.format(perSecond) : perSecond.toFixed(1)}/s`;

/** A share of 0 to 1. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.01) return "< 0.01 %";
  return `${percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

export function formatSeconds(seconds: number): string {
  const milliseconds = seconds * 1000;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${whole.format(milliseconds)} ms`;
  return `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`;
}

const compact = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** The same for the ticks of a scale: no digits that say nothing. */
export const tickRate = (perSecond: number): string => `${compact.format(perSecond)}/s`;
export const tickShare = (share: number): string => `${compact.format(share * 100)} %`;
export const tickSeconds = (seconds: number): string =>
  seconds < 1 ? `${compact.format(seconds * 1000)} ms` : `${compact.format(seconds)} s`;

/** How long something took or takes: the two largest units that matter. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** One unit is enough for how long ago something was. */
export function formatAgo(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export const formatClock = (epochMilliseconds: number): string => clock.format(epochMilliseconds);
export const formatFull = (epochMilliseconds: number): string => full.format(epochMilliseconds);

export const shortRevision = (revision: string): string =>
  /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 8) : revision;

/** The end of a repository's address is what tells it from others. */
export function shortRepository(url: string): string {
  const parts = url
    .replace(/\.git$/, "")
    .split(/[/:]/)
    .filter(Boolean);
  return /^(https?|ssh|git)/.test(url) || url.includes("@") ? parts.slice(-2).join("/") : (parts.at(-1) ?? url);
}

/** A provider's value: `[0.9254659914475899]` is `0.925`. */
export function formatMeasured(value: string | number | undefined): string {
  if (value === undefined || value === "") return "no data";
  if (typeof value === "number") return formatNumber(value);
  const numbers = value.replace(/^\[|\]$/g, "").split(/[ ,]+/);
  if (numbers.every((text) => text === "NaN")) return "not a number";
  if (numbers.some((text) => text === "" || Number.isNaN(Number(text)))) return value === "[]" ? "no data" : value;
  return numbers.map((text) => formatNumber(Number(text))).join(", ");
}

export const counted = (count: number, one: string, several = `${one}s`): string =>
  `${whole.format(count)} ${count === 1 ? one : several}`;
