/**
 * Installs the clients of test/clients, each in its own folder from its own lock file, where that has not been done:
 *   node scripts/install-clients.ts
 * @confluentinc/kafka-javascript is a native module. Its prebuilt binary comes from outside npm's registry; where
 * ../shared/stack/librdkafka exists, that says how to build it instead.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const clients = { confluent: '@confluentinc/kafka-javascript', platformatic: '@platformatic/kafka' } as const
const root = fileURLToPath(new URL('..', import.meta.url))
const buildSettings = join(root, '../shared/stack/librdkafka')

for (const [name, packageName] of Object.entries(clients)) {
  const folder = join(root, 'test/clients', name)
  const start = Date.now()
  if (isInstalled(folder, packageName)) continue
  install(folder, name === 'confluent' && existsSync(buildSettings))
  if (!loads(folder, packageName))
    throw new Error(`${packageName} is installed in ${folder}, but does not load`)
  writeFileSync(stampOf(folder), wanted(folder))
  console.log(`${packageName}: installed in ${Math.round((Date.now() - start) / 1000)} s`)
}

function isInstalled(folder: string, packageName: string): boolean {
  const stamp = stampOf(folder)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted(folder) && loads(folder, packageName)
}

function install(folder: string, build: boolean): void {
  const command = `${build ? 'settings=$("$0") && eval "$settings" && ' : ''}npm ci --no-audit --no-fund`
  execFileSync('bash', ['-c', command, buildSettings], { cwd: folder, stdio: 'inherit' })
}

/** A native module needs the Node and the libraries that it was built with, so it is asked in a process of its own. */
function loads(folder: string, packageName: string): boolean {
  const script = `await import(${JSON.stringify(packageName)})`
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function stampOf(folder: string): string {
  return join(folder, 'node_modules/.installed-from')
}

/** What it has to be installed from: the lock file, for the Node of this ABI. */
function wanted(folder: string): string {
  return `Node ABI ${process.versions.modules}\n${readFileSync(join(folder, 'package-lock.json'), 'utf8')}`
}
