import { ApiFault, type Client, type Pod } from "@sluice/api";
import { listRuns, readLog } from "@sluice/backends/agent";
import type { PodLogs } from "@sluice/backends/embedded";
import { after, type Instant, seconds } from "@sluice/kernel";
import type { StateFolder } from "../state/state-folder.ts";

/** The output of containers, read from the files that the shim appends to: no process stands between. */
export function filePodLogs(state: StateFolder, client: Client, now: () => Instant): PodLogs {
  return {
    async *read(pod, options, signal) {
      const { namespace = "default", name, uid = "" } = pod.metadata;
      const runs = listRuns(state.path, { namespace, name, uid }, options.container);
      const run = runs.at(options.previous ? -2 : -1);
      if (run === undefined && options.previous) {
        throw new ApiFault(
          "BadRequest",
          `previous terminated container "${options.container}" in pod "${name}" not found`,
        );
      }
      if (run === undefined) {
        const waiting = pod.status?.containerStatuses?.find((status) => status.name === options.container)?.state
          ?.waiting;
        const why =
          waiting?.reason === undefined
            ? ""
            : `: ${waiting.reason}${waiting.message === undefined ? "" : ` (${waiting.message})`}`;
        throw new ApiFault("BadRequest", `container "${options.container}" in pod "${name}" is waiting to start${why}`);
      }
      const since =
        options.sinceTime ??
        (options.sinceSeconds === undefined ? undefined : after(now(), seconds(-options.sinceSeconds)));
      let isOver = options.previous;
      const ended = options.follow && !isOver ? watchEnd(client, pod, options.container, signal) : undefined;
      void ended?.then(() => {
        isOver = true;
      });
      yield* readLog(
        run.file,
        {
          follow: options.follow && !isOver,
          timestamps: options.timestamps,
          ...(options.tailLines === undefined ? {} : { tailLines: options.tailLines }),
          ...(options.limitBytes === undefined ? {} : { limitBytes: options.limitBytes }),
          ...(since === undefined ? {} : { since }),
        },
        () => isOver,
        signal,
      );
    },
  };
}

/** Resolves when the container's present run has ended, or its Pod is gone. */
async function watchEnd(client: Client, pod: Pod, container: string, signal: AbortSignal): Promise<void> {
  const { namespace = "default", name, uid } = pod.metadata;
  const started = runOf(pod, container);
  const watch = client.watch<Pod>(
    { apiVersion: "v1", kind: "Pod" },
    { namespace, fieldSelector: `metadata.name=${name}`, sendInitialEvents: true },
  );
  signal.addEventListener("abort", () => watch.stop(), { once: true });
  try {
    for await (const event of watch) {
      if (event.type === "BOOKMARK") continue;
      const isGone = event.type === "DELETED" || event.object.metadata.uid !== uid;
      if (isGone || (started !== undefined && runOf(event.object, container) !== started)) return watch.stop();
    }
  } catch {
    // Without news of the Pod the log ends, and the reader asks again.
  }
}

const runOf = (pod: Pod, container: string): string | undefined => {
  const status = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
    (one) => one.name === container,
  );
  return status?.state?.running === undefined ? undefined : status.containerID;
};
