import { randomUUID } from "node:crypto";
import {
  type BlueGreenDeployment,
  type BlueGreenDeploymentSpec,
  type Client,
  type Deployment,
  hasReason,
  isUnderWay,
  type Service,
} from "@sluice/api";
import { type ColourPair, findPair, imageOf, wayBack } from "@sluice/api/release";
import { Fault } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import { connect } from "../connection.ts";
import { whoAsks } from "../release/person.ts";
import { paint } from "../terminal/style.ts";
import { type BlueGreenOptions, type Ending, follow } from "./blue-green-follow.ts";

const kind = { apiVersion: "sluice.dev/v1alpha1", kind: "BlueGreenDeployment" } as const;

interface DeployOptions extends BlueGreenOptions {
  readonly image: string;
  readonly container?: string;
  readonly label: string;
  readonly timeout: string;
  readonly healthPath?: string;
  readonly smokeImage?: string;
  readonly smokeCommand?: string;
  readonly requests: string;
  readonly drain: string;
  readonly notify?: string;
  readonly dryRun?: boolean;
}

/** `sluice bluegreen deploy`: asks for it and looks on. What is done is the control plane's, so that this may end at any line. */
export async function deploy(options: DeployOptions): Promise<number> {
  const { client, namespace, close } = await connect(options);
  try {
    const spec = specOf(options);
    const pair = await pairOf(client, namespace, options.service, spec);
    const known = await client.get<BlueGreenDeployment>({ ...kind, namespace, name: options.service });
    if (options.dryRun) {
      sayPlan(pair, spec, options);
      return 0;
    }
    if (known !== undefined && isUnderWay(known)) {
      if (known.spec.image !== options.image) throw underWay(known);
      if (!options.json) console.log(`deploy ${known.spec.release} of this image is under way: looking on`);
      return exitCodeOf(await follow(options, namespace, known.spec.release));
    }
    const webhook = options.notify ?? process.env.SLACK_WEBHOOK;
    if (webhook !== undefined && webhook !== "") await keepWebhook(client, namespace, options.service, webhook);
    const isTold = webhook !== undefined && webhook !== "";
    const whole = isTold ? { ...spec, notify: { secretName: secretName(options.service) } } : spec;
    await ask(client, namespace, options.service, whole, known);
    return exitCodeOf(await follow(options, namespace, spec.release));
  } finally {
    await close();
  }
}

function specOf(options: DeployOptions): BlueGreenDeploymentSpec {
  const { image, container, label, healthPath, smokeImage, smokeCommand } = options;
  const requests = Number(options.requests);
  if (!Number.isInteger(requests) || requests < 0) {
    throw new Fault("invalid", `--requests ${options.requests}: a whole number, 0 for none`);
  }
  if (smokeCommand !== undefined && smokeImage === undefined) {
    throw new Fault("invalid", "--smoke-command needs the image that it runs in: --smoke-image");
  }
  return {
    release: newRelease(),
    image,
    label,
    by: whoAsks(),
    ...(container === undefined ? {} : { container }),
    timeoutSeconds: Math.max(1, secondsOf("--timeout", options.timeout)),
    ...(healthPath === undefined ? {} : { healthPath }),
    ...(smokeImage === undefined
      ? {}
      : {
          smoke: { image: smokeImage, ...(smokeCommand === undefined ? {} : { command: ["sh", "-c", smokeCommand] }) },
        }),
    verification: { requests },
    drainSeconds: secondsOf("--drain", options.drain),
  };
}

const newRelease = (): string => randomUUID().slice(0, 8);

function secondsOf(option: string, text: string): number {
  const parsed = parseGoDuration(/^\d+$/.test(text) ? `${text}s` : text);
  if (parsed.is === "refused" || parsed.value < 0) {
    throw new Fault("invalid", `${option} ${text}: a duration such as 90s or 5m`);
  }
  return Math.ceil(parsed.value / 1000);
}

async function pairOf(
  client: Client,
  namespace: string,
  name: string,
  spec: Pick<BlueGreenDeploymentSpec, "label" | "container">,
): Promise<ColourPair> {
  const [service, deployments] = await Promise.all([
    client.get<Service>({ apiVersion: "v1", kind: "Service", namespace, name }),
    client.list<Deployment>({ apiVersion: "apps/v1", kind: "Deployment" }, { namespace }),
  ]);
  const found = findPair(name, spec, service, deployments.items);
  if (found.is === "found") return found.pair;
  throw new Fault(
    "invalid",
    `${found.because}. Namespace ${namespace}: another one by --namespace, another Service by --service`,
  );
}

