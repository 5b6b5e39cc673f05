/** Requests over time as a small picture, errors in it in their own colour. */
import type { TrafficPointView } from '@teal/contracts';
import classes from './Sparkline.module.css';

export interface SparklineProps {
  points: readonly TrafficPointView[];
  label: string;
  tall?: boolean;
}

const HEIGHT = 24;
const STEP = 4;

export function Sparkline({ points, label, tall = false }: SparklineProps) {
  const most = Math.max(1, ...points.map((point) => point.requests));
  const sum = points.reduce((total, point) => total + point.requests, 0);
  const errors = points.reduce((total, point) => total + point.statuses['5xx'], 0);
  const words = `${label}: ${sum.toLocaleString('en')} requests, ${errors.toLocaleString('en')} server errors`;
  return (
    <svg
      role="img"
      aria-label={words}
      className={tall ? classes.tall : classes.line}
      viewBox={`0 0 ${points.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {points.map(({ minute, requests, statuses }, index) => {
        const height = requests === 0 ? 0.6 : Math.max(1.2, (requests / most) * HEIGHT);
        const bad = (statuses['5xx'] / most) * HEIGHT;
        return (
          <g key={minute}>
            <rect
              x={index * STEP}
              y={HEIGHT - height}
              width={STEP - 1}
              height={height}
              className={requests === 0 ? classes.none : classes.requests}
            />
            {bad > 0 && (
              <rect x={index * STEP} y={HEIGHT - bad} width={STEP - 1} height={bad} className={classes.errors} />
            )}
          </g>
        );
      })}
    </svg>
  );
}
