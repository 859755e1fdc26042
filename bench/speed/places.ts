/** Where what is measured comes from. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export type Ours = typeof import('../../src/index.ts')

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PEERS = join(ROOT, 'bench/peers')
const ANCESTOR = join(PEERS, 'ancestor')
const ANCESTOR_VERSION = '0.2.1'
const ANCESTOR_SHA512 =
  'T5rk70p8W2aOp0pTCAQuORfdu6D4QZj7VRIvQ0wrR0V5INgI2SMt8RAQuzCiQ5nRPsG2QURPENcIiJ8NQtz/Dw=='

/** kafkajs, the SDK and the peers: the same ones for every variant. */
export const ofPeers = createRequire(join(PEERS, 'package.json'))

/** The built package of a folder. */
export const oursIn = (folder: string): Promise<Ours> => import(pathToFileURL(entryOf(folder)).href)
const entryOf = (folder: string) => join(folder, 'dist/index.js')

export interface AncestorOptions {
  readonly region: string
  readonly signer: { generateAuthToken(): Promise<{ token: string; expiryTime: number }> }
}

/** @eventferry/kafka-iam, the direct ancestor: a cache, and nothing else. */
export const ancestor = (): Promise<{
  createMskIamSasl(options: AncestorOptions): {
    mechanism: 'oauthbearer'
    oauthBearerProvider(): Promise<{ value: string }>
  }
}> => import(pathToFileURL(join(ANCESTOR, 'package/dist/index.js')).href)

/** Installs and builds what is missing. */
export function prepare(folders: readonly string[]): void {
  installPeers()
  unpackAncestor()
  for (const folder of folders) {
    if (folder === ROOT || !existsSync(entryOf(folder)))
      execFileSync('npm', ['run', '--silent', 'build'], { cwd: folder, stdio: 'inherit' })
  }
}

function installPeers(): void {
  const [lock, stamp] = [join(PEERS, 'package-lock.json'), join(PEERS, 'node_modules/.installed-from')]
  const wanted = readFileSync(lock, 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS, stdio: 'inherit' })
  writeFileSync(stamp, wanted)
}

/** `npm install` of it fails, since it depends on a package that is not in the registry. */
function unpackAncestor(): void {
  if (existsSync(join(ANCESTOR, 'package'))) return
  mkdirSync(ANCESTOR, { recursive: true })
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: ANCESTOR, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const file = run('npm', 'pack', `@eventferry/kafka-iam@${ANCESTOR_VERSION}`).trim()
  const sha512 = createHash('sha512')
    .update(readFileSync(join(ANCESTOR, file)))
    .digest('base64')
  if (sha512 !== ANCESTOR_SHA512) throw new Error(`${file} is not the @eventferry/kafka-iam that is known`)
  run('tar', '-xzf', file)
}
