import type { Violation } from "@sluice/kernel";
import { dnsLabel } from "../../schema/names.ts";
import { show } from "../../schema/show.ts";
import { doubled, doubles, invalid, named, notSupported } from "../rules.ts";
import type { PodSpec } from "./pod.ts";
import type { Volume } from "./volume.ts";

const honoured = new Set(["emptyDir", "configMap", "secret", "downwardAPI", "projected", "hostPath"]);
const honouredProjections = new Set(["secret", "configMap", "downwardAPI"]);

export function checkVolumes(volumes: readonly Volume[], path: string): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [index, volume] of volumes.entries()) {
    violations.push(...named(dnsLabel, `${path}[${index}].name`, volume.name));
    const sources = Object.keys(volume).filter((key) => key !== "name");
    if (sources.length > 1) {
      violations.push(
        invalid({ path: `${path}[${index}]`, found: sources.join(" and "), expected: "one source of the volume" }),
      );
    }
    for (const { path: itemPath, at } of filesOf(volume)) {
      if (at.startsWith("/") || at.split("/").includes("..")) {
        violations.push(
          invalid({
            path: `${path}[${index}].${itemPath}`,
            found: show(at),
            expected: "a path inside the volume: relative, without '..'",
          }),
        );
      }
    }
  }
  for (const { index, name } of doubles(volumes.map(({ name }) => name))) {
    violations.push(doubled(`${path}[${index}].name`, name, "the Pod's volumes"));
  }
  return violations;
}

/** Where the volume's files would lie. */
function filesOf(volume: Volume): readonly { readonly path: string; readonly at: string }[] {
  const items = (source: string, list: readonly { readonly path: string }[] | undefined) =>
    (list ?? []).map((item, index) => ({ path: `${source}.items[${index}].path`, at: item.path }));
  return [
    ...items("configMap", volume.configMap?.items),
    ...items("secret", volume.secret?.items),
    ...items("downwardAPI", volume.downwardAPI?.items),
    ...(volume.projected?.sources ?? []).flatMap((source, index) => [
      ...items(`projected.sources[${index}].configMap`, source.configMap?.items),
      ...items(`projected.sources[${index}].secret`, source.secret?.items),
      ...items(`projected.sources[${index}].downwardAPI`, source.downwardAPI?.items),
    ]),
  ].filter(({ at }) => typeof at === "string");
}

/** Volumes that can't be had on one machine. hostPath is left to the agent, which knows the project's folder. */
export function refusedVolumes(spec: PodSpec, path = "spec"): readonly Violation[] {
  const use = "emptyDir, configMap, secret, downwardAPI or projected";
  return (spec.volumes ?? []).flatMap((volume, index) => [
    ...Object.keys(volume)
      .filter((key) => key !== "name" && !honoured.has(key))
      .map((key) => notSupported(`${path}.volumes[${index}].${key}`, `a ${key} volume`, `${key} volumes`, use)),
    ...(volume.projected?.sources ?? []).flatMap((source, at) =>
      Object.keys(source)
        .filter((key) => !honouredProjections.has(key))
        .map((key) =>
          notSupported(
            `${path}.volumes[${index}].projected.sources[${at}].${key}`,
            `a projected ${key}`,
            `projected ${key}`,
            "secret, configMap or downwardAPI",
          ),
        ),
    ),
  ]);
}
