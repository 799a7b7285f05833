/** For whoever has none at hand: its one query looks at the whole service, as many do. The page of the documentation begins with it. */
export const exampleManifests = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web, namespace: shop }
spec:
  replicas: 5
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:v2" }] }
  strategy:
    canary:
      steps: [{ setWeight: 10 }, { pause: { duration: 2m } }, { setWeight: 50 }, { pause: { duration: 5m } }]
      analysis: { templates: [{ templateName: errors }] }
      trafficRouting:
        istio:
          virtualService: { name: web }
          destinationRule: { name: web, canarySubsetName: canary, stableSubsetName: stable }
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: errors, namespace: shop }
spec:
  metrics:
    - name: errors
      interval: 1m
      initialDelay: 1m
      successCondition: result[0] < 0.05
      provider:
        prometheus:
          address: http://prometheus:9090
          query: |
            sum(rate(http_requests_total{service="web",code=~"5.."}[2m]))
            / sum(rate(http_requests_total{service="web"}[2m]))
`;
