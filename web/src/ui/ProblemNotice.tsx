import type { Problem } from "../api/problem";

interface Props {
  problem: Problem;
  /** What has become of the customer's text or page, said after the problem itself. */
  reassurance: string;
  retryLabel?: string;
  onRetry?: () => void;
}

/** Says what went wrong, what to do, and the reference that finds it in our logs. */
export function ProblemNotice({ problem, reassurance, retryLabel = "Try again", onRetry }: Props) {
  return (
    <div className="notice notice-problem" role="alert">
      <div>
        <p>
          <strong>{problem.message}</strong> {reassurance}
        </p>
        {problem.correlationId && (
          <p className="notice-reference">
            Reference: <code>{problem.correlationId}</code>
          </p>
        )}
      </div>
      {onRetry && (
        <button type="button" className="button button-quiet" onClick={onRetry}>
          {retryLabel}
        </button>
      )}
    </div>
  );
}
