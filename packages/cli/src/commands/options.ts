import type { ConnectionOptions } from "../connection.ts";

/** What every command takes. */
export interface CommandOptions extends ConnectionOptions {
  readonly json?: boolean;
}
