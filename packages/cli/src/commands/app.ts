import {
  type Application,
  type Client,
  notRevertible,
  notRevertibleAnnotation,
  type Patch,
  type Resource,
} from "@sluice/api";
import { historyRows, type Inspection, inspectApplication, rollbackPatch, syncPatch } from "@sluice/controllers";
import { Fault } from "@sluice/kernel";
import { credentialsFromSecrets, GitSources } from "@sluice/sources";
import { type Connection, connect } from "../connection.ts";
import { whoAsks } from "../release/person.ts";
import { ageOf } from "../terminal/age.ts";
import { paint, paintState } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
import { servedKinds } from "./kinds.ts";
import type { CommandOptions } from "./options.ts";

const kind = { apiVersion: "argoproj.io/v1alpha1", kind: "Application" } as const;
const waitMillisMax = 600_000;

/** Applications live in `argocd` unless said otherwise, as Argo CD's do. */
async function connectToApplications(options: CommandOptions): Promise<Connection> {
  return connect({ ...options, namespace: options.namespace ?? "argocd" });
}

async function findApplication({ client, namespace }: Connection, name: string): Promise<Application> {
  const application = await client.get<Application>({ ...kind, namespace, name });
  if (application !== undefined) return application;
  const { items } = await client.list<Application>(kind);
  const known = items.map(({ metadata }) => `${metadata.name} -n ${metadata.namespace}`).slice(0, 10);
  throw new Fault(
    "invalid",
    `no application ${name} in namespace ${namespace}; ${known.length === 0 ? "there are none yet" : `there are: ${known.join(", ")}`}`,
  );
}

/** `sluice app get [NAME]`. */
export async function getApplication(name: string | undefined, options: CommandOptions): Promise<void> {
  const connection = await connectToApplications(options);
  try {
    if (name === undefined) {
      const { items } = await connection.client.list<Application>(
        kind,
        options.namespace === undefined ? {} : { namespace: options.namespace },
      );
      if (options.json) return console.log(JSON.stringify(items));
      if (items.length === 0) return console.log("no applications");
      return console.log(
        renderTable(["NAMESPACE", "NAME", "SYNC", "HEALTH", "REVISION", "PATH", "REPOSITORY"], items.map(rowOf)),
      );
    }
    const application = await findApplication(connection, name);
    console.log(options.json ? JSON.stringify(application) : renderApplication(application));
  } finally {
    await connection.close();
  }
}

const rowOf = ({ metadata, spec, status }: Application): string[] => [
  metadata.namespace ?? "",
  metadata.name,
  paintState(status?.sync?.status ?? "Unknown"),
  paintState(status?.health?.status ?? "Unknown"),
  status?.sync?.revision?.slice(0, 8) ?? "",
  spec.source?.path ?? "",
  spec.source?.repoURL ?? "",
];

function renderApplication({ metadata, spec, status }: Application): string {
  const operation = status?.operationState;
  const lines = [
    `${paint("bold", `${metadata.namespace}/${metadata.name}`)}  ${paintState(status?.sync?.status ?? "Unknown")}  ${paintState(status?.health?.status ?? "Unknown")}  ${status?.health?.message ?? ""}`.trimEnd(),
    `  source     ${spec.source?.repoURL} ${spec.source?.targetRevision ?? "HEAD"} ${spec.source?.path ?? "."}`,
    `  revision   ${status?.sync?.revision ?? "none yet"}`,
    `  into       namespace ${spec.destination.namespace ?? "of each manifest"}`,
  ];
  if (operation !== undefined)
    lines.push(
      `  last sync  ${paintState(operation.phase)} ${ageOf(operation.finishedAt ?? operation.startedAt)} ago: ${operation.message ?? ""}`,
    );
  for (const condition of status?.conditions ?? [])
    lines.push(`  ${paint("yellow", condition.type)} ${condition.message}`);
  const rows = (status?.resources ?? []).map((resource) => [
    resource.kind ?? "",
    resource.namespace ?? "",
    resource.name ?? "",
    paintState(resource.status ?? ""),
    paintState(resource.health?.status ?? ""),
    resource.requiresPruning ? "would be pruned" : (resource.health?.message ?? ""),
  ]);
  return [...lines, "", renderTable(["KIND", "NAMESPACE", "NAME", "SYNC", "HEALTH", "MESSAGE"], rows)].join("\n");
}

/** `sluice app diff NAME`: what a sync would change; exit code 1 where there is a difference, 2 where not all could be compared. */
export async function diffApplication(name: string, options: CommandOptions): Promise<number> {
  const connection = await connectToApplications(options);
  const { items: secrets } = await connection.client.list<Resource>(
    { apiVersion: "v1", kind: "Secret" },
    { labelSelector: "argocd.argoproj.io/secret-type in (repository,repo-creds)" },
  );
  const { credentials } = credentialsFromSecrets(secrets);
  const sources = new GitSources({ folder: connection.state.repositories, credentials: () => credentials });
  try {
    const application = await findApplication(connection, name);
    const { source } = application.spec;
    if (source === undefined) throw new Fault("invalid", `application ${name} has no spec.source`);
    const registry = await servedKinds(connection.client);
    const rendered = await sources.fetchManifests({
      repoURL: source.repoURL,
      revision: source.targetRevision ?? "HEAD",
      path: source.path ?? ".",
      ...(source.directory === undefined ? {} : { directory: source.directory }),
    });
    const { errors, resources } = await inspectApplication(connection.client, application, rendered, (one) =>
      registry.byKind(one),
    );
    const different = resources.filter(
      ({ changes, comparison }) => changes.length > 0 || comparison.status !== "Synced",
    );
    if (options.json)
      console.log(
        JSON.stringify({
          revision: rendered.revision,
          errors,
          resources: different.map(({ comparison, changes }) => ({ resource: comparison.text, changes })),
        }),
      );
    else console.log(different.length === 0 ? "no difference" : different.map(renderDifference).join("\n"));
    if (!options.json) for (const error of errors) console.error(paint("yellow", error));
    return errors.length > 0 ? 2 : different.length > 0 ? 1 : 0;
  } finally {
    sources.close();
    await connection.close();
  }
}

