export { createQueryHandler, type QueryHandlerOptions } from "./http/query-handler.ts";
export { type PluginDoor, queryPlugin } from "./providers/query-plugin.ts";
export {
  isEmbeddedAddress,
  type PrometheusDoor,
  type PrometheusQuery,
  queryEmbedded,
  queryPrometheus,
  queryPrometheusRange,
} from "./providers/query-prometheus.ts";
export { queryWeb, type WebQuery } from "./providers/query-web.ts";
export { createScraper, type Scraper, type ScraperOptions } from "./scrape/scraper.ts";
export { type PodFacts, type PodTarget, podTarget, type Target, type TargetSource } from "./scrape/target.ts";
export type { ScrapeReport } from "./scrape/target-scraper.ts";
export {
  createMetricsStore,
  type MetricsStore,
  type MetricsStoreOptions,
  type StoreCondition,
} from "./store/metrics-store.ts";
