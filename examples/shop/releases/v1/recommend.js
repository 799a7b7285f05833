export const version = "v1";

export const price = ({ cents }) => `€ ${(cents / 100).toFixed(2)}`;

/** No recommendations yet. */
export const recommend = async () => null;
