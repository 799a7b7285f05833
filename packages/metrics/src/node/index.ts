export {
  createMetricsStore,
  type MetricsStore,
  type MetricsStoreOptions,
  type StoreCondition,
} from "./store/metrics-store.ts";
