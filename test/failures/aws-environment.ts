import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { vi } from 'vitest'

/** A machine of its own as the AWS SDK sees it: a home, no credentials, no instance metadata. */
export interface AwsEnvironment extends AsyncDisposable {
  readonly home: string
  set(variables: Record<string, string>): void
  /** Writes a file below the home; the path that was written. */
  write(path: string, text: string): Promise<string>
  /** ~/.aws/config */
  config(text: string): Promise<void>
  /** ~/.aws/credentials */
  credentials(text: string): Promise<void>
  /** A program that runs this script of Node's. */
  program(name: string, script: string): Promise<string>
}

export async function awsEnvironment(): Promise<AwsEnvironment> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'kafka-iam-otel-')))
  const set = (variables: Record<string, string>) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  }
  for (const name of Object.keys(process.env).filter((key) => key.startsWith('AWS_'))) {
    vi.stubEnv(name, undefined)
  }
  set({
    HOME: home,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(home, '.aws/config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, '.aws/credentials'),
  })
  const write = async (path: string, text: string) => {
    const full = join(home, path)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, text)
    return full
  }
  return {
    home,
    set,
    write,
    config: async (text) => void (await write('.aws/config', text)),
    credentials: async (text) => void (await write('.aws/credentials', text)),
    async program(name, script) {
      const path = await write(name, `#!${process.execPath}\n${script}\n`)
      await chmod(path, 0o755)
      return path
    },
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** A port of this machine where nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
