import type { Application, Resource } from "@sluice/api";
import { diffApplication as differencesOf, historyRows, rollbackPatch, syncPatch } from "@sluice/controllers";
import { Fault } from "@sluice/kernel";
import { type Connection, connect } from "../connection.ts";
import { ageOf } from "../terminal/age.ts";
import { paint, paintState } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
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
  throw new Fault("invalid", `no application ${name} in namespace ${namespace}; ${known.length === 0 ? "there are none yet" : `there are: ${known.join(", ")}`}`);
}

/** `sluice app get [NAME]`. */
export async function getApplication(name: string | undefined, options: CommandOptions): Promise<void> {
  const connection = await connectToApplications(options);
  try {
    if (name === undefined) {
      const { items } = await connection.client.list<Application>(kind, options.namespace === undefined ? {} : { namespace: options.namespace });
      if (options.json) return console.log(JSON.stringify(items));
      if (items.length === 0) return console.log("no applications");
      return console.log(renderTable(["NAMESPACE", "NAME", "SYNC", "HEALTH", "REVISION", "PATH", "REPOSITORY"], items.map(rowOf)));
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
  if (operation !== undefined) lines.push(`  last sync  ${paintState(operation.phase)} ${ageOf(operation.finishedAt ?? operation.startedAt)} ago: ${operation.message ?? ""}`);
  for (const condition of status?.conditions ?? []) lines.push(`  ${paint("yellow", condition.type)} ${condition.message}`);
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

/** `sluice app diff NAME`: exit code 1 where there is a difference. */
export async function diffApplication(name: string, options: CommandOptions): Promise<number> {
  const connection = await connectToApplications(options);
  try {
    const application = await findApplication(connection, name);
    const differences = await differencesFor(connection, application);
    if (options.json) console.log(JSON.stringify(differences));
    else for (const difference of differences) console.log(renderDifference(difference));
    if (!options.json && differences.length === 0) console.log("no difference");
    return differences.length === 0 ? 0 : 1;
  } finally {
    await connection.close();
  }
}
