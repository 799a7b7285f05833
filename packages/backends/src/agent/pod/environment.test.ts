import type { Container, Pod } from "@sluice/api";
import { expect, test } from "vitest";
import { buildEnvironment, type EnvironmentInput, type Surroundings } from "./environment.ts";
import { expand } from "./expand.ts";

const encode = (text: string) => Buffer.from(text).toString("base64");

const surroundings: Surroundings = {
  configMap: (_, name) =>
    name === "settings"
      ? { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { MODE: "fast", "odd.key": "1" } }
      : undefined,
  secret: (_, name) =>
    name === "login"
      ? { apiVersion: "v1", kind: "Secret", metadata: { name }, data: { password: encode("hunter2") } }
      : undefined,
  services: () => [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "price-list", namespace: "shop" },
      spec: {
        ports: [
          { name: "http", port: 80 },
          { name: "grpc-api", port: 90 },
        ],
      },
    },
  ],
  serviceAddress: (_, port) => ({ host: "127.64.0.9", port }),
};

function environmentOf(container: Partial<Container>, more: Partial<EnvironmentInput> = {}) {
  const full: Container = { name: "web", ...container };
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-1", namespace: "shop", uid: "u-1", labels: { app: "web" } },
    spec: { containers: [full] },
  };
  return buildEnvironment({
    pod,
    container: full,
    place: { podIP: "127.128.1.1", hostIP: "127.0.0.1", nodeName: "local" },
    capacity: { cpus: 4, memoryBytes: 2 ** 30 },
    ports: [
      { container: "web", name: "http", containerPort: 8080, hostPort: 20_001 },
      { container: "web", name: "admin-api", containerPort: 9090, hostPort: 20_002 },
    ],
    surroundings,
    imageEnvironment: ["NODE_ENV=production", "MODE=slow"],
    base: { SLUICE_POD_ROOT: "/root-of-pod" },
    ...more,
  });
}

const variablesOf = (container: Partial<Container>) => {
  const result = environmentOf(container);
  return result.is === "complete" ? result.variables : { failed: result.message };
};

test("ports, Services, the Pod's address and its root are there by name", () => {
  expect(variablesOf({})).toEqual({
    NODE_ENV: "production",
    MODE: "slow",
    SLUICE_POD_ROOT: "/root-of-pod",
    POD_IP: "127.128.1.1",
    PORT: "20001",
    PORT_8080: "20001",
    PORT_HTTP: "20001",
    PORT_9090: "20002",
    PORT_ADMIN_API: "20002",
    PRICE_LIST_SERVICE_HOST: "127.64.0.9",
    PRICE_LIST_SERVICE_PORT: "80",
    PRICE_LIST_SERVICE_PORT_HTTP: "80",
    PRICE_LIST_SERVICE_PORT_GRPC_API: "90",
  });
});

test("env wins over envFrom, and expands what stands before it", () => {
  const variables = variablesOf({
    envFrom: [{ configMapRef: { name: "settings" } }, { prefix: "DB_", secretRef: { name: "login" } }],
    env: [
      { name: "URL", value: "http://$(PRICE_LIST_SERVICE_HOST):$(PORT)/$(MODE)$$(MODE)$(UNKNOWN)" },
      { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "APP", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: "CORES", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "login", key: "password" } } },
      { name: "ABSENT", valueFrom: { configMapKeyRef: { name: "nowhere", key: "k", optional: true } } },
    ],
  });

  expect(variables).toMatchObject({
    URL: "http://127.64.0.9:20001/fast$(MODE)$(UNKNOWN)",
    NAME: "web-1",
    APP: "web",
    CORES: "4",
    PASSWORD: "hunter2",
    DB_password: "hunter2",
    MODE: "fast",
    "odd.key": "1",
  });
  expect(variables).not.toHaveProperty("ABSENT");
});

test.each([
  [{ env: [{ name: "A", valueFrom: { secretKeyRef: { name: "no", key: "k" } } }] }, 'secret "no" not found'],
  [
    { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "login", key: "user" } } }] },
    "couldn't find key user in Secret shop/login",
  ],
  [{ envFrom: [{ configMapRef: { name: "no" } }] }, 'configmap "no" not found'],
  [{ env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }] }, "unsupported fieldPath: spec.x"],
])("what is missing is said as Kubernetes says it: %j", (container, message) => {
  expect(environmentOf(container)).toEqual({ is: "incomplete", message });
});

test("PORT set to the declared containerPort means the mapped one; any other number stands", () => {
  expect(variablesOf({ env: [{ name: "PORT", value: "9090" }] })).toMatchObject({ PORT: "20002" });
  expect(variablesOf({ env: [{ name: "PORT", value: "7777" }] })).toMatchObject({ PORT: "7777" });
});

test("expansion leaves what it doesn't know", () => {
  expect(expand("$$(A) $(A) $(B) $A $", (name) => (name === "A" ? "1" : undefined))).toBe("$(A) 1 $(B) $A $");
});
