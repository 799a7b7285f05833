import { describe, expect, test } from "vitest";
import { validate } from "../../index.ts";
import {
  byHost,
  type Changes,
  canary,
  header,
  istio,
  managed,
  routingRefusals,
  taking,
  virtualService,
} from "../../testing/refusals/routing.ts";
import { definitionOf, sample } from "../../testing/samples.ts";

describe("routing that can't be carried out is refused", () => {
  test.each(routingRefusals)("%j", (changes, path, found, words) => {
    const violations = validate(definitionOf("Rollout"), sample("Rollout", changes));

    const violation = violations.find((one) => one.path === path);
    expect(violation, JSON.stringify(violations)).toBeDefined();
    if (found !== "") expect(violation?.found).toBe(found);
    expect(`${violation?.expected}; ${violation?.repair}`).toContain(words);
  });
});

const accepted: readonly (readonly [string, Changes])[] = [
  ["Services", byHost],
  ["Services that take turns", taking("ping", "pong")],
  [
    "several VirtualServices",
    {
      [virtualService]: undefined,
      [`${istio}.virtualServices`]: [
        { name: "a", routes: ["primary"] },
        { name: "b.other", tlsRoutes: [{ port: 443, sniHosts: ["a.example.com"] }] },
        { name: "c", tcpRoutes: [{ port: 5432 }] },
      ],
    },
  ],
  [
    "routes by header and a mirror, set and taken away",
    {
      ...managed("testers", "copies"),
      [`${canary}.steps`]: [
        { setHeaderRoute: { name: "testers", match: [header, { ...header, headerValue: { regex: "a|b" } }] } },
        {
          setMirrorRoute: {
            name: "copies",
            percentage: 35,
            match: [{ method: { exact: "GET" }, path: { prefix: "/" }, headers: { "x-a": { exact: "b" } } }],
          },
        },
        { setHeaderRoute: { name: "testers" } },
        { setMirrorRoute: { name: "copies" } },
      ],
    },
  ],
  ["required anti-affinity", { [`${canary}.antiAffinity`]: { requiredDuringSchedulingIgnoredDuringExecution: {} } }],
  [
    "preferred anti-affinity",
    { [`${canary}.antiAffinity`]: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 50 } } },
  ],
];

test.each(accepted)("%s are accepted", (_name, changes) => {
  expect(validate(definitionOf("Rollout"), sample("Rollout", changes))).toEqual([]);
});

test.each([
  ["spec.tls", { match: [{ port: 443, sniHosts: ["a.example.com"] }], route: [{ destination: { host: "shop" } }] }],
  ["spec.tcp", { match: [{ port: 5432 }], route: [{ destination: { host: "shop", subset: "stable" }, weight: 100 }] }],
])("a VirtualService with %s is accepted, for a mesh", (path, route) => {
  expect(validate(definitionOf("VirtualService"), sample("VirtualService", { [path]: [route] }))).toEqual([]);
});
