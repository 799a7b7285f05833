import { type ApiReason, isApiReason } from "../contract/api-fault.ts";
import type { Client, Watch, WatchEvent } from "../contract/client.ts";
import type { Resource } from "../contract/resource.ts";

/** What of a test runner the suite needs; vitest's `test` and `expect` fit. */
export interface SuiteTools {
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly expect: (actual: unknown, message?: string) => Matchers;
}

interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatchObject(expected: object): void;
  toMatch(expected: RegExp): void;
  toBeGreaterThan(expected: number): void;
}

/** An implementation under test. It serves at least `contractKinds()`, or the built-in kinds. */
export interface ContractWorld {
  readonly client: Client;
  close(): Promise<void>;
  /** Lets the implementation's own work go on; absent where each request does. */
  pause?(): Promise<void>;
}

/** One test's view: a namespace of its own, so that a world may be shared. */
export interface Scene {
  readonly client: Client;
  readonly namespace: string;
  readonly expect: SuiteTools["expect"];
  /** Asks until the answer is there; for what an implementation does in its own time. */
  readonly eventually: <Answer>(ask: () => Promise<Answer | undefined>) => Promise<Answer>;
}

type Story = (scene: Scene) => Promise<void>;
export type Stories = Readonly<Record<string, Story>>;

/** The reason of the ApiFault that `attempt` must end with, and the fault itself. */
export async function refusal(attempt: Promise<unknown>): Promise<{
  readonly reason: ApiReason;
  readonly message: string;
  readonly paths: readonly string[];
}> {
  const outcome = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { reason, message, violations } = (outcome ?? {}) as {
    reason?: string;
    message?: string;
    violations?: readonly { path: string }[];
  };
  if (reason === undefined || !isApiReason(reason))
    throw new Error(`expected an ApiFault, found ${String(outcome)}`, { cause: outcome });
  return { reason, message: message ?? "", paths: (violations ?? []).map(({ path }) => path) };
}

/** A watch that is read one event at a time. */
export class Reading {
  readonly #watch: Watch;
  readonly #iterator: AsyncIterator<WatchEvent>;

  constructor(watch: Watch) {
    this.#watch = watch;
    this.#iterator = watch[Symbol.asyncIterator]();
  }

  async next(): Promise<WatchEvent> {
    const { done, value } = await this.#iterator.next();
    if (done) throw new Error("the watch has ended");
    return value;
  }

  /** `TYPE name` of the next so many events. */
  async names(count: number): Promise<readonly string[]> {
    const names: string[] = [];
    while (names.length < count) {
      const event = await this.next();
      names.push(event.type === "BOOKMARK" ? "BOOKMARK" : `${event.type} ${event.object.metadata.name}`);
    }
    return names;
  }

  stop(): void {
    this.#watch.stop();
  }
}

export const configMap = (
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>> = {},
  metadata: Partial<Resource["metadata"]> = {},
): Resource & { readonly data: Readonly<Record<string, string>> } => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, ...metadata },
  data,
});

export const configMaps = { apiVersion: "v1", kind: "ConfigMap" } as const;
export const configMapKey = (namespace: string, name: string) => ({ ...configMaps, namespace, name });

export const deployments = { apiVersion: "apps/v1", kind: "Deployment" } as const;
export const deploymentKey = (namespace: string, name: string) => ({ ...deployments, namespace, name });

export const deployment = (
  namespace: string,
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
): Resource => ({
  ...deployments,
  metadata: { name, namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "web", image: "web:1" }] },
    },
    ...spec,
  },
});

export const pods = { apiVersion: "v1", kind: "Pod" } as const;
export const pod = (namespace: string, name: string, spec: Readonly<Record<string, unknown>> = {}): Resource => ({
  ...pods,
  metadata: { name, namespace },
  spec: { containers: [{ name: "web", image: "web:1" }], ...spec },
});

/** Reads a value deep inside, without narrowing on the way. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );
