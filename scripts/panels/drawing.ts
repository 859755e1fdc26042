/** From a chart to a PNG, with fonts of our own: the same picture on every machine. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import { type EChartsCoreOption, init, setPlatformAPI } from 'echarts/core'

const require = createRequire(import.meta.url)
const font = (name: string) => readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`))

export const FONT = 'DejaVu Sans'
const fonts = {
  fontBuffers: [font('DejaVuSans'), font('DejaVuSans-Bold')],
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

const advances = new Map<string, number>()

/** How wide a text is in that font: without a browser, echarts would guess, and texts would overlap. */
export function widthOf(text: string, size: number, bold = false): number {
  return [...text].reduce((width, character) => width + (advanceOf(character, bold) * size) / 100, 0)
}

function advanceOf(character: string, bold: boolean): number {
  const key = `${bold}${character}`
  const known = advances.get(key)
  if (known !== undefined) return known
  // Between two bars, since a space has no outline of its own.
  const advance = outline(`|${character}|`, bold) - outline('||', bold)
  advances.set(key, advance)
  return advance
}

function outline(text: string, bold: boolean): number {
  const safe = text.replaceAll(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
  const weight = bold ? 'bold' : 'normal'
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="200"><text x="50" y="120" xml:space="preserve" font-family="${FONT}" font-size="100" font-weight="${weight}">${safe}</text></svg>`
  return new Resvg(svg, { font: fonts }).getBBox()?.width ?? 0
}

setPlatformAPI({
  measureText: (text, style = '') => ({
    width: widthOf(text, Number(/([\d.]+)px/.exec(style)?.[1] ?? 12), style.includes('bold')),
  }),
})
