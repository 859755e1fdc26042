import { type Check, optional, read } from '../../options/check.ts'
import { optionSet } from '../../options/option-set.ts'
import { matching, text } from '../../options/values.ts'
/** Who may sign for the sandbox: what IAM's users, roles and policies are to MSK. */
import { ALL_RIGHTS, type Rights } from '../protocol/rights.ts'
import { mayConnect, type Permissions, permissionOptions, rightsIn } from './permissions.ts'

/** An access key, whose it is, and what its owner may do. */
export interface SandboxIdentity {
  /**
   * Whom the broker takes the client for. Several identities may share one, as old and new key during a rotation: it
   * may do what any of them may.
   */
  readonly principal: string
  /** 16 to 128 capital letters and digits, as AWS makes them: `AKIAORDERSSERVICE001`. */
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Default: everything. Where it is given, what is not in it is denied, `kafka-cluster:Connect` too. */
  readonly permissions?: Permissions | undefined
}

/** Those of the local STS begin with ASIALOCAL. The messages quote no value: it may be a key of a real account. */
const accessKeyId = matching(
  /^(?!ASIALOCAL)[A-Z0-9]{16,128}$/,
  '16 to 128 characters, all of them of A-Z and 0-9, and not ASIALOCAL at the beginning, as those of the local STS',
)

export const identityOptions: Check<SandboxIdentity> = optionSet(
  {
    principal: text,
    accessKeyId,
    secretAccessKey: matching(/^\S+$/, 'a text without spaces'),
    permissions: optional(permissionOptions),
  },
  {
    example: '{ principal, accessKeyId, secretAccessKey }',
    // With the credentials that a provider of the AWS SDK gives.
    ignored: ['sessionToken', 'expiration', 'accountId', 'credentialScope', '$source'],
  },
)

/**
 * The identities of a sandbox. Changes of keys and of the permission to connect count from the next authentication on,
 * those of other permissions at once; open connections stay.
 *
 * @example
 * ```ts
 * const keys = { accessKeyId: 'AKIAORDERSSERVICE001', secretAccessKey: 'not-a-real-secret' }
 * sandbox.identities.add({ principal: 'orders', ...keys })
 * sandbox.identities.remove(keys.accessKeyId)
 * ```
 */
export class IdentityRegistry {
  readonly #byKey = new Map<string, SandboxIdentity>()
  /** Of principals whose last key is gone: who is connected goes on with what it had. */
  readonly #departed = new Map<string, SandboxIdentity>()

  /** @throws MskIamConfigurationError for an identity with which nobody could ever sign */
  constructor(identities: Iterable<SandboxIdentity> = []) {
    for (const identity of identities) this.add(identity)
  }

  /**
   * Adds an identity, or replaces the one with the same access key.
   *
   * @throws MskIamConfigurationError for an identity with which nobody could ever sign, and for permissions that there are not
   */
  add(identity: SandboxIdentity): void {
    // A copy: what is changed after the call was not added.
    const added = read(identityOptions, identity, 'identities.add')
    this.remove(added.accessKeyId)
    this.#byKey.set(added.accessKeyId, added)
    this.#departed.delete(added.principal)
  }

  /** Forgets an access key; false where it was not known. */
  remove(accessKeyId: string): boolean {
    const identity = this.#byKey.get(accessKeyId)
    if (!identity) return false
    this.#byKey.delete(accessKeyId)
    if (this.#of(identity.principal).length === 0) this.#departed.set(identity.principal, identity)
    return true
  }

  /** The identity with this access key. Keys of the local STS are not in here. */
  find(accessKeyId: string): SandboxIdentity | undefined {
    return this.#byKey.get(accessKeyId)
  }

  /** Whether any identity of this principal has the permission `kafka-cluster:Connect`. */
  mayConnect(principal: string): boolean {
    return this.#of(principal).some(({ permissions }) => permissions === undefined || mayConnect(permissions))
  }

  /** What the principal may do once it is connected. */
  rightsOf(principal: string): Rights {
    const living = this.#of(principal)
    const departed = this.#departed.get(principal)
    const identities = living.length === 0 && departed ? [departed] : living
    const rights = identities.map(({ permissions }) => (permissions ? rightsIn(permissions) : ALL_RIGHTS))
    return {
      mayDescribe: (topic) => rights.some((some) => some.mayDescribe(topic)),
      mayCreate: (topic) => rights.some((some) => some.mayCreate(topic)),
      mayWrite: (topic) => rights.some((some) => some.mayWrite(topic)),
      mayWriteIdempotently: rights.some((some) => some.mayWriteIdempotently),
    }
  }

  #of(principal: string): SandboxIdentity[] {
    return [...this.#byKey.values()].filter((identity) => identity.principal === principal)
  }
}
