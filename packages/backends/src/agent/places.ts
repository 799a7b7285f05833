import type { Pod } from "@sluice/api";
import { choosePorts, podAddress } from "./network/addresses.ts";
import { declaredPorts, type MappedPort } from "./network/port-map.ts";
import type { WorkerTools } from "./worker/tools.ts";

interface Place {
  readonly podIP: string;
  readonly ports: readonly MappedPort[];
}

/** Which addresses and ports this node's Pods have. */
export class Places {
  readonly #hasManyAddresses: boolean;
  readonly #byUid = new Map<string, Place>();
  #claiming: Promise<unknown> = Promise.resolve();

  constructor(hasManyAddresses: boolean) {
    this.#hasManyAddresses = hasManyAddresses;
  }

  /** One after the other: two Pods must not choose the same free port. */
  readonly claim: WorkerTools["places"]["claim"] = (pod) => {
    const claimed = this.#claiming.then(() => this.#claim(pod));
    this.#claiming = claimed.catch(() => {});
    return claimed;
  };

  readonly hold = (uid: string, podIP: string, ports: readonly MappedPort[]): void => {
    this.#byUid.set(uid, { podIP, ports });
  };

  readonly release = (uid: string): void => {
    this.#byUid.delete(uid);
  };

  async #claim(pod: Pod): Promise<Place> {
    const uid = pod.metadata.uid ?? "";
    const known = this.#byUid.get(uid);
    if (known !== undefined) return known;
    const others = [...this.#byUid.values()];
    const podIP = this.#hasManyAddresses
      ? podAddress(uid, (address) => others.some((place) => place.podIP === address))
      : "127.0.0.1";
    const taken = new Set(others.flatMap(({ ports }) => ports.map(({ hostPort }) => hostPort)));
    const declared = declaredPorts(pod.spec);
    const chosen = await choosePorts(uid, declared.length, (port) => taken.has(port));
    const ports = declared.map(
      ({ container, port }, index): MappedPort => ({
        container: container.name,
        ...(port.name === undefined ? {} : { name: port.name }),
        containerPort: port.containerPort,
        hostPort: chosen[index] ?? 0,
      }),
    );
    const place = { podIP, ports };
    this.#byUid.set(uid, place);
    return place;
  }
}