function renderDifference({ comparison, changes }: Inspection["resources"][number]): string {
  const lines = changes.map(({ path, live, desired }) =>
    [
      `  ${paint("bold", path)}`,
      ...(live === undefined ? [] : [paint("red", `    - ${show(live)}`)]),
      ...(desired === undefined ? [] : [paint("green", `    + ${show(desired)}`)]),
    ].join("\n"),
  );
  return [paint("bold", comparison.text), ...lines].join("\n");
}

const show = (value: unknown): string => JSON.stringify(value) ?? "";

/** `sluice app sync NAME`: asks as Argo CD's CLI does, then waits for the end. */
export async function syncApplication(
  name: string,
  options: CommandOptions & { readonly revision?: string; readonly prune?: boolean; readonly wait?: boolean },
): Promise<void> {
  const request = {
    by: whoAsks(),
    ...(options.revision === undefined ? {} : { revision: options.revision }),
    ...(options.prune === undefined ? {} : { prune: options.prune }),
  };
  await operate(name, options, (application) => syncPatch(application, request));
}

/** `sluice app history NAME`. */
export async function showHistory(name: string, options: CommandOptions): Promise<void> {
  const connection = await connectToApplications(options);
  try {
    const history = historyRows(await findApplication(connection, name));
    if (options.json) return console.log(JSON.stringify(history));
    if (history.length === 0) return console.log("nothing was synced yet");
    const rows = history.map(({ id, deployedAt, revision, initiatedBy }) => [
      String(id),
      deployedAt,
      revision ?? "",
      initiatedBy?.automated ? "automated" : (initiatedBy?.username ?? ""),
    ]);
    console.log(renderTable(["ID", "DEPLOYED", "REVISION", "BY"], rows));
  } finally {
    await connection.close();
  }
}

/** `sluice app rollback NAME [ID]`. */
export async function rollbackApplication(
  name: string,
  id: string | undefined,
  options: CommandOptions & { readonly wait?: boolean; readonly pastNotRevertible?: boolean },
): Promise<void> {
  const wanted = id === undefined ? undefined : Number(id);
  if (wanted !== undefined && !Number.isInteger(wanted))
    throw new Fault("invalid", `${id} is no id: see sluice app history ${name}`);
  await operate(name, options, async (application, client) => {
    const patch = rollbackPatch(application, wanted, { by: whoAsks() });
    if (options.pastNotRevertible !== true) await refusePastLasting(client, application, wanted);
    return patch;
  });
}

/** What can't be undone and came after the deployment that is wanted back stops at a person. */
async function refusePastLasting(client: Client, application: Application, id: number | undefined): Promise<void> {
  const { history = [], resources = [] } = application.status ?? {};
  const entry = id === undefined ? history.at(-2) : history.find((known) => known.id === id);
  for (const { group = "", version = "v1", kind: resourceKind, namespace, name } of resources) {
    if (resourceKind === undefined || name === undefined) continue;
    const apiVersion = group === "" ? version : `${group}/${version}`;
    const key = { apiVersion, kind: resourceKind, name, ...(namespace ? { namespace } : {}) };
    const live = await client.get(key).catch(() => undefined);
    const reason = live === undefined ? undefined : notRevertible(live);
    if (reason === undefined || (live?.metadata.creationTimestamp ?? "") <= (entry?.deployedAt ?? "")) continue;
    throw new Fault(
      "invalid",
      `${resourceKind} ${name} came later and is marked ${notRevertibleAnnotation} (${reason}): going back past it may harm ` +
        "data; to do so all the same: --past-not-revertible",
    );
  }
}

/** Writes the operation and follows it to its end; a Fault where it failed. */
async function operate(
  name: string,
  options: CommandOptions & { readonly wait?: boolean },
  ask: (application: Application, client: Client) => Patch | Promise<Patch>,
): Promise<void> {
  const connection = await connectToApplications(options);
  const { client, namespace } = connection;
  const key = { ...kind, namespace, name };
  try {
    const before = await findApplication(connection, name);
    await client.patch(key, await ask(before, client), { fieldManager: "sluice-cli" });
    if (options.wait === false)
      return console.log(
        options.json ? JSON.stringify({ application: name, phase: "Running" }) : `application ${name}: asked`,
      );
    const deadline = Date.now() + waitMillisMax;
    while (Date.now() < deadline) {
      const application = await findApplication(connection, name);
      const state = application.status?.operationState;
      const isNew =
        state !== undefined &&
        (state.startedAt !== before.status?.operationState?.startedAt ||
          state.finishedAt !== before.status?.operationState?.finishedAt);
      if (isNew && application.operation === undefined && state.finishedAt !== undefined) {
        if (state.phase !== "Succeeded")
          throw new Fault("unavailable", `sync ${state.phase.toLowerCase()}: ${state.message ?? ""}`);
        console.log(
          options.json
            ? JSON.stringify(state)
            : `application ${name}: ${state.message ?? "synced"} (${state.syncResult?.revision.slice(0, 8) ?? ""})`,
        );
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Fault(
      "unavailable",
      `application ${name} is still syncing after ${waitMillisMax / 1000} s: sluice app get ${name}`,
    );
  } finally {
    await connection.close();
  }
}
