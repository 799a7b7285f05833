import { RouteCompiler } from "@sluice/router";
import type { Checks } from "./invariant.ts";
import { hashOf, isReady, type Picture } from "./picture.ts";

/** What the router is handed: whoever has a share and a pod that is ready is found by those who are sent to it. */
export class TableWatch {
  readonly #compiler = new RouteCompiler();
  #version = 0;

  look(now: Picture, at: number, checks: Checks): void {
    const { services, slices, pods, routes, rule, rollout } = now;
    const inputs = {
      services,
      endpointSlices: slices,
      pods,
      virtualServices: routes,
      destinationRules: rule === undefined ? [] : [rule],
    };
    const { table } = this.#compiler.compile(inputs, ++this.#version);
    const { canary } = rollout.spec.strategy;
    const primaries = table.virtualServices.map(({ http }) => http.find(({ match }) => match === undefined));
    const targets =
      canary?.trafficRouting === undefined
        ? [{ service: "web.shop", subset: undefined, weight: 100 }]
        : primaries.flatMap((primary) => primary?.destinations ?? []);
    const readyPods = new Map(pods.filter(isReady).map((pod) => [pod.metadata.uid ?? "", pod]));
    for (const { service: key, subset, weight } of targets) {
      if (weight === 0) continue;
      const entry = table.services.find(({ name, namespace }) => `${name}.${namespace}` === key);
      const all = entry?.endpoints ?? [];
      const places = subset === undefined ? all : (entry?.subsets?.[subset] ?? []).map((place) => all[place]);
      const open = places.filter((endpoint) => endpoint !== undefined && endpoint.state === undefined);
      const selector = services.find(({ metadata }) => `${metadata.name}.${metadata.namespace}` === key)?.spec.selector;
      const labels = { ...selector, ...rule?.spec.subsets?.find(({ name }) => name === subset)?.labels };
      const able = [...readyPods.values()].filter((pod) =>
        Object.entries(labels).every(([name, value]) => pod.metadata.labels?.[name] === value),
      );
      const whom = `${weight} % are sent to ${key}${subset === undefined ? "" : ` ${subset}`}`;
      const words = () => `${whom}, where nobody answers, although ${able.map(hashOf).join(", ")} is ready`;
      checks.holdsSoon("ready", `table ${key} ${subset}`, able.length === 0 || open.length > 0, at, words);
    }
  }
}
