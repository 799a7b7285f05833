import type { PodTemplateSpec } from "@sluice/api";
import { expect, test } from "vitest";
import { isSameTemplate } from "./template.ts";

const template = (container: object, labels: Record<string, string> = {}, spec: object = {}) =>
  ({
    metadata: { labels: { app: "web", ...labels } },
    spec: { containers: [{ name: "web", image: "web:v1", ...container }], ...spec },
  }) as PodTemplateSpec;

test.each([
  [{ stdin: false }, {}],
  [{ resources: {} }, {}],
  [{ args: [], env: [] }, {}],
  [{ resources: { limits: {} } }, {}],
  [{ env: [{ name: "A", value: "" }] }, { env: [{ name: "A" }] }],
  [{ readinessProbe: { initialDelaySeconds: 0 } }, { readinessProbe: {} }],
  [
    { volumeMounts: [{ name: "a", mountPath: "/a", readOnly: false }] },
    { volumeMounts: [{ name: "a", mountPath: "/a" }] },
  ],
])("%j is the version that kubectl writes back without the zeros", (written, back) => {
  expect(isSameTemplate(template(written, { "pod-template-hash": "abc" }), template(back))).toBe(true);
  expect(isSameTemplate(template(back), template(written))).toBe(true);
});

test.each([
  [template({ securityContext: { runAsUser: 0 } }), template({ securityContext: {} })],
  [template({}, {}, { terminationGracePeriodSeconds: 0 }), template({})],
  [template({}, { value: "" }), template({})],
  [template({ stdin: true }), template({})],
  [template({ env: [{ name: "A", value: "0" }] }), template({ env: [{ name: "A" }] })],
  [template({ resources: { limits: { cpu: 0 } } }), template({})],
])("what says something is another version: %j", (a, b) => {
  expect(isSameTemplate(a, b)).toBe(false);
});
