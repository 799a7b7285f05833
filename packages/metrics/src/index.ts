export type { MatrixSeries, QueryOutcome, QueryRefusal, QueryResult, VectorSample } from "./evaluate/outcome.ts";
export { defaultSamplesMax, type QueryOptions, type QueryRange, queryInstant, queryRange } from "./evaluate/query.ts";
export { formatJsonValue, formatValue } from "./format-value.ts";
export { findJsonPath, type JsonPath, type JsonPathOutcome, parseJsonPath } from "./json-path.ts";
export {
  compareLabels,
  describeLabels,
  dropLabels,
  dropMetricName,
  eachLabel,
  fromPairs,
  keepLabels,
  type Labels,
  labelsKey,
  labelsOf,
  labelValue,
  metricNameLabel,
  withLabel,
} from "./labels.ts";
export { type Measured, measurementOf } from "./measurement.ts";
export type { SeriesSamples, SeriesSource } from "./series-source.ts";
export { type ServedByEndpoint, type ServedCounts, servedBetween } from "./served.ts";
export { type Chunk, ChunkWriter, readChunk } from "./storage/chunk.ts";
export {
  type MemoryChunk,
  type MemorySeries,
  MemoryStore,
  type OlderChunks,
  type StoredSeries,
} from "./storage/memory-store.ts";
