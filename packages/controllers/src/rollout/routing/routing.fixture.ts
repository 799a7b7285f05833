import type { CanaryStep, CanaryStrategy, Decision, Resource, VirtualService } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { Release } from "../release.fixture.ts";

export const namespace = "shop";
export const istioKind = (kind: string, name = "web") => ({
  apiVersion: "networking.istio.io/v1",
  kind,
  namespace,
  name,
});
export const rule = { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" };
export const onOne = { istio: { virtualService: { name: "web", routes: ["primary"] }, destinationRule: rule } };

/** Its first version has been there for a while. */
export async function released(options: { steps: readonly CanaryStep[]; canary?: CanaryStrategy }): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(40));
  return release;
}

export const serviceOf = (release: Release, name = "web") =>
  release.world.get<VirtualService>(istioKind("VirtualService", name));
export const events = async (release: Release, reason: string) =>
  (
    await release.world.list<Resource & { readonly reason?: string; readonly message?: string }>({
      apiVersion: "v1",
      kind: "Event",
    })
  )
    .filter((event) => event.reason === reason)
    .map(({ message }) => message);
export const decisions = (release: Release) =>
  release.world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" }, { namespace });

export const route = (subset: string, weight: number) => ({ destination: { host: "web", subset }, weight });
export const another = (name: string, spec: VirtualService["spec"]): VirtualService => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name, namespace },
  spec: { hosts: [name], ...spec },
});
