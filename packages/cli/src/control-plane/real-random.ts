import { randomBytes } from "node:crypto";
import type { Random } from "@sluice/kernel";

/** The system's randomness: uids and names that nobody can guess. */
export const realRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
