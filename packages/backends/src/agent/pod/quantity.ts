import type { Quantity } from "@sluice/api";

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `"500m"` is 0.5, `"64Mi"` is 67108864. Undefined where it is no quantity. */
export function quantityValue(quantity: Quantity | undefined): number | undefined {
  if (quantity === undefined) return undefined;
  if (typeof quantity === "number") return quantity;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(quantity);
  if (match === null) return undefined;
  const [, digits, exponent, suffix] = match;
  return exponent === undefined ? Number(digits) * (suffixes[suffix ?? ""] ?? 1) : Number(`${digits}${exponent}`);
}
