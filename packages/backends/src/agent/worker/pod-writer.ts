import { hasReason, keyOf, type Pod, type PodStatus, type Resource } from "@sluice/api";
import { millis, sameJson, seconds, type Timer, toFault } from "@sluice/kernel";
import { declaredPorts } from "../network/port-map.ts";
import type { WorkerTools } from "./tools.ts";

/** Where a Pod's ports can be reached: JSON `{"8080": 20001}` on the Pod's IP, or `{"8080": "127.0.0.1:20001"}`. */
export const portsAnnotation = "sluice.dev/ports";

interface Wanted {
  readonly status: PodStatus;
  readonly ports: string;
}

/** Tells the API the latest, however long it is away: one write at a time, the newest wins. */
export class PodWriter {
  readonly #tools: WorkerTools;
  readonly #onGone: () => void;
  #wanted: Wanted | undefined;
  #writtenStatus: PodStatus | undefined;
  #writtenPorts: string | undefined;
  #writing: Promise<void> | undefined;
  #failures = 0;
  #retry: Timer | undefined;
  #isStopped = false;

  constructor(tools: WorkerTools, pod: Pod, onGone: () => void) {
    this.#tools = tools;
    this.#onGone = onGone;
    this.#writtenStatus = pod.status;
    this.#writtenPorts = pod.metadata.annotations?.[portsAnnotation];
  }

  put(pod: Pod, status: PodStatus, ports: string): void {
    this.#wanted = { status, ports };
    if (this.#writing === undefined && this.#retry === undefined) this.#begin(pod);
  }

  /** Resolves when nothing is being written; not when everything could be. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  stop(): void {
    this.#isStopped = true;
    this.#retry?.cancel();
  }

  #begin(pod: Pod): void {
    this.#writing = this.#writeAll(pod).finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(pod: Pod): Promise<void> {
    while (!this.#isStopped && this.#wanted !== undefined) {
      const wanted = this.#wanted;
      try {
        await this.#write(pod, wanted);
        this.#failures = 0;
        if (this.#wanted === wanted) return;
      } catch (thrown) {
        this.#fail(pod, thrown);
        return;
      }
    }
  }

  async #write(pod: Pod, { status, ports }: Wanted): Promise<void> {
    const { client } = this.#tools;
    const key = keyOf(pod);
    const isSameObject = { op: "test", path: "/metadata/uid", value: pod.metadata.uid };
    // Where nothing is declared nothing is mapped, and nobody waits for it.
    const isNews = ports !== this.#writtenPorts && (ports !== "{}" || declaredPorts(pod.spec).length > 0);
    if (isNews) {
      const value = { metadata: { uid: pod.metadata.uid, annotations: { [portsAnnotation]: ports } } };
      await client.patch(key, { type: "merge", value }, { fieldManager: "sluice-agent" });
      this.#writtenPorts = ports;
    }
    if (sameJson(status, this.#writtenStatus)) return;
    const operations = [isSameObject, { op: "add", path: "/status", value: status }];
    const options = { subresource: "status", fieldManager: "sluice-agent" } as const;
    await client.patch<Resource>(key, { type: "json", operations }, options);
    this.#writtenStatus = status;
  }

  #fail(pod: Pod, thrown: unknown): void {
    if (this.#isStopped) return;
    if (hasReason(thrown, "NotFound")) {
      this.#onGone();
      return;
    }
    this.#failures++;
    if (this.#failures === 1 || this.#failures % 20 === 0) {
      const { name, namespace } = pod.metadata;
      this.#tools.log("warn", "a Pod's status can't be written", {
        pod: `${namespace}/${name}`,
        fault: toFault(thrown).message,
      });
    }
    const wait = millis(Math.min(seconds(2), 50 * 2 ** Math.min(this.#failures, 10)));
    this.#retry = this.#tools.clock.after(wait, () => {
      this.#retry = undefined;
      if (this.#writing === undefined && !this.#isStopped) this.#begin(pod);
    });
  }
}
