import { type Client, hasReason, type Pod, type Resource } from "@sluice/api";
import { type Clock, formatInstant, shortHash } from "@sluice/kernel";

const component = "sluice-agent";
const waitingMax = 500;

/** Tells what happened to Pods as Kubernetes Events. One by one, in order; what can't be written is dropped. */
export class EventRecorder {
  readonly #client: Client;
  readonly #clock: Clock;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  record(pod: Pod, type: "Normal" | "Warning", reason: string, message: string): void {
    if (this.#waiting >= waitingMax) return;
    this.#waiting++;
    // Kubernetes writes whole seconds; kubectl reads finer ones, and so shows what happened within one in order.
    const at = formatInstant(this.#clock.now(), "millis");
    this.#last = this.#last
      .then(() => this.#write(pod, type, reason, message, at))
      .catch(() => {})
      .finally(() => {
        this.#waiting--;
      });
  }

  async #write(pod: Pod, type: string, reason: string, message: string, at: string): Promise<void> {
    const { name: podName, namespace = "default", uid } = pod.metadata;
    const name = `${podName}.${shortHash([uid, type, reason, message].join("|"))}`;
    const key = { apiVersion: "v1", kind: "Event", namespace, name };
    try {
      await this.#client.create({
        apiVersion: "v1",
        kind: "Event",
        metadata: { name, namespace },
        involvedObject: { apiVersion: "v1", kind: "Pod", namespace, name: podName, uid },
        type,
        reason,
        message,
        source: { component },
        reportingComponent: component,
        reportingInstance: "local",
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
      } as Resource);
    } catch (thrown) {
      if (!hasReason(thrown, "AlreadyExists")) throw thrown;
      const known = await this.#client.get<Resource & { readonly count?: number }>(key);
      if (known === undefined) return;
      await this.#client.patch(key, { type: "merge", value: { count: (known.count ?? 1) + 1, lastTimestamp: at } });
    }
  }
}
