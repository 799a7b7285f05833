import type { Rollout } from "@sluice/api";

/** The original's other traffic routers: what they weigh is weighed here by a VirtualService. */
const foreign = ["nginx", "alb", "smi", "traefik", "ambassador", "apisix", "appMesh", "plugins"] as const;

/**
 * A team's manifests may name a router that a store here refuses. The shares are the same whoever routes them, so that the
 * rest can be rehearsed; what stands for it is said.
 */
export function withoutForeignRouting(rollout: Rollout): {
  readonly rollout: Rollout;
  readonly words: readonly string[];
} {
  const { strategy } = rollout.spec ?? {};
  const routing = strategy?.canary?.trafficRouting as Readonly<Record<string, unknown>> | undefined;
  const found = foreign.filter((name) => routing?.[name] !== undefined);
  if (routing === undefined || found.length === 0) return { rollout, words: [] };
  const kept = Object.fromEntries(Object.entries(routing).filter(([name]) => !foreign.some((one) => one === name)));
  const istio = { virtualService: { name: `${rollout.metadata.name}-rehearsed` } };
  const canary = { ...strategy?.canary, trafficRouting: { istio, ...kept } };
  return {
    rollout: { ...rollout, spec: { ...rollout.spec, strategy: { ...strategy, canary } } } as Rollout,
    words:
      kept.istio === undefined
        ? [
            `the shares by a VirtualService: trafficRouting by ${found.join(", ")} isn't supported here, and the Rollout would be refused`,
          ]
        : [],
  };
}
