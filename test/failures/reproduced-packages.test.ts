import { execFile } from 'node:child_process'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { coveredBeforeAToken } from './reproduced-codes.ts'
import { asserted, aws, expectAllAsserted } from './set-up.ts'
import { role, setUpToken } from './token-set-up.ts'

setUpToken()

describe('Without the optional packages', () => {
  /** A project of its own in which only these packages are installed; what its provider rejects with. */
  async function rejectionIn(installed: readonly string[], options: object) {
    const root = join(import.meta.dirname, '../..')
    const project = join(aws.home, 'project')
    await cp(join(root, 'src'), join(project, 'src'), { recursive: true })
    for (const name of installed) {
      const link = join(project, 'node_modules', name)
      await mkdir(dirname(link), { recursive: true })
      await symlink(join(root, 'node_modules', name), link)
    }
    await aws.write('project/package.json', '{ "type": "module" }')
    const program = await aws.write(
      'project/main.ts',
      `import { createMskIamSasl } from './src/index.ts'
       const sasl = createMskIamSasl(${JSON.stringify({ region: 'eu-west-1', ...options })})
       await sasl.oauthBearerProvider().catch(({ name, message, failure, retriable }) =>
         console.log(JSON.stringify({ name, message, failure, retriable })))`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', program])
    return JSON.parse(stdout)
  }

  test.each([
    ['aws-msk-iam-sasl-signer-js', ['@opentelemetry/api'], {}],
    [
      '@aws-sdk/credential-providers',
      ['@opentelemetry/api', 'aws-msk-iam-sasl-signer-js'],
      { awsRoleArn: role },
    ],
  ])('%s is named, with the command that installs it', async (name, installed, options) => {
    expect(await rejectionIn(installed, options)).toEqual({
      name: 'MskIamConfigurationError',
      message: expect.stringContaining(`${name} is needed`),
      failure: { code: 'package_missing', hint: `Run: npm install ${name}` },
      retriable: false,
    })
    asserted.codes.add('package_missing')
  })
})

expectAllAsserted(coveredBeforeAToken.packages)
