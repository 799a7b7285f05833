/** The only source of chance. Uniform in [0, 1). */
export interface Random {
  next(): number;
}

/** sfc32 seeded by splitmix: the same seed, the same stream, on every machine. */
export function seededRandom(seed: number): Random {
  // Signed throughout: an engine keeps those without an object each.
  let state = seed | 0;
  const mix = () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = mix();
  let b = mix();
  let c = mix();
  let counter = 1;
  return {
    next() {
      const sum = (a + b + counter++) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      return (sum >>> 0) / 4294967296;
    },
  };
}

/** An integer in [0, bound). */
export const randomInteger = (random: Random, bound: number): number => Math.floor(random.next() * bound);

/** 128 random bits in the shape of a version 4 UUID. */
export function randomUuid(random: Random): string {
  const hex = Array.from({ length: 32 }, (_, index) => {
    if (index === 12) return "4";
    const digit = randomInteger(random, 16);
    return (index === 16 ? (digit & 3) | 8 : digit).toString(16);
  }).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
