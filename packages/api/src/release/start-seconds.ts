/** On ReplicaSets: how long the slowest of their Pods took from its start to being ready, when they were new. */
export const startSecondsAnnotation = "sluice.dev/start-seconds";
