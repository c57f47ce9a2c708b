/** How times, counts and figures are written, the same in every reporter and table. */
import type { Metrics } from '../events.ts';

/** `0.4s`, `12s`, `2m 31s`, `3h 05m`, `2d 04h`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Steps a second, or the time a step takes where it is longer than a second. */
export function rate(stepsPerSecond: number): string {
  if (stepsPerSecond >= 100) return `${Math.round(stepsPerSecond)}/s`;
  if (stepsPerSecond >= 1) return `${stepsPerSecond.toFixed(1)}/s`;
  return stepsPerSecond > 0 ? `${(1 / stepsPerSecond).toFixed(1)} s/step` : '';
}

/** `1 node`, `24 nodes`, `1,000 nodes`; of whole amounts. The tables of locales would take their time to load. */
export function count(amount: number, noun: string): string {
  return `${String(amount).replace(/\B(?=(\d{3})+$)/g, ',')} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Four significant digits. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size >= 1e5 || (size !== 0 && size < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** `loss 0.8123, accuracy 75.2%`. */
export function figures(metrics: Metrics): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${isShare(name) ? `${(100 * value).toFixed(1)}%` : figure(value)}`)
    .join(', ');
}

/** Metrics between 0 and 1 that people read in percent. */
export function isShare(metric: string): boolean {
  return /accuracy(Before)?$/i.test(metric) || metric === 'lrs' || metric === 'ars';
}

/** Three significant digits. */
export function probability(p: number): string {
  return p < 0.0001 ? '<0.0001' : String(Number(p.toPrecision(3)));
}
