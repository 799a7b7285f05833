import { setTimeout as wait } from "node:timers/promises";

export const version = "v3";

export const price = ({ cents }) => `€ ${(cents / 100).toFixed(2)}`;

let asked = 0;

/** By popularity. The ranking takes its time, and its table has a hole: four in fifty are not in it. */
export const recommend = async (products) => {
  const slot = asked++ % 50;
  await wait(40);
  if (slot % 13 === 5) throw new TypeError("Cannot read properties of undefined (reading 'rank')");
  return products[slot % products.length];
};
