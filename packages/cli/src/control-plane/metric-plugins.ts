import type { Client, ConfigMap } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import type { PluginDoor } from "@sluice/metrics/node";
import { parse } from "yaml";

/** Where Argo Rollouts looks for its plugins, too. */
const place = { namespace: "argo-rollouts", name: "argo-rollouts-config", key: "metricProviderPlugins" };
const where = `ConfigMap ${place.name} in namespace ${place.namespace}, key ${place.key}`;
const secondsMax = 300;

/** The plugin that the operator registered under a name. Read each time: a change counts from the next measurement. */
export async function pluginDoor(client: Client, name: string): Promise<PluginDoor> {
  const config = await client.get<ConfigMap>({
    apiVersion: "v1",
    kind: "ConfigMap",
    namespace: place.namespace,
    name: place.name,
  });
  const entries = entriesOf(config?.data?.[place.key] ?? "");
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry !== undefined) return doorOf(name, entry);
  const known = entries.map((candidate) => String(candidate.name));
  const found = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
  throw new Fault("invalid", `metric plugin ${name} is not registered: ${where}: ${found}`);
}

type Entry = Readonly<Record<string, unknown>>;

function entriesOf(text: string): readonly Entry[] {
  let entries: unknown;
  try {
    entries = parse(text) ?? [];
  } catch {
    throw new Fault("invalid", `${where}: found no YAML, expected a list of plugins`);
  }
  if (!Array.isArray(entries) || entries.some((entry) => typeof entry !== "object" || entry === null)) {
    throw new Fault("invalid", `${where}: expected a list of plugins, each with name and location or url`);
  }
  return entries;
}

function doorOf(name: string, { location, url, args = [], timeoutSeconds = 30 }: Entry): PluginDoor {
  const timeout = Number(timeoutSeconds);
  const wrong = (field: string, expected: string) =>
    new Fault("invalid", `metric plugin ${name}: ${where}: ${field}: expected ${expected}`);
  if (!(timeout > 0 && timeout <= secondsMax)) throw wrong("timeoutSeconds", `1 to ${secondsMax}`);
  if (typeof url === "string") return { is: "endpoint", name, url, timeoutSeconds: timeout };
  if (typeof location !== "string" || !location.startsWith("file:///")) {
    throw wrong("location", "file:///absolute/path of a program, or url with an http address: nothing is downloaded");
  }
  if (!Array.isArray(args)) throw wrong("args", "a list of texts");
  return {
    is: "program",
    name,
    path: decodeURIComponent(new URL(location).pathname),
    arguments: args.map(String),
    timeoutSeconds: timeout,
  };
}
