import { describe, expect, test } from "vitest";
import type { Container } from "../kinds/core/container.ts";
import { configurationChanges, templateChanges } from "./changes.ts";

const template = (container: Partial<Container>, labels: Readonly<Record<string, string>> = { app: "shop" }) => ({
  metadata: { labels },
  spec: { containers: [{ name: "shop", image: "shop:v1", ...container }] },
});
const changes = (before: Partial<Container>, after: Partial<Container>) =>
  templateChanges(template(before), template(after));

describe("what differs between two templates", () => {
  test.each([
    ["nothing", {}, {}, []],
    ["an image", {}, { image: "shop:v2" }, [{ at: "containers[shop].image", before: "shop:v1", after: "shop:v2" }]],
    [
      "a variable, wherever it stands in the list",
      {
        env: [
          { name: "A", value: "1" },
          { name: "B", value: "2" },
        ],
      },
      {
        env: [
          { name: "B", value: "3" },
          { name: "A", value: "1" },
        ],
      },
      [{ at: "containers[shop].env[B].value", before: "2", after: "3" }],
    ],
    [
      "a command, as a whole",
      { command: ["node", "a.js"] },
      { command: ["node", "b.js"] },
      [{ at: "containers[shop].command", before: '["node","a.js"]', after: '["node","b.js"]' }],
    ],
    [
      "a port without a name",
      { ports: [{ containerPort: 80 }] },
      { ports: [{ containerPort: 80 }, { containerPort: 81 }] },
      [{ at: "containers[shop].ports[81]", after: "there" }],
    ],
    [
      "a mount, by its path",
      { volumeMounts: [{ name: "a", mountPath: "/etc" }] },
      { volumeMounts: [{ name: "b", mountPath: "/etc" }] },
      [{ at: "containers[shop].volumeMounts[/etc].name", before: "a", after: "b" }],
    ],
    [
      "a probe that goes",
      { livenessProbe: { periodSeconds: 5 } },
      {},
      [{ at: "containers[shop].livenessProbe.periodSeconds", before: "5" }],
    ],
  ])("%s", (_, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  test("of a variable that may be a secret only that it changed", () => {
    const found = changes(
      { env: [{ name: "DB_PASSWORD", value: "one" }] },
      { env: [{ name: "DB_PASSWORD", value: "two" }] },
    );

    expect(found).toEqual([
      { at: "containers[shop].env[DB_PASSWORD].value", before: "(hidden)", after: "(hidden)", isHidden: true },
    ]);
  });

  test("a copy of configuration goes by the name of what it is a copy of", () => {
    const reads = (name: string) => template({ envFrom: [{ configMapRef: { name } }] });
    const nameOf = (name: string) => name.replace(/-copy\d$/, "");

    expect(templateChanges(reads("shop-copy1"), reads("shop-copy2"), nameOf)).toEqual([]);
    expect(templateChanges(reads("shop-copy1"), reads("other"), nameOf)).toHaveLength(1);
  });

  test("the first version is all new", () => {
    expect(templateChanges(undefined, template({}))).toEqual([
      { at: "metadata.labels.app", after: "shop" },
      { at: "containers[shop].image", after: "shop:v1" },
    ]);
  });
});

describe("what differs between two contents", () => {
  const configMap = (data: Readonly<Record<string, string>>) =>
    ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "shop" }, data }) as const;
  const secret = (data: Readonly<Record<string, string>>) =>
    ({ apiVersion: "v1", kind: "Secret", metadata: { name: "shop" }, data }) as const;

  test("of a long text the lines that differ", () => {
    expect(configurationChanges(configMap({ file: "a\nb\nc\nd" }), configMap({ file: "a\nB\nc\nd" }))).toEqual([
      { at: "file", before: "b", after: "B" },
    ]);
  });

  test("lines that come are shown behind the one before them", () => {
    const [found] = configurationChanges(configMap({ file: "a\nb" }), configMap({ file: "a\nx\nb" }));

    expect(found?.after).toContain("x");
    expect(found?.before).not.toContain("x");
  });

  test("nothing of a Secret is told but which keys are others", () => {
    const found = configurationChanges(
      secret({ kept: "AA==", old: "AA==", both: "AA==" }),
      secret({ kept: "AA==", both: "AQ==", fresh: "AA==" }),
    );

    expect(found).toEqual([
      { at: "old", before: "(hidden)", isHidden: true },
      { at: "both", before: "(hidden)", after: "(hidden)", isHidden: true },
      { at: "fresh", after: "(hidden)", isHidden: true },
    ]);
    expect(JSON.stringify(found)).not.toContain("AQ==");
  });
});
