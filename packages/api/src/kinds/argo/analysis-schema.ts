import {
  anyObject,
  anything,
  argumentDuration,
  choice,
  count,
  flag,
  integer,
  intOrString,
  keyed,
  list,
  object,
  refused,
  text,
  textList,
  textMap,
  time,
  withoutDefaults,
} from "../../schema/build.ts";
import { jobSpec } from "../batch/job-schema.ts";

// Fields of https://github.com/argoproj/argo-rollouts/blob/master/pkg/apis/rollouts/v1alpha1/analysis_types.go

export const dryRun = list(
  "Metrics that are measured and never decide.",
  object(
    "Which metrics.",
    { metricName: text("A regular expression, unanchored.", { minLength: 1 }) },
    { required: ["metricName"] },
  ),
);

export const measurementRetention = list(
  "How many measurements are kept.",
  object(
    "For which metrics.",
    {
      metricName: text("A regular expression, unanchored.", { minLength: 1 }),
      limit: integer("How many; 10 unless given."),
    },
    { required: ["metricName", "limit"] },
  ),
);

const fieldRef = object(
  "A field of the Rollout.",
  { fieldPath: text("Such as metadata.labels['region'].", { minLength: 1 }) },
  { required: ["fieldPath"] },
);

export const templateArgs = keyed(
  "What the queries may use as {{args.NAME}}.",
  ["name"],
  object(
    "One argument.",
    {
      name: text("Its name.", { minLength: 1 }),
      value: text("Its value, or the default that the Rollout may override."),
      valueFrom: object("Where the value comes from.", {
        secretKeyRef: object(
          "A key of a Secret in the same namespace.",
          { name: text("Name of the Secret."), key: text("The key.") },
          { required: ["name", "key"] },
        ),
        fieldRef,
      }),
    },
    { required: ["name"] },
  ),
  // Argo's own check names the doubled argument; see analysis-rules.ts.
  { "x-sluice-doubles": "allowed" },
);

/** Arguments that a Rollout gives. */
export const runArgs = list(
  "Values for the templates' arguments.",
  object(
    "One argument.",
    {
      name: text("Its name.", { minLength: 1 }),
      value: text("Its value."),
      valueFrom: object("Where the value comes from.", {
        podTemplateHashValue: choice("The hash of the stable or of the new version.", ["Stable", "Latest"]),
        fieldRef,
      }),
    },
    { required: ["name"] },
  ),
);

const headers = list(
  "Headers of the request.",
  object(
    "One header.",
    { key: text("Its name."), value: text("Its value.", { "x-sluice-sensitive": true }) },
    { required: ["key", "value"] },
  ),
);

const authentication = object("How to authenticate; a header or the address may hold credentials instead.", {
  oauth2: object(
    "A token by client credentials (RFC 6749, 4.4), asked for once while it lives.",
    {
      tokenUrl: text("Where tokens are given.", { minLength: 1 }),
      clientId: text("Who asks."),
      clientSecret: text("Its secret; an argument from a Secret.", { "x-sluice-sensitive": true }),
      scopes: textList("What for."),
    },
    { required: ["tokenUrl", "clientId", "clientSecret"] },
  ),
  sigv4: refused("authentication by sigv4", "oauth2, or a proxy that signs", anyObject("Held as it came.")),
});

const prometheus = object("Asks Prometheus, or Sluice's own metrics.", {
  address: text("http://prometheus.monitoring.svc.cluster.local:9090 means Sluice's own metrics."),
  query: text("PromQL."),
  timeout: count("Seconds; 30 unless given."),
  insecure: flag("Takes any certificate."),
  headers,
  authentication,
  rangeQuery: object(
    "Asks over a time.",
    {
      start: text("Begin, such as now() - duration('5m').", { minLength: 1 }),
      end: text("End, such as now().", { minLength: 1 }),
      step: argumentDuration("Time between two points."),
    },
    { required: ["start", "end", "step"] },
  ),
});

const web = object(
  "Asks any HTTP address for JSON.",
  {
    url: text("The address.", { minLength: 1 }),
    method: choice("GET unless given.", ["GET", "POST", "PUT"]),
    headers,
    body: text("The body.", { "x-sluice-sensitive": true }),
    jsonBody: anything("The body, as JSON."),
    jsonPath: text("Which part of the answer is the result, such as {$.data.ok}."),
    timeoutSeconds: count("10 unless given."),
    insecure: flag("Takes any certificate."),
    authentication,
  },
  { required: ["url"] },
);

const otherProvider = (name: string, use: string) =>
  refused(`the ${name} metric provider`, use, anyObject("Held as it came."));

/** What every HTTP API can be asked by. */
const byWeb = "the web provider with the address of its query API, a key in headers and a jsonPath";

