import type { TaskHandler } from "@sluice/controllers";
import { type Clock, millis, type Random } from "@sluice/kernel";
import type { ModelledService } from "../model/service.ts";

export interface CheckedService {
  readonly service: ModelledService;
  readonly clock: Clock;
  /** Of its own: whether anybody checks must not change what users meet. */
  readonly random: Random;
  readonly endpoints: readonly string[];
}

/** Requests of ours to the new version's pods: they fail as users' do, and are nobody's harm. */
export const syntheticCheck =
  ({ service, clock, random, endpoints }: CheckedService): TaskHandler =>
  async ({ path, count = 10, failureLimit = 0, everyMillis = 1000 }, cancellation) => {
    let passed = 0;
    let failed = 0;
    while (passed + failed < Number(count) && failed <= Number(failureLimit) && !cancellation.isCancelled) {
      if (passed + failed > 0) await new Promise<void>((resolve) => clock.after(millis(Number(everyMillis)), resolve));
      service.advanceTo(clock.now());
      if (random.next() < service.failureShare("canary", endpoints.indexOf(String(path)))) failed++;
      else passed++;
    }
    return { passed, failed, ...(failed === 0 ? {} : { message: `GET ${String(path)} failed` }) };
  };
