import { type ChildProcess, fork } from "node:child_process";
import { type LoadOptions, type LoadReport, startLoad } from "./load.ts";

type Message = { readonly report: LoadReport } | { readonly stopped: LoadReport };

/** The body of `sluice demo-load`: drives load and reports over IPC until told to stop. */
export function serveLoad(options: LoadOptions): void {
  const load = startLoad(options);
  const send = (message: Message) => process.send?.(message);
  const timer = setInterval(() => send({ report: load.report() }), 50);
  const stop = async () => {
    clearInterval(timer);
    await load.stop();
    send({ stopped: load.report() });
    process.disconnect?.();
  };
  process.on("message", () => void stop());
  // Whoever started the load is gone: nobody would ever stop it.
  process.on("disconnect", () => process.exit(0));
}

/** Load from a process of its own, so that drawing the screen doesn't slow it down. */
export class LoadProcess {
  readonly #child: ChildProcess;
  #latest: LoadReport | undefined;
  readonly #stopped: Promise<LoadReport>;
  readonly #watchers = new Set<(report: LoadReport) => void>();

  constructor(program: string, options: LoadOptions) {
    const args = ["demo-load", options.url, options.host, String(options.requestsPerSecond)];
    this.#child = fork(program, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#stopped = new Promise((resolve, reject) => {
      this.#child.on("message", (message: Message) => {
        this.#latest = "stopped" in message ? message.stopped : message.report;
        for (const watcher of this.#watchers) watcher(this.#latest);
        if ("stopped" in message) resolve(message.stopped);
      });
      this.#child.on("exit", (code) => reject(new Error(`the load ended by itself (${code})`)));
    });
    this.#stopped.catch(() => {});
  }

  get latest(): LoadReport | undefined {
    return this.#latest;
  }

  /** Resolves with the first report that fits. */
  async until(fits: (report: LoadReport) => boolean): Promise<LoadReport> {
    if (this.#latest !== undefined && fits(this.#latest)) return this.#latest;
    return Promise.race([
      new Promise<LoadReport>((resolve) => {
        const watcher = (report: LoadReport) => {
          if (!fits(report)) return;
          this.#watchers.delete(watcher);
          resolve(report);
        };
        this.#watchers.add(watcher);
      }),
      this.#stopped,
    ]);
  }

  async stop(): Promise<LoadReport> {
    if (this.#child.connected) this.#child.send("stop");
    return this.#stopped;
  }
}
