/** All of it but who owns which field, which nobody reads here. */
export const pictureAsJson = (picture: unknown): string =>
  JSON.stringify(picture, (key, value: unknown) => (key === "managedFields" ? undefined : value));
