import type { Labels } from "../quantities.ts";

/** A resource, or a pod template. */
interface Marked {
  readonly metadata?: { readonly annotations?: Labels };
}

/** On a resource whose change can't be taken back, such as a migration; its value says why. */
export const notRevertibleAnnotation = "sluice.dev/not-revertible";
/** The same, said the other way round. */
const revertibleAnnotation = "sluice.dev/revertible";

/** The reason where a mark gives none. */
export const unsaidReason = "it says so";

/** Why going back past this resource wouldn't undo what it did; undefined where nothing says so. */
export function notRevertible({ metadata = {} }: Marked): string | undefined {
  const reason = metadata.annotations?.[notRevertibleAnnotation];
  if (reason !== undefined && reason !== "false") return reason === "" || reason === "true" ? unsaidReason : reason;
  return metadata.annotations?.[revertibleAnnotation] === "false" ? unsaidReason : undefined;
}
