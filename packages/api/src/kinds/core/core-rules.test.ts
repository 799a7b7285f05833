import { expect, test } from "vitest";
import { type Refusal, saidOf } from "../../testing/refuses.ts";

const container = "spec.containers.0";

const refusals: readonly Refusal[] = [
  ["Pod", { "metadata.name": "Shop_1" }, "metadata.name", 'for example "shop-1"'],
  ["Pod", { "metadata.name": undefined }, "metadata.name", "generateName"],
  ["Pod", { "metadata.labels": { "a b": "c" } }, "metadata.labels", "qualified name"],
  ["Pod", { "metadata.labels": { a: "-" } }, "metadata.labels.a", "label value"],
  ["Pod", { "metadata.labels": { a: 1 } }, "metadata.labels.a", "put it in quotes"],
  ["Pod", { "metadata.finalizers": ["a b"] }, "metadata.finalizers[0]", "qualified name"],
  ["Pod", { "spec.containers": [] }, "spec.containers", "at least 1 item"],
  ["Pod", { "spec.conatiners": [] }, "spec.conatiners", 'did you mean "containers"'],
  ["Pod", { [`${container}.name`]: "Shop" }, "spec.containers[0].name", "DNS-1123 label"],
  ["Pod", { [`${container}.image`]: undefined }, "spec.containers[0].image", "an image"],
  ["Pod", { "spec.initContainers": [{ name: "shop", image: "a" }] }, "spec.containers[0].name", "only once"],
  [
    "Pod",
    { "spec.initContainers": [{ name: "a", image: "a", restartPolicy: "Always" }] },
    "spec.initContainers[0].restartPolicy",
    "not supported yet",
  ],
  [
    "Pod",
    { [`${container}.ports.0.containerPort`]: 70_000 },
    "spec.containers[0].ports[0].containerPort",
    "at most 65535",
  ],
  ["Pod", { [`${container}.ports.0.name`]: "not_a_port" }, "spec.containers[0].ports[0].name", "port name"],
  ["Pod", { [`${container}.env`]: [{ name: "A", value: 1 }] }, "spec.containers[0].env[0].value", "put it in quotes"],
  [
    "Pod",
    { [`${container}.env`]: [{ name: "A", value: "a", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] },
    "spec.containers[0].env[0]",
    "one of them",
  ],
  [
    "Pod",
    { [`${container}.env`]: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.nonsense" } } }] },
    "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
    "status.podIP",
  ],
  ["Pod", { [`${container}.env`]: [{ name: "A=B" }] }, "spec.containers[0].env[0].name", "without '='"],
  [
    "Pod",
    { [`${container}.volumeMounts`]: [{ name: "v", mountPath: "/v" }] },
    "spec.containers[0].volumeMounts[0].name",
    "a volume",
  ],
  [
    "Pod",
    { "spec.volumes": [{ name: "v", nfs: { server: "a", path: "/" } }] },
    "spec.volumes[0].nfs",
    "not supported yet: nfs volumes",
  ],
  [
    "Pod",
    { "spec.volumes": [{ name: "v", emptyDir: {}, secret: { secretName: "s" } }] },
    "spec.volumes[0]",
    "one source",
  ],
  [
    "Pod",
    { "spec.volumes": [{ name: "v", configMap: { name: "c", items: [{ key: "k", path: "../../etc" }] } }] },
    "spec.volumes[0].configMap.items[0].path",
    "inside the volume",
  ],
  [
    "Pod",
    { [`${container}.livenessProbe`]: { periodSeconds: 0, httpGet: { port: 80 } } },
    "spec.containers[0].livenessProbe.periodSeconds",
    "at least 1",
  ],
  ["Pod", { [`${container}.livenessProbe`]: {} }, "spec.containers[0].livenessProbe", "exactly one of exec"],
  [
    "Pod",
    { [`${container}.livenessProbe`]: { grpc: { port: 1 } } },
    "spec.containers[0].livenessProbe.grpc",
    "not supported yet: grpc probes",
  ],
  [
    "Pod",
    { [`${container}.livenessProbe`]: { successThreshold: 2, exec: { command: ["a"] } } },
    "spec.containers[0].livenessProbe.successThreshold",
    "1 for this probe",
  ],
  [
    "Pod",
    { [`${container}.resources`]: { requests: { cpu: "2" }, limits: { cpu: "500m" } } },
    "spec.containers[0].resources.requests.cpu",
    "at most the limit",
  ],
  [
    "Pod",
    { [`${container}.resources`]: { requests: { cpu: "lots" } } },
    "spec.containers[0].resources.requests.cpu",
    "a quantity",
  ],
  ["Pod", { "spec.restartPolicy": "Sometimes" }, "spec.restartPolicy", "one of Always"],
  ["Pod", { "spec.terminationGracePeriodSeconds": -1 }, "spec.terminationGracePeriodSeconds", "at least 0"],
  ["Service", { "metadata.name": "1shop" }, "metadata.name", "DNS-1035"],
  ["Service", { "spec.type": "NodePort" }, "spec.type", "not supported yet"],
  ["Service", { "spec.ports": [{ port: 80 }, { port: 81 }] }, "spec.ports[0].name", "several ports"],
  ["Service", { "spec.ports": [] }, "spec.ports", "at least one port"],
  ["Service", { "spec.ports.0.targetPort": 0 }, "spec.ports[0].targetPort", "1 to 65535"],
  ["Service", { "spec.ports.0.protocol": "UDP" }, "spec.ports[0].protocol", "use TCP"],
  ["ConfigMap", { data: { "a b": "c" } }, "data", "253 letters"],
  ["ConfigMap", { binaryData: { "a.txt": "YQ==" } }, "binaryData[a.txt]", "one of them"],
  ["Secret", { data: { a: "not base64" } }, "data.a", "base64"],
  ["Secret", { type: "kubernetes.io/tls" }, "data[tls.crt]", "kubernetes.io/tls"],
];

test.each(refusals)("%s %j", (kind, changes, path, words) => {
  expect(saidOf(kind, changes, path)).toContain(words);
});
