import type { ReleasePicture } from "./release-picture.ts";

/** All of it but who owns which field, which nobody reads here. */
export const releaseAsJson = (picture: ReleasePicture): string =>
  JSON.stringify(picture, (key, value: unknown) => (key === "managedFields" ? undefined : value));
