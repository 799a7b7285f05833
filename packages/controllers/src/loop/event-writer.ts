import { type Client, hasReason, type Resource } from "@sluice/api";
import { type Clock, formatInstant, type PlannedEvent, shortHash } from "@sluice/kernel";

/**
 * Writes planned events as core/v1 Events. The name derives from the subject and the words, so a repeat after a crash
 * finds the first one and counts on it, as Kubernetes' recorder does. An Event that can't be written stops nothing.
 */
export async function writeEvents(
  client: Client,
  clock: Clock,
  component: string,
  subject: Resource,
  events: readonly PlannedEvent[],
): Promise<void> {
  await Promise.all(
    events.map(async (event) => {
      try {
        await writeEvent(client, clock, component, subject, event);
      } catch {
        // The store is the only place to say so, and it is what failed.
      }
    }),
  );
}

async function writeEvent(client: Client, clock: Clock, component: string, subject: Resource, event: PlannedEvent) {
  const { metadata } = subject;
  // Kubernetes writes whole seconds; kubectl reads finer ones, and so shows what happened within one in order.
  const at = formatInstant(clock.now(), "millis");
  const namespace = metadata.namespace ?? "default";
  const name = `${metadata.name}.${shortHash([metadata.uid, event.type, event.reason, event.message].join("|"))}`;
  const key = { apiVersion: "v1", kind: "Event", namespace, name };
  try {
    await client.create({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: subject.apiVersion,
        kind: subject.kind,
        name: metadata.name,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
        ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      },
      type: event.type,
      reason: event.reason,
      message: event.message,
      source: { component },
      reportingComponent: component,
      reportingInstance: "",
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    } as Resource);
  } catch (thrown) {
    if (!hasReason(thrown, "AlreadyExists")) throw thrown;
    const known = await client.get<Resource & { readonly count?: number }>(key);
    if (known === undefined) return;
    await client.patch(key, { type: "merge", value: { count: (known.count ?? 1) + 1, lastTimestamp: at } });
  }
}