const provider = object("Where the measurement comes from: one of these.", {
  prometheus,
  web,
  job: object(
    "Runs a Job: Complete is good, Failed is bad.",
    {
      metadata: object("Of the Job.", { labels: textMap("Labels."), annotations: textMap("Annotations.") }),
      spec: withoutDefaults(jobSpec),
    },
    { required: ["spec"] },
  ),
  plugin: anyObject(
    "One entry: the name of a plugin that the operator registered, sluice.dev/canary-comparison or sluice.dev/judge, and its configuration.",
  ),
  kayenta: otherProvider("kayenta", "plugin with sluice.dev/canary-comparison, the same judge built in"),
  datadog: otherProvider("datadog", byWeb),
  wavefront: otherProvider("wavefront", byWeb),
  newRelic: otherProvider("newRelic", byWeb),
  cloudWatch: otherProvider("cloudWatch", "a plugin, since its API wants signed requests"),
  graphite: otherProvider("graphite", "the web provider with /render?format=json and jsonPath {$[0].datapoints[*][0]}"),
  influxdb: otherProvider("influxdb", byWeb),
  skywalking: otherProvider("skywalking", "the web provider with a POST of the GraphQL query as jsonBody"),
});

const metric = object(
  "One question that is asked again and again.",
  {
    name: text("Its name.", { minLength: 1 }),
    interval: argumentDuration("Time between the end of a measurement and the next, such as 1m."),
    initialDelay: argumentDuration("Time before the first measurement."),
    count: intOrString("How many measurements; without end where an interval is given and no count."),
    successCondition: text("When a measurement is good, such as result[0] >= 0.95."),
    failureCondition: text("When a measurement is bad."),
    failureLimit: intOrString("More failures than this fail the run; 0 unless given, -1 for never."),
    inconclusiveLimit: intOrString("More inconclusive measurements than this end the run; 0 unless given."),
    consecutiveErrorLimit: intOrString("More errors in a row than this end the run; 4 unless given."),
    consecutiveSuccessLimit: intOrString("So many good ones in a row end the run as successful."),
    provider,
  },
  { required: ["name", "provider"] },
);

const metrics = keyed("What is measured.", ["name"], metric, { "x-sluice-doubles": "allowed" });

export const analysisTemplateSpec = object("Questions whose answers decide a release.", {
  metrics,
  args: templateArgs,
  dryRun,
  measurementRetention,
  templates: list(
    "Further templates whose metrics are added.",
    object("One template.", {
      templateName: text("Its name."),
      clusterScope: flag("It is a ClusterAnalysisTemplate."),
    }),
  ),
});

export const analysisRunSpec = object(
  "A run of such questions.",
  {
    metrics,
    args: templateArgs,
    terminate: flag("Ends the run."),
    dryRun,
    measurementRetention,
    ttlStrategy: object("When the run is deleted.", {
      secondsAfterCompletion: count("After its end."),
      secondsAfterFailure: count("After a bad end."),
      secondsAfterSuccess: count("After a good end."),
    }),
  },
  { required: ["metrics"] },
);

const phase = (description: string) =>
  choice(description, ["Pending", "Running", "Successful", "Failed", "Error", "Inconclusive", ""]);

const summary = (description: string) =>
  object(description, {
    count: integer("Metrics."),
    successful: integer("Good ones."),
    failed: integer("Bad ones."),
    inconclusive: integer("Undecided ones."),
    error: integer("Ones that could not be measured."),
  });

const measurement = object("One answer.", {
  phase: phase("What it means."),
  message: text("Why."),
  startedAt: time("When it was asked."),
  finishedAt: time("When it was answered."),
  value: text("The answer."),
  metadata: textMap("What else the provider said."),
  resumeAt: time("When to look again."),
});

const metricResult = object(
  "The answers of one metric.",
  {
    name: text("The metric."),
    phase: phase("Where it stands."),
    measurements: list("The last answers.", measurement),
    message: text("Why."),
    count: integer("Measurements without errors."),
    successful: integer("Good ones."),
    failed: integer("Bad ones."),
    inconclusive: integer("Undecided ones."),
    error: integer("Errors."),
    consecutiveError: integer("Errors in a row."),
    consecutiveSuccess: integer("Good ones in a row."),
    dryRun: flag("It doesn't decide."),
    metadata: textMap("What else the provider said."),
  },
  { required: ["name", "phase"] },
);

export const analysisRunStatus = object("Where the run stands.", {
  phase: phase("Where the run stands."),
  message: text("Why."),
  metricResults: list("The answers.", metricResult),
  startedAt: time("When it began."),
  completedAt: time("When it ended."),
  runSummary: summary("Metrics by result."),
  dryRunSummary: summary("The same of those that don't decide."),
});
