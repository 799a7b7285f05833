import { describe, expect, test } from "vitest";
import { applyDefaults, prune, validate } from "../index.ts";
import { definitionOf, type SampleKind, sample } from "../testing/samples.ts";

const broken = (kind: SampleKind, changes: Readonly<Record<string, unknown>>) =>
  validate(definitionOf(kind), sample(kind, changes));

const canary = "spec.strategy.canary";
const container = "spec.containers.0";
const metric = "spec.metrics.0";

/** One line a rule: what is broken, where it is reported, and a word of the message. */
const rules: readonly (readonly [SampleKind, Readonly<Record<string, unknown>>, string, string])[] = [
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
  ["Deployment", { "spec.replicas": -1 }, "spec.replicas", "at least 0"],
  ["Deployment", { "spec.replicas": 3_000_000_000 }, "spec.replicas", "at most 2147483647"],
  ["Deployment", { "spec.replicas": 1.5 }, "spec.replicas", "an integer"],
  ["Deployment", { "spec.selector": { matchLabels: { app: "other" } } }, "spec.template.metadata.labels", "app=other"],
  ["Deployment", { "spec.selector": {} }, "spec.selector", "at least one label"],
  [
    "Deployment",
    { "spec.selector": { matchExpressions: [{ key: "app", operator: "In" }] } },
    "spec.selector.matchExpressions[0].values",
    "at least one value",
  ],
  ["Job", { "spec.template.spec.restartPolicy": "Always" }, "spec.template.spec.restartPolicy", "Never or OnFailure"],
  ["Job", { "spec.template.spec.restartPolicy": undefined }, "spec.template.spec.restartPolicy", "means Always"],
  ["Job", { "spec.completionMode": "Indexed" }, "spec.completionMode", "not supported yet: Indexed Jobs"],
  ["Job", { "spec.backoffLimitPerIndex": 1 }, "spec.backoffLimitPerIndex", "not supported yet: Indexed Jobs"],
  ["Job", { "spec.managedBy": "example.com/other" }, "spec.managedBy", "not supported yet"],
  ["Job", { "spec.activeDeadlineSeconds": 0 }, "spec.activeDeadlineSeconds", "at least 1"],
  ["Job", { "spec.manualSelector": true }, "spec.selector", "since manualSelector is true"],
  ["Job", { "metadata.uid": "u", "spec.selector": { matchLabels: { a: "b" } } }, "spec.selector", "is made for it"],
  [
    "Job",
    { "spec.podFailurePolicy": { rules: [{ action: "FailIndex", onPodConditions: [{ type: "Ready" }] }] } },
    "spec.podFailurePolicy.rules[0].action",
    "use FailJob",
  ],
  [
    "Job",
    { "spec.podFailurePolicy": { rules: [{ action: "Ignore" }] } },
    "spec.podFailurePolicy.rules[0]",
    "onExitCodes, onPodConditions",
  ],
  [
    "Job",
    { "spec.podFailurePolicy": { rules: [{ action: "Count", onExitCodes: { operator: "In", values: [0] } }] } },
    "spec.podFailurePolicy.rules[0].onExitCodes.values",
    "failures",
  ],
  [
    "Job",
    { "spec.podFailurePolicy": { rules: [] }, "spec.template.spec.restartPolicy": "OnFailure" },
    "spec.template.spec.restartPolicy",
    "Never, since",
  ],
  ["Deployment", { "spec.template.spec.restartPolicy": "Never" }, "spec.template.spec.restartPolicy", "Always"],
  [
    "Deployment",
    { "spec.strategy": { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } },
    "spec.strategy.rollingUpdate.maxUnavailable",
    "one of them above 0",
  ],
  [
    "Deployment",
    { "spec.strategy": { rollingUpdate: { maxUnavailable: "101%" } } },
    "spec.strategy.rollingUpdate.maxUnavailable",
    "at most 100%",
  ],
  [
    "Deployment",
    { "spec.strategy": { type: "Recreate", rollingUpdate: {} } },
    "spec.strategy.rollingUpdate",
    "Recreate",
  ],
  [
    "Deployment",
    { "spec.progressDeadlineSeconds": 5, "spec.minReadySeconds": 5 },
    "spec.progressDeadlineSeconds",
    "more than minReadySeconds",
  ],
  [
    "Deployment",
    { "spec.template.spec.containers.0.image": undefined },
    "spec.template.spec.containers[0].image",
    "an image",
  ],
  ["PodDisruptionBudget", { "spec.minAvailable": 1 }, "spec", "one of them"],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { previewService: "b" } } },
    "spec.strategy.blueGreen.activeService",
    "a text",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", previewService: "a" } } },
    "spec.strategy.blueGreen.previewService",
    "another Service than activeService",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", previewReplicaCount: -1 } } },
    "spec.strategy.blueGreen.previewReplicaCount",
    "0",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", scaleDownDelayRevisionLimit: 11 } } },
    "spec.strategy.blueGreen.scaleDownDelayRevisionLimit",
    "at most spec.revisionHistoryLimit, 10",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", prePromotionAnalysis: { templates: [] } } } },
    "spec.strategy.blueGreen.prePromotionAnalysis.templates",
    "at least one template",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", maxUnavailable: "101%" } } },
    "spec.strategy.blueGreen.maxUnavailable",
    "at most 100%",
  ],
  ["Rollout", { "spec.strategy": {} }, "spec.strategy", "exactly one of canary, blueGreen"],
  ["Rollout", { "spec.selector": undefined }, "spec.selector", "a selector"],
  ["Rollout", { "spec.template": undefined }, "spec.template", "a pod template"],
  ["Rollout", { "spec.workloadRef": { kind: "Deployment", name: "a" } }, "spec.template", "take spec.template out"],
  ["Rollout", { "spec.workloadRef": { kind: "Deployment" } }, "spec.workloadRef.name", "a text"],
  ["Rollout", { "spec.workloadRef": { kind: "StatefulSet", name: "a" } }, "spec.workloadRef.kind", "Deployment"],
  [
    "Rollout",
    { "spec.template": undefined, "spec.workloadRef": { apiVersion: "v1", kind: "Deployment", name: "a" } },
    "spec.workloadRef.apiVersion",
    "apps/v1",
  ],
  [
    "Rollout",
    { "spec.template": undefined, "spec.workloadRef": { kind: "Deployment", name: "a", scaleDown: "always" } },
    "spec.workloadRef.scaleDown",
    "onsuccess",
  ],
  [
    "Rollout",
    {
      "spec.template": undefined,
      "spec.workloadRef": { kind: "PodTemplate", name: "a", scaleDown: "onsuccess" },
    },
    "spec.workloadRef.scaleDown",
    "no pods of its own",
  ],
  [
    "Rollout",
    {
      "spec.template": undefined,
      "spec.selector": undefined,
      "spec.workloadRef": { kind: "PodTemplate", name: "a" },
    },
    "spec.selector",
    "a PodTemplate has none",
  ],
  ["Rollout", { "spec.rollbackWindow": { revisions: -1 } }, "spec.rollbackWindow.revisions", "0"],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { setWeight: 1, setCanaryScale: { weight: 10 } } },
    "spec.strategy.canary.steps[0]",
    "write 2 steps",
  ],
  ["Rollout", { [`${canary}.steps.0`]: {} }, "spec.strategy.canary.steps[0]", "exactly one of setWeight"],
  ["Rollout", { [`${canary}.steps.0.setWeight`]: 101 }, "spec.strategy.canary.steps[0].setWeight", "0 to 100"],
  [
    "Rollout",
    { [`${canary}.steps.1.pause.duration`]: "soon" },
    "spec.strategy.canary.steps[1].pause.duration",
    "30s, 5m or 1h",
  ],
  [
    "Rollout",
    { [`${canary}.steps.1.pause.duration`]: -1 },
    "spec.strategy.canary.steps[1].pause.duration",
    "not negative",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { experiment: { templates: [] } } },
    "spec.strategy.canary.steps[0].experiment.templates",
    "at least one version",
  ],
  [
    "Rollout",
    { [`${canary}.steps.1`]: { experiment: { templates: [{ name: "a", specRef: "canary", weight: 91 }] } } },
    "spec.strategy.canary.steps[1].experiment.templates",
    "at most 90 together",
  ],
  [
    "Rollout",
    {
      [`spec.template.${container}.ports`]: undefined,
      [`${canary}.steps.1`]: { experiment: { templates: [{ name: "a", specRef: "canary", weight: 5 }] } },
    },
    "spec.template.spec.containers",
    "steps[1].experiment",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { plugin: { name: "a" } } },
    "spec.strategy.canary.steps[0].plugin",
    "not supported yet: plugin steps",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { setCanaryScale: { weight: 1, replicas: 1 } } },
    "spec.strategy.canary.steps[0].setCanaryScale",
    "exactly one of weight",
  ],
  [
    "Rollout",
    { [`${canary}.trafficRouting`]: undefined, [`${canary}.steps.0`]: { setCanaryScale: { weight: 1 } } },
    "spec.strategy.canary.steps[0].setCanaryScale",
    "only with trafficRouting",
  ],
  [
    "Rollout",
    { [`${canary}.trafficRouting`]: undefined, [`${canary}.scaleDownDelaySeconds`]: 30 },
    "spec.strategy.canary.scaleDownDelaySeconds",
    "only with trafficRouting",
  ],
  [
    "Rollout",
    { [`${canary}.canaryService`]: "a", [`${canary}.stableService`]: "a" },
    "spec.strategy.canary.canaryService",
    "another Service",
  ],
  [
    "Rollout",
    { [`${canary}.trafficRouting`]: undefined, [`${canary}.dynamicStableScale`]: true },
    "spec.strategy.canary.dynamicStableScale",
    "only with trafficRouting",
  ],
  [
    "Rollout",
    { [`${canary}.dynamicStableScale`]: true, [`${canary}.scaleDownDelaySeconds`]: 30 },
    "spec.strategy.canary.dynamicStableScale",
    "take scaleDownDelaySeconds out",
  ],
  [
    "Rollout",
    { [`${canary}.replicaProgressThreshold`]: { type: "Share", value: 1 } },
    "spec.strategy.canary.replicaProgressThreshold.type",
    "Percent",
  ],
  [
    "Rollout",
    { [`${canary}.replicaProgressThreshold`]: { type: "Percent", value: 101 } },
    "spec.strategy.canary.replicaProgressThreshold.value",
    "0 to 100 percent",
  ],
  [
    "Rollout",
    { [`${canary}.replicaProgressThreshold`]: { type: "Pod", value: -1 } },
    "spec.strategy.canary.replicaProgressThreshold.value",
    "0 or more pods",
  ],
  [
    "Rollout",
    { [`${canary}.analysis.templates`]: [] },
    "spec.strategy.canary.analysis.templates",
    "at least one template",
  ],
  [
    "Rollout",
    { [`${canary}.analysis.args`]: [{ name: "ring", value: "{{metadata.labels.ring-id}}" }] },
    "spec.strategy.canary.analysis.args[0].value",
    "metadata.labels['ring-id']",
  ],
  [
    "Rollout",
    { [`${canary}.maxSurge`]: 0, [`${canary}.maxUnavailable`]: 0 },
    "spec.strategy.canary.maxUnavailable",
    "one of them above 0",
  ],
  ["AnalysisTemplate", { "spec.metrics": [] }, "spec.metrics", "at least one metric"],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { kayenta: { query: "a" } } },
    "spec.metrics[0].provider.kayenta",
    "sluice.dev/canary-comparison",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { wavefront: { query: "a" } } },
    "spec.metrics[0].provider.wavefront",
    "the web provider",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { newRelic: { query: "a" } } },
    "spec.metrics[0].provider.newRelic",
    "the web provider",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { cloudWatch: { query: "a" } } },
    "spec.metrics[0].provider.cloudWatch",
    "a plugin",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { graphite: { query: "a" } } },
    "spec.metrics[0].provider.graphite",
    "/render?format=json",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { influxdb: { query: "a" } } },
    "spec.metrics[0].provider.influxdb",
    "the web provider",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { skywalking: { query: "a" } } },
    "spec.metrics[0].provider.skywalking",
    "GraphQL",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { prometheus: { query: "a", authentication: { sigv4: { region: "a" } } } } },
    "spec.metrics[0].provider.prometheus.authentication.sigv4",
    "oauth2",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { web: { url: "http://a", authentication: { oauth2: { tokenUrl: "http://a" } } } } },
    "spec.metrics[0].provider.web.authentication.oauth2.clientId",
    "a text",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { plugin: {} } },
    "spec.metrics[0].provider.plugin",
    "the name of one plugin",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { plugin: { a: {}, b: {} } } },
    "spec.metrics[0].provider.plugin",
    "the name of one plugin",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { plugin: { "sluice.dev/canary-comparison": {} } } },
    'spec.metrics[0].provider.plugin["sluice.dev/canary-comparison"].metrics',
    "at least one metric",
  ],
  [
    "AnalysisTemplate",
    {
      [`${metric}.provider`]: {
        plugin: { "sluice.dev/canary-comparison": { metrics: [{ name: "a", control: "a" }] } },
      },
    },
    'spec.metrics[0].provider.plugin["sluice.dev/canary-comparison"].metrics[0].experiment',
    "PromQL of the experiment",
  ],
  [
    "AnalysisTemplate",
    {
      [`${metric}.provider`]: {
        plugin: {
          "sluice.dev/canary-comparison": { metrics: [{ name: "a", control: "a", experiment: "b" }], lookback: "soon" },
        },
      },
    },
    'spec.metrics[0].provider.plugin["sluice.dev/canary-comparison"].lookback',
    "a duration",
  ],
  [
    "AnalysisTemplate",
    {
      [`${metric}.provider`]: {
        plugin: {
          "sluice.dev/canary-comparison": { metrics: [{ name: "a", control: "a", experiment: "b" }], pass: 101 },
        },
      },
    },
    'spec.metrics[0].provider.plugin["sluice.dev/canary-comparison"].pass',
    "0 to 100",
  ],
  [
    "AnalysisTemplate",
    {
      [`${metric}.provider`]: {
        plugin: {
          "sluice.dev/canary-comparison": {
            metrics: [{ name: "a", control: "a", experiment: "b" }],
            groups: { a: 60, b: 60 },
          },
        },
      },
    },
    'spec.metrics[0].provider.plugin["sluice.dev/canary-comparison"].groups',
    "at most 100 together",
  ],
  [
    "AnalysisTemplate",
    {
      [`${metric}.provider`]: {
        plugin: {
          "sluice.dev/canary-comparison": { metrics: [{ name: "a", control: "a", experiment: "b", direction: "up" }] },
        },
      },
    },
    'spec.metrics[0].provider.plugin["sluice.dev/canary-comparison"].metrics[0].direction',
    "increase, decrease, either",
  ],
  [
    "AnalysisTemplate",
    {
      [`${metric}.provider`]: {
        plugin: {
          "sluice.dev/canary-comparison": {
            metrics: [{ name: "a", control: "a", experiment: "b", effectSize: { measure: "x" } }],
          },
        },
      },
    },
    'spec.metrics[0].provider.plugin["sluice.dev/canary-comparison"].metrics[0].effectSize.measure',
    "meanRatio, cles",
  ],
  [
    "AnalysisTemplate",
    {
      [`${metric}.provider`]: {
        plugin: {
          "sluice.dev/canary-comparison": { metrics: [{ name: "a", control: "a", experiment: "b", criticl: true }] },
        },
      },
    },
    'spec.metrics[0].provider.plugin["sluice.dev/canary-comparison"].metrics[0].criticl',
    "one of name",
  ],
  ["AnalysisTemplate", { [`${metric}.interval`]: undefined }, "spec.metrics[0].interval", "since count is more than 1"],
  ["AnalysisTemplate", { [`${metric}.interval`]: "1 minute" }, "spec.metrics[0].interval", "a duration"],
  ["AnalysisTemplate", { [`${metric}.failureLimit`]: 4 }, "spec.metrics[0].count", "at least 4"],
  [
    "AnalysisTemplate",
    { [`${metric}.failureLimit`]: 2, [`${metric}.consecutiveSuccessLimit`]: 2 },
    "spec.metrics[0].count",
    "together",
  ],
  ["AnalysisTemplate", { [`${metric}.failureLimit`]: -2 }, "spec.metrics[0].failureLimit", "-1 for no limit"],
  ["AnalysisTemplate", { [`${metric}.count`]: "three" }, "spec.metrics[0].count", "0 or more"],
  ["AnalysisTemplate", { [`${metric}.provider`]: {} }, "spec.metrics[0].provider", "exactly one of prometheus"],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { datadog: { query: "a" } } },
    "spec.metrics[0].provider.datadog",
    "use the web provider",
  ],
  [
    "AnalysisTemplate",
    {
      [`${metric}.provider`]: {
        job: { spec: { template: { spec: { containers: [{ name: "a", image: "a" }] } } } },
      },
    },
    "spec.metrics[0].provider.job.spec.template.spec.restartPolicy",
    "Never or OnFailure",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { prometheus: { address: "http://p" } } },
    "spec.metrics[0].provider.prometheus.query",
    "a PromQL query",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { web: { url: "ftp://a" } } },
    "spec.metrics[0].provider.web.url",
    "http",
  ],
  ["AnalysisTemplate", { "spec.args": [{ name: "a" }, { name: "a" }] }, "spec.args[1].name", "only once"],
  ["AnalysisTemplate", { "spec.dryRun": [{ metricName: "(" }] }, "spec.dryRun[0].metricName", "a regular expression"],
  [
    "AnalysisTemplate",
    { "spec.metrics.1": { name: "success", provider: { web: { url: "http://a" } } } },
    "spec.metrics[1].name",
    "only once",
  ],
  ["Application", { "spec.source.helm": { valueFiles: ["a"] } }, "spec.source.helm", "not supported yet: helm"],
  ["Application", { "spec.source.kustomize": { images: ["a"] } }, "spec.source.kustomize", "not supported yet"],
  [
    "Application",
    { "spec.source.directory": { jsonnet: { libs: ["a"] } } },
    "spec.source.directory.jsonnet",
    "not supported yet",
  ],
  ["Application", { "spec.source.path": "../other" }, "spec.source.path", "without '..'"],
  ["Application", { "spec.source.path": undefined }, "spec.source.path", "the folder"],
  ["Application", { "spec.source.targetRevision": "1.*" }, "spec.source.targetRevision", "ranges of versions"],
  ["Application", { "spec.source.targetRevision": "--upload-pack=x" }, "spec.source.targetRevision", "branch, tag"],
  ["Application", { "spec.sources": [{ repoURL: "a" }] }, "spec.sources", "not supported yet: several sources"],
  ["Application", { "spec.destination.server": "https://other" }, "spec.destination.server", "other clusters"],
  ["Application", { "spec.destination.name": "in-cluster" }, "spec.destination", "one of them"],
  [
    "Application",
    { "spec.syncPolicy": { syncOptions: ["CreateNamspace=true"] } },
    "spec.syncPolicy.syncOptions[0]",
    'did you mean "CreateNamespace"',
  ],
  [
    "Application",
    { "spec.syncPolicy": { syncOptions: ["Replace=true"] } },
    "spec.syncPolicy.syncOptions[0]",
    "not supported yet",
  ],
  [
    "Application",
    { "spec.syncPolicy": { retry: { backoff: { duration: "5" } } } },
    "spec.syncPolicy.retry.backoff.duration",
    "a duration",
  ],
  [
    "Application",
    { "spec.ignoreDifferences": [{ kind: "Deployment", jsonPointers: ["spec.replicas"] }] },
    "spec.ignoreDifferences[0].jsonPointers[0]",
    "JSON pointer",
  ],
  ["RingSet", { "spec.rings": [] }, "spec.rings", "at least 1 item"],
  ["RingSet", { "spec.rings.1.weight": 1 }, "spec.rings[1].weight", "more than 1"],
  ["RingSet", { "spec.rings.1.name": "staff" }, "spec.rings[1].name", "only once"],
  ["RingSet", { "spec.rings.0.who.0.cookie": "a" }, "spec.rings[0].who[0]", "exactly one of cookie, header"],
  ["RingSet", { "spec.rings.0.who.0.operator": "like" }, "spec.rings[0].who[0].operator", "not_in"],
  ["RingSet", { "spec.user": {} }, "spec.user", "exactly one of cookie, header"],
  ["RingSet", { "spec.hash": "md5" }, "spec.hash", "murmur3-1"],
  [
    "Rollout",
    { "metadata.annotations": { "sluice.dev/rings": "global" }, [`${canary}.trafficRouting`]: undefined },
    "metadata.annotations[sluice.dev/rings]",
    "trafficRouting.istio",
  ],
  ["VirtualService", { "spec.http.0.fault": {} }, "spec.http[0].fault", "abort or delay"],
  ["VirtualService", { "spec.http.0.fault": { delay: {} } }, "spec.http[0].fault.delay.fixedDelay", "at least 1ms"],
  [
    "VirtualService",
    { "spec.http.0.fault": { abort: { httpStatus: 199, percentage: { value: 1 } } } },
    "spec.http[0].fault.abort.httpStatus",
    "200 to 599",
  ],
  [
    "VirtualService",
    { "spec.http.0.fault": { abort: { httpStatus: 500, percentage: { value: 0.00001 } } } },
    "spec.http[0].fault.abort.percentage.value",
    "0.0001 to 100",
  ],
  [
    "VirtualService",
    { "spec.http.0.fault": { abort: { grpcStatus: "UNAVAILABLE" } } },
    "spec.http[0].fault.abort.grpcStatus",
    "use httpStatus",
  ],
  [
    "VirtualService",
    { "spec.http.0.mirror": { host: "a" }, "spec.http.0.mirrors": [{ destination: { host: "b" } }] },
    "spec.http[0]",
    "one of them",
  ],
  ["VirtualService", { "spec.http.0.mirrors": [{}] }, "spec.http[0].mirrors[0].destination", "who gets the copies"],
  ["VirtualService", { "spec.http.0.mirrorPercent": 101 }, "spec.http[0].mirrorPercent", "0 to 100"],
  [
    "VirtualService",
    { "spec.http.0.mirrorPercentage": { value: 100.5 } },
    "spec.http[0].mirrorPercentage.value",
    "0 to 100",
  ],
  [
    "VirtualService",
    { "spec.http.0.headers": { response: { set: { "Content-Length": "1" } } } },
    "spec.http[0].headers.response.set[Content-Length]",
    "none that frames the message",
  ],
  [
    "VirtualService",
    { "spec.http.0.headers": { request: { add: { "x-from": "%DOWNSTREAM_REMOTE_ADDRESS%" } } } },
    "spec.http[0].headers.request.add[x-from]",
    "substitutions",
  ],
  [
    "VirtualService",
    { "spec.http.0.headers": { request: { set: { "x-a": "b\r\nX-Other: c" } } } },
    "spec.http[0].headers.request.set[x-a]",
    "one line",
  ],
  [
    "VirtualService",
    { "spec.http.0.headers": { request: { remove: ["host"] } } },
    "spec.http[0].headers.request.remove[0]",
    "rewrite.authority",
  ],
  ["VirtualService", { "spec.http.0.route.0.weight": 101 }, "spec.http[0].route[0].weight", "at most 100"],
  ["AppProject", { "spec.sourceRepos": ["https://example.com/a.git"] }, "spec.sourceRepos[0]", "not supported yet"],
  ["AppProject", { "spec.destinations.0.namespace": "shop" }, "spec.destinations[0].namespace", "some namespaces only"],
  ["AppProject", { "spec.syncWindows": [{ kind: "allow" }] }, "spec.syncWindows", "not supported yet: syncWindows"],
  [
    "AppProject",
    { "spec.namespaceResourceBlacklist": [{ group: "", kind: "Pod" }] },
    "spec.namespaceResourceBlacklist",
    "no such list",
  ],
  ["VirtualService", { "spec.http.0.match": [{ uri: { regex: "a(?=b)" } }] }, "spec.http[0].match[0].uri.regex", "RE2"],
  [
    "VirtualService",
    { "spec.http.0.retries": { attempts: 1, backoff: "1s" } },
    "spec.http[0].retries.backoff",
    "not supported yet",
  ],
  [
    "VirtualService",
    { "spec.http.0": { redirect: { redirectCode: 305 } } },
    "spec.http[0].redirect.redirectCode",
    "one of 301",
  ],
  [
    "VirtualService",
    { "spec.http.0.route": [{ destination: { host: "a" } }, { destination: { host: "b" } }] },
    "spec.http[0].route",
    "weights that sum",
  ],
  ["VirtualService", { "spec.http.0.route": [] }, "spec.http[0].route", "at least one destination"],
  [
    "VirtualService",
    { "spec.http.0.match": [{ uri: { exact: "/", prefix: "/" } }] },
    "spec.http[0].match[0].uri",
    "exactly one of",
  ],
  [
    "VirtualService",
    { "spec.http.0.match": [{ uri: { regex: "(" } }] },
    "spec.http[0].match[0].uri.regex",
    "a regular expression",
  ],
  [
    "VirtualService",
    { "spec.http.0.match": [{ headers: { "X-User": { exact: "a" } } }] },
    "spec.http[0].match[0].headers[X-User]",
    '"x-user"',
  ],
  [
    "VirtualService",
    { "spec.http.0.match": [{ sourceLabels: { a: "b" } }] },
    "spec.http[0].match[0].sourceLabels",
    "not supported yet",
  ],
  ["VirtualService", { "spec.hosts": [] }, "spec.hosts", "at least one host"],
  ["VirtualService", { "spec.http.1": { name: "primary", redirect: { uri: "/" } } }, "spec.http[1].name", "only once"],
  [
    "DestinationRule",
    { "spec.trafficPolicy": { loadBalancer: {} } },
    "spec.trafficPolicy",
    "not supported yet: trafficPolicy",
  ],
  ["DestinationRule", { "spec.subsets.1": { name: "stable" } }, "spec.subsets[1].name", "only once"],
  ["CustomResourceDefinition", { "metadata.name": "widget.example.com" }, "metadata.name", "widgets.example.com"],
  [
    "CustomResourceDefinition",
    { "spec.versions.0.schema": undefined },
    "spec.versions[0].schema.openAPIV3Schema",
    "structural schema",
  ],
  [
    "CustomResourceDefinition",
    { "spec.versions.0.schema.openAPIV3Schema.properties.spec.type": undefined },
    "spec.versions[0].schema.openAPIV3Schema.properties[spec].type",
    "one of object",
  ],
  [
    "CustomResourceDefinition",
    { "spec.versions.0.schema.openAPIV3Schema.properties.spec.properties.color.default": "green" },
    "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[color].default",
    "one of red, blue",
  ],
  [
    "CustomResourceDefinition",
    { "spec.versions.0.schema.openAPIV3Schema.properties.spec.$ref": "#/a" },
    "spec.versions[0].schema.openAPIV3Schema.properties[spec].$ref",
    "not supported yet",
  ],
  [
    "CustomResourceDefinition",
    { "spec.conversion": { strategy: "Webhook" } },
    "spec.conversion.strategy",
    "not supported yet",
  ],
  ["CustomResourceDefinition", { "spec.versions.0.storage": false }, "spec.versions", "one"],
];

