import type { Quarantine } from "../kinds/sluice/quarantine.ts";

/** A person let its version have traffic again; that stands in spec, in old ones in status. */
export const isLifted = ({ spec, status }: Quarantine): boolean =>
  status?.lifted === true || (spec.liftedBy !== undefined && spec.liftedBy !== "");
