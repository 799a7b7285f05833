export const version = "v2";

export const price = ({ cents }) => `€ ${(cents / 100).toFixed(2)}`;

let asked = 0;

/** Each product in its turn. */
export const recommend = async (products) => products[asked++ % products.length];
