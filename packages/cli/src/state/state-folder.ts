import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** Where everything of one machine's Sluice lies; each path stands here once. */
export interface StateFolder {
  readonly path: string;
  readonly kubeconfig: string;
  readonly agentKubeconfig: string;
  readonly database: string;
  readonly credentials: string;
  readonly controlPlane: string;
  readonly agent: string;
  readonly logs: string;
  readonly images: string;
  readonly metrics: string;
  readonly repositories: string;
  readonly patches: string;
  /** What the judge was shown of each release. */
  readonly judgements: string;
  /** What the team's own releases taught the judge. */
  readonly teamModel: string;
  /** What rehearsals predicted. */
  readonly rehearsals: string;
  readonly tls: string;
  readonly routeTable: string;
  readonly agentSocket: string;
}

export const stateFolder = (folder: string): StateFolder => {
  const path = resolve(folder);
  return {
    path,
    kubeconfig: join(path, "kubeconfig"),
    agentKubeconfig: join(path, "agent", "kubeconfig"),
    database: join(path, "sluice.db"),
    credentials: join(path, "credentials.json"),
    controlPlane: join(path, "control-plane.json"),
    agent: join(path, "agent", "agent.json"),
    logs: join(path, "logs"),
    images: join(path, "images"),
    metrics: join(path, "metrics"),
    repositories: join(path, "repositories"),
    patches: join(path, "patches"),
    judgements: join(path, "judgements"),
    teamModel: join(path, "judge-model.json"),
    rehearsals: join(path, "rehearsals"),
    tls: join(path, "tls"),
    routeTable: join(path, "agent", "routes.json"),
    agentSocket: join(path, "agent", "socket"),
  };
};

/** The nearest `.sluice` from here upwards, as git finds `.git`; undefined where there is none. */
export function findStateFolder(from: string): StateFolder | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const candidate = join(folder, ".sluice");
    if (existsSync(candidate)) return stateFolder(candidate);
    if (dirname(folder) === folder) return undefined;
  }
}

/** Readable by this user alone: it holds tokens and keys. */
export async function createStateFolder(state: StateFolder): Promise<void> {
  await mkdir(state.path, { recursive: true, mode: 0o700 });
  for (const folder of [join(state.path, "agent"), state.logs, state.images, state.metrics, state.patches]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
}
