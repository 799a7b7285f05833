/** Log of the sum of what these are logs of; without any of them minus infinity. */
export function sumOfLogs(logs: readonly number[]): number {
  const top = Math.max(...logs);
  if (top === Number.NEGATIVE_INFINITY) return top;
  return top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0));
}
