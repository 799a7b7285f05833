import { useCallback, useEffect, useRef, useState } from "react";
import type { Asked, Said } from "./asked.ts";

/** Where the build put the worker. */
declare const REHEARSAL_WORKER: string;

export type Rehearsing =
  | { readonly is: "idle" }
  | { readonly is: "running"; readonly done: number; readonly all: number | undefined }
  | (Extract<Said, { readonly is: "rehearsed" }> & { readonly asked: Asked })
  | Extract<Said, { readonly is: "refused" }>;

/** One rehearsal at a time, each in a worker of its own, so that one that runs can be stopped. */
export function useRehearsal() {
  const [state, setState] = useState<Rehearsing>({ is: "idle" });
  const worker = useRef<Worker>(undefined);
  const stop = useCallback(() => {
    worker.current?.terminate();
    worker.current = undefined;
  }, []);
  useEffect(() => stop, [stop]);
  const begin = (asked: Asked) => {
    stop();
    setState({ is: "running", done: 0, all: undefined });
    const begun = new Worker(REHEARSAL_WORKER);
    worker.current = begun;
    begun.onmessage = ({ data }: MessageEvent<Said>) => {
      if (data.is === "progress") setState({ is: "running", done: data.done, all: data.all });
      else {
        setState(data.is === "rehearsed" ? { ...data, asked } : data);
        stop();
      }
    };
    begun.onerror = ({ message }) => {
      setState({ is: "refused", message: message || "the rehearsal can't be loaded" });
      stop();
    };
    begun.postMessage(asked);
  };
  const cancel = () => {
    stop();
    setState({ is: "idle" });
  };
  return { state, begin, cancel };
}
