const digestShown = 12;

/** A digest's first digits tell it from others. */
export const shortImage = (image: string): string =>
  image.replace(/@sha256:([0-9a-f]{64})$/, (_, digest: string) => `@sha256:${digest.slice(0, digestShown)}`);
