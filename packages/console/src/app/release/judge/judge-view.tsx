import type { Judgement, JudgementEvidence, JudgementStatus } from "@sluice/api";
import { verdictWord } from "@sluice/api/release";
import type { ReactNode } from "react";
import { counted, formatDuration, formatNumber } from "../../format.ts";
import { Ago } from "../../parts/ago.tsx";
import { Badge, type Tone } from "../../parts/badge.tsx";

const scaleNats = 8;

const tones: Readonly<Record<NonNullable<JudgementStatus["action"]>, Tone>> = {
  continue: "good",
  monitor: "warn",
  alert: "warn",
  rollback: "bad",
};

const outcomes = { promoted: "promoted", rolledBack: "taken back", superseded: "replaced" } as const;

/** What the judge says of the release, and what speaks against it. */
export function JudgeView({ judgement }: { readonly judgement: Judgement }): ReactNode {
  const { spec, status = {} } = judgement;
  const action = status.action ?? "continue";
  const broken = status.brokenRules ?? [];
  return (
    <>
      <div className="run-head">
        {status.windows === undefined ? (
          <Badge state="Pending" />
        ) : (
          <Badge state={verdictWord(judgement)} tone={spec.outcome === undefined ? tones[action] : "quiet"} />
        )}
        {spec.mode !== "enforce" && <span className="role">{spec.mode === "off" ? "off" : "only advises"}</span>}
        <span className="quiet">
          {spec.canary.name} against {spec.stable.name}
          {spec.outcome !== undefined && ` · ${outcomes[spec.outcome]}`}
        </span>
      </div>
      <p className="because">{status.because ?? "Nothing is judged yet."}</p>
      {status.message !== undefined && <p className="bad-text">{status.message}</p>}
      {broken.length > 0 && (
        <ul className="broken-rules" aria-label="Broken rules">
          {broken.map(({ name, message, since }) => (
            <li key={name}>
              <strong>{name}</strong> {message} <Ago at={since} />
            </li>
          ))}
        </ul>
      )}
      <EvidenceBars evidence={status.evidence ?? []} rollbackNats={status.rollbackNats} />
      <p className="under wraps numbers">
        {counted(status.windows ?? 0, "window")} of {spec.windowSeconds} s
        {status.requests !== undefined && ` · ${counted(status.requests, "request")} of the new version`}
        {status.decidedBy !== undefined && ` · decided by ${status.decidedBy}`}
        {spec.policy !== undefined && ` · policy ${spec.policy}`}
      </p>
      {status.model !== undefined && <p className="under wraps">The model: {status.model.message}</p>}
    </>
  );
}

/** How strongly each signal speaks against the new version, as natural logarithm of the odds. */
function EvidenceBars({
  evidence,
  rollbackNats = Number.POSITIVE_INFINITY,
}: {
  readonly evidence: readonly JudgementEvidence[];
  /** From here on a release is taken back; of judgements that don't say, nothing is drawn of it. */
  readonly rollbackNats: number | undefined;
}): ReactNode {
  const isKnown = Number.isFinite(rollbackNats);
  if (evidence.length === 0) return null;
  const most = Math.max(scaleNats, ...evidence.map(({ nats }) => nats));
  return (
    <table className="evidence-bars">
      <caption>
        Against the new version, in nats{isKnown && `: from ${formatNumber(rollbackNats)} on it is taken back`}
      </caption>
      <tbody>
        {evidence.map(({ signal, endpoint, nats, since }) => (
          <tr key={`${signal} ${endpoint}`}>
            <th scope="row">
              {signal}
              {endpoint !== undefined && <span className="under">{endpoint}</span>}
            </th>
            <td className="bar-cell">
              <div className="nats-bar" aria-hidden="true">
                <span
                  className={nats >= rollbackNats ? "bad" : nats > 0 ? "warn" : ""}
                  style={{ width: `${(Math.max(0, nats) / most) * 100}%` }}
                />
                {isKnown && <i style={{ left: `${(rollbackNats / most) * 100}%` }} />}
              </div>
            </td>
            <td
              className="number numbers"
              title={nats > 0 ? `since ${formatDuration(since * 1000)} after its begin` : ""}
            >
              {formatNumber(nats)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
