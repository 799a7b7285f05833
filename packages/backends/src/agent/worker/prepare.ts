import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Container, type Pod, quantityValue } from "@sluice/api";
import { toFault } from "@sluice/kernel";
import { writeJson } from "../files/atomic.ts";
import { layMounts } from "../files/mounts.ts";
import { makeFolderInRoot } from "../files/paths.ts";
import { writePayload } from "../files/payload.ts";
import { ImageFault, type OciConfig, type PullPolicy } from "../image-store.ts";
import { logFileOf, podLogFolder } from "../logs/layout.ts";
import { commandWords, findProgram } from "../pod/command.ts";
import type { PodPlace } from "../pod/downward.ts";
import { buildEnvironment } from "../pod/environment.ts";
import { containerIdOf, type PodFolder, type PodRecord } from "../pod/pod-folder.ts";
import { planVolume } from "../pod/volumes.ts";
import { prepareRun, type Refusal, type RunRecord, recordRefusedRun, runEnvironment } from "../process/run-folder.ts";
import { containerVariable } from "../process/signals.ts";
import type { WorkerTools } from "./tools.ts";

export type Prepared =
  | { readonly is: "ready"; readonly image: OciConfig }
  /** Try again: an image that can't be had, a ConfigMap that isn't there. */
  | ({ readonly is: "waiting" } & Refusal)
  /** It counts as a run that failed. */
  | { readonly is: "refused" };

export interface PrepareInput {
  readonly folder: PodFolder;
  readonly record: PodRecord;
  readonly container: Container;
  readonly attempt: number;
  readonly backoffMillis: number;
}

/** Everything a container needs, laid out on disk; the last file written makes the run exist. */
export async function prepareContainer(input: PrepareInput, tools: WorkerTools): Promise<Prepared> {
  const { folder, record, container, attempt } = input;
  const { pod } = record;
  const reference = container.image ?? "";
  const volumes = layVolumes(folder, record, tools);
  if (volumes !== undefined) return { is: "waiting", ...volumes };

  let image: { readonly digest: string; readonly config: OciConfig };
  const root = folder.root(container.name, attempt);
  try {
    image = await resolveImage(reference, container, tools);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true, mode: 0o700 });
    await tools.images.unpack(image.digest, root);
  } catch (thrown) {
    return imageProblem(reference, thrown);
  }

  const namespace = pod.metadata.namespace ?? "default";
  const uid = pod.metadata.uid ?? "";
  const containerId = containerIdOf(folder, container.name, attempt);
  const temporaryFolder = join(folder.run(container.name, attempt), "tmp");
  mkdirSync(temporaryFolder, { recursive: true, mode: 0o700 });
  const environment = environmentOf(input, image.config, root, temporaryFolder, tools);
  if (environment.is === "incomplete") {
    return { is: "waiting", reason: "CreateContainerConfigError", message: environment.message };
  }
  const variables: Record<string, string> = { ...environment.variables, [containerVariable]: containerId };
  variables.PATH = pathOf(container, environment.variables.PATH, image.config, root, tools);
  const mounts = layMounts(root, container, (name) => volumeTarget(folder, pod, name), variables);
  if (mounts !== undefined) return { is: "waiting", reason: "CreateContainerConfigError", message: mounts };

  const logFile = logFileOf(
    podLogFolder(tools.stateFolder, namespace, pod.metadata.name, uid),
    container.name,
    attempt,
  );
  mkdirSync(join(logFile, ".."), { recursive: true, mode: 0o700 });
  const launch = launchOf(container, image.config, root, variables, tools);
  const run: RunRecord = {
    containerId,
    attempt,
    createdAt: tools.clock.now(),
    backoffMillis: input.backoffMillis,
    image: reference,
    imageId: `${reference.replace(/(@.*|:[^/:]*)$/, "")}@${image.digest}`,
    logFile,
    workingFolder: launch.is === "found" ? launch.workingFolder : root,
    cgroups: tools.limiter.prepare(containerId, limitsOf(container)),
  };
  const runFolder = folder.run(container.name, attempt);
  if (launch.is === "refused") {
    const { reason, message } = launch;
    recordRefusedRun(runFolder, run, { reason, message }, tools.clock.now());
    return { is: "refused" };
  }
  if (image.config.StopSignal !== undefined)
    writeJson(join(runFolder, "signal.json"), { signal: image.config.StopSignal });
  const { program, parameters, workingFolder } = launch;
  prepareRun(runFolder, { record: run, launch: { program, parameters, workingFolder }, environment: variables });
  return { is: "ready", image: image.config };
}

