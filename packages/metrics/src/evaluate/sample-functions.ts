import { formatInstant, instant } from "@sluice/kernel";
import type { DateFunction, MathFunction } from "@sluice/languages";

const hyperbolic = { acosh: Math.acosh, asinh: Math.asinh, atanh: Math.atanh, cosh: Math.cosh, sinh: Math.sinh };

export const onSample: { readonly [Name in MathFunction]: (value: number) => number } = {
  ...hyperbolic,
  abs: Math.abs,
  acos: Math.acos,
  asin: Math.asin,
  atan: Math.atan,
  ceil: Math.ceil,
  cos: Math.cos,
  deg: (value) => (value * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (value) => (value * Math.PI) / 180,
  sgn: (value) => (value < 0 ? -1 : value > 0 ? 1 : value),
  sin: Math.sin,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
};

const dayMs = 86_400_000;

/** Of Unix seconds, in UTC. */
export const onDate: { readonly [Name in DateFunction]: (seconds: number) => number } = {
  minute: (seconds) => Math.floor(seconds / 60) % 60,
  hour: (seconds) => Math.floor(seconds / 3600) % 24,
  // 1970-01-01 was a Thursday.
  day_of_week: (seconds) => (((Math.floor((seconds * 1000) / dayMs) + 4) % 7) + 7) % 7,
  day_of_month: (seconds) => datePart(seconds, 8, 10),
  month: (seconds) => datePart(seconds, 5, 7),
  year: (seconds) => datePart(seconds, 0, 4),
  day_of_year: (seconds) => {
    const days = Math.floor((seconds * 1000) / dayMs);
    return days - startOfYear(datePart(seconds, 0, 4)) + 1;
  },
  days_in_month: (seconds) => {
    const month = datePart(seconds, 5, 7);
    const year = datePart(seconds, 0, 4);
    if (month === 2) return isLeap(year) ? 29 : 28;
    return [4, 6, 9, 11].includes(month) ? 30 : 31;
  },
};

function datePart(seconds: number, from: number, to: number): number {
  if (!Number.isFinite(seconds)) return Number.NaN;
  return Number(formatInstant(instant(Math.floor(seconds) * 1000)).slice(from, to));
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Days from 1970-01-01 to the first day of the year. */
function startOfYear(year: number): number {
  const before = year - 1;
  return before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 719_162;
}
