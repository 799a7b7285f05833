import type { Rollout } from "@sluice/api";
import type { ReactNode } from "react";
import type { Version } from "./versions.ts";

/** Which version each Service of a blue-green release leads to; nothing with another strategy. */
export function ServicesLine({
  rollout: { spec, status },
  versions,
}: {
  readonly rollout: Rollout;
  readonly versions: readonly Version[];
}): ReactNode {
  const strategy = spec.strategy.blueGreen;
  if (strategy === undefined) return null;
  const { activeSelector, previewSelector } = status?.blueGreen ?? {};
  const services = [
    { role: "Users", service: strategy.activeService, hash: activeSelector },
    { role: "Testers", service: strategy.previewService ?? "", hash: previewSelector },
  ].filter(({ service }) => service !== "");
  return (
    <ul className="services" aria-label="Services">
      {services.map(({ role, service, hash }) => {
        const version = versions.find((one) => one.hash === hash);
        return (
          <li key={role}>
            {role} come by <code>{service}</code> to{" "}
            {version === undefined ? "no version yet" : `revision ${version.revision}, ${version.images.join(", ")}`}
          </li>
        );
      })}
    </ul>
  );
}