function sayPlan(pair: ColourPair, spec: BlueGreenDeploymentSpec, options: DeployOptions): void {
  const { active, idle, from, to, container } = pair;
  const current = imageOf(active, container);
  if (options.json) {
    console.log(JSON.stringify({ from, to, current, image: spec.image, replicas: active.spec.replicas, spec }));
    return;
  }
  if (current === options.image) {
    console.log(`${from} serves ${options.image} already: nothing would be done`);
    return;
  }
  const steps = [
    `${from} (${current}, ${active.spec.replicas} Pods) has the traffic`,
    `${idle.metadata.name} gets ${options.image} and ${active.spec.replicas} Pods; each is asked for its health`,
    ...(spec.smoke === undefined ? [] : [`${spec.smoke.image} tries it`]),
    `Service ${options.service} switches to ${to}, verified by ${spec.verification?.requests} requests through the router`,
    `${active.metadata.name} is scaled down after ${spec.drainSeconds} s`,
  ];
  console.log(steps.map((step, index) => `${index + 1}. ${step}`).join("\n"));
}

const secretName = (service: string): string => `${service}-webhook`;

/** In a Secret, so that it stands neither in the deploy nor in any list. */
async function keepWebhook(client: Client, namespace: string, service: string, url: string): Promise<void> {
  if (!URL.canParse(url)) throw new Fault("invalid", "--notify: an https URL");
  const name = secretName(service);
  const data = { url: Buffer.from(url).toString("base64") };
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, type: "Opaque", data };
  try {
    await client.create(secret);
  } catch (thrown) {
    if (!hasReason(thrown, "AlreadyExists")) throw thrown;
    await client.patch({ apiVersion: "v1", kind: "Secret", namespace, name }, { type: "merge", value: { data } });
  }
}

const underWay = ({ spec, status }: BlueGreenDeployment): Fault =>
  new Fault(
    "conflict",
    `deploy ${spec.release} of ${spec.image ?? "the former image"}${spec.by === undefined ? "" : ` by ${spec.by}`} is under way (${status?.phase ?? "it begins"}): wait for it, or sluice bluegreen abort`,
  );

/** One write; who comes second is refused by the API. */
async function ask(
  client: Client,
  namespace: string,
  name: string,
  spec: BlueGreenDeploymentSpec,
  known: BlueGreenDeployment | undefined,
): Promise<void> {
  const key = { ...kind, namespace, name };
  try {
    if (known === undefined) await client.create({ ...kind, metadata: { name, namespace }, spec });
    else await client.update({ ...known, spec });
  } catch (thrown) {
    const winner = await client.get<BlueGreenDeployment>(key);
    if (winner !== undefined && isUnderWay(winner)) throw underWay(winner);
    throw thrown;
  }
}

/** `sluice bluegreen status`. */
export async function status(options: BlueGreenOptions): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const known = await client.get<BlueGreenDeployment>({ ...kind, namespace, name: options.service });
    const pair = await pairOf(client, namespace, options.service, known?.spec ?? {});
    if (options.json) {
      console.log(JSON.stringify({ active: pair.from, idle: pair.to, deploy: known ?? null }));
      return;
    }
    const line = (colour: string, deployment: Deployment, what: string) =>
      `${colour.padEnd(8)} ${imageOf(deployment, pair.container)}  ${deployment.status?.availableReplicas ?? 0}/${deployment.spec.replicas ?? 1} Pods  ${what}`;
    console.log(line(pair.from, pair.active, paint("green", "has the traffic")));
    console.log(line(pair.to, pair.idle, "idle"));
    console.log(
      known === undefined
        ? "nothing was deployed by sluice bluegreen yet"
        : `deploy ${known.spec.release}: ${known.status?.phase ?? "begins"}: ${known.status?.message ?? ""}`,
    );
  } finally {
    await close();
  }
}

/** The image that was asked for has the traffic, or it hasn't. */
const exitCodeOf = (end: Ending): number => (end === "succeeded" ? 0 : 1);

/** `sluice bluegreen abort`. */
export async function abort(options: BlueGreenOptions): Promise<number> {
  const { client, namespace, close } = await connect(options);
  try {
    const key = { ...kind, namespace, name: options.service };
    const known = await client.get<BlueGreenDeployment>(key);
    if (known === undefined || !isUnderWay(known))
      throw new Fault("invalid", `no deploy of ${options.service} is under way`);
    await client.patch(key, { type: "merge", value: { spec: { abort: true, by: whoAsks() } } });
    // Taken back is what was asked for.
    return (await follow(options, namespace, known.spec.release)) === "aborted" ? 0 : 1;
  } finally {
    await close();
  }
}

/** `sluice bluegreen rollback`: a deploy under way is taken back; after its end the other colour serves again. */
export async function rollback(options: BlueGreenOptions & { readonly drain: string }): Promise<number> {
  const { client, namespace, close } = await connect(options);
  try {
    const known = await client.get<BlueGreenDeployment>({ ...kind, namespace, name: options.service });
    if (known !== undefined && isUnderWay(known)) return await abort(options);
    const release = newRelease();
    const spec = wayBack(known, { release, by: whoAsks(), drainSeconds: secondsOf("--drain", options.drain) });
    await ask(client, namespace, options.service, spec, known);
    return exitCodeOf(await follow(options, namespace, release));
  } finally {
    await close();
  }
}