describe("each rule refuses its own", () => {
  for (const [kind, changes, path, words] of rules) {
    test(`${kind} ${path}: ${words}`, () => {
      const found = broken(kind, changes).map(({ path: at, ...rest }) => `${at}: ${Object.values(rest).join("; ")}`);

      expect(
        found.some((line) => line.startsWith(`${path}:`) && line.includes(words)),
        found.join("\n"),
      ).toBe(true);
    });
  }
});

describe("what is right is accepted", () => {
  for (const kind of [
    "Pod",
    "Service",
    "ConfigMap",
    "Secret",
    "Namespace",
    "Deployment",
    "ReplicaSet",
    "PodDisruptionBudget",
    "Rollout",
    "AnalysisTemplate",
    "Application",
    "AppProject",
    "VirtualService",
    "DestinationRule",
    "CustomResourceDefinition",
    "Decision",
  ] as const) {
    test(kind, () => {
      const definition = definitionOf(kind);
      const written = sample(kind);

      const stored = applyDefaults(definition, prune(definition, written));

      expect(validate(definition, written)).toEqual([]);
      expect(validate(definition, stored)).toEqual([]);
      expect(applyDefaults(definition, stored)).toEqual(stored);
    });
  }
});

describe("what can't be changed", () => {
  const changes: readonly (readonly [SampleKind, Readonly<Record<string, unknown>>, string])[] = [
    [
      "Deployment",
      { "spec.selector": { matchLabels: { app: "shop", tier: "web" } }, "spec.template.metadata.labels.tier": "web" },
      "spec.selector",
    ],
    ["Decision", { "spec.because": "another reason" }, "spec"],
    ["Pod", { "spec.containers.0.command": ["other"] }, "spec"],
    ["Secret", { type: "other" }, "type"],
  ];
  for (const [kind, change, path] of changes) {
    test(`${kind} ${path}`, () => {
      const definition = definitionOf(kind);
      const old = applyDefaults(definition, sample(kind));
      const next = applyDefaults(definition, sample(kind, change));

      expect(validate(definition, next, old).map((violation) => violation.path)).toContain(path);
      expect(validate(definition, old, old)).toEqual([]);
    });
  }

  test("a Pod's image may change", () => {
    const definition = definitionOf("Pod");
    const old = applyDefaults(definition, sample("Pod"));
    const next = applyDefaults(definition, sample("Pod", { "spec.containers.0.image": "shop:v2" }));

    expect(validate(definition, next, old)).toEqual([]);
  });
});

test("no message shows a secret", () => {
  const changes = { data: { a: "hunter2 hunter2" } };

  const said = JSON.stringify([
    broken("Secret", changes),
    broken("Secret", { stringData: { a: 4711 } }),
    broken("Pod", { "spec.containers.0.env": [{ name: "A", value: 4711 }] }),
  ]);

  expect(said).not.toContain("hunter2");
  expect(said).not.toContain("4711");
});
