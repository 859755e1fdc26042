/**
 * Bundles the command line into dist/cli. What it needs beyond Node comes along, so that the package has no
 * dependencies; the library itself and its peers do not: the demo runs what is installed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const external = [manifest.name, ...Object.keys(manifest.peerDependencies)]

const bundle = await rolldown({
  input: { main: 'src/cli/main.ts' },
  platform: 'node',
  external: external.map((name) => new RegExp(`^${name}(/|$)`)),
})
const { output } = await bundle.write({
  dir: 'dist/cli',
  format: 'esm',
  banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
  minify: false,
})
await bundle.close()

/** The folder of the package that a bundled module is of. */
function packageOf(module: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0]
}

const folders = new Set(
  output
    .flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
    .map(packageOf)
    .filter((folder) => folder !== undefined),
)
/** License text → the packages that come under it. */
const licenses = new Map<string, string[]>()
for (const folder of [...folders].sort()) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  if (!file) throw new Error(`${name} has no license file to bundle`)
  const text = readFileSync(join(folder, file), 'utf8').trim()
  licenses.set(text, [...(licenses.get(text) ?? []), `${name} ${version} (${license})`])
}
const notices = [...licenses].map(([text, packages]) => `${packages.join('\n')}\n\n${text}\n`)
writeFileSync('dist/cli/THIRD-PARTY-LICENSES.txt', notices.join(`\n${'-'.repeat(80)}\n\n`))
