import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const { folder, tarball } = inject('packed')

/** A project with the packed package and the packages named, as a user's. */
export function project(name: string, packages: string[], files: Record<string, string>): string {
  const at = join(folder, name)
  mkdirSync(join(at, 'node_modules'), { recursive: true })
  const tsconfig = {
    compilerOptions: {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2022'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    },
  }
  const all = { 'package.json': '{"type":"module"}', 'tsconfig.json': JSON.stringify(tsconfig), ...files }
  for (const [path, text] of Object.entries(all)) writeFileSync(join(at, path), text)
  // Copies of what is installed here, so that nothing else is in reach.
  for (const dependency of packages) {
    cpSync(join(root, 'node_modules', dependency), join(at, 'node_modules', dependency), {
      recursive: true,
      dereference: true,
    })
  }
  mkdirSync(join(at, 'node_modules/kafka-iam-otel'))
  execFileSync('tar', ['xzf', tarball, '--strip-components=1', '-C', join(at, 'node_modules/kafka-iam-otel')])
  return at
}

export const run = (at: string, command: string, ...args: string[]) => {
  try {
    return execFileSync(command, args, {
      cwd: at,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
      stdio: 'pipe',
    })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return `FAILED\n${stdout}${stderr}`
  }
}
export const compile = (at: string) =>
  run(at, process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', '.')
