import { memo, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatClock } from "../format.ts";
import { followLog, type LogLine, type LogSource, type LogState } from "./log-reader.ts";

const chunkLines = 200;
const chunksMax = 40;
const nearEndPx = 24;

interface Chunk {
  readonly id: number;
  readonly lines: readonly LogLine[];
}

/** Lines in chunks, so that a new line draws one chunk anew; the oldest go beyond 8,000 lines. */
function append(chunks: readonly Chunk[], lines: readonly LogLine[]): readonly Chunk[] {
  const next = [...chunks];
  for (const line of lines) {
    const last = next.at(-1);
    if (last === undefined || last.lines.length >= chunkLines) next.push({ id: (last?.id ?? 0) + 1, lines: [line] });
    else next[next.length - 1] = { id: last.id, lines: [...last.lines, line] };
  }
  return next.slice(-chunksMax);
}

export function LogView({ namespace, pod, container, previous }: LogSource): ReactNode {
  const [chunks, setChunks] = useState<readonly Chunk[]>([]);
  const [state, setState] = useState<LogState>({ is: "reading" });
  const [isAtEnd, setAtEnd] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const followedTo = useRef(0);

  useEffect(() => {
    const stop = new AbortController();
    let arrived: LogLine[] = [];
    let frame = 0;
    setChunks([]);
    const show = () => {
      frame = 0;
      const lines = arrived;
      arrived = [];
      setChunks((before) => append(before, lines));
    };
    void followLog(
      { namespace, pod, container, previous },
      stop.signal,
      (lines) => {
        arrived.push(...lines);
        frame ||= requestAnimationFrame(show);
      },
      setState,
    );
    return () => {
      stop.abort();
      cancelAnimationFrame(frame);
    };
  }, [namespace, pod, container, previous]);

  useLayoutEffect(() => {
    const log = box.current;
    if (log === null || chunks.length === 0 || !isAtEnd) {
      followedTo.current = 0;
      return;
    }
    // A scroll is told a frame later: lines that arrive in between must not undo it.
    const reachable = Math.min(followedTo.current, log.scrollHeight - log.clientHeight);
    if (log.scrollTop < reachable - nearEndPx) {
      setAtEnd(false);
      return;
    }
    log.scrollTo({ top: log.scrollHeight });
    followedTo.current = log.scrollTop;
  }, [chunks, isAtEnd]);

  return (
    <div className="log-frame">
      <section
        className={isAtEnd ? "log following" : "log"}
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={`Log of ${container}`}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          setAtEnd(scrollHeight - scrollTop - clientHeight < nearEndPx)
        }
      >
        {chunks.map(({ id, lines }) => (
          <ChunkLines key={id} lines={lines} />
        ))}
        {chunks.length === 0 && state.is === "reading" && <p className="log-note">No output yet.</p>}
        <LogNote state={state} />
      </section>
      {!isAtEnd && (
        <button type="button" className="to-end" onClick={() => setAtEnd(true)}>
          Follow the end
        </button>
      )}
    </div>
  );
}

const ChunkLines = memo(({ lines }: { readonly lines: readonly LogLine[] }) => (
  <div className="log-chunk">
    {lines.map(({ at, text }, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: lines of a chunk are only ever added at its end
      <div key={index} className="log-line">
        <span className="log-time">{at === "" ? "" : formatClock(Date.parse(at))}</span>
        <span className="log-text">{text}</span>
      </div>
    ))}
  </div>
));

function LogNote({ state }: { readonly state: LogState }): ReactNode {
  if (state.is === "ended") return <p className="log-note">The container wrote no more.</p>;
  if (state.is === "interrupted") return <p className="log-note">The control plane is away. Trying again…</p>;
  return state.is === "refused" ? <p className="log-note">{state.message}</p> : null;
}
