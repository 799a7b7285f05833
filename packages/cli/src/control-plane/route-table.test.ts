import type {
  Client,
  DestinationRule,
  EndpointSlice,
  Pod,
  Resource,
  RouteTable,
  Service,
  VirtualService,
} from "@sluice/api";
import { firstRouteTable, partName, routeTableReconciler } from "@sluice/backends/embedded";
import type { AnyReconciler } from "@sluice/controllers";
import { sameJson, seededRandom } from "@sluice/kernel";
import { type Company, play, type Story, storyOf } from "@sluice/rehearsal/soak";
import { compileRouteTable, TableAssembler, type TableHead, type TablePart } from "@sluice/router";
import { expect, test } from "vitest";

/** What the agent puts together of what is published, beside what the store says in the end. */
async function faultAtEnd(client: Client): Promise<string | undefined> {
  const all = async <R extends Resource>(apiVersion: string, kind: string) =>
    (await client.list<R>({ apiVersion, kind }, {})).items;
  const stored = await all<RouteTable>("sluice.dev/v1alpha1", "RouteTable");
  const assembler = new TableAssembler();
  for (const part of stored) {
    const name = partName(part);
    if (name !== undefined) assembler.takePart(name, part.spec.version, part.spec as unknown as TablePart);
  }
  const head = stored.find((table) => partName(table) === undefined);
  const published = assembler.takeHead(head?.spec as unknown as TableHead);
  if (published === undefined) return "parts that the head names aren't there";
  const wanted = compileRouteTable(
    {
      services: await all<Service>("v1", "Service"),
      endpointSlices: await all<EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice"),
      pods: await all<Pod>("v1", "Pod"),
      virtualServices: await all<VirtualService>("networking.istio.io/v1", "VirtualService"),
      destinationRules: await all<DestinationRule>("networking.istio.io/v1", "DestinationRule"),
    },
    published.version,
  ).table;
  const isSame =
    sameJson(published.services, wanted.services) && sameJson(published.virtualServices, wanted.virtualServices);
  return isSame ? undefined : "the published routes aren't those of what is stored";
}

const routes = (change: (reconciler: AnyReconciler) => AnyReconciler = (same) => same): Company => ({
  reconcilers: ({ client }) => [change(routeTableReconciler(client) as AnyReconciler)],
  objects: [firstRouteTable as unknown as Resource],
  faultAtEnd,
});

const restless = (seed: number): Story => ({
  ...storyOf(seed, seededRandom(seed)),
  disturbance: { crash: 0.03, conflict: 0.1, delay: 0.5, duplicate: 0.2, gap: 0.01, slow: 0 },
});

test.each([4, 17])("the published routes are those of what is stored, whatever happened (seed %i)", async (seed) => {
  const { violated, passes, drawn } = await play(restless(seed), undefined, routes());

  expect(violated?.message).toBeUndefined();
  expect(passes.get("sluice.dev/RouteTable")).toBeGreaterThan(0);
  expect(Math.min(drawn.crash, drawn.conflict, drawn.delay)).toBeGreaterThan(0);
});

test("routes that are published once and never again are caught", async () => {
  let isPublished = false;
  const once = (real: AnyReconciler): AnyReconciler => ({
    ...real,
    plan: (observed, now) => {
      if (isPublished) return { actions: [], because: "forgotten" };
      isPublished = true;
      return real.plan(observed, now);
    },
  });

  const { violated } = await play(storyOf(4, seededRandom(4)), undefined, routes(once));

  expect(violated?.invariant).toBe("agrees");
});
