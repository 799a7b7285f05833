declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** A length of time in milliseconds. */
export type Millis = Unit<"ms">;
/** A point in time: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = Unit<"epoch ms">;
/** 0..100, what people write. */
export type Percent = Unit<"percent">;
/** 0..1, what code multiplies. */
export type Ratio = Unit<"ratio">;
export type Bytes = Unit<"bytes">;

export const millis = (count: number): Millis => count as Millis;
export const seconds = (count: number): Millis => (count * 1000) as Millis;
export const minutes = (count: number): Millis => seconds(count * 60);
export const hours = (count: number): Millis => minutes(count * 60);
export const instant = (epochMillis: number): Instant => epochMillis as Instant;
export const bytes = (count: number): Bytes => count as Bytes;
export const mebibytes = (count: number): Bytes => (count * 1024 * 1024) as Bytes;

export const after = (start: Instant, wait: Millis): Instant => (start + wait) as Instant;
export const between = (start: Instant, end: Instant): Millis => (end - start) as Millis;

/** Throws RangeError outside 0..100: a percent out of range is a bug in the caller, input is validated before. */
export const percent = (value: number): Percent => {
  if (!(value >= 0 && value <= 100)) throw new RangeError(`percent out of range: ${value}`);
  return value as Percent;
};
export const ratio = (value: number): Ratio => {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`ratio out of range: ${value}`);
  return value as Ratio;
};
export const toRatio = (value: Percent): Ratio => (value / 100) as Ratio;
