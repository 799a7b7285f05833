import {
  type BlueGreenDeployment,
  type Deployment,
  type EndpointSlice,
  type Job,
  matchesSelector,
  type Pod,
  type Secret,
  type Service,
} from "@sluice/api";
import { type FoundPair, findPair } from "@sluice/api/release";
import type { Reader, TaskState } from "@sluice/kernel";
import { decodeBase64Text } from "../arguments/index.ts";
import { smokeName, taskId } from "./names.ts";

/** Somewhere that a Pod of the new colour answers. */
export interface Place {
  readonly uid: string;
  readonly pod: string;
  readonly host: string;
  readonly port: number;
  readonly check: TaskState<unknown>;
}

/** What users got from the new colour since it has the traffic, and from the other one before. */
export interface UserAnswers {
  readonly requests: number;
  /** Those answered with 500 or above. */
  readonly failed: number;
  readonly usual: { readonly requests: number; readonly failed: number };
}

export interface ObservedBlueGreen {
  readonly object: BlueGreenDeployment;
  readonly service?: Service;
  /** By what the Service says now: after the switch `idle` is the old colour. */
  readonly found: FoundPair;
  /** By name, as status has them. */
  readonly from?: Deployment;
  readonly to?: Deployment;
  readonly pods: readonly Pod[];
  /** A Service that picks the new colour alone. */
  readonly preview?: Service;
  readonly places: readonly Place[];
  readonly smoke?: Job;
  readonly verification: TaskState<unknown>;
  readonly answers: TaskState<UserAnswers>;
  readonly notification: TaskState<unknown>;
  /** Never logged, never stored. */
  readonly webhook?: string;
}

export async function observe(object: BlueGreenDeployment, read: Reader): Promise<ObservedBlueGreen> {
  const { namespace = "default", name } = object.metadata;
  const { spec, status = {} } = object;
  const within = { namespace };
  const service = await read.get<Service>({ apiVersion: "v1", kind: "Service", ...within, name });
  const deployments = await read.list<Deployment>({ apiVersion: "apps/v1", kind: "Deployment" }, within);
  const byName = (wanted: string | undefined) => deployments.find(({ metadata }) => metadata.name === wanted);
  const from = byName(status.fromDeployment);
  const to = byName(status.toDeployment);
  const matchLabels = to?.spec.selector.matchLabels ?? {};
  const pods =
    to === undefined ? [] : await read.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { ...within, labels: matchLabels });
  const preview = to && (await previewOf(to, name, namespace, read));
  const slices =
    preview === undefined
      ? []
      : await read.list<EndpointSlice>(
          { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
          { ...within, labels: { "kubernetes.io/service-name": preview.metadata.name } },
        );
  const smoke = await read.get<Job>({ apiVersion: "batch/v1", kind: "Job", ...within, name: smokeName(object) });
  const secret =
    spec.notify === undefined
      ? undefined
      : await read.get<Secret>({ apiVersion: "v1", kind: "Secret", ...within, name: spec.notify.secretName });
  const encoded = secret?.data?.[spec.notify?.secretKey ?? "url"];
  return {
    object,
    ...(service === undefined ? {} : { service }),
    found: findPair(name, spec, service, deployments),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    pods,
    ...(preview === undefined ? {} : { preview }),
    places: placesOf(slices, pods).map((place) => ({
      ...place,
      check: read.task(taskId(object, `health/${place.uid}`)),
    })),
    ...(smoke === undefined ? {} : { smoke }),
    verification: read.task(taskId(object, "verify")),
    answers: read.task<UserAnswers>(taskId(object, "answers")),
    notification: read.task(taskId(object, "notify")),
    ...(encoded === undefined ? {} : { webhook: (decodeBase64Text(encoded) ?? "").trim() }),
  };
}

async function previewOf(
  to: Deployment,
  except: string,
  namespace: string,
  read: Reader,
): Promise<Service | undefined> {
  const services = await read.list<Service>({ apiVersion: "v1", kind: "Service" }, { namespace });
  const wanted = to.spec.selector.matchLabels ?? {};
  const size = Object.keys(wanted).length;
  return services.find(({ metadata, spec }) => {
    const selector = spec.selector ?? {};
    return (
      metadata.name !== except &&
      Object.keys(selector).length === size &&
      matchesSelector({ matchLabels: wanted }, selector)
    );
  });
}

/**
 * The first port of each endpoint that takes traffic. Slices are written after the Pods: where a colour is wanted again
 * the moment after it was scaled down, they still name Pods that go or are gone.
 */
function placesOf(slices: readonly EndpointSlice[], pods: readonly Pod[]) {
  const staying = new Set(
    pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.uid),
  );
  return slices.flatMap(({ endpoints, ports }) =>
    (endpoints ?? []).flatMap(({ addresses, conditions, targetRef }) => {
      const [host] = addresses;
      const port = ports?.[0]?.port;
      if (conditions?.ready !== true || host === undefined || port === undefined) return [];
      if (targetRef?.uid === undefined || !staying.has(targetRef.uid)) return [];
      return [{ uid: targetRef.uid, pod: targetRef.name ?? host, host, port }];
    }),
  );
}
