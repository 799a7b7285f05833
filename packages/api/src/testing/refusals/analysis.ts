import type { Refusal } from "../refuses.ts";

const metric = "spec.metrics.0";

/** Of AnalysisTemplates. */
export const analysisRefusals: readonly Refusal[] = [
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
  [
    "AnalysisTemplate",
    { "spec.dryRun": [{ metricName: "a" }, { metricName: "a" }] },
    "spec.dryRun[1].metricName",
    "only once",
  ],
  [
    "AnalysisTemplate",
    {
      "spec.measurementRetention": [
        { metricName: "a", limit: 5 },
        { metricName: "a", limit: 7 },
      ],
    },
    "spec.measurementRetention[1].metricName",
    "only once",
  ],
  ["AnalysisTemplate", { "spec.dryRun": [{ metricName: "(" }] }, "spec.dryRun[0].metricName", "a regular expression"],
  [
    "AnalysisTemplate",
    { "spec.metrics.1": { name: "success", provider: { web: { url: "http://a" } } } },
    "spec.metrics[1].name",
    "only once",
  ],
  ["AnalysisTemplate", { [`${metric}.name`]: "" }, "spec.metrics[0].name", "a text that isn't empty"],
  ["AnalysisTemplate", { [`${metric}.initialDelay`]: "soon" }, "spec.metrics[0].initialDelay", "a duration"],
  ["AnalysisTemplate", { [`${metric}.interval`]: "-1m" }, "spec.metrics[0].interval", "not negative"],
  ["AnalysisTemplate", { [`${metric}.initialDelay`]: "-1m" }, "spec.metrics[0].initialDelay", "not negative"],
  [
    "AnalysisTemplate",
    { [`${metric}.inconclusiveLimit`]: 9 },
    "spec.metrics[0].count",
    "at least inconclusiveLimit, 9",
  ],
  ["AnalysisTemplate", { [`${metric}.inconclusiveLimit`]: -1 }, "spec.metrics[0].inconclusiveLimit", "0 or more"],
  [
    "AnalysisTemplate",
    { [`${metric}.consecutiveErrorLimit`]: -1 },
    "spec.metrics[0].consecutiveErrorLimit",
    "0 or more",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.consecutiveSuccessLimit`]: -1 },
    "spec.metrics[0].consecutiveSuccessLimit",
    "0 or more",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { web: { url: "http://a", body: "x" } } },
    "spec.metrics[0].provider.web.method",
    "POST or PUT",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { web: { url: "http://a", method: "POST", body: "x", jsonBody: {} } } },
    "spec.metrics[0].provider.web",
    "one of them",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { web: { url: "http://a", method: "DELETE" } } },
    "spec.metrics[0].provider.web.method",
    "one of GET, POST, PUT",
  ],
  [
    "AnalysisTemplate",
    { [`${metric}.provider`]: { prometheus: { query: "a", address: "ftp://x" } } },
    "spec.metrics[0].provider.prometheus.address",
    "an http or https address",
  ],
  [
    "AnalysisTemplate",
    { "spec.measurementRetention": [{ metricName: "a", limit: -1 }] },
    "spec.measurementRetention[0].limit",
    "0 or more",
  ],
  [
    "AnalysisTemplate",
    { "spec.measurementRetention": [{ metricName: "(", limit: 1 }] },
    "spec.measurementRetention[0].metricName",
    "a regular expression",
  ],
  ["AnalysisTemplate", { "spec.templates": [{}] }, "spec.templates[0].templateName", "the name of a template"],
  [
    "AnalysisTemplate",
    { "spec.args": [{ name: "a", value: "a", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }] },
    "spec.args[0]",
    "one of them",
  ],
  [
    "AnalysisTemplate",
    { "spec.args": [{ name: "a", valueFrom: {} }] },
    "spec.args[0].valueFrom",
    "exactly one of secretKeyRef",
  ],
];
