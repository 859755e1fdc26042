/** Who may sign for the sandbox: what IAM's users, roles and policies are to MSK. */

/** An access key, whose it is, and whether its owner may connect. */
export interface SandboxIdentity {
  /** Whom the broker takes the client for. Several identities may share one: old and new key during a rotation. */
  readonly principal: string
  /** 16 to 128 capital letters and digits, as AWS makes them: `AKIAORDERSSERVICE001`. */
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Whether it has the permission `kafka-cluster:Connect`; default true. */
  readonly connect?: boolean
}

const ACCESS_KEY_ID = /^[A-Z0-9]{16,128}$/

/** The identities of a sandbox. Changes count from the next authentication on; open connections stay. */
export class IdentityRegistry {
  readonly #byKey = new Map<string, SandboxIdentity>()

  /** @throws TypeError for an identity with which nobody could ever sign */
  constructor(identities: Iterable<SandboxIdentity> = []) {
    for (const identity of identities) this.add(identity)
  }

  /**
   * Adds an identity, or replaces the one with the same access key.
   *
   * @throws TypeError for an identity with which nobody could ever sign
   */
  add(identity: SandboxIdentity): void {
    check(identity)
    // A copy: what is changed after the call was not added.
    this.#byKey.set(identity.accessKeyId, { ...identity })
  }

  /** Forgets an access key; false where it was not known. */
  remove(accessKeyId: string): boolean {
    return this.#byKey.delete(accessKeyId)
  }

  /** The identity with this access key. Keys of the local STS are not in here. */
  find(accessKeyId: string): SandboxIdentity | undefined {
    return this.#byKey.get(accessKeyId)
  }

  /** Whether any identity of this principal has the permission `kafka-cluster:Connect`. */
  mayConnect(principal: string): boolean {
    return [...this.#byKey.values()].some(
      (identity) => identity.principal === principal && identity.connect !== false,
    )
  }
}

/** The messages quote no value: keys of a real account may have got in here by mistake. */
function check({ principal, accessKeyId, secretAccessKey }: SandboxIdentity): void {
  if (!principal) throw new TypeError('An identity needs a principal.')
  if (!ACCESS_KEY_ID.test(accessKeyId)) {
    throw new TypeError('An access key id has 16 to 128 characters, all of them of A-Z and 0-9.')
  }
  if (accessKeyId.startsWith('ASIALOCAL')) {
    throw new TypeError('Access key ids that begin with ASIALOCAL are those of the local STS.')
  }
  if (!secretAccessKey) throw new TypeError('An identity needs a secret access key.')
}
