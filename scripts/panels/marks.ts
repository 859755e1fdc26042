/** What is drawn besides the lines. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { alertShade, limit, pale } from './colors.ts'
import { FONT, type Size } from './drawing.ts'
import type { Span } from './range.ts'
import { written } from './units.ts'

export const TEXT = 12
export const SIDE = 14

/** In the upper right corner: `2026-11-23 14:00 to 15:00 UTC`. */
export function whenOf({ from, to }: Span, { width }: Size): object {
  const [start, end] = [from, to].map((time) => new Date(time * 1000).toISOString())
  const text = `${start?.slice(0, 10)} ${start?.slice(11, 16)} to ${end?.slice(11, 16)} UTC`
  return {
    type: 'text',
    x: width - SIDE,
    y: 20,
    style: { text, fill: pale, font: `11px ${FONT}`, textAlign: 'right', verticalAlign: 'middle' },
  }
}

/** What it means that there is nothing to draw. */
export const nothingOf = (panel: Panel, { width, height }: Size): object => ({
  type: 'text',
  x: width / 2,
  y: height / 2,
  style: {
    text: panel.fieldConfig?.defaults.noValue,
    fill: pale,
    font: `${TEXT}px ${FONT}`,
    textAlign: 'center',
  },
})

/** While an alert fired. */
export const shades = (firing: readonly (readonly [from: number, to: number])[]) => ({
  silent: true,
  itemStyle: { color: alertShade },
  data: firing.map(([from, to]) => [{ xAxis: from }, { xAxis: to }]),
})

/** Where one begins. */
export const dashes = (limits: readonly number[], unit: string) => ({
  silent: true,
  symbol: 'none',
  animation: false,
  lineStyle: { color: limit, type: [6, 5], width: 1.5 },
  label: {
    position: 'insideEndTop',
    color: limit,
    fontFamily: FONT,
    fontSize: 11,
    formatter: ({ value }: { value: number }) => `alert: ${written(value, unit)}`,
  },
  data: limits.map((value) => ({ yAxis: value })),
})