/** Writes every volume of the Pod; also how changed ConfigMaps reach running ones. Undefined where all is well. */
export function layVolumes(folder: PodFolder, record: PodRecord, tools: WorkerTools): Refusal | undefined {
  const { pod } = record;
  for (const volume of pod.spec.volumes ?? []) {
    const { surroundings, capacity, isHostPathAllowed } = tools;
    const plan = planVolume(volume, { pod, place: placeOf(record, tools), capacity, surroundings, isHostPathAllowed });
    const target = folder.volume(volume.name);
    switch (plan.is) {
      case "folder":
        mkdirSync(target, { recursive: true, mode: 0o777 });
        break;
      case "files":
        writePayload(target, plan.payload);
        break;
      case "host":
        break;
      case "missing":
        if (!tools.areSurroundingsKnown() && existsSync(target)) break; // as it was when it was last known
        return { reason: "CreateContainerConfigError", message: plan.message };
      case "refused":
        return { reason: "CreateContainerConfigError", message: plan.message };
    }
  }
  return undefined;
}

function volumeTarget(folder: PodFolder, pod: Pod, name: string): string | undefined {
  const volume = pod.spec.volumes?.find((each) => each.name === name);
  if (volume === undefined) return undefined;
  return volume.hostPath?.path ?? folder.volume(name);
}

export const placeOf = ({ podIP }: PodRecord, { hostIP, nodeName }: WorkerTools): PodPlace => ({
  podIP,
  hostIP,
  nodeName,
});

async function resolveImage(reference: string, container: Container, { images }: WorkerTools) {
  if (reference === "") throw new ImageFault("InvalidImageName", "the container names no image");
  return images.resolve(reference, container.imagePullPolicy ?? defaultPolicy(reference));
}

/** https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting */
const defaultPolicy = (reference: string): PullPolicy => {
  if (reference.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(reference)?.[1] ?? "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
};

/** Structural, since the store may be another package's. */
function imageProblem(reference: string, thrown: unknown): Prepared {
  const fault = toFault(thrown);
  const reason = "reason" in fault && typeof fault.reason === "string" ? fault.reason : "ErrImagePull";
  const message = fault.message.includes(reference) ? fault.message : `image "${reference}": ${fault.message}`;
  return { is: "waiting", reason, message };
}

function environmentOf(
  { folder, record, container, attempt }: PrepareInput,
  image: OciConfig,
  root: string,
  temporaryFolder: string,
  tools: WorkerTools,
) {
  if (!tools.areSurroundingsKnown()) {
    // The control plane is away: what the last run had is better than half of it.
    const last = attempt > 0 ? runEnvironment(folder.run(container.name, attempt - 1)) : undefined;
    if (last !== undefined) {
      const variables: Record<string, string> = { ...last, SLUICE_POD_ROOT: root, HOME: root, TMPDIR: temporaryFolder };
      delete variables.PATH;
      return { is: "complete", variables } as const;
    }
    return { is: "incomplete", message: "waiting for the API server" } as const;
  }
  return buildEnvironment({
    pod: record.pod,
    container,
    place: placeOf(record, tools),
    capacity: tools.capacity,
    ports: record.ports,
    surroundings: tools.surroundings,
    imageEnvironment: image.Env ?? [],
    base: {
      SLUICE_POD_ROOT: root,
      HOME: root,
      TMPDIR: temporaryFolder,
      HOSTNAME: record.pod.spec.hostname ?? record.pod.metadata.name,
    },
  });
}

/** Our `node` first; then what the Pod asked for, or the image's folders under the root and this machine's. */
function pathOf(
  container: Container,
  built: string | undefined,
  image: OciConfig,
  root: string,
  { binFolder, searchPath }: WorkerTools,
): string {
  const isAsked = (container.env ?? []).some(({ name }) => name === "PATH");
  if (isAsked && built !== undefined) return `${binFolder}:${built}`;
  const imagePath = image.Env?.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? "";
  const own = imagePath
    .split(":")
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder));
  return [binFolder, ...own, searchPath].join(":");
}

type LaunchPlan =
  | {
      readonly is: "found";
      readonly program: string;
      readonly parameters: readonly string[];
      readonly workingFolder: string;
    }
  | ({ readonly is: "refused" } & Refusal);

function launchOf(
  container: Container,
  image: OciConfig,
  root: string,
  variables: Readonly<Record<string, string>>,
  { nodeProgram }: WorkerTools,
): LaunchPlan {
  const refused = (message: string): LaunchPlan => ({ is: "refused", reason: "StartError", message });
  const [word, ...parameters] = commandWords(container, image, variables);
  if (word === undefined) return refused("no command specified: neither the container nor its image names one");
  const workingFolder = makeFolderInRoot(root, container.workingDir ?? image.WorkingDir ?? "/");
  if (workingFolder === undefined) return refused("workingDir leads in a circle");
  const program = findProgram(word, { root, workingFolder, path: variables.PATH ?? "", node: nodeProgram });
  return program.is === "found" ? { is: "found", program: program.file, parameters, workingFolder } : program;
}

function limitsOf({ resources }: Container) {
  const { memory, cpu } = resources?.limits ?? {};
  const memoryBytes = memory === undefined ? undefined : quantityValue(memory);
  const cpus = cpu === undefined ? undefined : quantityValue(cpu);
  return { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }) };
}
