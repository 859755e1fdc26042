/** From a chart to a PNG, with fonts of our own: the same picture on every machine. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import { type EChartsCoreOption, init, setPlatformAPI } from 'echarts/core'
import { advancesOf } from './font-widths.ts'

const require = createRequire(import.meta.url)
const font = (name: string) => readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`))

export const FONT = 'DejaVu Sans'
const [regular, heavy] = [font('DejaVuSans'), font('DejaVuSans-Bold')]
const fonts = {
  fontBuffers: [regular, heavy],
  defaultFontFamily: FONT,
  sansSerifFamily: FONT,
}
/** For screens that have two points where a page has one. */
const ZOOM = 2

await initWasm(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')))

export interface Size {
  readonly width: number
  readonly height: number
}

export function svgOf(option: EChartsCoreOption, size: Size): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  chart.setOption(option)
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

export function pngOf(svg: string): Uint8Array {
  const drawn = new Resvg(svg, { font: fonts, fitTo: { mode: 'zoom', value: ZOOM }, background: '#ffffff' })
  return drawn.render().asPng()
}

const advances = { regular: advancesOf(regular), heavy: advancesOf(heavy) }

/** How wide a text is in that font: without a browser, echarts would guess, and texts would overlap. */
export function widthOf(text: string, size: number, bold = false): number {
  const advance = bold ? advances.heavy : advances.regular
  return [...text].reduce((width, character) => width + advance(character) * size, 0)
}

setPlatformAPI({
  measureText: (text, style = '') => ({
    width: widthOf(text, Number(/([\d.]+)px/.exec(style)?.[1] ?? 12), style.includes('bold')),
  }),
})
