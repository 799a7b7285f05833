import type { CanaryStep, IstioTrafficRouting, Rollout } from "@sluice/api";

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
  if (routing === undefined) return { rollout, words: [] };
  if (found.length === 0 && !isBelowHttp(routing.istio as IstioTrafficRouting | undefined))
    return { rollout, words: [] };
  const { maxTrafficWeight, ...rest } = routing;
  const kept = Object.fromEntries(Object.entries(rest).filter(([name]) => !foreign.some((one) => one === name)));
  const istio = { virtualService: { name: `${rollout.metadata.name}-rehearsed` } };
  const most = typeof maxTrafficWeight === "number" && maxTrafficWeight > 0 ? maxTrafficWeight : 100;
  const trafficRouting = found.length === 0 ? { ...kept, istio } : { istio, ...kept };
  const canary = { ...strategy?.canary, trafficRouting, ...inPercent(strategy?.canary?.steps, most) };
  return {
    rollout: { ...rollout, spec: { ...rollout.spec, strategy: { ...strategy, canary } } } as Rollout,
    words: [
      ...(found.length > 0 && kept.istio === undefined
        ? [
            `the shares by a VirtualService: trafficRouting by ${found.join(", ")} isn't supported here, and the Rollout would be refused`,
          ]
        : []),
      ...(found.length === 0 ? ["the shares by http routes: tlsRoutes and tcpRoutes aren't modelled"] : []),
      ...(most === 100 ? [] : [`weights in percent: maxTrafficWeight ${most} isn't supported here`]),
    ],
  };
}

/** What it weighs are connections, which nobody models. */
const isBelowHttp = (istio: IstioTrafficRouting | undefined): boolean => {
  const all = [istio?.virtualService, ...(istio?.virtualServices ?? [])].filter((one) => one !== undefined);
  return (
    all.length > 0 &&
    all.every(({ routes, tlsRoutes, tcpRoutes }) => !routes?.length && (tlsRoutes?.length || tcpRoutes?.length))
  );
};

const inPercent = (steps: readonly CanaryStep[] | undefined, most: number) =>
  steps === undefined || most === 100
    ? {}
    : {
        steps: steps.map((step) =>
          typeof step?.setWeight === "number"
            ? { ...step, setWeight: Math.round((step.setWeight / most) * 100) }
            : step,
        ),
      };
