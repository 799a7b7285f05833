/** Nats by which `observed` of `total` speaks against `expected` or fewer (the exponent of Chernoff's bound). */
export function deviance(observed: number, expected: number, total: number): number {
  if (observed <= expected || total <= 0) return 0;
  const others = total - observed;
  const rest = others <= 0 ? 0 : others * Math.log(others / (total - expected));
  return observed * Math.log(observed / expected) + rest;
}
