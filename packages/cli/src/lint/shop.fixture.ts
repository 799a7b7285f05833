import { lintFiles } from "./index.ts";

/** Findings in manifests that are named by their place. */
export const lint = (...texts: readonly string[]) =>
  lintFiles(texts.map((text, index) => ({ path: `${index}.yaml`, text })));
export const rulesOf = (...texts: readonly string[]) =>
  lint(...texts).map(({ rule, line, column }) => `${line}:${column} ${rule}`);

export const service = (name = "shop") => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  selector: {app: shop}
  ports: [{name: http, port: 80, targetPort: http}]
`;
export const routing = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
    - name: primary
      route:
        - {destination: {host: shop, subset: stable}, weight: 100}
        - {destination: {host: shop, subset: canary}, weight: 0}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  subsets: [{name: stable, labels: {app: shop}}, {name: canary, labels: {app: shop}}]
`;
export interface RolloutParts {
  readonly templates?: string;
  readonly args?: string;
  readonly steps?: string;
  readonly startingStep?: number;
  readonly route?: string;
  readonly canarySubset?: string;
}
export const rollout = ({
  templates = "[{templateName: checks}]",
  args = "[{name: service, value: shop}]",
  steps = "[{setWeight: 10}, {pause: {duration: 10m}}, {setWeight: 100}]",
  startingStep = 0,
  route = "primary",
  canarySubset = "canary",
}: RolloutParts = {}) => `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: shop:v1
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {port: http}}
  strategy:
    canary:
      steps: ${steps}
      analysis:
        startingStep: ${startingStep}
        templates: ${templates}
        args: ${args}
      trafficRouting:
        istio:
          virtualService: {name: shop, routes: [${route}]}
          destinationRule: {name: shop, canarySubsetName: ${canarySubset}, stableSubsetName: stable}
`;
export const byVersion =
  '(sum(rate(http_requests_total{service="{{args.service}}",pod_template_hash="{{args.hash}}",code!~"5.."}[1m])) or vector(0)) / sum(rate(http_requests_total{service="{{args.service}}",pod_template_hash="{{args.hash}}"}[1m]))';
export const pooled =
  '(sum(rate(http_requests_total{service="{{args.service}}",code!~"5.."}[1m])) or vector(0)) / sum(rate(http_requests_total{service="{{args.service}}"}[1m]))';
export const checks = ({
  query = pooled,
  args = "[{name: service}]",
  condition = "result[0] >= 0.95",
  count = 3,
  more = "",
} = {}) => `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: checks}
spec:
  args: ${args}
  metrics:
    - name: success
      interval: 1m
      count: ${count}
      successCondition: ${condition}
      ${more}
      provider:
        prometheus:
          address: http://prometheus:9090
          query: '${query}'
`;
export const hash = "{name: hash, valueFrom: {podTemplateHashValue: Latest}}";
