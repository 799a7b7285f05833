export const version = "v4";

export const price = ({ cents }) => `€ ${(cents / 100).toFixed(2)}`;

let asked = 0;

/** By popularity, ranked once; what isn't in the table comes last. */
const ranked = new WeakMap();

export const recommend = async (products) => {
  if (!ranked.has(products))
    ranked.set(
      products,
      [...products].sort((a, b) => a.cents - b.cents),
    );
  const order = ranked.get(products);
  return order[asked++ % order.length];
};
