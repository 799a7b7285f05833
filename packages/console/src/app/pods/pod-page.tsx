import type { ContainerStatus, Pod } from "@sluice/api";
import { type ReactNode, useState } from "react";
import { useItems } from "../data/use-live.ts";
import { AbsentPage } from "../parts/absent-page.tsx";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Empty } from "../parts/states.tsx";
import { hashOf } from "../release/versions.ts";
import { LogView } from "./log-view.tsx";
import { stateOf } from "./pod-state.ts";

export function PodPage({ namespace, name }: { readonly namespace: string; readonly name: string }): ReactNode {
  const found = useItems<Pod>("pods", namespace, ({ metadata }) => metadata.name === name);
  const [chosen, setChosen] = useState<string>();
  const [previous, setPrevious] = useState(false);
  const crumbs = [{ text: "Pods", to: "/pods" }, { text: namespace }];
  const [pod] = found ?? [];
  if (pod === undefined) {
    return (
      <AbsentPage name={name} crumbs={crumbs} isLoading={found === undefined}>
        <Empty title="This pod is gone">
          <p>It was replaced or its version was scaled down.</p>
        </Empty>
      </AbsentPage>
    );
  }
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => container.name);
  const container = chosen ?? pod.spec.containers[0]?.name ?? "";
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const restarts = statuses.find((status) => status.name === container)?.restartCount ?? 0;
  return (
    <Page title={name} crumbs={crumbs} beside={<Badge state={stateOf(pod)} />}>
      <Section title="Pod">
        <dl className="facts wide-facts">
          <dt>Version</dt>
          <dd>
            <code>{hashOf(pod) || "none"}</code>
          </dd>
          <dt>Address</dt>
          <dd>
            <code>{pod.status?.podIP ?? "none yet"}</code>
          </dd>
          <dt>Started</dt>
          <dd>
            <Ago at={pod.status?.startTime} empty="not yet" />
          </dd>
          {statuses.map((status) => (
            <ContainerFacts key={status.name} status={status} />
          ))}
        </dl>
      </Section>
      <Section
        title="Log"
        beside={
          <div className="filters">
            {containers.length > 1 && (
              <label className="choice">
                Container
                <select value={container} onChange={({ target }) => setChosen(target.value)}>
                  {containers.map((one) => (
                    <option key={one}>{one}</option>
                  ))}
                </select>
              </label>
            )}
            <label className="choice">
              <input
                type="checkbox"
                checked={previous}
                disabled={restarts === 0}
                onChange={({ target }) => setPrevious(target.checked)}
              />
              Before its last restart
            </label>
          </div>
        }
      >
        <LogView namespace={namespace} pod={name} container={container} previous={previous} />
      </Section>
    </Page>
  );
}

function ContainerFacts({ status }: { readonly status: ContainerStatus }): ReactNode {
  const { name, image, restartCount = 0, state, lastState } = status;
  const ended = state?.terminated ?? lastState?.terminated;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{image}</code>{" "}
        {state?.waiting?.reason !== undefined && (
          <span className="warn-text">
            {state.waiting.reason} {state.waiting.message}
          </span>
        )}
        {restartCount > 0 && <span className="warn-text"> restarted {restartCount} ×</span>}
        {ended !== undefined && (
          <span className="quiet">
            {" "}
            last ended with code {ended.exitCode} ({ended.reason}) <Ago at={ended.finishedAt ?? undefined} />
          </span>
        )}
      </dd>
    </>
  );
}
